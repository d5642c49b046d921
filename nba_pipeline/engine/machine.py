"""What this process may use of the machine: CPUs and memory, and how wide libraries may spread.

A container is often given two CPUs of sixty-four and two gigabytes of hundreds; what the machine
has is then no measure of what may be used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

# Where Linux says what a container may hold: of its second kind of groups, and of its first.
_MEMORY_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
_GROUPS = Path("/sys/fs/cgroup")


@cache
def usable_cpus() -> int:
    """CPUs this process may use: by affinity, a container's share, and ``LOKY_MAX_CPU_COUNT``."""
    # A library of process pools, of which only this is used; others count, but not containers.
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


@contextmanager
def spread_over(cpus: int) -> Iterator[None]:
    """Keep libraries that compute in threads of their own to so many CPUs."""
    import pyarrow as pa
    from threadpoolctl import threadpool_limits

    before = pa.cpu_count()
    pa.set_cpu_count(cpus)
    try:
        with threadpool_limits(cpus):
            yield
    finally:
        pa.set_cpu_count(before)
