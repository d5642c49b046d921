"""Days as partitions, and windows as edges between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nba_pipeline.engine.declared_inputs import (
    Input,
    Window,
    days_before,
    history,
    history_and_today,
    reads,
    same_day,
)
from nba_pipeline.orchestration.partitions import daily, mapping

# Edges that reach before the first partition are a beta of Dagster's, used on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")


def _reads(*windows: Window) -> list[Input]:
    return [reads("games", "points", window=window) for window in windows]


@pytest.mark.parametrize(
    ("windows", "offsets"),
    [
        ((same_day(),), (0, 0)),
        ((days_before(5),), (-5, -1)),
        ((Window(1, 14),), (1, 14)),
        ((history(),), (-98, -1)),
        ((history_and_today(),), (-98, 0)),
        ((same_day(), days_before(5)), (-5, 0)),
        ((days_before(5), Window(1, 14)), (-5, 14)),
        ((days_before(365),), (-98, -1)),
    ],
    ids=lambda given: str(given),
)
def test_an_edge_spans_every_day_that_is_read(
    windows: tuple[Window, ...], offsets: tuple[int, int]
) -> None:
    edge = mapping(_reads(*windows))
    assert (edge.start_offset, edge.end_offset) == offsets


def test_an_edge_is_short_enough_for_dagster_to_follow() -> None:
    """From a hundred upstream partitions on, Dagster no longer looks at their versions."""
    edge = mapping(_reads(history_and_today()))
    assert edge.end_offset - edge.start_offset + 1 < 100


def test_an_edge_may_reach_before_the_first_partition() -> None:
    assert mapping(_reads(history())).allow_nonexistent_upstream_partitions


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2021, 11, 15, 12, tzinfo=ZoneInfo("America/New_York")), "2021-11-16"),
        # In UTC it is already the 16th.
        (datetime(2021, 11, 15, 23, tzinfo=ZoneInfo("America/New_York")), "2021-11-16"),
        (datetime(2021, 11, 16, 0, tzinfo=ZoneInfo("America/New_York")), "2021-11-17"),
        # Clocks went back on the 7th.
        (datetime(2021, 11, 7, 23, 30, tzinfo=ZoneInfo("America/New_York")), "2021-11-08"),
    ],
)
def test_the_last_partition_is_tomorrow_in_new_york(now: datetime, last: str) -> None:
    keys = daily(date(2021, 10, 19)).get_partition_keys(now.astimezone(UTC))
    assert keys[-1] == last


def test_no_day_is_missing_or_twice_when_clocks_change() -> None:
    first, last = date(2021, 10, 1), date(2022, 4, 1)
    now = datetime(2022, 3, 31, 12, tzinfo=UTC)
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    assert daily(first).get_partition_keys(now) == [day.isoformat() for day in days]
