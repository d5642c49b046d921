"""Where the time of a backfill goes: reading, planning, computing, hashing, writing, and Dagster.

Everything is built twice in folders of its own, once by the engine alone and once through Dagster,
so that what Dagster's event log costs can be told apart. Times are for comparing within one run.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from nba_pipeline.engine.fanout import open_pools
from nba_pipeline.engine.materialize import Session, materialize, refuse_problems
from nba_pipeline.engine.protocols import Source
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse


@dataclass
class Split:
    """One pass over every table.

    Attributes:
        seconds: Wall seconds by phase.
        partitions: Partitions brought up to date.
        computed: Entities handed to compute.
        wall: Wall seconds in all.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    partitions: int = 0
    computed: int = 0
    wall: float = 0.0


def engine_pass(source: Source, folder: Path, dates: Sequence[date], executor: str) -> Split:
    """Bring every table up to date without Dagster."""
    split, started = Split(), time.perf_counter()
    with open_pools(executor) as pools:
        session = Session(
            warehouse=LocalWarehouse(folder, list(REGISTRY.values())),
            source=source,
            tables=REGISTRY,
            pools=pools,
            environ=os.environ,
            run_id="bench",
            now=datetime.now(UTC),
        )
        for table in REGISTRY.values():
            partitions = list(materialize(table, dates, session))
            refuse_problems(partitions)
            for partition in partitions:
                split.partitions += 1
                split.computed += partition.computed
                for phase, seconds in partition.seconds.items():
                    split.seconds[phase] = split.seconds.get(phase, 0.0) + seconds
    split.wall = time.perf_counter() - started
    return split


def dagster_pass(archive: str, dates: Sequence[date], executor: str, home: Path) -> Split:
    """Bring every table up to date in one Dagster run on an instance in ``home``."""
    from dagster import DagsterInstance

    from nba_pipeline.orchestration.launch import launch

    with DagsterInstance.local_temp(str(home)) as instance:
        told = launch(
            list(REGISTRY.values()),
            dates,
            instance,
            archive=archive,
            executor=executor,
            force=False,
            reporter=lambda *_: None,
        )
    computed = sum(partition["computed"] for partition in told.partitions)
    return Split({}, len(told.partitions), computed, told.seconds)


def peak_memory_mb() -> float:
    """The most memory this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(
    archive: str, source: Source, dates: Sequence[date], executor: str
) -> dict[str, object]:
    """Build the dates from nothing and again unchanged, without and with Dagster."""
    with tempfile.TemporaryDirectory() as scratch:
        alone = Path(scratch) / "engine"
        first = engine_pass(source, alone, dates, executor)
        again = engine_pass(source, alone, dates, executor)
        memory = peak_memory_mb()
        with _warehouse_in(Path(scratch) / "dagster_warehouse"):
            home = Path(scratch) / "dagster"
            home.mkdir()
            recorded = dagster_pass(archive, dates, executor, home)
            rerun = dagster_pass(archive, dates, executor, home)
    return {
        "dates": len(dates),
        "partitions": first.partitions,
        "entities": first.computed,
        "executor": executor,
        "seconds_by_phase": {name: round(took, 2) for name, took in first.seconds.items()},
        "engine_seconds": round(first.wall, 2),
        "engine_unchanged_seconds": round(again.wall, 2),
        "unchanged_computed": again.computed,
        "with_dagster_seconds": round(recorded.wall, 2),
        "dagster_share_seconds": round(recorded.wall - first.wall, 2),
        "with_dagster_unchanged_seconds": round(rerun.wall, 2),
        "engine_speedup_unchanged": round(first.wall / again.wall, 1),
        "peak_memory_mb_engine": round(memory),
        "peak_memory_mb": round(peak_memory_mb()),
    }


@contextmanager
def _warehouse_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("NBA_WAREHOUSE_DIR")
    os.environ["NBA_WAREHOUSE_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["NBA_WAREHOUSE_DIR"]
        else:
            os.environ["NBA_WAREHOUSE_DIR"] = before
