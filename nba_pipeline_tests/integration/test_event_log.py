"""The event log of the Dagster folders this program makes: whole, shared and seen as it grows."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from nba_pipeline.cli.opening import prepare_dagster_home
from nba_pipeline.orchestration.event_log import EventLog

_DAYS = dg.DailyPartitionsDefinition("2025-01-01", end_date="2025-02-01")
_WRITE_TEN = """
import dagster as dg
with dg.DagsterInstance.get() as instance:
    for day in range(1, 11):
        instance.report_runless_asset_event(dg.AssetMaterialization("theirs", partition=str(day)))
"""


@dg.asset(partitions_def=_DAYS)
def scores() -> None:
    """Nothing but an event."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    prepare_dagster_home()
    return tmp_path / "home"


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    assert (home / "dagster.yaml").is_file()
    with dg.DagsterInstance.get() as opened:
        yield opened


def test_a_folder_made_here_keeps_every_run_in_one_file(
    home: Path, instance: dg.DagsterInstance
) -> None:
    runs = [
        dg.materialize([scores], partition_key=day, instance=instance)
        for day in ("2025-01-01", "2025-01-02")
    ]

    assert isinstance(instance.event_log_storage, EventLog)
    assert (home / "event_log.db").is_file()
    with dg.DagsterInstance.get() as another:
        for run in runs:
            told = [event.dagster_event_type for event in another.all_logs(run.run_id)]
            assert set(told) >= {event.event_type for event in run.all_events}
        assert another.get_materialized_partitions(dg.AssetKey("scores")) == {
            "2025-01-01",
            "2025-01-02",
        }


def test_two_processes_that_write_at_once_lose_nothing(instance: dg.DagsterInstance) -> None:
    with subprocess.Popen([sys.executable, "-c", _WRITE_TEN]) as other:
        for day in range(1, 11):
            event = dg.AssetMaterialization("ours", partition=str(day))
            instance.report_runless_asset_event(event)

    assert other.returncode == 0
    for name in ("ours", "theirs"):
        assert len(instance.get_materialized_partitions(dg.AssetKey(name))) == 10


def test_whoever_watches_a_run_is_told_of_its_events_while_the_log_is_open(
    instance: dg.DagsterInstance,
) -> None:
    run = dg.materialize([scores], partition_key="2025-01-01", instance=instance)
    ended = threading.Event()

    def told(event: dg.EventLogEntry, _: str) -> None:
        if event.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS:
            ended.set()

    with dg.DagsterInstance.get() as another:
        another.watch_event_logs(run.run_id, None, told)
        assert ended.wait(timeout=30)
        another.end_watch_event_logs(run.run_id, told)


def test_a_power_failure_is_the_only_thing_a_commit_is_not_safe_from(
    instance: dg.DagsterInstance,
) -> None:
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    with log.index_connection() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous")
        ]

    assert pragmas == ["wal", 1]
