"""What is told and what is not: a cause once, when it gets worse, when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.alerting.alerts import Alert, Severity, news, of_night
from nba_pipeline.validation.finding import Finding, Outcome
from nba_pipeline.validation.night import Night

DAY = date(2021, 11, 15)
WARNING, CRITICAL, RESOLVED = Severity.WARNING, Severity.CRITICAL, Severity.RESOLVED
SUBJECT = ("coverage", DAY)


def alert(severity: Severity = WARNING, **changed: Any) -> Alert:
    return replace(Alert("coverage", DAY, severity, "94 of 100"), **changed)


def told(before: Alert | None, now: Alert | None) -> list[Severity]:
    """What is told of one cause that is looked for."""
    known = {SUBJECT: before} if before else {}
    return [each.severity for each in news(known, [now] if now else [], {SUBJECT})]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, alert(), [WARNING]),
        (alert(), alert(), []),
        (alert(), alert(sentence="93 of 100"), []),
        (alert(), alert(CRITICAL), [CRITICAL]),
        (alert(CRITICAL), alert(WARNING), []),
        (alert(CRITICAL), None, [RESOLVED]),
        (alert(RESOLVED), None, []),
        (alert(RESOLVED), alert(), [WARNING]),
        (None, None, []),
    ],
)
def test_a_cause_is_told_once_when_worse_and_when_over(
    before: Alert | None, now: Alert | None, expected: list[Severity]
) -> None:
    assert told(before, now) == expected


@pytest.mark.parametrize("now", [alert(), None])
def test_what_nobody_could_be_told_is_told_again(now: Alert | None) -> None:
    before = alert(delivered=False)
    looked_for = {SUBJECT} if now else set()
    assert [
        each.severity for each in news({SUBJECT: before}, [now] if now else [], looked_for)
    ] == [WARNING]


def test_a_cause_nobody_looked_for_is_not_over() -> None:
    assert news({SUBJECT: alert()}, [], set()) == []


def test_the_same_cause_on_another_date_is_another() -> None:
    other = alert(day=date(2021, 11, 16))
    assert news({SUBJECT: alert()}, [alert(), other], {SUBJECT}) == [other]


@given(st.lists(st.sampled_from([None, WARNING, CRITICAL]), max_size=30))
def test_no_sequence_of_findings_tells_the_same_twice(states: list[Severity | None]) -> None:
    known: dict[tuple[str, date], Alert] = {}
    heard: list[Severity] = []
    for state in states:
        for each in news(known, [alert(state)] if state else [], {SUBJECT}):
            heard.append(each.severity)
            known[SUBJECT] = each
        assert (SUBJECT in known and known[SUBJECT].is_open) == (state is not None)
    for before, after in pairwise(heard):
        assert after is RESOLVED or after.rank > before.rank


# What of a night is worth telling ----------------------------------------------------------------

LATE = Finding("schedule_age", Outcome.PARTIAL, "13 hours")
GONE = Finding("phase_2_complete", Outcome.FAIL, "nothing there", "nba-pipeline run")
FINE = Finding("grading", Outcome.PASS, "fine")
GAME = {"game_id": "20211115_CHI_LAL", "game_status": 1}


def of(**known: Any) -> list[tuple[str, Severity]]:
    night = Night(DAY, datetime(2021, 11, 15, 12, tzinfo=UTC), **known)
    return [(each.cause, each.severity) for each in of_night(night, [LATE, GONE, FINE])]


def test_partial_is_a_warning_and_failed_is_critical() -> None:
    assert of(rows={"nbac_schedule": [GAME]}) == [
        ("schedule_age", WARNING),
        ("phase_2_complete", CRITICAL),
    ]


def test_of_a_day_without_games_only_the_schedule_is_told() -> None:
    assert of(rows={"nbac_schedule": []}) == [("schedule_age", WARNING)]


def test_of_a_summer_nobody_is_told() -> None:
    assert of() == []


def test_a_pipeline_that_stands_still_in_the_season_is_told() -> None:
    assert ("phase_2_complete", CRITICAL) in of(game_days=[date(2021, 11, 14)])
