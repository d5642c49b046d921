"""What a run would do, found by doing it in memory.

Nothing else can tell where a change dies out: an entity whose input changed may come out with the
same row, and then whatever reads that row is left alone. So the very path of a run is taken, with
the history it would build first, over an overlay that nobody but this rehearsal sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from nba_pipeline.engine.history import rounds
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.overlay import Overlay
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import Table


def rehearse(
    selected: Sequence[Table],
    days: Sequence[date],
    session: Session,
    span: tuple[date, date] | None,
) -> list[Partition]:
    """What bringing some dates of some tables up to date would do, writing nothing.

    Args:
        selected: The tables, in data-flow order.
        days: The dates; those between the first and the last are brought up to date, too.
        session: What the run would work with; its warehouse is only read.
        span: The first and the last partition there is; None leaves the dates' history alone.

    Returns:
        A report for each partition that the run would look at, oldest date first and within a date
        in data-flow order.
    """
    return bring(selected, days, replace(session, warehouse=Overlay(session.warehouse)), span)


def bring(
    selected: Sequence[Table],
    days: Sequence[date],
    session: Session,
    span: tuple[date, date] | None,
) -> list[Partition]:
    """Bring dates up to date in the session's warehouse as a run would, without Dagster.

    Arguments and reports are those of ``rehearse``.
    """
    told: dict[tuple[date, str], Partition] = {}
    if span is None or not _rehearse_history(selected, days, session, span, told):
        first, last = min(days), max(days)
        whole = [first + timedelta(days=step) for step in range((last - first).days + 1)]
        _bring(selected, whole, session, told)
    order = {table.full_name: at for at, table in enumerate(session.tables.values())}
    return sorted(told.values(), key=lambda report: (report.date, order[report.table]))


def _rehearse_history(
    selected: Sequence[Table],
    days: Sequence[date],
    session: Session,
    span: tuple[date, date],
    told: dict[tuple[date, str], Partition],
) -> bool:
    """Bring up to date what the dates stand on; whether something stopped it."""
    for late in rounds(
        selected, days, span, session.tables, session.warehouse, session.source, session.environ
    ):
        for stretch in late:
            if _bring(stretch.tables, stretch.dates, session, told):
                return True
    return False


def _bring(
    tables: Sequence[Table],
    dates: Sequence[date],
    session: Session,
    told: dict[tuple[date, str], Partition],
) -> bool:
    """Bring dates up to date, table by table; whether something stopped one of them.

    As in a run, a table that a problem stopped on some date takes all that read it with it.
    """
    stopped: set[str] = set()
    for table in tables:
        if stopped & {declared.table for declared in table.inputs.values() if not declared.is_feed}:
            stopped.add(table.name)
            continue
        for report in materialize(table, dates, session):
            where = report.date, report.table
            # Of a partition that is looked at again, what was done to it is what counts.
            if report.verdict != "reuse" or where not in told:
                told[where] = report
            if report.problem:
                stopped.add(table.name)
    return bool(stopped)
