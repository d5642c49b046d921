"""Two ``dagster-daemon`` over one Dagster folder, which fire the night's schedule at one moment.

Dagster says of two daemons that it does not support them. They happen all the same, when a service
is moved or started twice.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

import dagster as dg
import pytest

from nba_pipeline.orchestration.home import prepare_home
from nba_pipeline.orchestration.sensors import PAYLOADS, in_flight
from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.world import World, leftovers, read_logs

CHECKOUT = Path(__file__).resolve().parents[2]
WATCHED, EVERY_MINUTE = "nba_pipeline_tests.faults.watched", "every_minute"
FIRED_TWICE = "one night's schedule fired by two dagster-daemons at once"
NIGHT_SECONDS = 600

_FIRES = re.compile(rf"Evaluating schedule `{EVERY_MINUTE}` at (.+)")


@dataclass(frozen=True)
class Watch:
    """Two daemons, what they fetch from and where they write.

    Attributes:
        archive: Folder of season files.
        logs: What each daemon says.
        processes: The daemons.
    """

    archive: Path
    logs: list[Path]
    processes: list[subprocess.Popen[bytes]]

    def moments(self) -> list[set[str]]:
        """The moments at which each daemon found the schedule due."""
        return [set(_FIRES.findall(log.read_text())) for log in self.logs]

    def both(self, after: str) -> int:
        """At how many moments after another both found it due."""
        first, second = self.moments()
        return sum(1 for moment in first & second if moment > after)


def _dagster(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name(words[0])), *words[1:], "-m", WATCHED]


@pytest.fixture
def watch(
    world: World, warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watch]:
    archive, home = tmp_path / "archive", tmp_path / "dagster"
    shutil.copytree(world.archives["early"], archive)
    settings = {
        "WATCHED_NIGHT": world.days[-1].isoformat(),
        "NBA_FIRST_DAY": world.days[0].isoformat(),
        "NBA_OLDEST_DAYS": "100000",
        "NBA_RECENT_DAYS": str(len(world.days)),
        "NBA_ARCHIVE_DIR": str(archive),
        "NBA_WAREHOUSE_DIR": str(warehouse),
        "DAGSTER_HOME": str(home),
    }
    for name, text in settings.items():
        monkeypatch.setenv(name, text)
    prepare_home(home)
    for words in (("schedule", "start", EVERY_MINUTE), ("sensor", "start", PAYLOADS)):
        subprocess.run(_dagster("dagster", *words), cwd=CHECKOUT, check=True, timeout=120)
    logs = [tmp_path / f"daemon-{number}.log" for number in range(2)]
    processes = [_start(log) for log in logs]
    try:
        yield Watch(archive, logs, processes)
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start(log: Path) -> subprocess.Popen[bytes]:
    with log.open("w") as file:
        return subprocess.Popen(
            _dagster("dagster-daemon", "run"),
            cwd=CHECKOUT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + NIGHT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"there was never {what}"
        time.sleep(1.0)


def _publish(files: Path, archive: Path) -> None:
    """Put season files into the archive, each complete when it gets its name."""
    for path in sorted(files.iterdir()):
        half = archive / f"{path.name}.half"
        shutil.copyfile(path, half)
        half.rename(archive / path.name)


def _settled(world: World, warehouse: Path, name: str, instance: dg.DagsterInstance) -> bool:
    under_way = in_flight(instance, datetime.now(UTC)) & set(world.days)
    return not (under_way or world.late(warehouse, name))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("scale", ["many faults"], indirect=True)
def test_two_daemons_that_fire_the_same_night_write_nothing_twice_and_nothing_wrong(
    world: World, warehouse: Path, watch: Watch, times: Times, tally: Tally
) -> None:
    instance = dg.DagsterInstance.get()
    for number in range(times(1, 6, 0)):
        name = ("late", "early")[number % 2]
        published = max(chain(*watch.moments()), default="")
        _publish(world.archives[name], watch.archive)
        _wait(partial(watch.both, published), "a moment at which both found the schedule due")
        _wait(partial(_settled, world, warehouse, name, instance), "a night that was up to date")
        fired = watch.both(published)
        tally.injects(FIRED_TWICE, fired)
        assert all(process.poll() is None for process in watch.processes)
        assert leftovers(warehouse) == []
        assert read_logs(warehouse)
        tally.survives(FIRED_TWICE, world.compared(warehouse, name), fired)
    runs = instance.get_runs()
    assert {run.status for run in runs if run.is_finished} == {dg.DagsterRunStatus.SUCCESS}
    due = [run for run in runs if run.tags.get("dagster/schedule_name") == EVERY_MINUTE]
    assert len(due) <= sum(map(len, watch.moments()))
