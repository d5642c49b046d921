"""The event log of the Dagster folders this program makes: whole, shared and seen as it grows."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy

from nba_pipeline.cli.opening import prepare_dagster_home
from nba_pipeline.orchestration.assets import DATA_VERSION_TAG
from nba_pipeline.orchestration.event_log import EventLog
from nba_pipeline.orchestration.partitions import range_tags

_DAYS = dg.DailyPartitionsDefinition("2025-01-01", end_date="2025-02-01")
_WRITE_TEN = """
import dagster as dg
with dg.DagsterInstance.get() as instance:
    for day in range(1, 11):
        instance.report_runless_asset_event(dg.AssetMaterialization("theirs", partition=str(day)))
"""


@dg.asset(partitions_def=_DAYS, code_version="1")
def scores() -> None:
    """Nothing but an event."""


@dg.asset_check(asset=scores)
def counted() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


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


def a_range(instance: dg.DagsterInstance) -> str:
    """Run four days at once."""
    job = dg.define_asset_job("range")
    defs = dg.Definitions(assets=[scores], asset_checks=[counted], jobs=[job])
    days = range_tags(date(2025, 1, 1), date(2025, 1, 4))
    run = defs.resolve_job_def("range").execute_in_process(instance=instance, tags=days)
    return run.run_id


def what_is_known(instance: dg.DagsterInstance, run_id: str) -> dict[str, Any]:
    key, kind = scores.key, dg.DagsterEventType.ASSET_MATERIALIZATION
    log = instance.event_log_storage
    newest = instance.get_latest_materialization_event(key)
    (record,) = instance.get_asset_records([key])
    checked = log.get_asset_check_execution_history(counted.check_key, limit=10)
    return {
        "events": [entry.dagster_event_type for entry in instance.all_logs(run_id)],
        "days": [
            found.partition_key for found in instance.fetch_materializations(key, limit=10).records
        ],
        "versions": log.get_latest_tags_by_partition(key, kind, [DATA_VERSION_TAG]),
        "newest": newest and newest.dagster_event and newest.dagster_event.partition,
        "run": record.asset_entry.last_run_id == run_id,
        "checks": [(each.status, each.partition) for each in checked],
    }


def test_what_dagster_says_of_many_days_together_is_known_as_if_said_day_by_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = []
    for most_at_once in ("0", "3", "500"):
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / most_at_once))
        monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", most_at_once)
        prepare_dagster_home()
        with dg.DagsterInstance.get() as instance:
            known.append(what_is_known(instance, a_range(instance)))

    assert known[0] == known[1] == known[2]
    assert known[0]["newest"] == "2025-01-04"
    assert len(known[0]["versions"]) == 4
    # One of the range and one of each day, which nothing has come of.
    assert len(known[0]["checks"]) == 5


def test_events_come_together_without_anybody_setting_it(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = []
    store = EventLog.store_event_batch

    def noted(log: EventLog, events: list[dg.EventLogEntry]) -> None:
        together.append(len(events))
        store(log, events)

    monkeypatch.setattr(EventLog, "store_event_batch", noted)
    a_range(instance)

    # The four days and the check that are planned, and the four days that were materialized.
    assert together == [5, 4]


@pytest.mark.parametrize("store", ["store_event", "store_event_batch"])
def test_an_event_that_cannot_be_indexed_is_not_there_at_all(
    instance: dg.DagsterInstance, store: str
) -> None:
    log, run_id = instance.event_log_storage, a_range(instance)
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    events = instance.all_logs(run_id, of_type=kind)
    with log.index_connection() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON asset_event_tags "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )

    with pytest.raises(sqlalchemy.exc.IntegrityError, match="no room"):
        getattr(log, store)(events[0] if store == "store_event" else events)
    assert len(instance.all_logs(run_id, of_type=kind)) == len(events) == 4
