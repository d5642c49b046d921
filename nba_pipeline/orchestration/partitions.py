"""One partition per NBA day, the same definition for every table.

Game days are data, not part of the definition: a day without games is a complete, empty partition.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import dagster as dg

from nba_pipeline.engine.table import Input

# Above this many upstream partitions Dagster no longer tracks versions along an edge. A season-long
# window is therefore drawn a little short; the engine, not this bound, decides what is out of date.
_LONGEST_EDGE_DAYS = 98


def daily(first_day: date) -> dg.DailyPartitionsDefinition:
    """Days from ``first_day`` to tomorrow, in US Eastern time."""
    return dg.DailyPartitionsDefinition(
        start_date=first_day.isoformat(), timezone="America/New_York", end_offset=2
    )


def mapping(inputs: Iterable[Input]) -> dg.TimeWindowPartitionMapping:
    """The days an asset reads of one upstream, over all the ways it reads it."""
    windows = [declared.window for declared in inputs]
    first = min(
        -_LONGEST_EDGE_DAYS if window.first_day is None else window.first_day for window in windows
    )
    return dg.TimeWindowPartitionMapping(
        start_offset=max(first, -_LONGEST_EDGE_DAYS),
        end_offset=max(window.last_day for window in windows),
        allow_nonexistent_upstream_partitions=True,
    )
