"""What the terminal is told of a run."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.orchestration.launch import Launched, launch
from nba_pipeline.orchestration.problems import innermost
from nba_pipeline.tables import REGISTRY

DAY = date(2021, 11, 15)


def _partition(**given: Any) -> dict[str, Any]:
    return {"table": "nba_raw.nbac_schedule", "failed": 0, "rejected": 0, **given}


@pytest.mark.parametrize(
    ("told", "succeeded"),
    [
        (Launched(), True),
        (Launched(partitions=[_partition(rejected=3)]), True),
        (Launched(partitions=[_partition(failed=1)]), False),
        (Launched(problems=["no archive"]), False),
        (Launched(broken_promises=["keys are unique"]), False),
    ],
    ids=["nothing", "turned away", "broken", "stopped", "unsound"],
)
def test_only_what_broke_is_a_failure(told: Launched, succeeded: bool) -> None:
    assert told.succeeded is succeeded


def _launch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **given: Any) -> Launched:
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    said: dict[str, Any] = {"archive": "", "executor": "", "force": False, "reporter": print}
    with dg.DagsterInstance.ephemeral() as instance:
        return launch([REGISTRY["nbac_schedule"]], [DAY], instance, **{**said, **given})


def test_a_run_that_never_got_to_a_table_has_not_succeeded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = _launch(monkeypatch, tmp_path, executor="hamster")
    assert told.problems == [
        "there is no executor hamster: choose one of serial, threads, processes, dask"
    ]


def test_what_stops_a_table_is_its_own_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = _launch(monkeypatch, tmp_path, archive=str(tmp_path / "nowhere"))
    assert told.problems == [f"there is no archive folder {tmp_path / 'nowhere'}"]
    assert told.partitions == []


def test_a_date_the_source_does_not_know_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NBA_ARCHIVE_DIR", raising=False)
    (sentence,) = _launch(monkeypatch, tmp_path).problems
    assert sentence.startswith("2021-11-15 lies outside every season of the simulated source")


def test_a_run_stopped_by_hand_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, archive_of_one_game: Path
) -> None:
    def stop(*told: object) -> None:
        del told
        raise dg.DagsterExecutionInterruptedError

    told = _launch(monkeypatch, tmp_path, archive=str(archive_of_one_game), reporter=stop)
    assert told.problems == [
        "interrupted; what was built stays, and the same command goes on from there"
    ]


def test_a_run_stopped_between_two_tables_says_so_too() -> None:
    with pytest.raises(dg.DagsterExecutionInterruptedError) as stopped:
        raise dg.DagsterExecutionInterruptedError
    told = serializable_error_info_from_exc_info((stopped.type, stopped.value, stopped.tb))
    assert innermost(told).startswith("interrupted; what was built stays")


def test_what_an_error_of_ours_was_raised_from_is_not_told_instead() -> None:
    sentence = "no dask scheduler answers at tcp://127.0.0.1:9: OSError"
    with pytest.raises(dg.RetryRequested) as stopped:
        _ask_again_of(sentence)
    told = serializable_error_info_from_exc_info((stopped.type, stopped.value, stopped.tb))
    assert innermost(told) == sentence


def _ask_again_of(sentence: str) -> None:
    """Fail as a step does whose cluster does not answer."""
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as error:
            raise ConfigurationError(sentence) from error
    except ConfigurationError as error:
        raise dg.RetryRequested from error


@pytest.fixture
def archive_of_one_game(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    game = {
        "season": "2021-22",
        "season_type": "Regular Season",
        "game_id": "0022100200",
        "game_date": DAY,
        "home_team_abbr": "NYK",
        "away_team_abbr": "IND",
        "home_score": 92,
        "away_score": 84,
    }
    pq.write_table(pa.Table.from_pylist([game]), folder / "schedule_2021_22.parquet")
    return folder
