"""A payload is dropped, and the day is there: ``dagster dev`` with its daemon, start to end.

The archive folder is empty when the sensor is switched on. The same files dropped again, with other
times and the same content, launch nothing.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from serving import RUN_SECONDS, Server, serving, wait

from nba_pipeline.orchestration.home import SETTLED
from nba_pipeline.tables import REGISTRY

DAY = date(2021, 11, 16)
SENSOR = "new_payloads"


@pytest.fixture(scope="module")
def payloads(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published of one day with three games, in a season of just this day."""
    folder = tmp_path_factory.mktemp("payloads")
    schedule = pq.read_table(archive / "schedule_2021_22.parquet")
    games = schedule.filter(pc.equal(schedule["game_date"], DAY))
    pq.write_table(games, folder / "schedule_2021_22.parquet")
    for path in sorted(archive.glob("*.parquet")):
        rows = pq.read_table(path)
        if not path.name.startswith("schedule") and "game_id" in rows.column_names:
            of_day = pc.is_in(rows["game_id"], games["game_id"].combine_chunks())
            pq.write_table(rows.filter(of_day), folder / path.name)
    return folder


def drop(payloads: Path, folder: Path) -> None:
    """Put the files into the archive, each complete when it gets its name."""
    for path in sorted(payloads.iterdir()):
        half = folder / f"{path.name}.half"
        shutil.copyfile(path, half)
        half.rename(folder / path.name)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, terminal_in: Any) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("unattended")
    (folder / "archive").mkdir()
    terminal = terminal_in(
        folder / "home",
        NBA_FIRST_DAY=DAY.isoformat(),
        NBA_ARCHIVE_DIR=str(folder / "archive"),
        NBA_OLDEST_DAYS="100000",
    )
    home = Path(terminal.environment["DAGSTER_HOME"])
    home.mkdir()
    (home / "dagster.yaml").write_text(SETTLED)
    with serving(terminal) as running:
        yield running


_SWITCH_ON = """
mutation on($sensor: SensorSelector!) {
  startSensor(sensorSelector: $sensor) { __typename ... on PythonError { message } }
}
"""

_TICKS = """
query ticks($sensor: SensorSelector!) {
  sensorOrError(sensorSelector: $sensor) {
    ... on Sensor { sensorState { ticks(limit: 20) { timestamp status skipReason } } }
  }
}
"""

_SELECTOR = {
    "repositoryLocationName": "nba_pipeline",
    "repositoryName": "__repository__",
    "sensorName": SENSOR,
}


def newest_tick(server: Server, status: str, after: float) -> dict[str, Any]:
    """The newest tick with a status since a moment."""

    def found() -> dict[str, Any]:
        state = server.ask(_TICKS, sensor=_SELECTOR)["sensorOrError"]["sensorState"]
        ticks = [tick for tick in state["ticks"] if tick["timestamp"] > after]
        return next((tick for tick in ticks if tick["status"] == status), {})

    return dict(wait(found, RUN_SECONDS, f"a tick that is {status}"))


@pytest.fixture(scope="module")
def dropped(server: Server, payloads: Path) -> dict[str, Any]:
    """The run that follows a drop."""
    answer = server.ask(_SWITCH_ON, sensor=_SELECTOR)["startSensor"]
    assert answer["__typename"] == "Sensor", answer
    drop(payloads, Path(server.terminal.settings["NBA_ARCHIVE_DIR"]))

    def over() -> dict[str, Any]:
        done = [run for run in server.runs() if run["status"] in ("SUCCESS", "FAILURE")]
        return done[0] if done else {}

    return dict(wait(over, RUN_SECONDS, "a run without a click"))


def test_a_dropped_payload_materializes_its_day_without_a_click(
    server: Server, dropped: dict[str, Any]
) -> None:
    assert dropped["status"] == "SUCCESS"
    assert dropped["jobName"] == "NBA_days"
    assert dropped["tags"]["dagster/sensor_name"] == SENSOR
    assert dropped["tags"]["dagster/partition"] == DAY.isoformat()
    assert {name for name, _ in server.terminal.versions([DAY])} == set(REGISTRY)


def test_the_same_payload_dropped_again_launches_nothing(
    server: Server, dropped: dict[str, Any], payloads: Path
) -> None:
    archive = Path(server.terminal.settings["NBA_ARCHIVE_DIR"])
    newest_tick(server, "SKIPPED", after=0)
    before = {path.name: path.stat().st_mtime_ns for path in archive.iterdir()}
    drop(payloads, archive)
    assert {path.name: path.stat().st_mtime_ns for path in archive.iterdir()} != before
    tick = newest_tick(server, "SKIPPED", after=time.time())
    assert tick["skipReason"] == "every date looked at is up to date"
    assert [run["runId"] for run in server.runs()] == [dropped["runId"]]
