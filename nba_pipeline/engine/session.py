"""What a run works with, and what it reports of each partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from nba_pipeline.engine.breakers import Breaker
from nba_pipeline.engine.causes import Cause
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.plan import Decision
from nba_pipeline.engine.protocols import Outcome, Source, Warehouse
from nba_pipeline.engine.read_cache import ReadCache
from nba_pipeline.engine.readers import Readers
from nba_pipeline.engine.table import Table


class Mode(StrEnum):
    """Why something runs. Changes what counts as an attempt and who is told, never a row."""

    DAILY = "daily"
    SAME_DAY = "same-day"
    BACKFILL = "backfill"

    @classmethod
    def named(cls, text: str) -> Mode:
        """The mode of that name.

        Raises:
            ConfigurationError: When there is none: a misspelt mode must not pass for daily.
        """
        try:
            return cls(text)
        except ValueError as error:
            raise ConfigurationError(
                f"there is no mode {text!r}: choose one of {', '.join(cls)}"
            ) from error


Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Session:
    """What a run works with.

    Attributes:
        warehouse: Where rows live.
        source: Where facts come from.
        tables: Every table by its bare name.
        pools: Where compute runs.
        environ: The environment, for worker counts and switches.
        run_id: Written into every row the run changes.
        now: The run's moment; nothing below reads a clock for anything that is stored.
        force: Compute everything, changed or not.
        progress: Told (table, cells done, cells in all).
        mode: Why this runs. A mode changes what is launched, what counts as an attempt and who is
            alerted, never a row.
        cache: What was read of the warehouse: in this run, and in earlier ones where it says so.
        breakers: Those of each table's partitions, read when first asked for and kept up to date
            by this run; another run's failures of the same minute count from the next one on.
    """

    warehouse: Warehouse
    source: Source
    tables: Mapping[str, Table]
    pools: Pools
    environ: Mapping[str, str]
    run_id: str
    now: datetime
    force: bool = False
    progress: Progress | None = None
    mode: Mode = Mode.DAILY
    cache: ReadCache = field(default_factory=ReadCache)
    breakers: dict[str, dict[date, Breaker]] = field(default_factory=dict, init=False)

    @cached_property
    def readers(self) -> Readers:
        """Who reads what of a table."""
        return Readers(self.tables)


@dataclass(frozen=True)
class Partition:
    """What happened to one partition.

    Attributes:
        table: ``dataset.name``.
        date: The partition.
        rows: Rows a reader is handed.
        computed: Entities handed to compute.
        reused: Entities carried over, or turned away as before.
        rejected: Entities without a row because a rule turned them away.
        failed: Entities that broke.
        gone: Entities that are no longer there.
        data_version: Hash over every row; empty where the partition could not be built.
        fingerprint: Of what it was computed from.
        cause: Why it was or was not computed, in words.
        skip_reason: Why there are no rows, where there are none.
        problem: What stopped the partition, in one sentence; else empty.
        outcomes: Entities without rows.
        changed: What is decided about each entity that is not ``unchanged``.
        causes: Why, in detail: of the whole partition, or of each changed entity.
        before: The data version it had before; empty where there was none.
        seconds: Wall seconds by phase; those of a batch are shared evenly by its dates.
        chunk_seconds: Wall seconds of each chunk of the batch.
    """

    table: str
    date: date
    rows: int = 0
    computed: int = 0
    reused: int = 0
    rejected: int = 0
    failed: int = 0
    gone: int = 0
    data_version: str = ""
    fingerprint: str = ""
    cause: str = ""
    skip_reason: str = ""
    problem: str = ""
    outcomes: tuple[Outcome, ...] = ()
    changed: Mapping[str, Decision] = field(default_factory=dict)
    causes: tuple[Cause, ...] = ()
    before: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    chunk_seconds: tuple[float, ...] = ()

    def count(self, decision: Decision) -> int:
        """Entities with that decision; of a partition that could not be built there are none."""
        if decision is Decision.UNCHANGED:
            return self.reused
        return list(self.changed.values()).count(decision)

    @property
    def verdict(self) -> str:
        """``stop`` where something keeps it from being built, ``compute`` or ``reuse``."""
        if self.problem:
            return "stop"
        return "compute" if self.changed or not self.before else "reuse"
