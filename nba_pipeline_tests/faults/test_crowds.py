"""Several at once: two schedulers on the same dates, one of which dies, and workers that die."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nba_pipeline.tables import REGISTRY
from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.victims import Executioner, Order
from nba_pipeline_tests.faults.world import NOON, World, leftovers, read_logs

TOGETHER = "two builds of the same dates at once"
ONE_DIES = "two builds at once, one killed"
#: What a run says that comes to an end because whoever was to compute was killed over and over.
GIVEN_UP = (
    "worker processes in a row died before they had begun",
    "no worker was left to compute",
    "the workers of the cluster made for this run did not start",
    # A cluster tells late, and now and then not at all, that its last worker is gone.
    "ran out of time while computing",
)
DUE_TWICE = "one night's schedule run by two at once, one Dagster folder"
SCHEDULERS = "two nba-pipeline backfills at once, one Dagster folder"


@pytest.fixture
def order(world: World, warehouse: Path, tmp_path: Path) -> Order:
    return Order(
        days=(world.days[0].isoformat(), world.days[-1].isoformat()),
        archive=str(world.archives["late"]),
        warehouse=str(warehouse),
        output=str(tmp_path / "said"),
        now=NOON.isoformat(),
        dagster=str(tmp_path / "dagster"),
    )


def test_two_that_build_the_same_dates_at_once_do_each_other_no_harm(
    world: World,
    order: Order,
    executioner: Executioner,
    times: Times,
    tally: Tally,
    dice: random.Random,
) -> None:
    folder, took = Path(order.warehouse), 2.0
    for number in range(times(2, 16, 4)):
        name = ("late", "early")[number % 2]
        mine = replace(order, archive=str(world.archives[name]), copies=2)
        if number % 4 == 3:
            shutil.rmtree(folder)
        fault = (TOGETHER, ONE_DIES)[number % 2]
        if fault == ONE_DIES:
            mine = replace(mine, seconds=dice.uniform(0.2, took))
        tally.injects(fault)
        death = executioner.run(mine)
        assert death.code == 0, death.said
        assert "Traceback" not in death.said
        took = death.seconds
        healed = executioner.run(replace(mine, copies=1, seconds=None))
        assert healed.code == 0, healed.said
        assert leftovers(folder) == []
        assert read_logs(folder)
        tally.survives(fault, world.compared(folder, name))


def test_two_backfills_share_a_warehouse_and_a_dagster_folder(
    world: World, order: Order, executioner: Executioner, times: Times, tally: Tally
) -> None:
    tables = ["nbac_schedule", "nbac_player_boxscores"]
    for number in range(times(1, 6, 0)):
        name = ("late", "early")[number % 2]
        tally.injects(SCHEDULERS)
        told = executioner.run(
            replace(
                order,
                archive=str(world.archives[name]),
                now="",
                copies=2,
                select=",".join(tables),
            )
        )
        assert told.code == 0, told.said
        assert "Traceback" not in told.said
        tally.survives(SCHEDULERS, world.compared(Path(order.warehouse), name, tables))


def test_a_schedule_that_two_find_due_at_once_writes_what_one_would(
    world: World, order: Order, executioner: Executioner, times: Times, tally: Tally
) -> None:
    """The night of the first day: what the run brings up to date reads of no day before."""
    folder, night = Path(order.warehouse), world.days[0]
    tables = [t.name for t in REGISTRY.values() if t.layer in ("raw", "reference", "analytics")]
    for number in range(times(1, 4, 0)):
        name = ("late", "early")[number % 2]
        mine = replace(order, archive=str(world.archives[name]), copies=2, schedule="post_game")
        tally.injects(DUE_TWICE)
        told = executioner.run(replace(mine, now=f"{night + timedelta(days=1)}T04:30:00-05:00"))
        assert told.code == 0, told.said
        assert "Traceback" not in told.said
        assert leftovers(folder) == []
        tally.survives(DUE_TWICE, world.compared(folder, name, tables, [night]))


def test_workers_that_are_killed_cost_no_row(
    world: World, order: Order, executioner: Executioner, times: Times, tally: Tally
) -> None:
    _kill_workers("processes", 0.7, times(3, 60, 30), world, order, executioner, tally)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("scale", ["many faults", "large world"], indirect=True)
def test_workers_of_a_cluster_that_are_killed_cost_no_row(
    world: World, order: Order, executioner: Executioner, times: Times, tally: Tally
) -> None:
    _kill_workers("dask", 3.0, times(2, 20, 10), world, order, executioner, tally)


def _kill_workers(
    executor: str,
    often: float,
    deaths: int,
    world: World,
    order: Order,
    executioner: Executioner,
    tally: Tally,
) -> None:
    """Build from nothing under killed workers, over and over, until so many are dead."""
    folder, killed, number = Path(order.warehouse), 0, 0
    while killed < deaths:
        name = ("late", "early")[number % 2]
        shutil.rmtree(folder)
        mine = replace(order, archive=str(world.archives[name]), executor=executor, seed=number)
        helpers_die = executor == "processes"  # a cluster's are looked after by Python alone
        told = executioner.run(replace(mine, workers_die=often, helpers_die=helpers_die))
        faults = {
            f"worker killed, {executor}": told.workers_killed,
            f"helper of workers killed, {executor}": told.helpers_killed,
        }
        for fault, count in faults.items():
            if count:
                tally.injects(fault, count)
        assert "Traceback" not in told.said
        assert told.orphans == 0
        broken = world.broken(folder)  # by chance worker after worker died with a single cell
        assert [why for why in broken if "died" not in why] == []
        if not broken:
            assert world.torn(folder, ()).wrong == ()
            if told.code == 0:  # whoever got through with it has everything
                assert world.compared(folder, name).lost == ()
        assert told.code == 0 or any(why in told.said for why in GIVEN_UP), told.said
        healed = executioner.run(replace(mine, executor=""))
        assert healed.code == 0, healed.said
        found = world.compared(folder, name)
        for fault, count in faults.items():
            if count:
                tally.survives(fault, found, count)
        killed, number = killed + told.workers_killed, number + 1
