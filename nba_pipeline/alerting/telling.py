"""Telling what is news, and keeping what was told in ``nba_processing.alerts``.

A message is kept as told only after it was taken, so a crash in between tells it twice rather than
never. One that was not taken is kept as such, and whoever tells something next tells it, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from nba_pipeline.alerting.alerts import Alert, Severity, news
from nba_pipeline.alerting.webhook import Webhook
from nba_pipeline.engine import logs
from nba_pipeline.engine.errors import AlertError
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.writer import Writer

_LONGEST_SENTENCE = 1000


def told_so_far(
    warehouse: Warehouse, since: datetime, now: datetime
) -> dict[tuple[str, date], Alert]:
    """The newest word on each cause and date.

    Args:
        warehouse: Where it is kept.
        since: How far back to look.
        now: The moment it is.
    """
    rows = warehouse.read_log(logs.ALERTS, since)
    return {
        (row["cause"], row["game_date"]): Alert(
            row["cause"],
            row["game_date"],
            Severity(row["severity"]),
            row["sentence"],
            row["fix"] or "",
            row["run_id"] or "",
            row["delivered"],
        )
        for row in logs.in_order(logs.ALERTS, rows, now)
    }


def tell(
    found: Sequence[Alert],
    looked_for: Collection[tuple[str, date]],
    told: Mapping[tuple[str, date], Alert],
    warehouse: Warehouse,
    webhook: Webhook,
    now: datetime,
) -> list[Alert]:
    """Tell what is news, one message for each date.

    Args:
        found: What is the case.
        looked_for: Causes and dates of which it is known whether they are the case.
        told: What was told before.
        warehouse: Where what is told is kept.
        webhook: Where it goes.
        now: The moment.

    Returns:
        What was told.

    Raises:
        AlertError: When a message was not taken; it is told again the next time.
    """
    fresh = [
        replace(alert, sentence=alert.sentence[:_LONGEST_SENTENCE])
        for alert in news(told, found, looked_for)
    ]
    writer, done, refused = Writer(warehouse, "alerts", now), list[Alert](), list[AlertError]()
    for day in sorted({alert.day for alert in fresh}):
        of_day = _in_order(alert for alert in fresh if alert.day == day)
        try:
            webhook.deliver(of_day)
        except AlertError as error:
            refused.append(error)
            _keep([a for a in of_day if not _waits(told, a)], writer, delivered=False)
            continue
        _keep(of_day, writer, delivered=True)
        done += of_day
    if refused:
        raise refused[0]
    return done


def _waits(told: Mapping[tuple[str, date], Alert], alert: Alert) -> bool:
    """Whether it is kept already that nobody could be told."""
    before = told.get(alert.subject)
    return before is not None and not before.delivered and before.severity is alert.severity


def _in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """The worst first; of those as bad as each other the one that was found first."""
    return sorted(alerts, key=lambda alert: -alert.severity.rank)


def _keep(alerts: Sequence[Alert], writer: Writer, *, delivered: bool) -> None:
    writer.append(
        logs.ALERTS,
        [
            {
                "cause": alert.cause,
                "game_date": alert.day,
                "severity": alert.severity.value,
                "sentence": alert.sentence,
                "fix": alert.fix or None,
                "run_id": alert.run_id or None,
                "delivered": delivered,
                "created_at": writer.now,
            }
            for alert in alerts
        ],
    )
