"""Runs that die: one process brings everything into memory, and each run is a fork of it.

A victim is the real thing, ``nba-pipeline backfill`` with Dagster, a schedule that is due, or the
engine alone, over a real folder. It is killed from outside at some moment, or by itself with
SIGKILL at a place that a moment would seldom hit: with half a file written, between a file's sync
and its rename, right after the rename, before a chunk is computed. Nothing of it gets to clean up.

Run as a program it reads one order a line, as JSON, and answers with one line. It starts no thread
of its own, so that it may fork.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
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
        now: The moment of the engine or the schedule, ISO; empty runs ``nba-pipeline backfill``.
        schedule: The schedule that is due; empty runs the engine.
        dagster: Dagster's folder.
        select: Which tables, where Dagster runs them.
        executor: Name of the executor.
        seconds: After how many it is killed from outside; None lets it live.
        trap: Where it dies by itself; empty nowhere.
        at: At the how manieth time it gets there.
        copies: How many do the same at once; only the first of them is killed.
        workers_die: Seconds on average between the deaths of its workers: mostly of one, now and
            then of all; None lets them live.
        helpers_die: Whether what Python starts beside workers dies like them.
        seed: What the moments of those deaths are drawn with.
    """

    days: tuple[str, str]
    archive: str
    warehouse: str
    output: str
    now: str = ""
    schedule: str = ""
    dagster: str = ""
    select: str = ""
    executor: str = ""
    seconds: float | None = None
    trap: str = ""
    at: int = 1
    copies: int = 1
    workers_die: float | None = None
    helpers_die: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Death:
    """How a victim ended.

    Attributes:
        is_killed: Whether SIGKILL ended it.
        code: The highest exit code of those that nothing killed.
        said: What they wrote.
        reached: How often it came to each trap, where it lived to tell.
        seconds: How long it lived.
        orphans: Processes they left behind.
        workers_killed: How many workers died under them.
        helpers_killed: How many processes that Python starts beside workers died.
    """

    is_killed: bool
    code: int
    said: str
    seconds: float
    reached: Mapping[str, int] = field(default_factory=dict)
    orphans: int = 0
    workers_killed: int = 0
    helpers_killed: int = 0


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
    began = time.monotonic()
    output = Path(order.output)
    output.mkdir(parents=True, exist_ok=True)
    reached = output / "reached.json"
    reached.unlink(missing_ok=True)
    said = [output / f"said-{number}.txt" for number in range(order.copies)]
    pids = [
        _fork(replace(order, trap="") if n else order, said[n], reached) for n in range(len(said))
    ]
    if order.seconds is not None:
        time.sleep(order.seconds)
        os.kill(pids[0], signal.SIGKILL)
    slaughter = Slaughter(order)
    ends = [slaughter.wait(pid) for pid in pids]
    return Death(
        is_killed=ends[0] == -signal.SIGKILL,
        code=max(0, *ends),
        said="".join(path.read_text() for path in said),
        reached=json.loads(reached.read_text()) if reached.exists() else {},
        seconds=time.monotonic() - began,
        orphans=sum(len(_session(pid)) for pid in pids),
        workers_killed=slaughter.workers,
        helpers_killed=slaughter.helpers,
    )


def _fork(order: Order, said: Path, reached: Path) -> int:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        with said.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        os._exit(_live(order, reached))
    return pid


class Slaughter:
    """Kills what a victim started, until the victim ends, and counts."""

    def __init__(self, order: Order) -> None:
        self._every, self._helpers_die = order.workers_die, order.helpers_die
        self._dice = random.Random(order.seed)  # noqa: S311 - any moments will do
        self.workers = self.helpers = 0

    def wait(self, pid: int) -> int:
        """The exit code of a victim."""
        while self._every is not None:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(self._dice.uniform(0.0, 2 * self._every))
            self._kill_some(_session(pid, patience=0.0))
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _kill_some(self, found: list[int]) -> None:
        helping = {pid for pid in found if _is_helper(pid)}
        mortal = found if self._helpers_die else [pid for pid in found if pid not in helping]
        often = len(mortal) if self._dice.random() < 0.2 else min(1, len(mortal))
        for pid in self._dice.sample(mortal, often):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.helpers += pid in helping
                self.workers += pid not in helping


def _is_helper(pid: int) -> bool:
    """Whether a process looks after the semaphores of others, as Python starts one."""
    import psutil

    try:
        return "resource_tracker" in " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return False


def _session(leader: int, patience: float = 10.0) -> list[int]:
    """Living processes of a session but its leader, once they had time to notice it is gone."""
    import psutil

    deadline = time.monotonic() + patience
    while True:
        found = [
            each.pid
            for each in psutil.process_iter()
            if each.pid not in (os.getpid(), leader) and _is_of(each, leader)
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _is_of(process: Any, leader: int) -> bool:
    import psutil

    try:
        return os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


# In the victim -----------------------------------------------------------------------------------


def _live(order: Order, reached: Path) -> int:
    counts = dict.fromkeys(TRAPS, 0)
    code = 1
    try:
        with _trapped(order, counts):
            code = (
                _due(order) if order.schedule else _engine(order) if order.now else _command(order)
            )
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


def _settle(order: Order) -> None:
    os.environ |= {
        "NBA_FIRST_DAY": order.days[0],
        "NBA_OLDEST_DAYS": "100000",
        "NBA_ARCHIVE_DIR": order.archive,
        "NBA_WAREHOUSE_DIR": order.warehouse,
        "DAGSTER_HOME": order.dagster,
        "NBA_EXECUTOR": order.executor,
    }


def _due(order: Order) -> int:
    """What a scheduler does at the moment: ask the schedule, and run what it wants."""
    import dagster as dg

    from nba_pipeline.orchestration.build import build_definitions
    from nba_pipeline.orchestration.home import one_at_a_time, prepare_home
    from nba_pipeline.orchestration.resources import SourceResource

    _settle(order)
    prepare_home(Path(order.dagster))
    definitions = build_definitions()
    repository = definitions.get_repository_def()
    schedule = repository.get_schedule_def(order.schedule)
    with one_at_a_time(Path(order.dagster)):
        instance = dg.DagsterInstance.get()
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime.fromisoformat(order.now),
        repository_def=repository,
        resources={"source": SourceResource()},
    )
    job = definitions.resolve_job_def(schedule.job_name)
    runs = [
        job.execute_in_process(
            instance=instance, partition_key=asked.partition_key, tags=dict(asked.tags)
        )
        for asked in schedule.evaluate_tick(context).run_requests
    ]
    return 0 if runs and all(run.success for run in runs) else 1


def _command(order: Order) -> int:
    from nba_pipeline.cli import main

    _settle(order)
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
