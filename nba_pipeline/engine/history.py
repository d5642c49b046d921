"""Which partitions a date stands on, and which of them are out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from nba_pipeline.engine.inputs import window_dates
from nba_pipeline.engine.plan import demands, is_up_to_date
from nba_pipeline.engine.protocols import Source, Warehouse
from nba_pipeline.engine.table import Table


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
                reach = window_dates(declared.window, sorted(needed[table.name]))
                needed.setdefault(declared.table, set()).update(
                    touched for touched in reach if touched >= first_day
                )
    return {name: sorted(needed[name]) for name in tables if name in needed}


def out_of_date(
    needed: Mapping[str, Sequence[date]],
    tables: Mapping[str, Table],
    warehouse: Warehouse,
    source: Source,
    environ: Mapping[str, str],
) -> list[date]:
    """The dates on which any of the needed partitions is missing or no longer true.

    A partition above a changed one may still look true here; once the changed one is rebuilt, the
    run that follows decides again.
    """
    late: set[date] = set()
    for name, dates in needed.items():
        if dates:
            demand = demands(tables[name], dates, tables, warehouse, source, environ)
            stored = warehouse.stored(tables[name], dates)
            late |= {day for day in dates if not is_up_to_date(stored.get(day), demand[day])}
    return sorted(late)
