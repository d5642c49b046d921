"""Worker processes that are killed: while they compute, while they answer, idle, and as they start.

Each kill is a real ``SIGKILL`` at a place, not at a moment: a worker does it to itself, or it is
known what it does when it is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nba_pipeline.engine.errors import WorkersError, is_transient
from nba_pipeline.engine.fanout import Pools, fan_out
from nba_pipeline.engine.processes import Processes, WorkerDiedError
from nba_pipeline_tests.deadly import (
    die,
    die_always,
    die_half_way_through_the_answer,
    die_twice,
    die_with_others,
    own_pid,
    sleep_long,
)
from nba_pipeline_tests.unit.engine.test_fanout import cells_of, numbers, table_of

CHECKOUT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0

helpers_may_die = pytest.mark.filterwarnings("ignore:resource_tracker. process died:UserWarning")


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    """A single worker, so that whoever is killed is missed."""
    opened = Processes(1)
    yield opened
    opened.close()


@pytest.fixture
def call(processes: Processes) -> Callable[..., Any]:
    def wait(function: Callable[..., Any], *arguments: Any, lives: int = 1) -> Any:
        deadline = time.monotonic() + PATIENCE
        return processes.submit(lives, deadline, function, *arguments).result(2 * PATIENCE)

    return wait


def _eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert _eventually(lambda: _is_gone(pid))


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_worker_that_dies_while_it_computes_is_told_with_its_exit_code(call, tmp_path):
    with pytest.raises(WorkerDiedError, match=r"^the worker process died \(exit code -9\)$"):
        call(die, str(tmp_path), 1)
    assert call(die, str(tmp_path), 1) == 1


def test_what_has_no_life_left_is_not(call, tmp_path):
    with pytest.raises(WorkerDiedError):
        call(die, str(tmp_path), 5, lives=2)
    assert len(list(tmp_path.iterdir())) == 2


def test_half_an_answer_is_none(call, tmp_path):
    assert call(die_half_way_through_the_answer, str(tmp_path), lives=2) == b"x" * 2**20
    assert len(list(tmp_path.iterdir())) == 1


def test_a_worker_that_was_killed_with_nothing_to_do_is_replaced(call):
    killed = call(own_pid)
    _kill(killed)
    assert call(own_pid, lives=2) != killed


@helpers_may_die
def test_a_killed_helper_of_python_s_own_stops_nobody(call):
    """With each worker Python sees that a process runs which looks after named semaphores."""
    worker = call(own_pid)
    helpers = [p for p in psutil.Process().children() if "resource_tracker" in str(p.cmdline())]
    assert helpers
    for pid in (worker, *(helper.pid for helper in helpers)):
        os.kill(pid, signal.SIGKILL)
    assert call(own_pid, lives=2)


@helpers_may_die
def test_workers_that_cannot_begin_are_told_of_and_start_when_they_can(call, monkeypatch, tmp_path):
    _kill(call(own_pid))
    with monkeypatch.context() as broken:
        broken.setenv("PYTHONHOME", str(tmp_path))  # no interpreter lives there
        with pytest.raises(
            WorkersError, match=r"^5 worker processes in a row died before they had begun \(exit"
        ) as told:
            call(own_pid, lives=2)
    assert is_transient(told.value)
    assert call(own_pid)


def test_a_worker_that_is_stuck_ends_at_the_deadline(call, processes, tmp_path):
    call(own_pid)
    told = tmp_path / "pid"
    stuck = processes.submit(3, time.monotonic() + 0.5, sleep_long, str(told))
    with pytest.raises(TimeoutError):
        stuck.result(PATIENCE)
    assert _is_gone(int(told.read_text()))
    assert call(own_pid)


def test_an_answer_that_cannot_leave_its_process_is_an_error_and_nobody_s_death(call):
    worker = call(own_pid)
    with pytest.raises(TypeError, match="pickle"):
        call(memoryview, b"")
    assert call(own_pid) == worker


def test_closing_ends_a_worker_in_the_middle_of_something(tmp_path):
    told = tmp_path / "pid"
    processes = Processes(1)
    running = processes.submit(3, time.monotonic() + 600, sleep_long, str(told))
    waiting = processes.submit(3, time.monotonic() + 600, own_pid)
    assert _eventually(lambda: told.exists() and told.read_text() != "")
    processes.close()
    assert _is_gone(int(told.read_text()))
    assert waiting.cancelled()
    assert running.done()


def test_a_worker_ends_with_a_killed_parent_however_long_it_would_compute(tmp_path):
    told = tmp_path / "pid"
    program = (
        "import time; from nba_pipeline.engine.processes import Processes\n"
        "from nba_pipeline_tests.deadly import sleep_long\n"
        f"Processes(1).submit(1, time.monotonic() + 600, sleep_long, {str(told)!r}).result()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT)
    try:
        assert _eventually(lambda: told.exists() and told.read_text() != "")
    finally:
        parent.kill()
        parent.wait()
    assert _eventually(lambda: _is_gone(int(told.read_text())))


# What a death costs a table ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def pools() -> Iterator[Pools]:
    opened = Pools("processes")
    yield opened
    opened.close()


def test_a_chunk_that_kills_is_cut_until_none_does(pools):
    table = table_of(die_with_others)
    workers = pools.workers(table, 2, serial=False)
    computed = fan_out(table, cells_of(4), workers, chunk_cells=4)
    assert (numbers(computed), computed.broken) == ([0, 1, 2, 3], [])


def test_a_cell_survives_two_workers(pools, tmp_path):
    table = table_of(die_twice)
    workers = pools.workers(table, 1, serial=False)
    computed = fan_out(table, cells_of(2, deaths=str(tmp_path)), workers, chunk_cells=1)
    assert (numbers(computed), computed.broken) == ([0, 1], [])


def test_a_cell_that_workers_always_die_of_is_named_and_costs_no_other(pools):
    table = table_of(die_always)
    workers = pools.workers(table, 2, serial=False)
    computed = fan_out(table, cells_of(3), workers, chunk_cells=3)
    assert numbers(computed) == [0, 2]
    assert [(one.cell, one.reason) for one in computed.broken] == [
        (1, "the worker process died (exit code -9)")
    ]


@helpers_may_die
def test_workers_that_cannot_begin_stop_the_table_and_break_no_cell(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    opened, table = Pools("processes"), table_of(die_twice)
    try:
        with pytest.raises(WorkersError):
            fan_out(table, cells_of(4), opened.workers(table, 2, serial=False), chunk_cells=2)
    finally:
        opened.close()
