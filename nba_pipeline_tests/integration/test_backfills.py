"""However a range of days is built, in one run or many, in whatever order: the same bytes."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.engine.history import out_of_date, partitions_needed
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.idle import instance_in
from nba_pipeline.orchestration.launch import launch, selected_tables
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

#: The first days of the simulated league's season.
DAYS = [date(2025, 10, 21) + timedelta(days=at) for at in range(4)]
#: Every table that is read on the way to it, some of them from the season's first day on.
SELECTED = "+upcoming_team_game_context"

Bytes = dict[tuple[str, date], list[dict[str, Any]]]


def bytes_of(warehouse: LocalWarehouse, days: Sequence[date] = DAYS) -> Bytes:
    """Every stored row in every column that enters its hash, with the partition's version."""
    found: Bytes = {}
    for name, table in REGISTRY.items():
        for day, stored in warehouse.stored(table, days).items():
            assert stored.intact
            columns = [*table.hash_fields, "data_hash"]
            rows = warehouse.read(table, [day], columns).to_pylist()
            found[name, day] = [{"data_version": stored.data_version}, *rows]
    return found


def _nobody(table: str, done: int, total: int) -> None:
    """Is told how far a table has come."""


Build = Callable[[str, Iterable[Sequence[date]]], Bytes]


@pytest.fixture(scope="module")
def warehouses() -> dict[str, LocalWarehouse]:
    """What was built, by name."""
    return {}


@pytest.fixture(scope="module")
def build(warehouses: dict[str, LocalWarehouse], tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds a warehouse by some runs, each of some days, and once more what they left behind."""
    source = SimulatedLeague()

    def built(name: str, runs: Iterable[Sequence[date]]) -> Bytes:
        folder, home = tmp_path_factory.mktemp(name), tmp_path_factory.mktemp(f"{name}_dagster")
        tables = selected_tables(SELECTED)
        warehouse = warehouses[name] = LocalWarehouse(folder, list(REGISTRY.values()))
        with pytest.MonkeyPatch.context() as patched, ExitStack() as stack:
            patched.setenv("DAGSTER_HOME", str(home))
            patched.setenv("NBA_WAREHOUSE_DIR", str(folder))
            patched.setenv("NBA_FIRST_DAY", DAYS[0].isoformat())
            patched.delenv("NBA_ARCHIVE_DIR", raising=False)
            instance = stack.enter_context(instance_in(home))

            def bring(days: Sequence[date], which: Sequence[Table] = tables) -> None:
                said: dict[str, Any] = {"archive": "", "executor": "", "force": False}
                assert launch(which, days, instance, reporter=_nobody, **said).succeeded

            # Of the fixtures to come, the last days read beyond the range.
            for table, dates in partitions_needed(tables, DAYS[-1], REGISTRY, DAYS[0]).items():
                if ahead := [day for day in dates if day > DAYS[-1]]:
                    bring(ahead, [REGISTRY[table]])
            for days in runs:
                bring(days)
            wanted = {table.name: DAYS for table in tables}
            while late := out_of_date(wanted, REGISTRY, warehouse, source, os.environ):
                bring([found.day for found in late])
        return bytes_of(warehouse)

    return built


@pytest.fixture(scope="module")
def in_one_run(build: Build) -> Bytes:
    return build("one", [DAYS])


def test_one_run_builds_every_day(in_one_run: Bytes) -> None:
    assert set(in_one_run) == {
        (table.name, day) for table in selected_tables(SELECTED) for day in DAYS
    }
    assert all(len(rows) > 1 for (name, _), rows in in_one_run.items() if "team" in name)


def test_a_run_leaves_what_it_read_for_the_next(
    in_one_run: Bytes, warehouses: dict[str, LocalWarehouse]
) -> None:
    kept = warehouses["one"].shelved("nba_raw/nbac_schedule-revisions")
    assert kept is not None
    games = {row["game_id"] for day in DAYS for row in in_one_run["nbac_schedule", day][1:]}
    assert games <= set(kept.select(["game_id"])["game_id"].to_pylist())


@pytest.mark.parametrize(
    "runs",
    [
        [[day] for day in DAYS],
        [[day] for day in reversed(DAYS)],
        [DAYS[1:], DAYS[:2]],
    ],
    ids=["a day at a time", "backwards", "overlapping"],
)
def test_many_runs_give_the_same_bytes(
    build: Build, in_one_run: Bytes, runs: list[list[date]]
) -> None:
    assert build("many", runs) == in_one_run


# Killed ------------------------------------------------------------------------------------------


def kill_at_random(terminal: Any, command: Sequence[str], most_lines: int) -> None:
    """Kill a command at some moment between its first words and its last."""
    with terminal.start(*command) as process:
        for _ in range(random.randint(1, most_lines)):  # noqa: S311
            process.stderr.readline()
        time.sleep(random.uniform(0.0, 0.5))  # noqa: S311
        process.send_signal(signal.SIGKILL)
        process.communicate()


def _resumed(terminal: Any, days: Sequence[date], selection: str, kills: int) -> Bytes:
    command = ("backfill", "--from", str(days[0]), "--to", str(days[-1]), "--select", selection)
    for _ in range(kills):
        kill_at_random(terminal, command, most_lines=12)
        bytes_of(terminal.warehouse, days)  # whatever is there is whole
    answer = terminal(*command)
    assert answer.code == 0, answer.err
    assert list(terminal.folder.rglob("*.tmp")) == []
    return bytes_of(terminal.warehouse, days)


def test_a_backfill_killed_and_resumed_gives_the_same_bytes(
    in_one_run: Bytes, tmp_path: Path, terminal_in: Any
) -> None:
    terminal = terminal_in(tmp_path, NBA_FIRST_DAY=DAYS[0].isoformat())
    assert _resumed(terminal, DAYS, SELECTED, kills=1) == in_one_run


@pytest.mark.slow
def test_a_season_killed_many_times_gives_the_same_bytes(tmp_path: Path, terminal_in: Any) -> None:
    first_day = DAYS[0].isoformat()
    days = [DAYS[0] + timedelta(days=at) for at in range(21)]
    whole = terminal_in(tmp_path / "whole", NBA_FIRST_DAY=first_day)
    killed = terminal_in(tmp_path / "killed", NBA_FIRST_DAY=first_day)
    expected = _resumed(whole, days, ",".join(REGISTRY), kills=0)
    assert _resumed(killed, days, ",".join(REGISTRY), kills=8) == expected
