"""The two seams of the engine: where facts come from, and where rows live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, runtime_checkable

import pyarrow as pa

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.engine.logs import Log
from nba_pipeline.engine.table import Table


class Source(Protocol):
    """Publishes feeds, in the archive format."""

    @property
    def name(self) -> str:
        """What rows of this source say about their origin."""

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those NBA days, with a ``game_date`` column, sorted by key.

        Raises:
            SourceError: When what is published cannot be read or contradicts itself.
        """

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """For each date a digest of the feed's rows of that date, and of nothing else."""

    def calendar(self) -> SeasonCalendar:
        """The seasons the source knows."""

    def mark(self) -> str:
        """What is published, at a glance and without reading it: an equal mark, equal facts."""


@runtime_checkable
class Retelling(Source, Protocol):
    """A source that keeps what it said before it said something else."""

    def moments(self, feed: str, day: date) -> list[datetime]:
        """When it spoke of a day, if more than once; none where every row keeps its own moment."""

    def as_of(self, moment: datetime) -> Source:
        """What it said by a moment."""


@dataclass(frozen=True)
class SetAside:
    """A payload, or part of one, that no row comes from.

    Attributes:
        file: Where it is.
        day: The NBA day it was fetched for.
        problem: One sentence.
    """

    file: str
    day: date
    problem: str


@runtime_checkable
class Quarantine(Protocol):
    """A source of payloads, some of which cannot be read."""

    @property
    def set_aside(self) -> Mapping[tuple[str, str], SetAside]:
        """What has been set aside so far, by file and problem."""


@dataclass(frozen=True)
class Outcome:
    """What became of an entity that has no row.

    Attributes:
        entity: The entity's values joined by ``|``.
        category: A ``FailureCategory`` value.
        reason: One sentence.
        inputs_hash: What it was judged on; empty for an entity that broke, which has no outcome.
    """

    entity: str
    category: str
    reason: str
    inputs_hash: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether computing it failed, as opposed to a rule turning it away."""
        return not self.inputs_hash


@dataclass(frozen=True)
class Stored:
    """What the warehouse knows about a stored partition, kept with its rows.

    Attributes:
        fingerprint: Of everything the partition was computed from; empty means "compute".
        data_version: Hash over every current row.
        rows: Current rows.
        entities: Entities that have rows.
        table_version: The table's version when it was computed.
        inputs: For each input a digest of the upstream versions read.
        outcomes: Entities without rows, and why.
        skip_reason: Why there are no rows, where there are none.
        intact: Whether the stored file is whole.
        settings: The table's settings when it was computed.
        computed_at: The moment of the run that last looked at its entities; what changed later is
            why the next run does.
        damage: What is wrong with rows that are not intact, in one sentence.
        mark: Of the stored rows as they are: another writing has another mark. Empty where the
            warehouse cannot tell; such rows are read every time.
    """

    fingerprint: str
    data_version: str
    rows: int
    entities: int
    table_version: int
    inputs: Mapping[str, str]
    outcomes: tuple[Outcome, ...] = ()
    skip_reason: str = ""
    intact: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)
    computed_at: datetime | None = None
    damage: str = field(default="", compare=False, repr=False)
    mark: str = field(default="", compare=False, repr=False)


class Columns(Protocol):
    """Rows whose columns are read when they are asked for; a table in memory is such rows, too."""

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns, and what is said of all of them."""

    def select(self, names: Sequence[str]) -> pa.Table:
        """Some of the columns.

        Raises:
            KeyError: When one is not there, or cannot be read.
        """


class Version(Protocol):
    """What whoever reads a stored partition has to know of it; see ``Stored``, which is one."""

    @property
    def data_version(self) -> str:
        """Hash over every current row."""

    @property
    def mark(self) -> str:
        """Of the stored rows as they are; empty where the warehouse cannot tell."""

    @property
    def intact(self) -> bool:
        """Whether the stored file is whole."""

    @property
    def damage(self) -> str:
        """What is wrong with rows that are not intact, in one sentence."""


class Versions(Protocol):
    """Knows which partitions there are."""

    def versions(self, table: Table, dates: Sequence[date]) -> Mapping[date, Version]:
        """Which version each stored partition among ``dates`` is of."""


class Warehouse(Versions, Protocol):
    """Keeps one partition per table and date."""

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What is known about each stored partition among ``dates``."""

    def read(
        self,
        table: Table,
        dates: Sequence[date],
        columns: Sequence[str] | None = None,
        *,
        as_of: datetime | None = None,
        every_revision: bool = False,
    ) -> pa.Table:
        """Rows of those dates, ordered by date and key.

        Args:
            table: What to read.
            dates: Which partitions; those not stored contribute nothing.
            columns: Which columns; all of the schema when omitted.
            as_of: The revision of each row known then; the newest when omitted.
            every_revision: Read retracted and superseded revisions too.

        Raises:
            WarehouseError: When a stored partition is damaged.
        """

    def replace(
        self, table: Table, partitions: Mapping[date, tuple[pa.Table, Stored]]
    ) -> Mapping[date, str]:
        """Replace partitions, each atomically.

        Returns:
            The mark of each partition as it was written; none where there are no marks.

        Raises:
            WarehouseError: When the warehouse cannot be written.
        """

    def shelved(self, name: str) -> Columns | None:
        """What an earlier process kept under a name, as far as it is still whole."""

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        """Keep rows for the next process, where reading them anew would cost more.

        Losing them loses nothing, so a place that cannot be written is no error.
        """

    def append(self, log: Log, rows: pa.Table) -> None:
        """Add rows to a log; nothing is ever replaced.

        Raises:
            WarehouseError: When the warehouse cannot be written.
        """

    def read_log(self, log: Log, since: datetime | None = None) -> pa.Table:
        """The rows of a log, in no particular order: all, or those later than a moment."""

    def query(self, sql: str) -> pa.Table:
        """The answer to a read-only SQL query over all tables.

        Raises:
            WarehouseError: When the query is refused or fails.
        """
