"""Runs that die: one process brings everything into memory, and each run is a fork of it.

A victim is the real thing, ``nba-pipeline backfill`` with Dagster or the engine alone, over a real
folder. It is killed from outside at some moment, or by itself with SIGKILL at a place that a moment
would seldom hit: with half a file written, between a file's sync and its rename, right after the
rename, before a chunk is computed. Nothing of it gets to clean up.

Run as a program it reads one order a line, as JSON, and answers with one line. It starts no thread
of its own, so that it may fork.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]

#: Where a victim may die by its own hand.
TRAPS = ("half a file", "file synced", "file renamed", "chunk to compute")


@dataclass(frozen=True)
class Order:
    """What a victim is to do, and how it ends.

    Attributes:
        days: First and last day, ISO.
        archive: Folder of season files.
        warehouse: Folder of the warehouse.
        output: Folder for what it says.
        now: The engine's moment, ISO; empty runs ``nba-pipeline backfill`` instead, with Dagster.
        dagster: Dagster's folder.
        select: Which tables, where Dagster runs them.
        executor: Name of the executor.
        seconds: After how many it is killed from outside; None lets it live.
        trap: Where it dies by itself; empty nowhere.
        at: At the how manieth time it gets there.
    """

    days: tuple[str, str]
    archive: str
    warehouse: str
    output: str
    now: str = ""
    dagster: str = ""
    select: str = ""
    executor: str = ""
    seconds: float | None = None
    trap: str = ""
    at: int = 1


@dataclass(frozen=True)
class Death:
    """How a victim ended.

    Attributes:
        is_killed: Whether SIGKILL ended it.
        code: Its exit code, where nothing killed it.
        said: What it wrote to standard error.
        reached: How often it came to each trap, where it lived to tell.
        seconds: How long it lived.
        orphans: Processes it left behind.
    """

    is_killed: bool
    code: int
    said: str
    seconds: float
    reached: Mapping[str, int] = field(default_factory=dict)
    orphans: int = 0


class Executioner:
    """Asks the forking process for victims; used as a context."""

    def __init__(self, **settings: str) -> None:
        kept = {n: t for n, t in os.environ.items() if not n.startswith(("NBA_", "DAGSTER_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=CHECKOUT,
            env={**kept, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Executioner:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def start(self, order: Order) -> None:
        """Let a victim loose; others may run beside it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()

    def wait(self) -> Death:
        """How the victim that was let loose first ended."""
        assert self._process.stdout is not None
        return Death(**json.loads(self._process.stdout.readline()))

    def run(self, order: Order) -> Death:
        """Let a victim loose and see how it ends."""
        self.start(order)
        return self.wait()


# In the process that forks -----------------------------------------------------------------------


def serve() -> None:
    """Fork a victim for each order on standard input."""
    import dagster  # noqa: F401 - in memory once, for every victim
    import duckdb  # noqa: F401
    import pyarrow.dataset  # noqa: F401

    import nba_pipeline.definitions  # noqa: F401
    from nba_pipeline_tests.faults import world  # noqa: F401

    for line in sys.stdin:
        order = Order(**json.loads(line))
        print(json.dumps(asdict(_end_of(order))), flush=True)  # noqa: T201 - the answer


def _end_of(order: Order) -> Death:
    output = Path(order.output)
    output.mkdir(parents=True, exist_ok=True)
    told, reached = output / "said.txt", output / "reached.json"
    reached.unlink(missing_ok=True)
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        with told.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        os._exit(_live(order, reached))
    if order.seconds is not None:
        time.sleep(order.seconds)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    return Death(
        is_killed=os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        code=os.waitstatus_to_exitcode(status),
        said=told.read_text(),
        reached=json.loads(reached.read_text()) if reached.exists() else {},
        seconds=seconds,
        orphans=len(_session(pid)),
    )


def _session(leader: int, patience: float = 10.0) -> list[int]:
    """Living processes of a session whose leader is gone, once they had time to notice."""
    import psutil

    deadline = time.monotonic() + patience
    while True:
        found = [
            each.pid
            for each in psutil.process_iter()
            if each.pid != os.getpid() and _is_of(each, leader)
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _is_of(process: Any, leader: int) -> bool:
    try:
        return os.getsid(process.pid) == leader and process.status() != "zombie"
    except (ProcessLookupError, Exception):  # noqa: BLE001 - it is gone, whatever says so
        return False


# In the victim -----------------------------------------------------------------------------------


def _live(order: Order, reached: Path) -> int:
    counts = dict.fromkeys(TRAPS, 0)
    code = 1
    try:
        with _trapped(order, counts):
            code = _engine(order) if order.now else _command(order)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - a traceback is what a test looks for
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    reached.write_text(json.dumps(counts))
    return code


def _engine(order: Order) -> int:
    from nba_pipeline.engine.errors import PipelineError
    from nba_pipeline.engine.fanout import open_pools
    from nba_pipeline_tests.faults.world import build, session_in

    try:
        with open_pools(order.executor or "serial", deadline_seconds=120.0) as pools:
            session = session_in(
                Path(order.warehouse),
                Path(order.archive),
                datetime.fromisoformat(order.now),
                pools=pools,
            )
            first, last = map(date.fromisoformat, order.days)
            days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
            problems = build(session, days)
    except PipelineError as error:
        problems = [str(error)]
    for problem in problems:
        print(f"Error: {problem}", file=sys.stderr)  # noqa: T201 - what a person would see
    return 1 if problems else 0


def _command(order: Order) -> int:
    from nba_pipeline.cli import main

    os.environ |= {
        "NBA_FIRST_DAY": order.days[0],
        "NBA_WAREHOUSE_DIR": order.warehouse,
        "DAGSTER_HOME": order.dagster,
        "NBA_EXECUTOR": order.executor,
    }
    words = ["backfill", "--from", order.days[0], "--to", order.days[1], "--only"]
    sys.argv = ["nba-pipeline", *words, "--select", order.select, "--archive", order.archive]
    main()
    return 0


@contextmanager
def _trapped(order: Order, counts: dict[str, int]) -> Iterator[None]:
    """Count how often each trap is come to, and die in the one that is set."""
    from nba_pipeline.engine import materialize

    def die_at(trap: str, before: Callable[[], None] = lambda: None) -> None:
        counts[trap] += 1
        if order.trap == trap and order.at == counts[trap]:
            before()
            os.kill(os.getpid(), signal.SIGKILL)

    fsync, replace, fan_out = os.fsync, Path.replace, materialize.fan_out

    def synced(descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        die_at("half a file", lambda: os.ftruncate(descriptor, size // 2))
        fsync(descriptor)
        die_at("file synced")

    def renamed(path: Path, target: Path) -> Path:
        found = replace(path, target)
        die_at("file renamed")
        return found

    def computed(*arguments: Any, **options: Any) -> Any:
        die_at("chunk to compute")
        return fan_out(*arguments, **options)

    os.fsync, Path.replace, materialize.fan_out = synced, renamed, computed  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        os.fsync, Path.replace, materialize.fan_out = fsync, replace, fan_out  # type: ignore[method-assign]


if __name__ == "__main__":
    serve()
