"""One piece of work that is measured: bringing tables up to date, without Dagster.

It is described by plain values, so that it can be done in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nba_pipeline.benchmarks.measuring import cpu_seconds
from nba_pipeline.benchmarks.rescrapes import Amended, Amendment
from nba_pipeline.engine.fanout import open_pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.protocols import Source
from nba_pipeline.engine.read_cache import ReadCache
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.sources.archive import Archive
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

#: The tables between the raw ones and the predictions: the ten processors of a game day.
PROCESSORS = (
    "team_offense_game_summary",
    "team_defense_game_summary",
    "player_game_summary",
    "upcoming_team_game_context",
    "upcoming_player_game_context",
    "team_defense_zone_analysis",
    "player_shot_zone_analysis",
    "player_daily_cache",
    "player_composite_factors",
    "ml_feature_store_v2",
)


# Where others compute than this process; looking for them costs more than a small table.
_PROCESSES = ("processes", "dask")


@dataclass(frozen=True)
class World:
    """Where facts come from.

    Attributes:
        archive: Folder of season files; empty means the simulated league.
        scale: Players per place in a simulated roster.
        seasons: Simulated seasons.
    """

    archive: str = ""
    scale: int = 1
    seasons: int = 1

    def open(self) -> Source:
        """The source."""
        if self.archive:
            return Archive(Path(self.archive))
        return SimulatedLeague(scale=self.scale, seasons=self.seasons)


@dataclass(frozen=True)
class Work:
    """Dates of tables to bring up to date.

    Attributes:
        world: Where facts come from.
        folder: Of the warehouse.
        dates: Which partitions.
        executor: What compute runs in.
        tables: Bare names in data-flow order; every table where none is named.
        amendments: What is published differently than it was.
        force: Compute everything, changed or not.
    """

    world: World
    folder: Path
    dates: tuple[date, ...]
    executor: str = "serial"
    tables: tuple[str, ...] = tuple(REGISTRY)
    amendments: tuple[Amendment, ...] = ()
    force: bool = False

    def before(self, first: str) -> Work:
        """The part of the work on tables that come before one."""
        at = self.tables.index(first)
        return replace(self, tables=self.tables[:at])


@dataclass
class Done:
    """What some work came to.

    Attributes:
        partitions: Partitions looked at.
        computed: Entities handed to compute.
        reused: Entities that were not.
        rows: Rows of the partitions.
        phases: Wall seconds by phase.
        tables: For each table its CPU seconds, wall seconds by phase and entities computed.
        versions: One digest of every partition's data version.
    """

    partitions: int = 0
    computed: int = 0
    reused: int = 0
    rows: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: str = ""

    def cpu_seconds(self, names: Iterable[str]) -> float:
        """CPU seconds of some tables."""
        return float(sum(self.tables[name]["cpu_seconds"] for name in names))

    def record(self) -> dict[str, Any]:
        """As records state it."""
        return {
            "partitions": self.partitions,
            "computed": self.computed,
            "reused": self.reused,
            "rows": self.rows,
            "phases": rounded(self.phases),
        }


def rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds by name, to the millisecond."""
    return {name: round(took, 3) for name, took in seconds.items()}


def do(work: Work, source: Source | None = None) -> Done:
    """Do the work.

    Args:
        work: What.
        source: The world, where it is open already.

    Raises:
        PipelineError: When something cannot be built.
    """
    opened = source or work.world.open()
    amended = Amended(opened, list(work.amendments)) if work.amendments else opened
    done, sha = Done(), hashlib.sha256()
    clock = cpu_seconds if work.executor in _PROCESSES else time.process_time
    with open_pools(work.executor) as pools:
        warehouse = LocalWarehouse(work.folder, list(REGISTRY.values()))
        session = Session(
            warehouse=warehouse,
            source=amended,
            tables=REGISTRY,
            pools=pools,
            environ=os.environ,
            run_id="bench",
            now=datetime.now(UTC),
            force=work.force,
            cache=ReadCache(warehouse),
        )
        for name in work.tables:
            before = clock()
            partitions = list(materialize(REGISTRY[name], work.dates, session))
            refuse_problems(partitions)
            _add(done, name, partitions, clock() - before)
            sha.update("".join(partition.data_version for partition in partitions).encode())
        session.cache.leave()
    done.versions = sha.hexdigest()
    return done


def _add(done: Done, name: str, partitions: list[Partition], cpu: float) -> None:
    phases: dict[str, float] = {}
    for partition in partitions:
        done.partitions += 1
        done.computed += partition.computed
        done.reused += partition.reused
        done.rows += partition.rows
        for phase, seconds in partition.seconds.items():
            phases[phase] = phases.get(phase, 0.0) + seconds
            done.phases[phase] = done.phases.get(phase, 0.0) + seconds
    computed = sum(partition.computed for partition in partitions)
    done.tables[name] = {
        "cpu_seconds": round(cpu, 3),
        "computed": computed,
        "phases": rounded(phases),
    }


def copied(warehouse: Path, folder: Path, without: Iterable[str] = ()) -> Path:
    """A warehouse that begins as another one and leaves it alone.

    Its files are the other's under second names: whoever replaces one renames another over it.

    Args:
        warehouse: The other one.
        folder: Where to.
        without: Tables whose partitions are left out.
    """
    shutil.copytree(warehouse, folder, copy_function=os.link)
    for name in without:
        shutil.rmtree(folder / REGISTRY[name].dataset / name, ignore_errors=True)
    return folder
