"""One real NBA day through Dagster: what is recorded, what a second run does, a day without games."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.launch import Launched, launch
from nba_pipeline.tables import REGISTRY

DAY, THANKSGIVING = date(2021, 11, 15), date(2021, 11, 25)
NUMBERS = {"rows", "computed", "reused", "rejected", "failed", "gone"}

every_table = pytest.mark.parametrize("name", REGISTRY)


def _silent(table: str, done: int, total: int) -> None:
    """Nobody watches."""


def _bring(lab: Any, archive: Path, day: date) -> Launched:
    return launch(
        list(REGISTRY.values()),
        [day],
        lab.instance,
        archive=str(archive),
        executor="",
        force=False,
        reporter=_silent,
    )


def _files(lab: Any) -> dict[Path, tuple[int, int]]:
    return {
        path: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in (lab.folder / "warehouse").rglob("*.parquet")
    }


@pytest.fixture(scope="module")
def first(lab: Any, archive: Path) -> Launched:
    return _bring(lab, archive, DAY)


@pytest.fixture(scope="module")
def files_after_first(lab: Any, first: Launched) -> dict[Path, tuple[int, int]]:
    assert first.succeeded, first.problems
    return _files(lab)


@pytest.fixture(scope="module")
def second(lab: Any, archive: Path, files_after_first: dict[Path, tuple[int, int]]) -> Launched:
    assert files_after_first
    return _bring(lab, archive, DAY)


@pytest.fixture(scope="module")
def holiday(lab: Any, archive: Path, second: Launched) -> Launched:
    assert second.succeeded
    return _bring(lab, archive, THANKSGIVING)


def _events(lab: Any, told: Launched, name: str) -> list[dg.AssetMaterialization]:
    """The materializations of a table in a run, as Dagster keeps them."""
    records = lab.instance.fetch_materializations(key_of(REGISTRY[name]), limit=100).records
    found = [record.asset_materialization for record in records if record.run_id in told.run_ids]
    return [event for event in found if event]


def _entry(told: Launched, name: str) -> dict[str, Any]:
    return next(part for part in told.partitions if part["table"] == REGISTRY[name].full_name)


def test_the_day_is_built_without_a_problem(first: Launched) -> None:
    assert first.succeeded, [*first.problems, *first.broken_promises]
    assert {part["table"] for part in first.partitions} == {
        table.full_name for table in REGISTRY.values()
    }


@every_table
def test_dagster_holds_the_data_version_of_the_warehouse(
    lab: Any, first: Launched, name: str
) -> None:
    (event,) = _events(lab, first, name)
    stored = lab.warehouse.stored(REGISTRY[name], [DAY])[DAY]
    assert event.partition == DAY.isoformat()
    assert (event.tags or {})["dagster/data_version"] == stored.data_version
    assert (event.tags or {})["dagster/data_version_is_user_provided"] == "true"
    assert (event.tags or {})["dagster/code_version"] == str(REGISTRY[name].version)


@every_table
def test_a_materialization_carries_numbers_and_the_cause(
    lab: Any, first: Launched, name: str
) -> None:
    (event,) = _events(lab, first, name)
    numbers = {key: event.metadata[key].value for key in NUMBERS}
    assert all(type(value) is int for value in numbers.values()), numbers
    assert numbers["rows"] == lab.warehouse.read(REGISTRY[name], [DAY]).num_rows
    assert event.metadata["dagster/partition_row_count"].value == numbers["rows"]
    assert numbers["computed"] > 0
    assert numbers["reused"] == numbers["failed"] == numbers["gone"] == 0
    assert event.metadata["cause"].value == "first build of this partition"


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("nbac_schedule", 11),
        ("nbac_play_by_play", 4994),
        ("team_offense_game_summary", 22),
        ("team_defense_game_summary", 22),
        ("player_game_summary", 241),
    ],
)
def test_the_day_has_the_rows_it_should(first: Launched, name: str, rows: int) -> None:
    assert _entry(first, name)["rows"] == rows


def test_the_time_each_chunk_took_is_a_picture(lab: Any, first: Launched) -> None:
    (event,) = _events(lab, first, "player_game_summary")
    assert "](data:image/png;base64,iVBOR" in str(event.metadata["time_per_chunk"].value)


def test_one_chunk_is_no_picture(lab: Any, first: Launched) -> None:
    (event,) = _events(lab, first, "nbac_schedule")
    assert "time_per_chunk" not in event.metadata


@pytest.mark.parametrize("name", [name for name, table in REGISTRY.items() if table.plot])
def test_what_was_written_is_a_picture(lab: Any, first: Launched, name: str) -> None:
    (event,) = _events(lab, first, name)
    assert "](data:image/png;base64,iVBOR" in str(event.metadata["plot"].value)


@every_table
def test_the_check_of_the_day_passes(lab: Any, first: Launched, name: str) -> None:
    key = dg.AssetCheckKey(key_of(REGISTRY[name]), "partition_is_sound")
    (record,) = lab.instance.event_log_storage.get_asset_check_execution_history(key, limit=10)[-1:]
    evaluation = record.event.dagster_event.asset_check_evaluation_data
    assert record.run_id in first.run_ids or evaluation.passed
    assert evaluation.passed
    assert evaluation.partition == DAY.isoformat()
    assert evaluation.metadata["violations"].value == 0


def test_a_second_run_computes_nothing(second: Launched) -> None:
    assert second.succeeded
    assert {part["table"]: part["computed"] for part in second.partitions} == {
        table.full_name: 0 for table in REGISTRY.values()
    }
    assert {part["cause"].partition(":")[0] for part in second.partitions} == {"unchanged"}


@every_table
def test_a_second_run_reuses_every_entity(first: Launched, second: Launched, name: str) -> None:
    before, after = _entry(first, name), _entry(second, name)
    assert after["reused"] == before["computed"] + before["rejected"]
    assert after["rows"] == before["rows"]


@every_table
def test_a_second_run_is_recorded_with_the_same_version(
    lab: Any, first: Launched, second: Launched, name: str
) -> None:
    (event,) = _events(lab, second, name)
    assert (event.tags or {})["dagster/data_version"] == _entry(first, name)["data_version"]


def test_a_second_run_touches_no_file(
    lab: Any, files_after_first: dict[Path, tuple[int, int]], second: Launched
) -> None:
    assert second.succeeded
    known = {path: mark for path, mark in _files(lab).items() if path in files_after_first}
    assert known == files_after_first


def test_a_day_without_games_is_complete(holiday: Launched) -> None:
    assert holiday.succeeded, [*holiday.problems, *holiday.broken_promises]
    assert {part["table"]: part["rows"] for part in holiday.partitions} == {
        table.full_name: 0 for table in REGISTRY.values()
    }


@every_table
def test_a_day_without_games_is_stored_and_empty(lab: Any, holiday: Launched, name: str) -> None:
    assert holiday.succeeded
    stored = lab.warehouse.stored(REGISTRY[name], [THANKSGIVING])[THANKSGIVING]
    assert (stored.rows, stored.intact) == (0, True)
    assert stored.fingerprint


_KNOWS_GAMES = [
    name
    for name, table in REGISTRY.items()
    if any(
        declared.table == "nbac_schedule" and "game_status" in declared.columns
        for declared in table.inputs.values()
    )
]


@pytest.mark.parametrize("name", _KNOWS_GAMES)
def test_a_day_without_games_says_so(lab: Any, holiday: Launched, name: str) -> None:
    (event,) = _events(lab, holiday, name)
    assert event.metadata["skip_reason"].value == "no_games"
    assert event.metadata["cause"].value == "first build of this partition; no rows: no_games"
