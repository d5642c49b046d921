"""What something costs is told with its worker processes, and memory in a process of its own."""

from __future__ import annotations

import time

import pytest

from nba_pipeline.benchmarks.growth import exponent
from nba_pipeline.benchmarks.measuring import apart, cpu_seconds, measured, typical
from nba_pipeline.engine.fanout import fan_out, open_pools
from nba_pipeline_tests.slow_numbers import (
    BUSY_SECONDS,
    burn,
    busily,
    cells_of,
    hold,
    table_of,
)

# The system counts CPU in hundredths of a second.
_CHUNKS, _SECONDS, _TICK = 4, 0.2, 0.03


def test_cpu_is_counted_and_waiting_is_not() -> None:
    with measured() as spent:
        burn(_SECONDS)
        time.sleep(_SECONDS)
    assert spent.cpu_seconds == pytest.approx(_SECONDS, abs=2 * _TICK)
    assert spent.wall_seconds >= 2 * _SECONDS


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_workers_count_whatever_they_are(executor: str) -> None:
    with measured() as spent, open_pools(executor, chunk_cells=1) as pools:
        table = table_of(busily)
        fan_out(table, cells_of(_CHUNKS), pools.workers(table, 2, serial=False), chunk_cells=1)
    assert spent.cpu_seconds >= _CHUNKS * BUSY_SECONDS - _TICK


def test_what_has_ended_stays_counted() -> None:
    before = cpu_seconds()
    apart(burn, _SECONDS)
    assert cpu_seconds() - before >= _SECONDS - _TICK


def test_a_process_of_its_own_has_a_memory_of_its_own() -> None:
    megabytes = 300
    length, large, _ = apart(hold, megabytes)
    _, small, _ = apart(hold, 1)
    assert length == megabytes * 2**20
    assert large.peak_mb - small.peak_mb == pytest.approx(megabytes, rel=0.2)


def test_a_new_process_costs_what_is_inside_and_its_start() -> None:
    _, inside, whole = apart(burn, _SECONDS)
    assert _SECONDS - _TICK <= inside.cpu_seconds < whole.cpu_seconds


def test_the_first_call_is_not_counted() -> None:
    calls: list[str] = []

    def slow_at_first() -> None:
        calls.append("call")
        burn(0.0 if len(calls) > 2 else _SECONDS)

    spent = typical(slow_at_first, 3, lambda: calls.append("ready"))
    assert calls == ["ready", "call"] * 4
    assert spent.cpu_seconds < _SECONDS


@pytest.mark.parametrize(("power", "constant"), [(1, 3.0), (2, 0.1), (0.5, 7.0)])
def test_the_growth_exponent_is_the_power(power: float, constant: float) -> None:
    sizes = (1, 4, 16)
    assert exponent(sizes, [constant * size**power for size in sizes]) == pytest.approx(power)
