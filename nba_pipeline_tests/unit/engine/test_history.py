"""What a date stands on is built first; where nothing was played there is nothing to build."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.engine.history import out_of_date, partitions_needed, rounds
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

FIRST_PARTITION = date(2020, 10, 1)


@pytest.fixture(scope="module")
def league() -> SimulatedLeague:
    """Remembers the versions of the days it has played."""
    return SimulatedLeague()


@pytest.mark.parametrize("day", [date(2025, 10, 21), date(2025, 10, 23)])
def test_no_history_is_built_for_days_before_the_first_season(
    day: date, league: SimulatedLeague, tmp_path: Path
) -> None:
    tables = list(REGISTRY.values())
    needed = partitions_needed(tables, day, REGISTRY, FIRST_PARTITION)
    assert min(dates[0] for dates in needed.values()) < date(2025, 1, 1)
    warehouse = LocalWarehouse(tmp_path, tables)
    late = out_of_date(needed, REGISTRY, warehouse, league, {})
    days = [each.day for each in late]
    assert days[0] == date(2025, 10, 21)
    assert day in days


@pytest.fixture(scope="module")
def first_round(league: SimulatedLeague, tmp_path_factory: pytest.TempPathFactory):
    """What is built before the tenth of a season's nights, of everything."""
    tables = list(REGISTRY.values())
    span = FIRST_PARTITION, date(2026, 6, 30)
    warehouse = LocalWarehouse(tmp_path_factory.mktemp("nothing"), tables)
    day = date(2025, 10, 30)
    return day, next(rounds(tables, [day], span, REGISTRY, warehouse, league, {}))


def test_what_is_read_ahead_of_its_day_is_built_before_everything_else(first_round) -> None:
    _, (ahead, *others) = first_round
    assert [table.name for table in ahead.tables] == ["nbac_schedule"]
    later = [day for stretch in others for day in stretch.dates]
    assert ahead.dates[-1] >= max(later)


def test_what_earlier_days_read_of_the_day_itself_is_built_with_them(first_round) -> None:
    day, (ahead, *_) = first_round
    assert day in ahead.dates


class Asked(LocalWarehouse):
    """Notes for which tables it is asked what is stored."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, list(REGISTRY.values()))
        self.tables: list[str] = []

    def stored(self, table: Any, dates: Any) -> Any:
        self.tables.append(table.name)
        return super().stored(table, dates)


def test_a_warehouse_far_away_is_asked_once_for_each_table(
    league: SimulatedLeague, tmp_path: Path
) -> None:
    day = date(2025, 10, 30)
    needed = partitions_needed(list(REGISTRY.values()), day, REGISTRY, FIRST_PARTITION)
    warehouse = Asked(tmp_path)
    assert out_of_date(needed, REGISTRY, warehouse, league, {})
    assert sorted(warehouse.tables) == sorted(REGISTRY)
