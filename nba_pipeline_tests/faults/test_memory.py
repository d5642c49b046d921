"""Dagster's folder is gone, or damaged: no table needs it, and none is computed again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.victims import Executioner, Order
from nba_pipeline_tests.faults.world import World

WIPED, DAMAGED = "Dagster's folder or event log wiped", "Dagster's databases damaged"
TABLES = ["nbac_schedule"]

Loss = Callable[[Path, random.Random], None]


def _databases(home: Path) -> list[Path]:
    return sorted(home.rglob("*.db*"))


def _all_of_it(home: Path, dice: random.Random) -> None:
    del dice
    shutil.rmtree(home)


def _the_event_log(home: Path, dice: random.Random) -> None:
    del dice
    for path in home.glob("event_log.db*"):
        path.unlink()


def _the_runs(home: Path, dice: random.Random) -> None:
    del dice
    shutil.rmtree(home / "history")


def _cut(home: Path, dice: random.Random) -> None:
    for path in _databases(home):
        content = path.read_bytes()
        path.write_bytes(content[: dice.randrange(1, max(2, len(content) // 2))])


def _half_made(home: Path, dice: random.Random) -> None:
    """What a run leaves that is killed while it makes its databases."""
    del dice
    for path in home.rglob("*.db"):
        path.write_bytes(b"")
    for path in home.rglob("*.db-*"):
        path.unlink()


def _overwrite(home: Path, dice: random.Random) -> None:
    for path in _databases(home):
        path.write_bytes(dice.randbytes(5_000))


def _is_left_alone(files: dict[Path, int], folder: Path) -> bool:
    """Whether every partition is the very file it was; logs may grow."""
    return files == _files(folder)


def _files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in folder.glob("nba_raw/**/*.parquet")}


def test_runs_go_on_without_what_dagster_remembered(
    world: World,
    executioner: Executioner,
    times: Times,
    tally: Tally,
    dice: random.Random,
    tmp_path: Path,
) -> None:
    order = Order(
        days=(world.days[0].isoformat(), world.days[0].isoformat()),
        archive=str(world.archives["early"]),
        warehouse=str(tmp_path / "warehouse"),
        output=str(tmp_path / "said"),
        dagster=str(tmp_path / "dagster"),
        select=",".join(TABLES),
    )
    warehouse, home = Path(order.warehouse), Path(order.dagster)
    first = executioner.run(order)
    assert first.code == 0, first.said
    files, truth = _files(warehouse), replace(world, days=world.days[:1])
    losses: list[tuple[str, Loss]] = [(WIPED, _half_made), (DAMAGED, _cut)]
    losses += [
        (WIPED, _all_of_it),
        (WIPED, _the_event_log),
        (WIPED, _the_runs),
        (WIPED, _half_made),
        (DAMAGED, _overwrite),
        (DAMAGED, _cut),
    ] * times(0, 3, 0)
    for fault, lose in losses:
        tally.injects(fault)
        lose(home, dice)
        told = executioner.run(order)
        assert "Traceback" not in told.said
        if fault == DAMAGED:
            assert told.code == 1
            assert f"Error: what Dagster keeps of runs in {home} cannot be used: " in told.said
            shutil.rmtree(home)
            told = executioner.run(order)
        assert told.code == 0, told.said
        assert _is_left_alone(files, warehouse)
        kept = {
            where: true for where, true in truth.truth["early"].items() if where[1] in truth.days
        }
        tally.survives(
            fault, replace(truth, truth={"early": kept}).compared(warehouse, "early", TABLES)
        )
