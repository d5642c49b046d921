"""Scenarios measured on days of the frozen slate: what is told, and that it is of real work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from slate import DAYS, FEED_FILES
from typer.testing import CliRunner

from nba_pipeline.benchmarks import plots, suite
from nba_pipeline.benchmarks.working import PROCESSORS
from nba_pipeline.cli import app
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.sources.layouts import LAYOUTS
from nba_pipeline.tables import REGISTRY

DATES = DAYS[:3]
SCENARIOS = ("backfill", "unchanged", "correction", "date", "executors")

Told = dict[str, Any]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen slate as season files, but for feeds whose files have a publisher's own layout."""
    folder = tmp_path_factory.mktemp("season_files")
    for path in FEED_FILES.glob("*.parquet"):
        if path.stem not in LAYOUTS:
            shutil.copy(path, folder / f"{path.stem}_slate.parquet")
    return folder


@pytest.fixture(scope="module")
def told(archive: Path) -> Told:
    def run(scenarios: Sequence[str], dates: Sequence[date]) -> Told:
        return suite.run(
            scenarios, str(archive), dates, ("serial", "threads"), lambda _: None, times=1
        )

    found = run(SCENARIOS, DATES)
    # Dagster as it comes takes its time over an event, and two dates have two hundred.
    found["scenarios"] |= run(["dagster"], DATES[:2])["scenarios"]
    return found


def records(told: Told, scenario: str, what: str) -> list[dict[str, Any]]:
    return [r for r in told["scenarios"][scenario]["records"] if r["what"] == what]


def test_every_scenario_tells_what_it_measured(told: Told) -> None:
    assert [*told["scenarios"]] == [*SCENARIOS, "dagster"]
    assert all(about["records"] and about["ratios"] for about in told["scenarios"].values())


def test_it_all_goes_into_json(told: Told) -> None:
    plain = {name: value for name, value in told.items() if name not in ("from", "to")}
    assert json.loads(json.dumps(plain)) == plain


def test_phases_are_shares_of_the_whole(told: Told) -> None:
    ratios = told["scenarios"]["backfill"]["ratios"]
    shares = [value for name, value in ratios.items() if name.endswith("of all phases")]
    assert sum(shares) == pytest.approx(1, abs=0.001)


def test_every_table_is_told_of(told: Told) -> None:
    tables = records(told, "backfill", "table")
    (whole,) = records(told, "backfill", "from nothing")
    assert [table["table"] for table in tables] == [*REGISTRY]
    assert sum(table["computed"] for table in tables) == whole["computed"] > 0


def test_an_unchanged_rerun_computes_nothing(told: Told) -> None:
    (again,) = records(told, "unchanged", "unchanged")
    assert (again["computed"], again["partitions"]) == (0, len(DATES) * len(REGISTRY))


def test_a_correction_computes_some(told: Told) -> None:
    share = told["scenarios"]["correction"]["ratios"]["entities computed for one correction"]
    assert 0 < share < 1


def test_a_date_is_built_by_every_executor_cold_and_warm(told: Told) -> None:
    entities = {
        record["executor"]: record["computed"]
        for what in ("cold", "warm")
        for record in records(told, "date", what)
    }
    assert set(entities) == {"serial", "threads"}
    assert len(set(entities.values())) == 1
    assert all(record["partitions"] == len(PROCESSORS) for record in records(told, "date", "warm"))


def test_dagster_records_as_many_events_of_nothing(told: Told) -> None:
    (built,) = records(told, "dagster", "from nothing, with Dagster")
    for log in ("as Dagster comes", "in our event log"):
        (idle,) = records(told, "dagster", f"assets that do nothing, {log}")
        assert idle["events"] == built["events"] >= 3 * 2 * len(REGISTRY)
    (again,) = records(told, "dagster", "unchanged, with Dagster")
    assert again["computed"] == 0


def test_a_picture_is_drawn(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "new" / "bench.png"
    plots.draw(told, path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_no_kind_gets_a_sentence(told: Told, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no-such-kind"):
        plots.draw(told, tmp_path / "bench.no-such-kind")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--scenario", "fastest"), "there is no scenario fastest: choose of backfill"),
        (("--executors", "gpus"), "there is no executor gpus"),
    ],
)
def test_what_there_is_not_is_refused(words: tuple[str, str], sentence: str) -> None:
    dates = ("--from", DATES[0].isoformat(), "--to", DATES[-1].isoformat())
    refused = CliRunner().invoke(app, ["bench", *dates, *words])
    assert sentence in str(refused.exception)


def test_dates_without_what_is_compared_get_a_sentence() -> None:
    opening = date(2025, 10, 21)
    sentence = f"player_daily_cache has no rows from {opening} to {opening}: take a range that goes"
    with pytest.raises(ConfigurationError, match=sentence):
        suite.run(["baselines"], "", [opening], ("serial",), lambda _: None)
