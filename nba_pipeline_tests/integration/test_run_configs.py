"""Run configs that are given as examples: each launches a run, which writes the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.session import Session
from nba_pipeline.orchestration.idle import instance_in
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.integration.plain_job import BUILT, job

DAY = date(2025, 10, 21)
CONFIGS = Path(__file__).parents[2] / "deploy" / "run"
BEFORE = [t.name for t in REGISTRY.values() if t.layer in ("raw", "reference")]
BEFORE.append("player_availability")


def _build(folder: Path, names: list[str]) -> LocalWarehouse:
    """Tables of the simulated day, serially and without Dagster."""
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    source, now = SimulatedLeague(), datetime.now(UTC)
    session = Session(warehouse, source, REGISTRY, Pools(), {}, "before", now)
    for name in names:
        refuse_problems(list(materialize(REGISTRY[name], [DAY], session)))
    return warehouse


def _versions(warehouse: LocalWarehouse) -> dict[str, str]:
    return {name: warehouse.stored(REGISTRY[name], [DAY])[DAY].data_version for name in BUILT}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The data versions the tables have when they are built one after the other."""
    return _versions(_build(tmp_path_factory.mktemp("serial"), [*BEFORE, *BUILT]))


@contextmanager
def _run(config: Path, folder: Path) -> Iterator[Any]:
    """A run of the day on an instance on disk, launched as the file says."""
    with (
        instance_in(folder / "dagster") as instance,
        dg.execute_job(
            dg.reconstructable(job),
            instance=instance,
            tags={"dagster/partition": DAY.isoformat()},
            run_config=yaml.safe_load(config.read_text()),
        ) as result,
    ):
        yield result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse with what the tables stand on, which the environment names; and no source."""
    for name in [name for name in os.environ if name.startswith("NBA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    _build(tmp_path / "warehouse", BEFORE)
    return tmp_path


@pytest.mark.parametrize("config", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_launches_a_run_with_the_same_bytes(
    config: Path, folder: Path, serial: dict[str, str]
) -> None:
    if config.stem == "dask":
        pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with _run(config, folder) as result:
        assert result.success
    written = LocalWarehouse(folder / "warehouse", list(REGISTRY.values()))
    assert _versions(written) == serial
