"""Runs killed with ``kill -9``, in writes, in computations and anywhere: the next one heals.

A warehouse lives many lives. In each the season files are told anew, or everything is gone; runs
that bring it up to date are killed one after the other, and one is let live in the end. After every
kill each partition must be wholly the old one or wholly the new one, and after the last run the
warehouse must be what one built from nothing is.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.orchestration.launch import selected_tables
from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.victims import TRAPS, Death, Executioner, Order
from nba_pipeline_tests.faults.world import NOON, World, leftovers, read_logs

ANYWHERE = "at any moment"
#: How the victims of one life die, in turn.
ENDS = (ANYWHERE, *TRAPS)
SELECTED = "+player_game_summary"


@dataclass
class Killer:
    """Kills runs over one warehouse, and lets others live.

    Attributes:
        world: What is true.
        order: What every victim is to do.
        title: What its kills are counted under.
        executioner: Who lets them loose.
        tally: Who counts.
        dice: Chance.
        tables: Which tables the runs are about; empty for all.
        living: The last run that was let live.
    """

    world: World
    order: Order
    title: str
    executioner: Executioner
    tally: Tally
    dice: random.Random
    tables: Collection[str] = ()
    living: Death = field(default_factory=lambda: Death(False, 0, "", 3.0))

    def life(self, name: str, ends: Collection[str], **how: Any) -> None:
        """Kill a run that is told some files for each of the ends, then let one live."""
        folder = Path(self.order.warehouse)
        order = replace(self.order, archive=str(self.world.archives[name]), **how)
        killed = []
        for end in ends:
            before = self.world.contents(folder)
            death = self.executioner.run(self._deadly(order, end))
            if not death.is_killed:  # it was done before it came to that
                assert death.code == 0, death.said
                break
            assert death.orphans == 0
            fault = f"kill -9, {self.title}: {end}"
            self.tally.injects(fault)
            killed.append(fault)
            torn = self.world.torn(folder, before)
            assert (torn.lost, torn.wrong) == ((), ())
        self.living = self.executioner.run(order)
        assert self.living.code == 0, self.living.said
        assert "Traceback" not in self.living.said
        assert leftovers(folder) == []
        assert read_logs(folder)
        for fault in killed:
            self.tally.survives(fault, self.world.compared(folder, name, self.tables))

    def _deadly(self, order: Order, end: str) -> Order:
        if end == ANYWHERE:
            return replace(order, seconds=self.dice.uniform(0.0, self.living.seconds))
        often = self.living.reached.get(end, 0) // 2
        return replace(order, trap=end, at=self.dice.randint(1, max(1, often)))


def _lives(killer: Killer, count: int, **how: Any) -> None:
    """Lives in which the files are told anew, and every fourth time from nothing."""
    for number in range(count):
        if number % 4 == 3:
            shutil.rmtree(killer.order.warehouse)
        ends = killer.dice.sample(ENDS, len(ENDS))
        killer.life(("late", "early")[number % 2], ends, **how)


@pytest.fixture
def order(world: World, warehouse: Path, tmp_path: Path) -> Order:
    return Order(
        days=(world.days[0].isoformat(), world.days[-1].isoformat()),
        archive="",
        warehouse=str(warehouse),
        output=str(tmp_path / "said"),
        dagster=str(tmp_path / "dagster"),
        select=SELECTED,
    )


def test_a_killed_build_tells_no_lie_and_is_healed_by_the_next(
    world: World,
    order: Order,
    executioner: Executioner,
    times: Times,
    tally: Tally,
    dice: random.Random,
) -> None:
    order = replace(order, now=NOON.isoformat())
    killer = Killer(world, order, "serial build", executioner, tally, dice)
    _lives(killer, times(1, 32, 4))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("scale", ["many faults"], indirect=True)
def test_a_killed_build_leaves_no_worker_behind(
    world: World, order: Order, executioner: Executioner, tally: Tally, dice: random.Random
) -> None:
    order = replace(order, now=NOON.isoformat(), executor="processes")
    killer = Killer(world, order, "build in processes", executioner, tally, dice)
    _lives(killer, 6)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("scale", ["many faults"], indirect=True)
def test_a_killed_backfill_with_dagster_is_healed_by_the_next(
    world: World, order: Order, executioner: Executioner, tally: Tally, dice: random.Random
) -> None:
    tables = [table.name for table in selected_tables(SELECTED)]
    killer = Killer(world, order, "nba-pipeline backfill", executioner, tally, dice, tables)
    _lives(killer, 10)
