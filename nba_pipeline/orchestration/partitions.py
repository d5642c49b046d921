"""One partition per NBA day, the same definition for every table.

Game days are data, not part of the definition: a day without games is a complete, empty partition.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

import dagster as dg

from nba_pipeline.engine.declared_inputs import Input

# Above this many upstream partitions Dagster no longer tracks versions along an edge. A season-long
# window is therefore drawn a little short; the engine, not this bound, decides what is out of date.
_LONGEST_EDGE_DAYS = 98

_PARTITION = "dagster/partition"
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"


def daily(first_day: date) -> dg.DailyPartitionsDefinition:
    """Days from ``first_day`` to tomorrow, in US Eastern time."""
    return dg.DailyPartitionsDefinition(
        start_date=first_day.isoformat(), timezone="America/New_York", end_offset=2
    )


@contextmanager
def betas_on_purpose() -> Iterator[None]:
    """Lets assets and checks of partitions be declared without a word.

    Backfill policies make a season one run, and a check of a partition has to know which: both are
    used on purpose, though Dagster calls one beta and the other a preview.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield


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


def range_tags(first: date, last: date) -> dict[str, str]:
    """The tags that make a run one of every day from ``first`` to ``last``."""
    return {_RANGE_START: first.isoformat(), _RANGE_END: last.isoformat()}


def dates_of(tags: Mapping[str, str]) -> set[date]:
    """The days a run is of, as its tags say; none where they name no partition."""
    only = tags.get(_PARTITION, "")
    first, last = tags.get(_RANGE_START, only), tags.get(_RANGE_END, only)
    if not (first and last):
        return set()
    start, stop = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=step) for step in range((stop - start).days + 1)}
