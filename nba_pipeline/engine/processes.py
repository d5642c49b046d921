"""Worker processes that may be killed at any moment, which costs nobody but the chunk they had.

Each has a pipe of its own, and a thread of ours that waits at the other end. Workers share nothing:
of a queue or a lock between them, one that dies at the wrong moment leaves half a message or a lock
that never opens again, and all the others hang. Whoever dies here closes its own pipe, and that is
seen at once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from queue import LifoQueue
from typing import Any

from nba_pipeline.engine.errors import WorkersError
from nba_pipeline.engine.machine import keep_freed_memory, use_one_thread

# Neither fork nor a server that forks: Arrow and Dagster run threads, and a forked lock may never
# open again; a server can be killed too. Workers of either take as long to load what they compute.
_CONTEXT = multiprocessing.get_context("spawn")

# Times in a row a worker may die before it has begun.
_STARTS = 5

# Starting a process looks after all others that ended: two at once would lose an exit code.
_BIRTHS_AND_DEATHS = threading.Lock()


class WorkerDiedError(Exception):
    """A worker process ended with what it was computing."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the worker process died (exit code {exit_code})")
        self.exit_code = exit_code


class Processes:
    """So many worker processes, each started when there is something for it to do."""

    def __init__(self, count: int) -> None:
        """Make room for workers; none is started yet."""
        self._workers = [_Worker() for _ in range(count)]
        self._threads = ThreadPoolExecutor(count, "worker")
        self._idle: LifoQueue[_Worker] = LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def submit(
        self, lives: int, deadline: float, function: Callable[..., Any], *arguments: Any
    ) -> Future[Any]:
        """Call a function in a worker.

        The future raises ``WorkerDiedError``, ``TimeoutError`` when the deadline has ended the
        worker, ``WorkersError`` when none can be started, or what the function raised, which has to
        survive the way between processes.

        Args:
            lives: How many workers may die of it, one after the other.
            deadline: On the monotonic clock.
            function: What to call; importable.
            arguments: What to call it with.
        """
        return self._threads.submit(self._call, lives, deadline, (function, arguments))

    def _call(self, lives: int, deadline: float, request: tuple[Any, ...]) -> Any:
        worker = self._idle.get()
        try:
            for _ in range(lives - 1):
                with suppress(WorkerDiedError):
                    return worker.call(request, deadline)
            return worker.call(request, deadline)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End every worker, also one in the middle of something."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.retire()
        self._threads.shutdown(wait=True)


@dataclass(frozen=True)
class _Living:
    """A worker process, and our end of its pipe."""

    process: SpawnProcess
    pipe: Connection


class _Worker:
    """A worker process, and the one that takes its place when it is gone."""

    def __init__(self) -> None:
        self._living: _Living | None = None
        self._is_retired = False

    def call(self, request: tuple[Any, ...], deadline: float) -> Any:
        """What the function of a request gives; only one thread asks at a time."""
        living = self._living or self._begin(deadline)
        result, error = self._converse(living, deadline, request)
        if error is not None:
            raise error
        return result

    def retire(self) -> None:
        """End for good; whoever waits for an answer learns that the process died."""
        with _BIRTHS_AND_DEATHS:
            self._is_retired = True
            if self._living is not None:
                self._living.process.kill()
                self._living.process.join()

    def _begin(self, deadline: float) -> _Living:
        """Start a process and wait until it has loaded what every chunk needs."""
        code: int | None = None
        for _ in range(_STARTS):
            try:
                living = self._start()
                self._converse(living, deadline)
            except WorkerDiedError as error:
                code = error.exit_code
            else:
                return living
        raise WorkersError(
            f"{_STARTS} worker processes in a row died before they had begun (exit code {code})"
        )

    def _start(self) -> _Living:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=_work, args=(theirs,), daemon=True)
        with _BIRTHS_AND_DEATHS, theirs:
            if self._is_retired:
                raise CancelledError
            try:
                process.start()
            except BrokenPipeError as error:  # killed while it was told what to be
                raise WorkerDiedError(None) from error
            except OSError as error:
                raise WorkersError(f"no worker process can be started: {error}") from error
            self._living = _Living(process, ours)
            return self._living

    def _converse(self, living: _Living, deadline: float, request: Any = None) -> Any:
        """Say something, unless it is to speak first, and hear what the process says."""
        try:
            if request is not None:
                living.pipe.send(request)
            if living.pipe.poll(max(0.0, deadline - time.monotonic())):
                return living.pipe.recv()
        except (EOFError, OSError) as error:  # also a message that ends in the middle
            raise WorkerDiedError(self._bury(living)) from error
        self._bury(living)
        raise TimeoutError

    def _bury(self, living: _Living) -> int | None:
        """End a process for certain; its exit code."""
        with _BIRTHS_AND_DEATHS:
            self._living = None
            living.pipe.close()
            living.process.kill()
            living.process.join()
            return living.process.exitcode


# In the worker process ---------------------------------------------------------------------------


def _work(pipe: Connection) -> None:
    """Answer one request after the other, until whoever asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for whoever asks to end this
    threading.Thread(target=_end_with_parent, daemon=True).start()
    use_one_thread()
    keep_freed_memory()
    with suppress(EOFError, OSError):
        pipe.send("ready")
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))


def _end_with_parent() -> None:
    """Leave no process behind that computes for nobody, however long it would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _answer(request: bytes) -> memoryview:
    """The result of a call and None, or None and the error."""
    try:
        function, arguments = ForkingPickler.loads(request)
        return ForkingPickler.dumps((function(*arguments), None))
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        return ForkingPickler.dumps((None, error))
