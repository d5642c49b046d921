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

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.learning import forget_models
from nba_pipeline.engine.fanout import fan_out, open_pools
from nba_pipeline.engine.inputs import window_dates
from nba_pipeline.engine.materialize import Session, materialize, refuse_problems
from nba_pipeline.engine.protocols import Source, Warehouse
from nba_pipeline.engine.reading import lay_out, read_inputs
from nba_pipeline.engine.table import Table
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


def predictions_pass(source: Source, folder: Path, dates: Sequence[date]) -> dict[str, object]:
    """How long the newest slate's history takes to load, at once and player by player; and systems.

    Every load reads the same rows of the same warehouse. The systems are timed on cells whose
    inputs have been read, with the loading of the model.
    """
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    table, games = REGISTRY["system_forecasts"], REGISTRY["player_game_summary"]
    requests = warehouse.read(
        REGISTRY["prediction_requests"], dates, ["game_date", "player_lookup"]
    )
    if not requests.num_rows:
        return {}
    day = requests["game_date"][-1].as_py()
    slate = requests.filter(pc.equal(requests["game_date"], day))["player_lookup"].to_pylist()
    declared = table.inputs["games"]
    columns = sorted({*declared.columns, "player_lookup"})
    reach = window_dates(declared.window, [day])
    started = time.perf_counter()
    whole = warehouse.read(games, reach, columns)
    whole.filter(pc.is_in(whole["player_lookup"], pa.array(slate)))
    at_once = time.perf_counter() - started
    for player in slate:
        rows = warehouse.read(games, reach, columns)
        rows.filter(pc.equal(rows["player_lookup"], player))
    one_by_one = time.perf_counter() - started - at_once
    return {
        "slate_date": day.isoformat(),
        "slate_players": len(slate),
        "history_load_seconds": round(at_once, 3),
        "history_load_per_player_seconds": round(one_by_one, 3),
        "history_load_speedup": round(one_by_one / at_once, 1),
        "all_systems_seconds": round(_systems_seconds(table, day, warehouse, source), 3),
    }


def _systems_seconds(table: Table, day: date, warehouse: Warehouse, source: Source) -> float:
    with open_pools() as pools:
        session = Session(warehouse, source, REGISTRY, pools, {}, "bench", datetime.now(UTC))
        cells = lay_out(table, read_inputs(table, [day], session), session).cells
        forget_models()
        started = time.perf_counter()
        fan_out(table, cells, pools.workers(table, 1, serial=True))
        return time.perf_counter() - started


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
        slate = predictions_pass(source, alone, dates)
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
        **slate,
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
