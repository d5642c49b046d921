"""What this process may use of the machine: CPUs and memory, and how wide libraries may spread.

A container is often given two CPUs of sixty-four and two gigabytes of hundreds; what the machine
has is then no measure of what may be used.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import psutil

from nba_pipeline.engine.variables import Variable

MOST_CPUS = Variable(
    "LOKY_MAX_CPU_COUNT",
    "CPUs that are used at most",
    unit="CPUs",
    minimum=1,
    fallback="those of this process's affinity and its container's share",
)

#: Bytes that a worker process is taken to need: measured, 180 to 215 MB with a chunk of any table.
WORKER_BYTES = 256 * 2**20

# Where Linux says what a container may hold: of its second kind of groups, and of its first.
_MEMORY_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
_GROUPS = Path("/sys/fs/cgroup")

# Of larger blocks the C library learns nothing.
_LARGEST_KEPT = 31 * 2**20

# Read by numeric libraries when they are loaded.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@cache
def usable_cpus() -> int:
    """CPUs this process may use: by affinity, a container's share, and ``LOKY_MAX_CPU_COUNT``."""
    # A library of process pools, of which only this is used: Python itself knows no containers.
    from loky import cpu_count

    return int(cpu_count())


def usable_memory(groups: Path = _GROUPS) -> int:
    """Bytes this process may hold: those of the machine, or fewer where a container has a limit.

    Args:
        groups: Where the system keeps its control groups.
    """
    limits = [psutil.virtual_memory().total]
    for name in _MEMORY_LIMITS:
        text = (groups / name).read_text().strip() if (groups / name).is_file() else ""
        if text.isdigit():  # "max" is no limit
            limits.append(int(text))
    return int(min(limits))


def affordable_workers(budget: int, held: int | None = None) -> int:
    """Worker processes that fit into memory beside this process; one always may.

    Args:
        budget: Bytes that all of them may hold together.
        held: Bytes this process holds; looked up where it is not given.
    """
    mine = psutil.Process().memory_info().rss if held is None else held
    return max(1, (budget - mine) // WORKER_BYTES)


def use_one_thread() -> None:
    """Keep numeric libraries to one thread: in a worker, of which there is one a CPU already."""
    import pyarrow as pa
    from threadpoolctl import threadpool_limits

    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    threadpool_limits(1)
    pa.set_cpu_count(1)


@contextmanager
def spread_over(cpus: int) -> Iterator[None]:
    """Keep the threads of numeric libraries to so many CPUs; where they use fewer, they still do.

    Left to themselves they start a thread for every CPU of the machine, however few a container
    may use.
    """
    if cpus >= (os.cpu_count() or 1):  # more than the machine has they never start
        yield
        return
    import pyarrow as pa
    from threadpoolctl import ThreadpoolController

    before, pools = pa.cpu_count(), ThreadpoolController()
    wide = {pool["prefix"]: cpus for pool in pools.info() if pool["num_threads"] > cpus}
    pa.set_cpu_count(min(before, cpus))
    try:
        with pools.limit(limits=wide):
            yield
    finally:
        pa.set_cpu_count(before)


def keep_freed_memory() -> None:
    """Have the memory of freed arrays kept for the next ones.

    The GNU C library gives a large block back to the system as soon as it is free, and a column of
    a season is one: fetching its pages anew takes three times as long as adding it up. Once a
    larger block came and went, it keeps what is smaller, up to twice as much in all.
    """
    np.empty(_LARGEST_KEPT, np.uint8)  # of which no page is ever fetched


@contextmanager
def garbage_sought_among_new_objects() -> Iterator[None]:
    """Have the garbage collector pass over what is there already.

    A run makes millions of small objects, and every so many Python looks through all there are. The
    hundreds of thousands that belong to libraries outlive the run in any case.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
