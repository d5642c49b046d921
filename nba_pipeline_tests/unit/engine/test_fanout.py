"""Spreading cells over workers: how many, in what pieces, and what a failure costs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.errors import ConfigurationError, DeadlineError
from nba_pipeline.engine.fanout import (
    EXECUTORS,
    Computed,
    Pools,
    chunk_bounds,
    fan_out,
    open_pools,
)
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Cells, Columns

CPUS = 16
PLAYERS = FanOut("player", "PGS_WORKERS", default_workers=10)
TEAMS = FanOut("team", "TOGS_WORKERS", default_workers=4)


def table_of(compute: Callable[[Cells], Columns], *together: str) -> Table:
    return Table(
        name="doubles",
        dataset="nba_test",
        description="Twice a number.",
        entity=("player",),
        key=("player",),
        columns=(Column("player", str), Column("game_date", date)),
        inputs={},
        cells=lambda inputs: inputs["nobody"],
        compute=compute,
        version=1,
        fan_out=FanOut("player", "PGS_WORKERS", default_workers=2, together=together),
    )


def cells_of(count: int, **columns: Any) -> Cells:
    """Cells numbered from 0, with the same value in each further column."""
    return Cells(
        {"n": np.arange(count), **{name: np.full(count, v) for name, v in columns.items()}}, {}
    )


# Computations a worker process can import.


def double(cells: Cells) -> Columns:
    return {"n": cells["n"], "double": 2 * cells["n"]}


def double_backwards(cells: Cells) -> Columns:
    """The first chunk is the last to be done."""
    time.sleep(0.03 if cells["n"][0] == 0 else 0.0)
    return double(cells)


def raise_at_13(cells: Cells) -> Columns:
    if 13 in cells["n"]:
        raise ZeroDivisionError("no minutes to divide by")
    return double(cells)


class TwoPartError(Exception):
    """Cannot be rebuilt from its message, as many an error of a library."""

    def __init__(self, player: str, why: str) -> None:
        super().__init__(f"{player}: {why}")


def raise_two_parts_at_13(cells: Cells) -> Columns:
    if 13 in cells["n"]:
        raise TwoPartError("thirteen", "unlucky")
    return double(cells)


def time_out_at_13(cells: Cells) -> Columns:
    if 13 in cells["n"]:
        raise TimeoutError("of its own")
    return double(cells)


def raise_for_even(cells: Cells) -> Columns:
    if (cells["n"] % 2 == 0).any():
        raise ValueError("even")
    return double(cells)


def die_at_13(cells: Cells) -> Columns:
    if 13 in cells["n"]:
        os._exit(9)
    return double(cells)


def hang_at_13(cells: Cells) -> Columns:
    """The chunk that hangs is handed over long before its turn comes."""
    if 13 in cells["n"]:
        Path(cells["told"][0]).write_text(str(os.getpid()))
        time.sleep(600)
    if 7 in cells["n"]:
        time.sleep(1.2)
    return double(cells)


def dawdle(cells: Cells) -> Columns:
    time.sleep(0.05)
    return double(cells)


# How many workers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, 10),
        ({"PARALLELIZATION_WORKERS": "3"}, 3),
        ({"PGS_WORKERS": "5"}, 5),
        ({"PGS_WORKERS": "5", "PARALLELIZATION_WORKERS": "3"}, 5),
        ({"PGS_WORKERS": "", "PARALLELIZATION_WORKERS": "3"}, 3),
        ({"TOGS_WORKERS": "5"}, 10),
        ({"PGS_WORKERS": "64"}, CPUS),
    ],
)
def test_a_table_s_own_variable_comes_before_the_general_one_and_the_default(environ, expected):
    assert PLAYERS.workers(environ, CPUS) == expected


def test_there_are_never_more_workers_than_usable_cpus():
    assert PLAYERS.workers({}, usable_cpus=2) == 2


@pytest.mark.parametrize("text", ["0", "-1"])
def test_nobody_can_work_with_no_worker_so_zero_and_less_mean_one(text):
    assert PLAYERS.workers({"PGS_WORKERS": text}, CPUS) == 1


@pytest.mark.parametrize("text", ["x", "2.5", "1e3", "²", "--1"])
@pytest.mark.parametrize("name", ["PGS_WORKERS", "PARALLELIZATION_WORKERS"])
def test_a_worker_count_that_is_no_number_is_named(name, text):
    with pytest.raises(ConfigurationError, match=f"^{name}={text} is not a number of workers"):
        PLAYERS.workers({name: text}, CPUS)


@pytest.mark.parametrize("text", ["false", "False", " FALSE ", "0"])
@pytest.mark.parametrize(
    ("fan_out_", "switch"),
    [
        (PLAYERS, "ENABLE_PLAYER_PARALLELIZATION"),
        (TEAMS, "ENABLE_TEAM_PARALLELIZATION"),
    ],
)
def test_a_switch_turns_the_fan_out_off(fan_out_, switch, text):
    environ = {switch: text, "PARALLELIZATION_WORKERS": "8"}
    assert (fan_out_.switched_off(environ), fan_out_.workers(environ, CPUS)) == (True, 1)


@pytest.mark.parametrize("environ", [{}, {"ENABLE_TEAM_PARALLELIZATION": "false"}])
def test_the_switch_of_teams_leaves_players_alone(environ):
    assert not PLAYERS.switched_off(environ)


def test_a_switch_that_is_neither_true_nor_false_is_named():
    with pytest.raises(ConfigurationError, match="PLAYER_PARALLELIZATION=maybe is none of true"):
        PLAYERS.switched_off({"ENABLE_PLAYER_PARALLELIZATION": "maybe"})


def test_a_switch_wins_over_the_executor():
    with open_pools("threads") as pools:
        workers = pools.workers(table_of(_thread_name), 2, serial=True)
        computed = fan_out(table_of(_thread_name), cells_of(3), workers, chunk_cells=1)
    here = threading.current_thread().name
    assert {name for piece in computed.columns for name in piece["thread"]} == {here}


def _thread_name(cells: Cells) -> Columns:
    return {"thread": np.array([threading.current_thread().name] * len(cells))}


def test_an_executor_that_does_not_exist_is_named_with_the_choices():
    with pytest.raises(ConfigurationError, match="no executor dusk: choose one of serial, threads"):
        Pools("dusk")


def test_a_chunk_of_no_cells_is_refused():
    with pytest.raises(ConfigurationError, match="at least one cell, not 0"):
        Pools(chunk_cells=0)


# Chunks ------------------------------------------------------------------------------------------


@given(st.integers(0, 5000), st.integers(1, 200))
def test_chunks_cover_every_cell_once_in_order(count, size):
    bounds = chunk_bounds(table_of(double), cells_of(count), size)
    covered = [number for first, last in bounds for number in range(first, last)]
    assert covered == list(range(count))


@given(st.integers(1, 5000), st.integers(1, 400))
def test_a_chosen_chunk_size_is_kept(count, size):
    bounds = chunk_bounds(table_of(double), cells_of(count), size)
    assert [last - first for first, last in bounds[:-1]] == [size] * (len(bounds) - 1)


@given(st.integers(1, 100_000))
def test_a_large_batch_is_cut_into_few_chunks(count):
    assert len(chunk_bounds(table_of(double), cells_of(count), None)) <= 4


@given(st.lists(st.integers(1, 40), max_size=30), st.sampled_from([1, 7, 20, None]))
def test_a_chunk_never_splits_what_belongs_together(sizes, chunk_cells):
    games = np.repeat([f"game {n}" for n in range(len(sizes))], sizes).astype(object)
    cells = Cells({"n": np.arange(len(games)), "game_id": games}, {})
    edges = {0, *np.cumsum(sizes).tolist()}
    bounds = chunk_bounds(table_of(double, "game_id"), cells, chunk_cells)
    assert {edge for pair in bounds for edge in pair} <= edges


@given(st.lists(st.integers(1, 40), max_size=30), st.sampled_from([1, 7, 20]))
def test_chunks_of_what_belongs_together_cover_every_cell_once(sizes, chunk_cells):
    games = np.repeat([f"game {n}" for n in range(len(sizes))], sizes).astype(object)
    cells = Cells({"n": np.arange(len(games)), "game_id": games}, {})
    bounds = chunk_bounds(table_of(double, "game_id"), cells, chunk_cells)
    covered = [number for first, last in bounds for number in range(first, last)]
    assert covered == list(range(len(games)))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_chunks_do_not_depend_on_the_number_of_workers(count):
    seen: list[tuple[int, int]] = []

    def note(cells: Cells) -> Columns:
        seen.append((int(cells["n"][0]), len(cells)))
        return double(cells)

    with open_pools("threads") as pools:
        table = table_of(note)
        fan_out(table, cells_of(20), pools.workers(table, count, serial=False), chunk_cells=6)
    assert sorted(seen) == [(0, 6), (6, 6), (12, 6), (18, 2)]


# Results -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., Computed]]:
    """Computes 20 cells in chunks of 5 with two workers; pools are opened once."""
    pools = {name: Pools(name) for name in EXECUTORS}

    def compute(
        what: Callable[[Cells], Columns], executor: str, count: int = 20, **options: Any
    ) -> Computed:
        table = table_of(what)
        workers = pools[executor].workers(table, 2, serial=False)
        cells = cells_of(count, **options.pop("columns", {}))
        return fan_out(table, cells, workers, **{"chunk_cells": 5, **options})

    yield compute
    for each in pools.values():
        each.close()


def numbers(computed: Computed) -> list[int]:
    return [number for piece in computed.columns for number in piece["n"].tolist()]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_results_come_back_in_the_order_of_cells(run, executor):
    assert numbers(run(double_backwards, executor)) == list(range(20))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_progress_is_told_in_order_up_to_the_total(run, executor):
    told: list[tuple[int, int]] = []
    run(double_backwards, executor, progress=lambda done, total: told.append((done, total)))
    assert told == [(5, 20), (10, 20), (15, 20), (20, 20)]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_no_cells_give_no_columns(run, executor):
    assert run(double, executor, count=0) == Computed([], [])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_chunk_reports_its_seconds(run, executor):
    assert all(seconds > 0 for seconds in run(double, executor).chunk_seconds)


# Failures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_entity_that_breaks_is_named_with_its_error(run, executor):
    broken = run(raise_at_13, executor).broken
    assert [(one.cell, one.reason) for one in broken] == [
        (13, "ZeroDivisionError: no minutes to divide by")
    ]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_entity_that_breaks_costs_no_other(run, executor):
    assert numbers(run(raise_at_13, executor)) == [n for n in range(20) if n != 13]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_broken_entity_of_a_chunk_is_found(run, executor):
    assert [one.cell for one in run(raise_for_even, executor).broken] == list(range(0, 20, 2))


def test_a_broken_entity_among_many_is_found_in_few_tries(run):
    tries: list[int] = []

    def noted(cells: Cells) -> Columns:
        tries.append(len(cells))
        return raise_at_13(cells)

    run(noted, "serial", count=64, chunk_cells=64)
    assert len(tries) == 1 + 2 * 6


@pytest.mark.parametrize("executor", EXECUTORS)
def test_progress_reaches_the_total_past_a_broken_entity(run, executor):
    told: list[int] = []
    run(raise_at_13, executor, progress=lambda done, _: told.append(done))
    assert told[-1] == 20


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_error_that_cannot_leave_its_process_is_told_all_the_same(run, executor):
    broken = run(raise_two_parts_at_13, executor).broken
    assert [one.reason for one in broken] == ["TwoPartError: thirteen: unlucky"]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_timeout_inside_compute_is_not_the_end_of_the_table_s_time(run, executor):
    broken = run(time_out_at_13, executor).broken
    assert [(one.cell, one.reason) for one in broken] == [(13, "TimeoutError: of its own")]


@pytest.fixture(scope="module")
def deadly(run: Callable[..., Computed]) -> Computed:
    """Twenty cells, of which one takes its worker process down with it."""
    return run(die_at_13, "processes")


def test_a_dying_worker_costs_only_its_entity(deadly):
    assert numbers(deadly) == [n for n in range(20) if n != 13]


def test_a_dying_worker_is_told_with_its_exit_code(deadly):
    assert [(one.cell, one.reason) for one in deadly.broken] == [
        (13, "the worker process died (exit code 9)")
    ]


# Time limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_a_table_out_of_time_stops_between_chunks(run, executor):
    started = time.monotonic()
    with pytest.raises(
        DeadlineError, match=r"^doubles ran out of time .* nothing of it was written"
    ):
        run(dawdle, executor, count=1000, deadline_seconds=0.2)
    assert time.monotonic() - started < 1.0


@dataclass(frozen=True)
class Hung:
    """What became of a table with a hanging cell, which had a second and a half."""

    seconds: float
    was_stuck: bool
    afterwards: list[int]


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> Hung:
    """A worker killed by its chunk's own limit, which begins with the chunk, would live longer."""
    told = tmp_path_factory.mktemp("hung") / "pid"
    table, cells = table_of(hang_at_13), cells_of(20, told=str(told))
    with open_pools("processes") as pools:
        workers = pools.workers(table, 1, serial=False)
        fan_out(table, cells_of(1), workers)  # the worker is up before the clock starts
        started = time.monotonic()
        with pytest.raises(DeadlineError, match="doubles ran out of time"):
            fan_out(table, cells, workers, chunk_cells=5, deadline_seconds=1.5)
        seconds = time.monotonic() - started
        worker = int(told.read_text())
        _wait_until(lambda: not _is_alive(worker), seconds=0.8)
        was_stuck = _is_alive(worker)
        afterwards = fan_out(table, cells_of(5), workers)
    return Hung(seconds, was_stuck, numbers(afterwards))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_hanging_chunk_hits_the_deadline_of_its_table(hung):
    assert 1.5 <= hung.seconds < 5.0


def test_a_hanging_chunk_leaves_no_process_behind(hung):
    assert not hung.was_stuck


def test_a_pool_works_on_after_a_deadline(hung):
    assert hung.afterwards == list(range(5))
