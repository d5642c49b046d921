"""Spreading cells over workers, with the same result however they are spread.

Cells are cut into chunks by their number alone, never by the number of workers, and results come
back in the order of submission. A chunk that raises is cut in half until the entity that breaks
stands alone; the others are not lost.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from nba_pipeline.engine.distributed import Cluster, wants_workers
from nba_pipeline.engine.errors import (
    ConfigurationError,
    DeadlineError,
    PipelineError,
    WorkersError,
)
from nba_pipeline.engine.machine import (
    affordable_workers,
    garbage_sought_among_new_objects,
    keep_freed_memory,
    spread_over,
    usable_cpus,
    usable_memory,
)
from nba_pipeline.engine.processes import Processes, WorkerDiedError
from nba_pipeline.engine.table import Partly, Table
from nba_pipeline.engine.windows import Array, Cells, Columns

EXECUTORS = ("serial", "threads", "processes", "dask")

# Unless a size is asked for, chunks have at least so many cells, and a batch has at most so many
# chunks: a chunk's fixed cost is dozens of array calls. A table of one date takes half the time in
# one that it takes in four, and a season of player_daily_cache costs 230 ms of computing in eight,
# 175 in four, 115 in one.
_FEWEST_CELLS, _MOST_CHUNKS = 600, 4

# How many worker processes may die with a single cell before they are taken to die of it. Chunks of
# more are cut in half instead.
_LIVES = 3

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Broken:
    """An entity whose computation raised.

    Attributes:
        cell: Its number among the cells.
        reason: The error in one sentence.
    """

    cell: int
    reason: str


@dataclass(frozen=True)
class Computed:
    """Columns of a run of cells, or the entities that broke.

    Attributes:
        columns: What compute returned for the cells that did not break, piece by piece in order.
        broken: Those that did.
        abstained: Cells without rows by a rule of compute's own, with the reason.
        chunk_seconds: Wall seconds of each chunk, in order.
    """

    columns: list[Columns]
    broken: list[Broken]
    chunk_seconds: list[float] = field(default_factory=list)
    abstained: list[tuple[int, str]] = field(default_factory=list)


class Workers(Protocol):
    """Runs a table's compute for a chunk, now or later.

    Attributes:
        ahead: Chunks worth having under way at once.
    """

    ahead: int

    def submit(self, chunk: Cells, deadline: float) -> Future[tuple[Columns | Partly, float]]:
        """Start computing a chunk that has until ``deadline`` on the monotonic clock."""


def chunk_bounds(table: Table, cells: Cells, chunk_cells: int | None) -> list[tuple[int, int]]:
    """Where to cut the cells: by their number alone, keeping together what shares work.

    Args:
        table: Whose cells.
        cells: What to cut.
        chunk_cells: Cells of a chunk; None cuts few chunks of about one size.
    """
    total = len(cells)
    few = min(_MOST_CHUNKS, max(1, total // _FEWEST_CELLS))
    size = chunk_cells or -(-total // few)
    allowed = _allowed_cuts(table, cells)
    bounds, start = [], 0
    while start < total:
        stop = start + size
        at = int(np.searchsorted(allowed, stop)) if stop < total else len(allowed)
        stop = int(allowed[at]) if at < len(allowed) else total
        bounds.append((start, stop))
        start = stop
    return bounds


def _allowed_cuts(table: Table, cells: Cells) -> Array:
    together = [cells[name] for name in table.fan_out.together]
    if not together:
        return np.arange(len(cells) + 1)
    changes = np.zeros(len(cells), dtype=bool)
    for values in together:
        changes[1:] |= values[1:] != values[:-1]
    return np.flatnonzero(changes)


def fan_out(
    table: Table,
    cells: Cells,
    workers: Workers,
    *,
    chunk_cells: int | None = None,
    deadline_seconds: float = 600.0,
    progress: Progress | None = None,
) -> Computed:
    """Compute every cell.

    Args:
        table: Whose compute to run.
        cells: What to compute.
        workers: Where to run it.
        chunk_cells: Cells of a chunk; None cuts a few.
        deadline_seconds: Wall seconds the whole table may take.
        progress: Told (cells done, cells in all) as chunks come back.

    Raises:
        DeadlineError: When the time is up; no worker is left running on the table's behalf.
        WorkersError: When no worker can be started, or none is left.
    """
    deadline = time.monotonic() + deadline_seconds
    waiting = deque(chunk_bounds(table, cells, chunk_cells))
    running: deque[tuple[tuple[int, int], Future[tuple[Columns | Partly, float]]]] = deque()
    result = Computed([], [])
    try:
        while waiting or running:
            while waiting and len(running) < workers.ahead:
                bounds = waiting.popleft()
                running.append((bounds, workers.submit(cells.part(*bounds), deadline)))
            bounds, future = running.popleft()
            _collect(table, workers, cells, bounds, future, deadline, result)
            if progress:
                progress(bounds[1], len(cells))
    finally:
        for _, future in running:
            future.cancel()
    return result


def _collect(
    table: Table,
    workers: Workers,
    cells: Cells,
    bounds: tuple[int, int],
    future: Future[tuple[Columns | Partly, float]],
    deadline: float,
    result: Computed,
) -> None:
    first, last = bounds
    try:
        columns, seconds = future.result(timeout=max(0.0, deadline - time.monotonic()))
    except (FutureTimeoutError, TimeoutError) as error:
        future.cancel()
        raise DeadlineError(
            f"{table.name} ran out of time while computing cells {first} to {last}: nothing of it "
            "was written"
        ) from error
    except PipelineError:  # nothing a cell did: compute's own errors come as another
        raise
    except Exception as error:
        if wants_workers(error):
            raise WorkersError(f"no worker was left to compute {table.name}") from error
        if last - first == 1:
            result.broken.append(Broken(first, _sentence(error)))
            return
        middle = (first + last) // 2
        for part in ((first, middle), (middle, last)):
            again = workers.submit(cells.part(*part), deadline)
            _collect(table, workers, cells, part, again, deadline, result)
    else:
        if isinstance(columns, Partly):
            partly = columns
            result.abstained.extend((first + n, why) for n, why in partly.abstained.items())
            result.broken.extend(Broken(first + n, why) for n, why in partly.broken.items())
            columns = partly.columns
        result.columns.append(columns)
        result.chunk_seconds.append(seconds)


def _sentence(error: BaseException) -> str:
    if isinstance(error, _ComputeRaisedError | WorkerDiedError):
        return str(error)
    if type(error).__name__ == "KilledWorker":
        return "the workers it was computed by died"
    return f"{type(error).__name__}: {error}"


class _ComputeRaisedError(Exception):
    """What compute raised, as text: not every error survives the way out of a worker process.

    It also keeps a TimeoutError of compute's own apart from the end of the table's time.
    """


def _timed(
    compute: Callable[[Cells], Columns | Partly], chunk: Cells
) -> tuple[Columns | Partly, float]:
    started = time.perf_counter()
    try:
        columns = compute(chunk)
    except Exception as error:
        raise _ComputeRaisedError(_sentence(error)) from error
    return columns, time.perf_counter() - started


class _Serial:
    """Computes at submission, in the calling thread."""

    ahead = 1

    def __init__(self, compute: Callable[[Cells], Columns | Partly]) -> None:
        self._compute = compute

    def submit(self, chunk: Cells, deadline: float) -> Future[tuple[Columns | Partly, float]]:
        future: Future[tuple[Columns | Partly, float]] = Future()
        if time.monotonic() > deadline:
            future.set_exception(TimeoutError())
            return future
        try:
            future.set_result(_timed(self._compute, chunk))
        except Exception as error:  # noqa: BLE001 - carried to whoever asks for the result
            future.set_exception(error)
        return future


class _Threads:
    """A thread pool; the time limit is looked at between chunks."""

    def __init__(
        self, compute: Callable[[Cells], Columns | Partly], pool: ThreadPoolExecutor, count: int
    ) -> None:
        self._compute, self._pool, self.ahead = compute, pool, 2 * count

    def submit(self, chunk: Cells, deadline: float) -> Future[tuple[Columns | Partly, float]]:
        return self._pool.submit(self._in_time, chunk, deadline)

    def _in_time(self, chunk: Cells, deadline: float) -> tuple[Columns | Partly, float]:
        if time.monotonic() > deadline:
            raise TimeoutError
        return _timed(self._compute, chunk)


class _Processes:
    """Worker processes; one that is stuck is killed at the deadline."""

    def __init__(
        self, compute: Callable[[Cells], Columns | Partly], processes: Processes, count: int
    ) -> None:
        self._compute, self._processes, self.ahead = compute, processes, 2 * count

    def submit(self, chunk: Cells, deadline: float) -> Future[tuple[Columns | Partly, float]]:
        lives = _LIVES if len(chunk) == 1 else 1
        return self._processes.submit(lives, deadline, _timed, self._compute, chunk)


class _Dask:
    """A cluster; at the deadline a stuck chunk is given up, and ends with a cluster of our own."""

    def __init__(
        self, compute: Callable[[Cells], Columns | Partly], cluster: Cluster, count: int
    ) -> None:
        self._compute, self._cluster, self.ahead = compute, cluster, 2 * count

    def submit(self, chunk: Cells, deadline: float) -> Future[tuple[Columns | Partly, float]]:
        if time.monotonic() > deadline:
            late: Future[tuple[Columns | Partly, float]] = Future()
            late.set_exception(TimeoutError())
            return late
        return self._cluster.submit(_timed, self._compute, chunk)


@dataclass
class Pools:
    """Opens the pools a run needs once, and closes them with the run.

    Attributes:
        executor: ``serial``, ``threads``, ``processes`` or ``dask``.
        chunk_cells: Cells of a chunk; None cuts a few.
        deadline_seconds: Wall seconds each table may take.
        address: Of a dask scheduler; empty makes a cluster for the run.
        memory_bytes: What this process and its workers may hold together; None means three
            quarters of what the machine or the container has.
    """

    executor: str = "serial"
    chunk_cells: int | None = None
    deadline_seconds: float = 600.0
    address: str = ""
    memory_bytes: int | None = None
    _threads: dict[int, ThreadPoolExecutor] = field(default_factory=dict)
    _processes: dict[int, Processes] = field(default_factory=dict)
    _clusters: list[Cluster] = field(default_factory=list)
    _most: int | None = None

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise ConfigurationError(
                f"there is no executor {self.executor}: choose one of {', '.join(EXECUTORS)}"
            )
        if self.chunk_cells is not None and self.chunk_cells < 1:
            raise ConfigurationError(f"a chunk needs at least one cell, not {self.chunk_cells}")

    def workers(self, table: Table, count: int, *, serial: bool) -> Workers:
        """Workers for a table; ``serial`` wins over the executor."""
        if serial or self.executor == "serial":
            return _Serial(table.compute)
        if self.executor == "threads":
            if count not in self._threads:
                self._threads[count] = ThreadPoolExecutor(count)
            return _Threads(table.compute, self._threads[count], count)
        if self.executor == "dask":
            return _Dask(table.compute, self._cluster(count), count)
        count = self._affordable(count)
        if count not in self._processes:
            self._processes[count] = Processes(count)
        return _Processes(table.compute, self._processes[count], count)

    def _cluster(self, count: int) -> Cluster:
        """One for all tables: it takes seconds to start, and idle workers cost nothing."""
        for cluster in self._clusters:
            if not cluster.is_lost:
                return cluster
        own = count if self.address else self._affordable(count)
        self._clusters.append(Cluster(self.address, own))
        return self._clusters[-1]

    def _affordable(self, count: int) -> int:
        """That many worker processes, or as many as there is memory for; decided once."""
        if self._most is None:
            budget = usable_memory() * 3 // 4 if self.memory_bytes is None else self.memory_bytes
            self._most = affordable_workers(budget)
        return min(count, self._most)

    def close(self) -> None:
        """Stop every worker."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        for processes in self._processes.values():
            processes.close()
        for cluster in self._clusters:
            cluster.close()
        self._threads.clear()
        self._processes.clear()
        self._clusters.clear()


@contextmanager
def open_pools(
    executor: str = "serial",
    chunk_cells: int | None = None,
    deadline_seconds: float = 600.0,
    address: str = "",
    memory_bytes: int | None = None,
) -> Iterator[Pools]:
    """Pools for one run, closed when it ends; meanwhile libraries keep to the usable CPUs."""
    pools = Pools(executor, chunk_cells, deadline_seconds, address, memory_bytes)
    keep_freed_memory()
    with spread_over(usable_cpus()), garbage_sought_among_new_objects():
        try:
            yield pools
        finally:
            pools.close()
