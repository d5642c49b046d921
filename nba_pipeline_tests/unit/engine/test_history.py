"""What a date stands on is built first; where nothing was played there is nothing to build."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from nba_pipeline.engine.history import out_of_date, partitions_needed
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

FIRST_PARTITION = date(2020, 10, 1)


@pytest.mark.parametrize("day", [date(2025, 10, 21), date(2025, 10, 23)])
def test_no_history_is_built_for_days_before_the_first_season(day: date, tmp_path: Path) -> None:
    tables = list(REGISTRY.values())
    needed = partitions_needed(tables, day, REGISTRY, FIRST_PARTITION)
    assert min(dates[0] for dates in needed.values()) < date(2025, 1, 1)
    warehouse = LocalWarehouse(tmp_path, tables)
    late = out_of_date(needed, REGISTRY, warehouse, SimulatedLeague(), {})
    days = [each.day for each in late]
    assert days[0] == date(2025, 10, 21)
    assert day in days
