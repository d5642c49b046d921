"""What may be used of a machine: a container's share counts, and libraries keep to it."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest
import threadpoolctl

from nba_pipeline.engine.fanout import Pools, fan_out, open_pools
from nba_pipeline.engine.machine import (
    WORKER_BYTES,
    affordable_workers,
    spread_over,
    usable_cpus,
    usable_memory,
)
from nba_pipeline_tests.slow_numbers import cells_of, table_of, threads_told

GIGABYTE = 2**30
MACHINE = psutil.virtual_memory().total


def _limited(groups: Path, name: str, text: str) -> Path:
    path = groups / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")
    return groups


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("memory.max", str(GIGABYTE // 2), GIGABYTE // 2),
        ("memory.max", "max", MACHINE),
        ("memory/memory.limit_in_bytes", str(GIGABYTE // 4), GIGABYTE // 4),
        ("memory/memory.limit_in_bytes", str(2**63 - 4096), MACHINE),
        ("cpu.max", "max 100000", MACHINE),
    ],
)
def test_a_container_s_memory_counts(tmp_path: Path, name: str, text: str, expected: int) -> None:
    assert usable_memory(_limited(tmp_path, name, text)) == expected


def _cpus_told(setup: str, **environ: str) -> int:
    """What a new process says it may use, after some lines of its own."""
    asked = f"{setup}; from nba_pipeline.engine.machine import usable_cpus; print(usable_cpus())"
    settings = {**os.environ, **environ}
    told = subprocess.check_output([sys.executable, "-c", asked], env=settings, text=True)
    return int(told)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_counts() -> None:
    one = min(os.sched_getaffinity(0))
    assert _cpus_told(f"import os; os.sched_setaffinity(0, {{{one}}})") == 1


def test_a_container_s_share_of_the_cpus_counts() -> None:
    # How the share is read is the library's; that it is asked is ours.
    asked = "from loky.backend import context; context._cpu_count_cgroup = lambda _: 1"
    assert _cpus_told(asked) == 1


def test_a_person_may_say_so() -> None:
    assert _cpus_told("pass", LOKY_MAX_CPU_COUNT="1") == 1


@pytest.mark.parametrize(
    ("budget", "held", "workers"),
    [
        (8 * WORKER_BYTES, WORKER_BYTES, 7),
        (4 * WORKER_BYTES, 3 * WORKER_BYTES - 1, 1),
        (2 * WORKER_BYTES, 4 * WORKER_BYTES, 1),
    ],
)
def test_as_many_workers_as_there_is_memory_for_and_one_always(
    budget: int, held: int, workers: int
) -> None:
    assert affordable_workers(budget, held) == workers


def test_little_memory_makes_few_processes_and_the_same_result() -> None:
    table, cells = table_of(threads_told), cells_of(8)
    with open_pools("processes", chunk_cells=1, memory_bytes=1) as pools:
        found = fan_out(table, cells, pools.workers(table, 3, serial=False), chunk_cells=1)
    assert len({pid for piece in found.columns for pid in piece["pid"].tolist()}) == 1
    assert np.concatenate([piece["n"] for piece in found.columns]).tolist() == [*range(8)]


@pytest.fixture(params=["processes", "dask"])
def pools(request: pytest.FixtureRequest) -> Iterator[Pools]:
    if request.param == "dask":
        pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with open_pools(request.param, chunk_cells=1) as opened:
        yield opened


def test_libraries_have_one_thread_in_a_worker(pools: Pools) -> None:
    table = table_of(threads_told)
    found = fan_out(table, cells_of(4), pools.workers(table, 2, serial=False), chunk_cells=1)
    told: list[dict[str, Any]] = [piece["threads"][0] for piece in found.columns]
    assert told == [{"numeric": [1], "arrow": 1, "variable": "1"}] * 4


def test_libraries_keep_to_the_usable_cpus_and_get_back_what_they_had() -> None:
    before = pa.cpu_count(), threadpoolctl.threadpool_info()
    with spread_over(1):
        inside = pa.cpu_count(), {p["num_threads"] for p in threadpoolctl.threadpool_info()}
    assert inside == (1, {1})
    assert (pa.cpu_count(), threadpoolctl.threadpool_info()) == before


def test_libraries_that_use_less_are_left_alone() -> None:
    before = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        with spread_over(64):
            assert pa.cpu_count() == 1
    finally:
        pa.set_cpu_count(before)


def test_a_run_opens_no_more_threads_than_there_are_cpus() -> None:
    with open_pools("threads"):
        assert pa.cpu_count() <= usable_cpus()


_FETCHED_PAGES = """
import resource
import numpy as np
from nba_pipeline.engine.machine import keep_freed_memory

def fetched():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        columns = [np.ones(22_000) for _ in range(8)]
        del columns
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = fetched()
keep_freed_memory()
fetched()
print(given_back, fetched())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is not the GNU C library")
def test_memory_that_is_freed_is_not_fetched_anew() -> None:
    # Whoever says how much is kept, as dask does, is right.
    environ = {name: said for name, said in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", _FETCHED_PAGES]
    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    given_back, kept = map(int, told.stdout.split())
    assert kept < given_back / 10


def test_garbage_is_sought_among_what_came_since_a_run_began() -> None:
    passed_over = gc.get_freeze_count()
    with open_pools():
        assert gc.get_freeze_count() > passed_over
    assert gc.get_freeze_count() == 0


def test_garbage_from_before_a_run_goes_after_it() -> None:
    class Thing:
        pass

    thing = Thing()
    thing.itself = thing  # type: ignore[attr-defined]
    seen = weakref.ref(thing)
    with open_pools():
        del thing
        gc.collect()
        assert seen() is not None
    gc.collect()
    assert seen() is None
