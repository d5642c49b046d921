"""Which partitions a date stands on, which of them are out of date, and in what order to build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.engine.inputs import dates_to_build
from nba_pipeline.engine.plan import demands, is_up_to_date, read_partitions
from nba_pipeline.engine.protocols import Source, Stored, Warehouse
from nba_pipeline.engine.snapshot import Snapshot
from nba_pipeline.engine.table import Table


@dataclass(frozen=True)
class Stretch:
    """Days on end on which the same tables have to be built.

    Attributes:
        tables: In data-flow order.
        dates: Without a gap.
    """

    tables: list[Table]
    dates: list[date]


def partitions_needed(
    selected: Sequence[Table], day: date, tables: Mapping[str, Table], first_day: date
) -> dict[str, list[date]]:
    """The partitions that have to be true for ``day`` to be true, by table in data-flow order.

    Args:
        selected: The tables wanted for ``day``.
        day: The date.
        tables: Every table, in data-flow order.
        first_day: The first partition there is; windows are cut off there.
    """
    needed: dict[str, set[date]] = {table.name: {day} for table in selected}
    for table in reversed(list(tables.values())):
        for declared in table.inputs.values():
            if table.name in needed and not declared.is_feed:
                reach = dates_to_build(declared.window, sorted(needed[table.name]))
                needed.setdefault(declared.table, set()).update(
                    touched for touched in reach if touched >= first_day
                )
    return {name: sorted(needed[name]) for name in tables if name in needed}


@dataclass(frozen=True)
class Late:
    """A date on which something is missing or no longer true.

    Attributes:
        day: The date.
        tables: What is out of date, in data-flow order.
        demand: A digest of what they would be computed from. Whatever is tried with the same
            demand is tried for the same cause.
    """

    day: date
    tables: tuple[str, ...]
    demand: str


def out_of_date(
    needed: Mapping[str, Sequence[date]],
    tables: Mapping[str, Table],
    warehouse: Warehouse,
    source: Source,
    environ: Mapping[str, str],
) -> list[Late]:
    """The dates on which any of the needed partitions is missing or no longer true, oldest first.

    Windows reach back over summers and into seasons the source does not know. Nothing that counts
    was played on such dates, so nothing has to be built there. A partition above a changed one may
    still look true here; once the changed one is rebuilt, the run that follows decides again.
    """
    calendar = source.calendar()
    in_season = {
        name: [day for day in reached if calendar.season_of(day)]
        for name, reached in needed.items()
    }
    known = _known(in_season, tables, warehouse)
    wanted: dict[date, dict[str, str]] = {}
    for name, dates in in_season.items():
        if dates:
            demand = demands(tables[name], dates, tables, known, source, environ)
            stored = known.versions(tables[name], dates)
            for day in dates:
                if not is_up_to_date(stored.get(day), demand[day]):
                    wanted.setdefault(day, {})[name] = demand[day].fingerprint
    return [
        Late(
            day,
            tuple(wanted[day]),
            text_digest(*(f"{name}={digest}" for name, digest in wanted[day].items()))[:32],
        )
        for day in sorted(wanted)
    ]


def _known(
    asked: Mapping[str, Sequence[date]], tables: Mapping[str, Table], warehouse: Warehouse
) -> Snapshot[Stored]:
    """What is known of some partitions and of all that they read, at this moment."""
    wanted: dict[str, set[date]] = {}
    for name, dates in asked.items():
        wanted.setdefault(name, set()).update(dates)
        for upstream, reached in read_partitions(tables[name], dates).items():
            wanted.setdefault(upstream, set()).update(reached)
    return Snapshot(wanted, tables, warehouse.stored)


def rounds(
    selected: Sequence[Table],
    days: Sequence[date],
    span: tuple[date, date],
    tables: Mapping[str, Table],
    warehouse: Warehouse,
    source: Source,
    environ: Mapping[str, str],
) -> Iterator[list[Stretch]]:
    """What some dates of some tables stand on and has to be built first, round after round.

    What reads a rebuilt partition shows only then that it has to be rebuilt, too: whoever asks for
    the next round has built this one. What is out of date however often it is built has an entity
    that breaks; it ends the rounds, and the run itself will tell of it.

    Args:
        selected: The tables wanted.
        days: The dates they are wanted for.
        span: The first and the last partition there is.
        tables: Every table, in data-flow order.
        warehouse: What there is.
        source: Where facts come from.
        environ: The environment, for settings that change rows.
    """
    needed = _history(selected, days, span, tables)
    tried: list[Stretch] = []
    while True:
        late = out_of_date(needed, tables, warehouse, source, environ)
        ahead = _ahead(late, tables)
        already = {table.name for stretch in ahead for table in stretch.tables}
        more = [found.day for found in late if set(found.tables) - already]
        stretches = ahead + _stretches(more, needed, tables)
        if not stretches or stretches == tried:
            return
        tried = stretches
        yield stretches


def _history(
    selected: Sequence[Table],
    days: Sequence[date],
    span: tuple[date, date],
    tables: Mapping[str, Table],
) -> dict[str, list[date]]:
    """The partitions that some dates stand on, without those dates of the tables themselves."""
    needed: dict[str, set[date]] = {name: set() for name in tables}
    for day in days:
        for name, dates in partitions_needed(selected, day, tables, span[0]).items():
            needed[name].update(reached for reached in dates if reached <= span[1])
    for table in selected:
        needed[table.name] -= set(days)
    # What earlier dates read ahead of themselves may lie on the dates that are wanted.
    for table, declared in _reading_ahead(tables):
        reach = dates_to_build(declared.window, sorted(needed[table.name]))
        needed[declared.table].update(day for day in reach if span[0] <= day <= span[1])
    return {name: sorted(dates) for name, dates in needed.items()}


def _reading_ahead(tables: Mapping[str, Table]) -> list[tuple[Table, Input]]:
    """The tables that read days after their own, with the inputs they read so."""
    return [
        (table, declared)
        for table in tables.values()
        for declared in table.inputs.values()
        if declared.window.last_day > 0 and not declared.is_feed
    ]


def _ahead(late: Sequence[Late], tables: Mapping[str, Table]) -> list[Stretch]:
    """What is read ahead of its day, on every day it is late: it has to be there first."""
    names = {declared.table for _, declared in _reading_ahead(tables)}
    which = _closed(names, tables)
    return _on_end([(found.day, which) for found in late if names & set(found.tables)])


def _stretches(
    late: Sequence[date], needed: Mapping[str, Sequence[date]], tables: Mapping[str, Table]
) -> list[Stretch]:
    """Late days on end that need the same tables, together."""
    reached = {name: set(dates) for name, dates in needed.items()}
    return _on_end(
        [
            (day, _closed((name for name, dates in reached.items() if day in dates), tables))
            for day in late
        ]
    )


def _on_end(wanted: Sequence[tuple[date, list[Table]]]) -> list[Stretch]:
    """Days on end with the same tables as one stretch each."""
    found: list[Stretch] = []
    for day, which in wanted:
        if found and found[-1].tables == which and found[-1].dates[-1] + timedelta(days=1) == day:
            found[-1].dates.append(day)
        else:
            found.append(Stretch(which, [day]))
    return found


def _closed(names: Iterable[str], tables: Mapping[str, Table]) -> list[Table]:
    """Those tables and every other that has to be built before them on the same date."""
    found = set(names)
    for table in reversed(list(tables.values())):
        if table.name in found:
            found |= {
                declared.table
                for declared in table.inputs.values()
                if not declared.is_feed and declared.window.holds_date
            }
    return [table for name, table in tables.items() if name in found]
