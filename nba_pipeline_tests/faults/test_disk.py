"""A disk that is full, or may not be written: one sentence, nothing half-written, nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.victims import Executioner, Order
from nba_pipeline_tests.faults.world import NOON, World, leftovers, read_logs

FULL, READ_ONLY, NO_ROOM = "disk full", "warehouse read-only", "Dagster's disk full"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a disk, or changes it: ``disk("size=1m")``, ``disk("remount,ro")``."""
    place = tmp_path / "disk"
    place.mkdir()

    def mounted(options: str) -> Path:
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk of our own, which takes root and mount: {done.stderr.strip()}")
        return place

    if os.geteuid():
        pytest.skip("no disk of our own: only root may mount one")
    yield mounted
    subprocess.run(["umount", "--lazy", str(place)], capture_output=True, check=False)


@pytest.fixture
def order(world: World, tmp_path: Path) -> Order:
    return Order(
        days=(world.days[0].isoformat(), world.days[-1].isoformat()),
        archive=str(world.archives["early"]),
        warehouse=str(tmp_path / "disk" / "warehouse"),
        output=str(tmp_path / "said"),
        now=NOON.isoformat(),
    )


def _sentences(said: str) -> list[str]:
    """What a run that broke said, which may hold no traceback."""
    assert "Traceback" not in said
    return [line for line in said.splitlines() if line.startswith("Error: ")]


def _size(folder: Path) -> int:
    """Bytes of files, each in whole pages."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*.parquet"))


def test_a_full_disk_is_told_in_a_sentence_and_room_heals_it(
    world: World,
    disk: Callable[..., Path],
    order: Order,
    executioner: Executioner,
    times: Times,
    tally: Tally,
    dice: random.Random,
) -> None:
    whole, folder = _size(world.whole), Path(order.warehouse)
    for _ in range(times(1, 12, 2)):
        disk(f"size={int(whole * dice.uniform(0.05, 0.9))}")
        tally.injects(FULL)
        stopped = executioner.run(order)
        assert stopped.code == 1, stopped.said
        told = _sentences(stopped.said)
        assert told
        assert {line.rpartition(": ")[2] for line in told} == {"No space left on device"}
        torn = world.torn(folder, ())
        assert torn.wrong == ()
        assert leftovers(folder) == []
        disk(f"remount,size={whole * 4}")
        healed = executioner.run(order)
        assert healed.code == 0, healed.said
        assert read_logs(folder)
        tally.survives(FULL, world.compared(folder, "early"))
        subprocess.run(["umount", str(folder.parent)], check=True)


def test_a_read_only_warehouse_can_be_asked_and_is_left_as_it_was(
    world: World,
    disk: Callable[..., Path],
    order: Order,
    executioner: Executioner,
    times: Times,
    tally: Tally,
) -> None:
    folder = Path(order.warehouse)
    shutil.copytree(world.whole, disk("size=200m") / "warehouse")
    for name, before in [("late", "early"), ("early", "late")][: times(1, 2, 2)]:
        told_anew = replace(order, archive=str(world.archives[name]))
        tally.injects(READ_ONLY)
        disk("remount,ro")
        stopped = executioner.run(told_anew)
        assert stopped.code == 1, stopped.said
        told = _sentences(stopped.said)
        assert {line.rpartition(": ")[2] for line in told} == {"Read-only file system"}
        assert world.late(folder, name) != []
        warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
        assert warehouse.query("select 1 from nba_raw.nbac_schedule limit 1").num_rows == 1
        found = world.compared(folder, before)
        assert (found.lost, found.wrong) == ((), ())
        disk("remount,rw")
        healed = executioner.run(told_anew)
        assert healed.code == 0, healed.said
        tally.survives(READ_ONLY, world.compared(folder, name))


def test_damage_on_a_read_only_disk_is_named_and_stays_where_it_is(
    world: World, disk: Callable[..., Path]
) -> None:
    folder = Path(shutil.copytree(world.whole, disk("size=200m") / "warehouse"))
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    path = warehouse.path(REGISTRY["nbac_schedule"], world.days[0])
    path.write_bytes(path.read_bytes()[:-1])
    disk("remount,ro")
    with pytest.raises(WarehouseError, match=f"^{path} is damaged: delete it"):
        warehouse.read(REGISTRY["nbac_schedule"], world.days)


def test_a_disk_without_room_for_what_dagster_keeps_is_told_in_a_sentence(
    world: World,
    disk: Callable[..., Path],
    order: Order,
    executioner: Executioner,
    times: Times,
    tally: Tally,
    dice: random.Random,
    tmp_path: Path,
) -> None:
    tables = ["nbac_schedule"]
    for number in range(times(1, 6, 0)):
        # Up to where its databases hold nothing yet but their tables.
        place = disk(f"size={dice.randrange(50, 700)}k")
        mine = replace(
            order,
            now="",
            warehouse=str(tmp_path / f"warehouse {number}"),
            dagster=str(place / "dagster"),
            select=tables[0],
        )
        tally.injects(NO_ROOM)
        stopped = executioner.run(mine)
        assert stopped.code == 1, stopped.said
        (sentence,) = _sentences(stopped.said)
        assert "what Dagster keeps of runs in" in sentence
        disk("remount,size=100m")
        shutil.rmtree(mine.dagster)
        healed = executioner.run(mine)
        assert healed.code == 0, healed.said
        tally.survives(NO_ROOM, world.compared(Path(mine.warehouse), "early", tables))
        subprocess.run(["umount", str(place)], check=True)
