"""Clocks that jump between runs, back and forth and over the night they are changed on."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.world import NOON, World, build

FAULT = "clock jumps between runs"

#: Before the season, in the hour that there is twice, a leap day, long after, and the epoch.
MOMENTS = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2025, 11, 2, 5, 30, tzinfo=UTC),
    datetime(2025, 11, 2, 6, 30, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2199, 12, 31, tzinfo=UTC),
)


def test_whatever_the_clock_says_the_rows_are_the_same(
    world: World, warehouse: Path, times: Times, tally: Tally, dice: random.Random
) -> None:
    moments = dice.sample(MOMENTS, times(1, len(MOMENTS), 2))
    jumps = (dice.uniform(-1e8, 1e8) for _ in range(times(0, 12, 2)))
    moments += [NOON + timedelta(seconds=jump) for jump in jumps]
    for number, now in enumerate(moments):
        name = ("late", "early")[number % 2]
        tally.injects(FAULT)
        assert build(world.session(warehouse, name, now), world.days) == []
        assert world.late(warehouse, name) == []
        tally.survives(FAULT, world.compared(warehouse, name))
