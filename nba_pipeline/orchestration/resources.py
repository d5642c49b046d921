"""What assets work with: the warehouse, the source of facts, the workers and a place to report.

Each is chosen by run config, else by the environment when a run starts; nothing is read or opened
while the definitions load.
"""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import dagster as dg
from pydantic import Field, PrivateAttr

from nba_pipeline import settings
from nba_pipeline.engine.fanout import Pools, open_pools
from nba_pipeline.engine.protocols import Source, Warehouse
from nba_pipeline.engine.read_cache import MOST_BYTES, ReadCache
from nba_pipeline.sources.archive import Archive
from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.opening import open_warehouse


class WarehouseResource(dg.ConfigurableResource[Any]):
    """Where rows live: as the environment says, in a local folder or in BigQuery."""

    directory: str = Field(
        default="", description="Local folder; empty means as the environment says."
    )

    _warehouse: Warehouse | None = PrivateAttr(default=None)

    def open(self) -> Warehouse:
        """The warehouse, the same for a whole run: it keeps what it found out of stored rows."""
        if self._warehouse is None:
            self._warehouse = open_warehouse(os.environ, list(REGISTRY.values()), self.directory)
        return self._warehouse


class ReadsResource(dg.ConfigurableResource[Any]):
    """What the tables of a run have read of the warehouse, and what earlier runs left of it."""

    megabytes: int = Field(default=MOST_BYTES // 2**20, description="Rows kept at the most.")

    _cache: ReadCache | None = PrivateAttr(default=None)

    def of(self, warehouse: Warehouse) -> ReadCache:
        """The same for a whole run."""
        if self._cache is None:
            self._cache = ReadCache(warehouse, self.megabytes * 2**20)
        return self._cache

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Leave what was read to the next run."""
        del context
        if self._cache is not None:
            self._cache.leave()


class LandingResource(dg.ConfigurableResource[Any]):
    """Where fetched payloads are kept: a folder or a bucket."""

    root: str = Field(
        default="", description="Folder or gs://bucket/prefix; empty means as the environment says."
    )

    def open(self) -> LandingZone:
        """The landing zone."""
        return LandingZone(settings.ingest_root(os.environ, self.root))


class SourceResource(dg.ConfigurableResource[Any]):
    """Where facts come from: season files, a landing zone, or the simulated league.

    A choice made here goes before one the environment makes, and of two that the environment makes
    the landing zone goes before the season files.
    """

    archive: str = Field(
        default="",
        description="Folder of season files; empty means as the environment says, and the "
        "simulated league when it says nothing.",
    )
    landing: str = Field(
        default="",
        description="Root of a landing zone whose payloads are read, a folder or gs://…; empty "
        "means as the environment says, unless an archive is chosen.",
    )
    seed: int = Field(default=7, description="Seed of the simulated league.")

    _source: Source | None = PrivateAttr(default=None)

    def open(self) -> Source:
        """The source, the same for a whole run whatever is published meanwhile."""
        if self._source is None:
            root = "" if self.archive else settings.landing_root(os.environ, self.landing)
            folder = None if root else settings.archive_folder(os.environ, self.archive)
            mark = _source_at(root, folder, self.seed).mark()
            self._source = _published(root, folder, self.seed, mark)
        return self._source


@lru_cache(maxsize=1)
def _published(root: str, folder: Path | None, seed: int, mark: str) -> Source:
    """A source as it is at a mark: read once for as long as nothing new is published."""
    del mark
    return _source_at(root, folder, seed)


def _source_at(root: str, folder: Path | None, seed: int) -> Source:
    if root:
        # Parsers bring their libraries with them, which takes its time.
        from nba_pipeline.sources.landed import Landed

        return Landed(LandingZone(root))
    return Archive(folder) if folder else SimulatedLeague(seed)


class FanOutResource(dg.ConfigurableResource[Any]):
    """How compute is spread. Every choice gives the same bytes."""

    executor: str = Field(
        default="",
        description="serial, threads, processes or dask; empty means as NBA_EXECUTOR says.",
    )
    address: str = Field(
        default="",
        description="Scheduler of a dask cluster; empty means as NBA_DASK_ADDRESS says, else one "
        "made for the run.",
    )
    chunk_cells: int | None = Field(
        default=None, description="Cells of a chunk; empty cuts a few of about one size."
    )
    deadline_seconds: float = Field(default=600.0, description="Wall seconds a table may take.")

    _pools: Pools = PrivateAttr()

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Generator["FanOutResource", None, None]:
        """Open the pools once per run."""
        del context
        name = settings.executor_name(os.environ, self.executor)
        address = self.address or settings.dask_address(os.environ)
        memory = settings.memory_bytes(os.environ)
        with open_pools(name, self.chunk_cells, self.deadline_seconds, address, memory) as pools:
            self._pools = pools
            yield self

    def open(self) -> Pools:
        """The pools."""
        return self._pools


class Reporter(Protocol):
    """Told how far a table has come."""

    def __call__(self, table: str, done: int, total: int) -> None:
        """``done`` of ``total`` cells of ``table`` are computed."""


class LogReporter:
    """Writes progress to the process log; in Dagster's event log every line would be kept."""

    def __call__(self, table: str, done: int, total: int) -> None:
        """Log one line."""
        logging.getLogger("nba_pipeline").info("%s: %d of %d", table, done, total)
