"""One real day through Dagster: what is recorded, what a second run does, a day without games."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from nba_pipeline.orchestration.launch import Launched
from nba_pipeline.tables import REGISTRY

DAY, THANKSGIVING = date(2021, 11, 15), date(2021, 11, 25)
NUMBERS = {"rows", "computed", "reused", "rejected", "failed", "gone"}

every_table = pytest.mark.parametrize("name", REGISTRY)


@pytest.fixture(scope="module")
def first(lab: Any, archive: Path) -> Launched:
    return lab.bring(archive, DAY)


@pytest.fixture(scope="module")
def files_after_first(lab: Any, first: Launched) -> dict[Path, tuple[int, int]]:
    assert first.succeeded, first.problems
    return lab.files()


@pytest.fixture(scope="module")
def second(lab: Any, archive: Path, files_after_first: dict[Path, tuple[int, int]]) -> Launched:
    assert files_after_first
    return lab.bring(archive, DAY)


@pytest.fixture(scope="module")
def holiday(lab: Any, archive: Path, second: Launched) -> Launched:
    assert second.succeeded
    return lab.bring(archive, THANKSGIVING)


def _evaluations(lab: Any, told: Launched) -> dict[str, Any]:
    """What the checks of a run found, by table."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    (run_id,) = told.run_ids
    events = [entry.dagster_event for entry in lab.instance.all_logs(run_id, of_type=kind)]
    found = [event.asset_check_evaluation_data for event in events]
    return {".".join(evaluation.asset_key.path): evaluation for evaluation in found}


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
    (event,) = lab.events(first, name)
    stored = lab.warehouse.stored(REGISTRY[name], [DAY])[DAY]
    assert event.partition == DAY.isoformat()
    assert (event.tags or {})["dagster/data_version"] == stored.data_version
    assert (event.tags or {})["dagster/data_version_is_user_provided"] == "true"
    assert (event.tags or {})["dagster/code_version"] == REGISTRY[name].meaning


@every_table
def test_a_materialization_carries_numbers_and_the_cause(
    lab: Any, first: Launched, name: str
) -> None:
    (event,) = lab.events(first, name)
    numbers = {key: event.metadata[key].value for key in NUMBERS}
    assert all(type(value) is int for value in numbers.values()), numbers
    assert numbers["rows"] == lab.warehouse.read(REGISTRY[name], [DAY]).num_rows
    assert event.metadata["dagster/partition_row_count"].value == numbers["rows"]
    assert numbers["computed"] or not numbers["rows"]
    assert numbers["reused"] == numbers["failed"] == numbers["gone"] == 0
    assert str(event.metadata["cause"].value).startswith("first build of this partition")


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


def test_one_chunk_is_no_picture(lab: Any, first: Launched) -> None:
    (event,) = lab.events(first, "player_game_summary")
    assert "time_per_chunk" not in event.metadata


@pytest.mark.parametrize("name", ["player_game_summary", "team_offense_game_summary"])
def test_what_was_written_is_a_picture(lab: Any, first: Launched, name: str) -> None:
    (event,) = lab.events(first, name)
    assert "](data:image/png;base64,iVBOR" in str(event.metadata["plot"].value)


@every_table
def test_the_check_of_the_day_passes(lab: Any, first: Launched, name: str) -> None:
    evaluation = _evaluations(lab, first)[REGISTRY[name].full_name]
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
    (event,) = lab.events(second, name)
    assert (event.tags or {})["dagster/data_version"] == _entry(first, name)["data_version"]


def test_a_second_run_touches_no_file(
    lab: Any, files_after_first: dict[Path, tuple[int, int]], second: Launched
) -> None:
    assert second.succeeded
    known = {path: mark for path, mark in lab.files().items() if path in files_after_first}
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
        declared.table == "nbac_schedule"
        and "game_status" in declared.columns
        and declared.window.weekday is None
        for declared in table.inputs.values()
    )
]


@pytest.mark.parametrize("name", _KNOWS_GAMES)
def test_a_day_without_games_says_so(lab: Any, holiday: Launched, name: str) -> None:
    (event,) = lab.events(holiday, name)
    # Thanksgiving is a Thursday, and models are trained on Mondays.
    why = "not_its_weekday" if name == "points_model" else "no_games"
    assert event.metadata["skip_reason"].value == why
    assert event.metadata["cause"].value == f"first build of this partition; no rows: {why}"


@pytest.fixture(scope="module")
def tampered(lab: Any, archive: Path, holiday: Launched) -> Launched:
    """A run after somebody gave a player a point in the stored partition."""
    assert holiday.succeeded
    table = REGISTRY["player_game_summary"]
    rows = lab.warehouse.read(table, [DAY], every_revision=True)
    points = rows["points"].to_pylist()
    points[0] += 1
    rows = rows.set_column(rows.column_names.index("points"), "points", pa.array(points))
    about = lab.warehouse.stored(table, [DAY])[DAY]
    lab.warehouse.replace(table, {DAY: (rows.cast(table.schema), about)})
    return lab.bring(archive, DAY, tables=["team_offense_game_summary", "player_game_summary"])


def test_a_check_finds_what_somebody_changed(lab: Any, tampered: Launched) -> None:
    evaluation = _evaluations(lab, tampered)["nba_analytics.player_game_summary"]
    assert not evaluation.passed
    assert evaluation.metadata["violations"].value == 4
    assert evaluation.metadata["dates"].value == [DAY.isoformat()]
    assert "the rows hash to" in evaluation.metadata["sentences"].value


def test_a_broken_promise_is_told_once_and_fails_the_run(tampered: Launched) -> None:
    assert not tampered.succeeded
    (sentence,) = tampered.broken_promises
    assert sentence.startswith(
        f"nba_analytics.player_game_summary: 4 broken promises, first on {DAY}: the rows hash to"
    )
