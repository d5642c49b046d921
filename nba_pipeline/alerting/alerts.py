"""What is news about a date: a cause once, again when it gets worse, and once more when it is over.

Pure: what was told before is passed in, and what there is to tell comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from nba_pipeline.engine.reading import SCHEDULE
from nba_pipeline.validation.finding import Finding, Outcome
from nba_pipeline.validation.night import Night

#: A cause that is looked for even where there are no games.
_ALWAYS = "schedule_age"


class Severity(StrEnum):
    """How bad it is."""

    RESOLVED = "resolved"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Larger is worse."""
        return list(Severity).index(self)


_OF_OUTCOME = {Outcome.PARTIAL: Severity.WARNING, Outcome.FAIL: Severity.CRITICAL}


@dataclass(frozen=True)
class Alert:
    """One cause on one date.

    Attributes:
        cause: What is wrong: the name of a check, or a failure of runs.
        day: The NBA day it is about.
        severity: How bad it is, or that it is over.
        sentence: What is the case.
        fix: The command that helps, where one does.
        run_id: The run that failed, where it is about one.
        delivered: Whether anybody has been told.
    """

    cause: str
    day: date
    severity: Severity
    sentence: str
    fix: str = ""
    run_id: str = ""
    delivered: bool = True

    @property
    def subject(self) -> tuple[str, date]:
        """What is told only once."""
        return self.cause, self.day

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.severity is not Severity.RESOLVED


def of_night(night: Night, found: Sequence[Finding]) -> list[Alert]:
    """What is worth telling of a night.

    A day without games is told of only where nobody looks at the schedule. Where nothing is known
    of a date and no day of the week before has games, no season is on and nobody waits for it.
    """
    knows_of_none = night.rows.get(SCHEDULE) == []
    if not night.games and not (night.game_days or knows_of_none):
        return []
    return [
        Alert(each.name, night.day, _OF_OUTCOME[each.outcome], each.sentence, each.fix)
        for each in found
        if each.is_news and (each.name == _ALWAYS or not knows_of_none)
    ]


def news(
    told: Mapping[tuple[str, date], Alert],
    found: Sequence[Alert],
    looked_for: Collection[tuple[str, date]],
) -> list[Alert]:
    """What there is to tell now.

    Args:
        told: The newest word on each cause and date.
        found: What is the case now.
        looked_for: Causes and dates of which it is known whether they are the case.

    Returns:
        What nobody was told yet, what got worse, and what is over.
    """
    now = {alert.subject: alert for alert in found}
    fresh = [alert for alert in now.values() if _is_news(told.get(alert.subject), alert)]
    gone = [before for subject, before in told.items() if subject not in now]
    over = [before for before in gone if before.is_open and before.subject in looked_for]
    again = [before for before in gone if not before.delivered and before not in over]
    return [*fresh, *(replace(alert, severity=Severity.RESOLVED, fix="") for alert in over), *again]


def _is_news(before: Alert | None, now: Alert) -> bool:
    if before is None or not before.delivered:
        return True
    return now.severity.rank > before.severity.rank
