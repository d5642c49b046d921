"""The documented production instance: it loads, keeps logs in a bucket and limits writers."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster_gcp.gcs.compute_log_manager import GCSComputeLogManager
from google.cloud import storage

from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.event_log import EventLog
from nba_pipeline.orchestration.home import QUIET, SETTLED
from nba_pipeline.tables import REGISTRY

DEPLOY = Path(__file__).parents[2] / "deploy"
CONFIG = DEPLOY / "dagster.yaml"


@pytest.fixture
def instance(
    storage_emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """The instance as it is written down, with a storage emulator for its bucket."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_emulator)
    bucket = f"logs-{uuid.uuid4().hex[:8]}"
    storage.Client().create_bucket(bucket)
    monkeypatch.setenv("NBA_LOGS_BUCKET", bucket)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copy(CONFIG, tmp_path / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("file", "made_here"),
    [(CONFIG, SETTLED), (DEPLOY / "home" / "dagster.yaml", QUIET)],
    ids=["one machine", "containers"],
)
def test_it_has_every_setting_of_a_folder_that_is_made_here(file, made_here):
    written, made = yaml.safe_load(file.read_text()), yaml.safe_load(made_here)
    assert {name: written.get(name) for name in made} == made


def test_it_keeps_what_steps_print_in_the_bucket(instance):
    manager = instance.compute_log_manager
    assert isinstance(manager, GCSComputeLogManager)
    with manager.capture_logs(["run", "step"]):
        print("a line of a step")  # noqa: T201
    kept = manager.get_log_data(["run", "step"])
    assert b"a line of a step" in kept.stdout


def test_it_keeps_its_events_in_one_database_in_dagster_home(instance, tmp_path):
    assert isinstance(instance.event_log_storage, EventLog)
    instance.report_runless_asset_event(dg.AssetMaterialization("kept"))
    assert (tmp_path / "event_log.db").is_file()
    assert instance.get_latest_materialization_event(dg.AssetKey("kept"))


def test_two_steps_write_a_table_at_once(instance):
    pools = instance.get_concurrency_config().pool_config
    assert pools.default_pool_limit == 2
    assert pools.pool_granularity.value == "op"


def test_every_table_is_a_pool_of_its_own():
    graph = build_definitions().resolve_asset_graph()
    pools = {graph.get(key_of(table)).pools.pop() for table in REGISTRY.values()}
    assert pools == {table.full_name for table in REGISTRY.values()}
