"""Reading what some dates of a table are computed from, and laying it out as cells and windows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from nba_pipeline.engine.inputs import (
    DIGEST,
    PlannedCells,
    plan_cells,
    seen_columns,
    window_dates,
    with_decimals,
)
from nba_pipeline.engine.protocols import Versions
from nba_pipeline.engine.read_cache import Digested, digest_of, with_digests
from nba_pipeline.engine.readers import columns_read, whence
from nba_pipeline.engine.rows import current, places
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table

#: The table that says which games a date has.
SCHEDULE = "nbac_schedule"


@dataclass(frozen=True)
class Reading:
    """One read of stored rows.

    Attributes:
        table: Bare name of what is read.
        dates: Which partitions, in order.
        columns: Which columns.
        every_revision: Whether superseded rows are read, too.
        digests: Which columns are digested together.
    """

    table: str
    dates: list[date]
    columns: list[str]
    every_revision: bool = False
    digests: tuple[Digested, ...] = ()


def readings(table: Table, dates: Sequence[date]) -> list[Reading]:
    """The reads that some dates of a table need; a table read in several ways is read once."""
    wanted: dict[tuple[str, bool], tuple[set[date], set[str], set[Digested]]] = {}
    for name, declared in table.inputs.items():
        if not declared.is_feed:
            read, columns, digests = wanted.setdefault(whence(declared), (set(), set(), set()))
            read.update(window_dates(declared.window, dates))
            columns.update(columns_read(table, name))
            digests.add(seen_columns(declared))
    return [
        Reading(upstream, sorted(read), sorted(columns), every_revision, tuple(sorted(digests)))
        for (upstream, every_revision), (read, columns, digests) in wanted.items()
    ]


def read_inputs(
    table: Table, dates: Sequence[date], session: Session, known: Versions | None = None
) -> dict[str, pa.Table]:
    """The rows of every input, each with a digest of what its windows see of it.

    Args:
        table: What is to be computed.
        dates: Of which days.
        session: What to read from.
        known: What is known of the partitions read, where somebody has asked already.
    """
    fetched = {
        (wanted.table, wanted.every_revision): _fetched(wanted, session, known or session.warehouse)
        for wanted in readings(table, dates)
    }
    inputs = {}
    for name, declared in table.inputs.items():
        read_dates = window_dates(declared.window, dates)
        digested = seen_columns(declared)
        if declared.is_feed:
            rows_read = with_digests(session.source.read(declared.table, read_dates), [digested])
        else:
            rows_read = _between(fetched[whence(declared)], read_dates)
        columns = sorted(columns_read(table, name))
        inputs[name] = rows_read.select([*columns, digest_of(digested)]).rename_columns(
            [*columns, DIGEST]
        )
    return inputs


def _fetched(wanted: Reading, session: Session, known: Versions) -> pa.Table:
    upstream = session.tables[wanted.table]
    stored = known.versions(upstream, wanted.dates)
    if all(about.mark for about in stored.values()):
        found = session.cache.rows(
            (upstream.full_name, wanted.every_revision),
            {day: about.mark for day, about in stored.items()},
            wanted.columns,
            wanted.digests,
            _reader(upstream, session, wanted.every_revision, wanted.columns),
        )
    else:
        read = session.warehouse.read(
            upstream, wanted.dates, wanted.columns, every_revision=wanted.every_revision
        )
        found = with_digests(read, wanted.digests)
    return with_decimals(found, upstream)


def _reader(
    upstream: Table, session: Session, every_revision: bool, columns: Collection[str] = ()
) -> Callable[[list[date]], pa.Table]:
    """Reads some dates of a table, with the columns that any table might ask for next."""

    def read(days: list[date]) -> pa.Table:
        kept = sorted(session.readers.columns(upstream) | {"game_date", *columns})
        return session.warehouse.read(upstream, days, kept, every_revision=every_revision)

    return read


def keep_written(
    table: Table, written: Mapping[date, pa.Table], marks: Mapping[date, str], session: Session
) -> None:
    """Have the rows that were just written at hand for the tables that read them."""
    kept = sorted(session.readers.columns(table))
    for every_revision in (False, True):
        if marks and session.readers.read(table, every_revision=every_revision):
            whole = pa.concat_tables([written[day] for day in sorted(written)])
            found = whole if every_revision else current(table, whole)
            session.cache.put((table.full_name, every_revision), marks, found.select(kept))


def lay_out(table: Table, inputs: Mapping[str, pa.Table], session: Session) -> PlannedCells:
    """The cells of the inputs' dates, with a digest of what each sees."""
    settings = table.settings_in(session.environ)
    return plan_cells(table, settings, inputs, in_bootstrap(table, inputs))


def _between(rows_read: pa.Table, dates: Sequence[date]) -> pa.Table:
    """The rows of a span of days, of rows in order of their days."""
    if not dates or not rows_read.num_rows:
        return rows_read.slice(0, 0)
    days = rows_read["game_date"]
    if days[0].as_py() >= dates[0] and days[-1].as_py() <= dates[-1]:
        return rows_read
    found = places(rows_read, [dates[0], dates[-1]])
    return rows_read[found[dates[0]].start : found[dates[-1]].stop]


def in_bootstrap(table: Table, inputs: Mapping[str, pa.Table]) -> set[date]:
    """The dates on which the season is too young for the table."""
    if not table.bootstrap_days:
        return set()
    games = next(
        inputs[name]
        for name, declared in table.inputs.items()
        if declared.table == SCHEDULE and "season_first_day" in declared.columns
    )
    days = zip(games["game_date"].to_pylist(), games["season_first_day"].to_pylist(), strict=True)
    return {day for day, first in set(days) if (day - first).days < table.bootstrap_days}
