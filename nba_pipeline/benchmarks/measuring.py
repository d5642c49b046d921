"""What something costs: wall seconds, CPU seconds of every process it uses, and peak memory.

Wall seconds of a shared machine are noise; CPU seconds, and ratios of things measured in one run,
are what to compare. Peak memory is only that of what is measured in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import psutil

Result = TypeVar("Result")

# Looking for worker processes takes a few milliseconds, so it is not done more often.
_SECONDS_BETWEEN_LOOKS = 0.25


@dataclass
class Spent:
    """What a stretch of work cost.

    Attributes:
        wall_seconds: From its begin to its end.
        cpu_seconds: Of this process and all below it, user and system.
        peak_mb: The most resident memory of all these processes together; since the process began,
            so it means the stretch only where the process was made for it.
    """

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0

    def record(self) -> dict[str, float]:
        """As records state it."""
        return {
            "wall_seconds": round(self.wall_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_mb": round(self.peak_mb, 1),
        }


def cpu_seconds() -> float:
    """CPU seconds so far of this process, of those below it, and of those below that ended."""
    return time.process_time() + _cpu_seconds_below()


def _cpu_seconds_below() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:  # ended just now; its parent answers for it from here on
            continue
    return total


@contextmanager
def measured() -> Iterator[Spent]:
    """What is done inside; the figures are there once it is left."""
    spent, done = Spent(), threading.Event()
    watching = threading.Thread(target=_watch_memory, args=(spent, done), daemon=True)
    watching.start()
    # Looking for other processes takes milliseconds, which belong to nobody.
    below = _cpu_seconds_below()
    cpu, started = time.process_time(), time.perf_counter()
    try:
        yield spent
    finally:
        spent.wall_seconds = time.perf_counter() - started
        spent.cpu_seconds = time.process_time() - cpu
        spent.cpu_seconds += _cpu_seconds_below() - below
        done.set()
        watching.join()
        spent.peak_mb = max(spent.peak_mb, _own_peak_mb())


def _watch_memory(spent: Spent, done: threading.Event) -> None:
    """Keep the most memory that all processes together were seen to hold."""
    while not done.wait(_SECONDS_BETWEEN_LOOKS):
        held = 0
        me = psutil.Process()
        for process in (me, *me.children(recursive=True)):
            try:
                held += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        spent.peak_mb = max(spent.peak_mb, held / 2**20)


def _own_peak_mb() -> float:
    """The most memory of this process since it began.

    What ``getrusage`` says is never less than what the process held that started this one, so
    where the system keeps a mark of this one's own, that is read.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        (mark,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(mark.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def apart(function: Callable[..., Result], *arguments: Any) -> tuple[Result, Spent, Spent]:
    """Call a function in a new process.

    Args:
        function: One that can be imported there.
        arguments: What can be sent there.

    Returns:
        Its result; what the call cost inside; and what it cost with the process around it, from
        its start and its imports to its end.
    """
    with measured() as whole:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as fresh:
            result, inside = fresh.submit(_call, function, arguments).result()
    return result, inside, Spent(whole.wall_seconds, whole.cpu_seconds, inside.peak_mb)


def _call(function: Callable[..., Result], arguments: tuple[Any, ...]) -> tuple[Result, Spent]:
    with measured() as spent:
        result = function(*arguments)
    return result, spent


def typical(
    function: Callable[[], object], times: int, ready: Callable[[], object] = lambda: None
) -> Spent:
    """The median cost of calling a function several times, after a first call that is not counted.

    The first call pays for imports and caches, which says nothing of the next.

    Args:
        function: What is measured.
        times: How often.
        ready: Called before each time, and not measured.
    """
    every = []
    for _ in range(times + 1):
        ready()
        with measured() as spent:
            function()
        every.append(spent)
    return replace(middle(every[1:]), peak_mb=max(spent.peak_mb for spent in every))


def middle(every: Sequence[Spent]) -> Spent:
    """The median of each figure, and the highest peak."""
    return Spent(
        median(spent.wall_seconds for spent in every),
        median(spent.cpu_seconds for spent in every),
        max(spent.peak_mb for spent in every),
    )
