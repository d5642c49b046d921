"""How the phases of a date followed each other, from planted run records and plain arithmetic."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.domain.calendar import instant
from nba_pipeline.engine import logs
from nba_pipeline.engine.phases import PHASES, phase_of
from nba_pipeline.engine.timings import Timings, timings_of
from nba_pipeline.engine.writer import Writer
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

DAY = date(2025, 12, 31)
TABLES = list(REGISTRY.values())
RAW, CONTEXT, ZONES = "nbac_schedule", "upcoming_player_game_context", "player_shot_zone_analysis"
FEATURES, CLAIMS = "ml_feature_store_v2", "player_prop_predictions"

Plant = Callable[..., None]


@pytest.fixture
def warehouse(tmp_path: Path) -> LocalWarehouse:
    return LocalWarehouse(tmp_path / "warehouse", TABLES)


@pytest.fixture
def ran(warehouse: LocalWarehouse) -> Plant:
    """Plants a run: ``ran(CONTEXT, instant(DAY, 6), seconds=60)``."""

    def plant(
        table: str,
        began: datetime,
        *,
        seconds: float = 60.0,
        day: date = DAY,
        success: bool = True,
        skip_reason: str | None = None,
        run_id: str = "",
    ) -> None:
        log = logs.ANALYTICS_RUNS if phase_of(REGISTRY[table]).number < 4 else logs.PRECOMPUTE_RUNS
        row = {
            "processor_name": table,
            "run_id": run_id or f"{began}",
            "run_date": began,
            "success": success,
            "duration_seconds": seconds,
            "analysis_date": day,
            "skip_reason": skip_reason,
            "created_at": began,
        }
        Writer(warehouse, "planted", began).append(log, [row])

    return plant


def of(warehouse: LocalWarehouse, first: date = DAY, last: date = DAY) -> Timings:
    return timings_of(warehouse, TABLES, first, last)


def of_day(warehouse: LocalWarehouse, day: date = DAY) -> dict[str, Any]:
    (row,) = of(warehouse, day, day).cascade
    return row


def a_morning(ran: Plant, day: date = DAY, wait: int = 10, **options: Any) -> None:
    """Each phase begins some minutes after the one before was done; each takes a minute."""
    began = instant(day, 6)
    for table in (RAW, CONTEXT, FEATURES, CLAIMS):
        ran(table, began, day=day, **options)
        began += timedelta(minutes=1 + wait)


def gaps(row: dict[str, Any]) -> list[float | None]:
    names = ("phase2_to_3", "phase3_to_4", "phase4_to_5", "total")
    return [row[f"{name}_delay_min"] for name in names]


def test_every_table_has_a_phase() -> None:
    assert [name for name, table in REGISTRY.items() if phase_of(table) is None] == []


def test_a_phase_begins_with_a_table_of_its_own() -> None:
    assert [phase_of(REGISTRY[phase.begins_with]) for phase in PHASES] == list(PHASES)


def test_a_gap_is_from_the_end_of_a_phase_to_the_start_of_the_next(
    warehouse: LocalWarehouse, ran: Plant
) -> None:
    a_morning(ran)
    # From 06:12, when the context was there, to 06:34, when the predictions were.
    assert gaps(of_day(warehouse)) == [10.0, 10.0, 10.0, 22.0]


def test_the_last_table_of_a_phase_ends_it(warehouse: LocalWarehouse, ran: Plant) -> None:
    a_morning(ran)
    ran("player_game_summary", instant(DAY, 6, 14))
    assert gaps(of_day(warehouse)) == [10.0, 7.0, 10.0, 19.0]


def test_a_zone_table_that_runs_early_does_not_begin_its_phase(
    warehouse: LocalWarehouse, ran: Plant
) -> None:
    a_morning(ran)
    ran(ZONES, instant(DAY, 6, 5))
    assert gaps(of_day(warehouse)) == [10.0, 10.0, 10.0, 22.0]


def test_an_evening_run_for_tomorrow_belongs_to_tomorrow(
    warehouse: LocalWarehouse, ran: Plant
) -> None:
    tomorrow = DAY + timedelta(days=1)
    a_morning(ran)
    for at, table in enumerate((RAW, CONTEXT, FEATURES, CLAIMS)):
        ran(table, instant(DAY, 21, 5 * at), day=tomorrow)
    rows = of(warehouse, DAY, tomorrow).cascade
    assert [row["game_date"] for row in rows] == [DAY, tomorrow]
    assert gaps(rows[0]) == [10.0, 10.0, 10.0, 22.0]
    assert gaps(rows[1]) == [4.0, 4.0, 4.0, 10.0]


def test_a_correction_afterwards_moves_nothing(warehouse: LocalWarehouse, ran: Plant) -> None:
    a_morning(ran)
    before = of_day(warehouse)
    for table in (RAW, CONTEXT, FEATURES, CLAIMS):
        ran(table, instant(DAY + timedelta(days=3), 5))
    assert of_day(warehouse) == before


def test_a_run_that_finds_nothing_changed_is_nobody_s_wait(
    warehouse: LocalWarehouse, ran: Plant
) -> None:
    ran(CONTEXT, instant(DAY, 5))
    ran(CONTEXT, instant(DAY, 6), seconds=0.0, skip_reason="source_unchanged")
    ran(FEATURES, instant(DAY, 6, 1))
    assert of_day(warehouse)["phase3_to_4_delay_min"] == 60.0


def test_a_failed_run_completes_nothing(warehouse: LocalWarehouse, ran: Plant) -> None:
    ran(CONTEXT, instant(DAY, 5))
    ran(CONTEXT, instant(DAY, 6), success=False)
    ran(FEATURES, instant(DAY, 7, 1))
    assert of_day(warehouse)["phase3_to_4_delay_min"] == 120.0


def test_a_gap_with_one_side_missing_is_none(warehouse: LocalWarehouse, ran: Plant) -> None:
    ran(CONTEXT, instant(DAY, 6))
    ran(CLAIMS, instant(DAY, 7))
    assert gaps(of_day(warehouse)) == [None, None, None, 60.0]


def test_a_date_nobody_ran_has_no_row(warehouse: LocalWarehouse, ran: Plant) -> None:
    a_morning(ran, DAY - timedelta(days=2))
    assert of(warehouse).cascade == []


def test_a_range_of_dates_is_done_date_after_date(warehouse: LocalWarehouse, ran: Plant) -> None:
    days = [DAY - timedelta(days=back) for back in (2, 1, 0)]
    for day in days:
        ran(CONTEXT, instant(DAY, 6), day=day, seconds=20.0, run_id="range")
    done = [run["completed_at"] for run in of(warehouse, days[0], DAY).runs]
    assert done == [instant(DAY, 6) + timedelta(seconds=n) for n in (20, 40, 60)]


def test_percentiles_are_those_of_the_seven_days_up_to_each_date(
    warehouse: LocalWarehouse, ran: Plant
) -> None:
    dice = random.Random(7)  # noqa: S311
    days = [DAY - timedelta(days=back) for back in range(9, -1, -1)]
    waits = [dice.randint(1, 40) for _ in days]
    for day, wait in zip(days, waits, strict=True):
        a_morning(ran, day, wait)
    rows = of(warehouse, DAY - timedelta(days=1), DAY).cascade
    for at, row in enumerate(rows):
        week = waits[at + 2 : at + 9]
        assert row["phase3_to_4_delay_min_p50"] == statistics.median(week)
        nineteen = statistics.quantiles(week, n=20, method="inclusive")
        assert row["phase3_to_4_delay_min_p95"] == pytest.approx(nineteen[-1], abs=0.001)


@pytest.mark.parametrize("seed", range(5))
def test_no_gap_is_ever_negative(warehouse: LocalWarehouse, ran: Plant, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    for _ in range(60):
        ran(
            dice.choice([RAW, CONTEXT, ZONES, FEATURES, CLAIMS]),
            instant(DAY, 0) + timedelta(minutes=dice.randint(-600, 3000)),
            seconds=dice.choice([0.0, 30.0, 900.0]),
            success=dice.random() > 0.2,
            skip_reason=dice.choice([None, None, "source_unchanged"]),
        )
    known = [gap for gap in gaps(of_day(warehouse)) if gap is not None]
    assert known
    assert min(known) >= 0


def test_the_warehouse_s_view_says_the_same(warehouse: LocalWarehouse, ran: Plant) -> None:
    a_morning(ran)
    a_morning(ran, DAY - timedelta(days=1), 30)
    told = of(warehouse, DAY - timedelta(days=1), DAY)
    shown = warehouse.query("SELECT * FROM nba_processing.cascade_timing ORDER BY game_date")
    assert shown.to_pylist() == told.cascade
    runs = warehouse.query("FROM nba_processing.table_timings ORDER BY game_date, started_at")
    assert runs.to_pylist() == told.runs


def test_an_empty_warehouse_has_views_of_nothing(warehouse: LocalWarehouse) -> None:
    assert warehouse.query("FROM nba_processing.cascade_timing").num_rows == 0
    assert of(warehouse) == Timings([], [])
