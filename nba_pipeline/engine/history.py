"""Which partitions a date stands on: everything its windows reach, back through the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from nba_pipeline.engine.inputs import window_dates
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
    for table in reversed(tables.values()):
        for declared in table.inputs.values():
            if table.name in needed and not declared.is_feed:
                reach = window_dates(declared.window, sorted(needed[table.name]))
                needed.setdefault(declared.table, set()).update(
                    touched for touched in reach if touched >= first_day
                )
    return {name: sorted(needed[name]) for name in tables if name in needed}
