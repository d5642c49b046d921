"""What a table says about itself: columns, key, inputs with their windows, and how it is computed.

Declarations only. A table file imports from here and from ``domain``; it never learns which
warehouse, executor or clock is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nba_pipeline.engine.errors import DeclarationError
from nba_pipeline.engine.variables import Variable
from nba_pipeline.engine.windows import Cells

#: Workers where the table's own variable says nothing.
WORKERS = Variable(
    "PARALLELIZATION_WORKERS",
    "workers of every table whose own variable is not set; never more than usable CPUs, and 0 or "
    "less means 1",
    unit="workers",
    fallback="each table's default",
)

#: By kind of table: whether it is fanned out at all.
SWITCHES = {
    kind: Variable(
        f"ENABLE_{kind.upper()}_PARALLELIZATION",
        f"false computes {tables} in one plain loop, with identical results; goes before "
        "--executor and every worker count",
        default="true",
        words=("true", "false", "1", "0"),
    )
    for kind, tables in (("player", "player tables"), ("team", "all other tables"))
}

Array: TypeAlias = npt.NDArray[Any]
#: Columns of equal length, by name. Numbers with NULLs are float64 with NaN, text is object arrays
#: with None, days are ``datetime64[D]``, instants ``datetime64[us]`` in UTC.
Columns: TypeAlias = Mapping[str, Array]


class Texts:
    """Column type: a list of strings, for example the issues found in a row."""


class Numbers:
    """Column type: a list of numbers, for example a model's features.

    Compute gives a float64 matrix with one row per list. Readers get lists, NULLs in them as None.
    """


_ARROW: dict[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
    Texts: pa.list_(pa.string()),
    Numbers: pa.list_(pa.float64()),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its name in the warehouse.
        type: ``int``, ``float``, ``str``, ``bool``, ``date``, ``datetime``, ``Texts`` or
            ``Numbers``.
        description: What it means, with the source of a formula.
        unit: Of a number: ``points``, ``minutes``, ``fraction``, …
        nullable: Whether NULL may be written.
        in_hash: Whether it is part of the row's ``data_hash``.
        decimals: Of floats: the decimals they are rounded to. Window sums run on that grid.
        minimum: Smallest sound value; a smaller one fails the table's check.
        maximum: Largest sound value.
    """

    name: str
    type: type
    description: str = ""
    unit: str = ""
    nullable: bool = True
    in_hash: bool = True
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.type not in _ARROW:
            raise DeclarationError(f"column {self.name}: {self.type!r} is no column type")
        if self.type in (float, Numbers) and self.decimals is None:
            raise DeclarationError(f"column {self.name}: a float has to declare its decimals")

    @property
    def arrow_type(self) -> pa.DataType:
        """The column's Arrow type."""
        return _ARROW[self.type]


@dataclass(frozen=True)
class Window:
    """Which days of an input a cell of date ``D`` may see.

    Attributes:
        first_day: Earliest day, relative to ``D``; None means the start of the season.
        last_day: Latest day, relative to ``D``.
        weekday: Only dates on this day of the week, 0 for Monday, see anything; None means all do.
        earlier_seasons: Whether the window reaches back into earlier seasons. Of those it reads
            what is stored; no run builds them for its sake.
    """

    first_day: int | None
    last_day: int
    weekday: int | None = None
    earlier_seasons: bool = False

    @property
    def holds_date(self) -> bool:
        """Whether the cell's own date lies in it."""
        return self.last_day >= 0 and (self.first_day is None or self.first_day <= 0)

    def describe(self) -> str:
        """The window in words, for docs, plans and lineage."""
        if (self.first_day, self.last_day) == (0, 0):
            return "the date itself"
        if self.last_day > 0:
            return f"from {self.first_day} to {self.last_day} days after"
        until = "the date itself" if self.last_day == 0 else "the day before"
        if self.first_day is None:
            return f"season to date, up to {until}"
        return f"from {-self.first_day} days before, up to {until}"


def same_day() -> Window:
    """Rows of the date itself: the results a summary of finished games describes."""
    return Window(0, 0)


def history() -> Window:
    """Rows of the same season strictly before the date."""
    return Window(None, -1)


def history_and_today() -> Window:
    """Rows of the same season up to and including the date: of facts known before tip-off."""
    return Window(None, 0)


def next_days(days: int) -> Window:
    """Rows of the ``days`` days after the date: of fixtures, with ``known_by``."""
    return Window(1, days)


def days_before(days: int) -> Window:
    """Rows of the ``days`` days before the date, the date itself excluded."""
    return Window(-days, -1)


def days_up_to(days: int) -> Window:
    """Rows of the last ``days`` days, the date itself being one of them."""
    return Window(1 - days, 0)


def all_seasons(days: int, weekday: int) -> Window:
    """Rows of the ``days`` days before the date in any season, for dates on one day of the week."""
    return Window(-days, -1, weekday, earlier_seasons=True)


@dataclass(frozen=True)
class Input:
    """What a table reads: which rows reach a cell, and which of their columns count.

    Attributes:
        table: Bare name of the table read, or of the feed where ``is_feed``.
        columns: The columns handed to compute. A change in any other column is no change.
        window: Which days a cell may see.
        on: Pairs (column of the input, column of the cell) that must be equal.
        is_feed: Whether it is a source's feed rather than a table.
        known_by: Cell column with an instant: only what was first known at or before it is
            handed over, each row in its newest revision of then. Empty for results, which are
            handed over in their newest revision.
    """

    table: str
    columns: tuple[str, ...]
    window: Window = field(default_factory=same_day)
    on: tuple[tuple[str, str], ...] = ()
    is_feed: bool = False
    known_by: str = ""


def reads(
    table: str,
    columns: str,
    *,
    window: Window | None = None,
    on: str | Mapping[str, str] = "",
    known_by: str = "",
) -> Input:
    """Declare an input table.

    Args:
        table: Bare name of the table.
        columns: The columns read, separated by spaces.
        window: Which days; the date itself when omitted.
        on: Columns that must equal the cell's columns of the same name, separated by spaces, or a
            mapping from the input's column to the cell's.
        known_by: For snapshots: the cell column with the moment by which they had to be known.
    """
    pairs = on.items() if isinstance(on, Mapping) else ((name, name) for name in on.split())
    return Input(
        table, tuple(columns.split()), window or same_day(), tuple(pairs), known_by=known_by
    )


def reads_feed(feed: str, columns: str, *, on: str | Mapping[str, str]) -> Input:
    """Declare a source's feed as input, restricted to the date itself; see ``reads``."""
    return replace(reads(feed, columns, on=on), is_feed=True)


class FailureCategory(StrEnum):
    """Why an entity has no row, or an incomplete one. Every one carries exactly one."""

    #: Too few games exist yet.
    EXPECTED_INCOMPLETE = "EXPECTED_INCOMPLETE"
    #: Fewer rows than the minimum, though there could be more.
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    #: Games are missing behind the row.
    INCOMPLETE_DATA = "INCOMPLETE_DATA"
    #: Games were played, but the table read lacks them.
    INCOMPLETE_UPSTREAM = "INCOMPLETE_UPSTREAM"
    #: A table read says that it is not ready.
    UPSTREAM_INCOMPLETE = "UPSTREAM_INCOMPLETE"
    #: Broke too often; not tried for a while.
    CIRCUIT_BREAKER_ACTIVE = "CIRCUIT_BREAKER_ACTIVE"
    #: The source has nothing about the entity, or bad data about the date.
    MISSING_DATA = "MISSING_DATA"
    #: A table read has no row, or no partition at all.
    MISSING_DEPENDENCY = "MISSING_DEPENDENCY"
    #: Computing it raised an error.
    PROCESSING_ERROR = "PROCESSING_ERROR"
    #: Nobody knows; to be investigated.
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Gate:
    """A rule that turns an entity away before it is computed.

    Attributes:
        category: What the failure record says.
        reason: One sentence; ``{name}`` stands for the cell's column ``name``.
        turns_away: From cells to a mask of those turned away.
    """

    category: FailureCategory
    reason: str
    turns_away: Callable[[Cells], Array]


@dataclass(frozen=True)
class Partly:
    """What compute returns where some of its cells have no rows, each with one sentence on why.

    A compute that raises has its cells cut in half until the one that breaks stands alone. Where it
    knows which one that is, it says so itself.

    Attributes:
        columns: Of the cells that have rows.
        abstained: By number of the cell: a rule of the computation's own gave no row.
        broken: By number of the cell: it failed, and is to be tried again.
    """

    columns: Columns
    abstained: Mapping[int, str] = field(default_factory=dict)
    broken: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FanOut:
    """How a table's cells are spread over workers.

    Attributes:
        unit: What one entity is: ``player``, ``team`` or ``game``.
        workers_variable: Environment variable with the table's worker count.
        default_workers: Worker count where nothing else says so.
        together: Cell columns whose equal values stay in one chunk, because they share work.
    """

    unit: str
    workers_variable: str
    default_workers: int
    together: tuple[str, ...] = ()

    @property
    def switch(self) -> Variable:
        """What turns the fan-out off for this kind of table."""
        return SWITCHES["player" if self.unit == "player" else "team"]

    @property
    def variable(self) -> Variable:
        """The table's own worker count."""
        return Variable(
            self.workers_variable,
            "workers; never more than usable CPUs, and 0 or less means 1",
            default=str(self.default_workers),
            unit="workers",
        )

    def workers(self, environ: Mapping[str, str], usable_cpus: int) -> int:
        """Workers to use: own variable, general variable, default; never more than the CPUs.

        Raises:
            ConfigurationError: When a variable is not a whole number, or the switch
                is neither true nor false.
        """
        if self.switched_off(environ):
            return 1
        for variable in (self.variable, WORKERS):
            if variable.is_set_in(environ):
                # Nobody can work with none: zero and less mean one.
                return max(1, min(int(variable.number(environ)), usable_cpus))
        return min(self.default_workers, usable_cpus)

    def switched_off(self, environ: Mapping[str, str]) -> bool:
        """Whether the environment asks for the plain serial loop.

        Raises:
            ConfigurationError: When the switch is neither true nor false.
        """
        return self.switch.word(environ) in ("false", "0")


@dataclass(frozen=True)
class Check:
    """A promise about a stored partition, beyond what its columns declare.

    Attributes:
        name: What is promised, in a few words.
        violations: From the partition's rows and the rows of ``reads`` (all of one date) to one
            sentence per violation.
        reads: Other tables the promise is about, with the columns needed.
    """

    name: str
    violations: Callable[[pa.Table, Mapping[str, pa.Table]], list[str]]
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tracked:
    """A source whose use each row records, in four columns that begin with ``prefix``.

    ``_rows_found`` counts the rows the entity was computed from, ``_completeness_pct`` relates them
    to what is expected (never above 100), ``_hash`` is a digest of exactly those rows,
    ``_last_updated`` says since when the newest of them could be known. The columns describe the
    row and are no part of its ``data_hash``.

    Attributes:
        prefix: Of the columns, for example ``source_play_by_play``.
        input: Name of the input.
        expected_rows: Rows that a complete source has for one entity.
    """

    prefix: str
    input: str
    expected_rows: int

    @property
    def fields(self) -> list[pa.Field]:
        """The four columns."""
        return [
            pa.field(f"{self.prefix}_last_updated", pa.timestamp("us", tz="UTC")),
            pa.field(f"{self.prefix}_rows_found", pa.int64()),
            pa.field(f"{self.prefix}_completeness_pct", pa.float64()),
            pa.field(f"{self.prefix}_hash", pa.string()),
        ]


@dataclass(frozen=True)
class Table:
    """One warehouse table.

    Attributes:
        name: What a row is, in the singular.
        dataset: Warehouse dataset, which is also the first part of the asset key.
        description: For people; the module docstring.
        entity: Columns that name a cell, the unit of planning and failure.
        key: Columns that identify a row within a date; rows are sorted by them.
        columns: Every column but the engine's own.
        inputs: What it reads, by the name compute uses.
        cells: From the inputs of a batch of dates to the cells to compute.
        compute: From cells to columns; pure.
        version: Raised by a person when the meaning of a row changes.
        fan_out: How cells are spread over workers.
        gates: Rules that turn entities away, in order.
        checks: Promises about a stored partition.
        clustering: Columns production storage is clustered by.
        keeps_revisions: True of raw tables: a correction adds a revision.
        settings: Environment variables that change rows, numbers or words. Their values are part
            of every ``inputs_hash`` and of the fingerprint.
        reviewed: Digests of the lists kept with the code that change rows, by name. A changed list
            counts as changed configuration.
        bootstrap_days: Days from the season's first on which the table has no rows.
        marks_season: Whether each row says where in the season its day lies: within the first 30
            days, at one of the season's ends. Metadata, like every column of the engine.
        tracked: Sources whose use each row records.
        answered_by: Column of the entity that names who answers, where several are asked about the
            rest of it; every run then records who was asked and what became of it.
        plot: (label column, value column) of the small bar plot shown beside the numbers.
    """

    name: str
    dataset: str
    description: str
    entity: tuple[str, ...]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    inputs: Mapping[str, Input]
    cells: Callable[[Mapping[str, Columns]], Columns]
    compute: Callable[[Cells], Columns | Partly]
    version: int
    fan_out: FanOut
    gates: tuple[Gate, ...] = ()
    checks: tuple[Check, ...] = ()
    clustering: tuple[str, ...] = ()
    keeps_revisions: bool = False
    settings: tuple[Variable, ...] = ()
    reviewed: Mapping[str, str] = field(default_factory=dict)
    bootstrap_days: int = 0
    marks_season: bool = False
    tracked: tuple[Tracked, ...] = ()
    answered_by: str = ""
    plot: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise DeclarationError(f"{self.name} declares a column twice")
        unknown = {*self.key, *self.entity, *self.clustering} - set(names)
        if unknown:
            raise DeclarationError(f"{self.name} has no column {sorted(unknown)[0]}")
        for name in self.entity:
            if self.column(name).type is not str:
                raise DeclarationError(f"{self.name}: entity column {name} has to be text")
        if "game_date" not in names:
            raise DeclarationError(f"{self.name} has no game_date, which is its partition")

    def settings_in(self, environ: Mapping[str, str]) -> dict[str, float]:
        """The table's settings as an environment has them; a word as its place, counted from 0.

        Raises:
            ConfigurationError: When a variable is no such number, or none of its words.
        """
        return {
            variable.name: float(variable.words.index(variable.word(environ)))
            if variable.words
            else variable.number(environ)
            for variable in self.settings
        }

    @property
    def full_name(self) -> str:
        """``dataset.name``, the words of SQL and of ``--json``."""
        return f"{self.dataset}.{self.name}"

    @property
    def meaning(self) -> str:
        """What the code and its lists make of the same inputs; part of every ``inputs_hash``."""
        return " ".join(
            [str(self.version), *(f"{n}={d}" for n, d in sorted(self.reviewed.items()))]
        )

    @property
    def layer(self) -> str:
        """The graph's layer: the dataset without its prefix."""
        return self.dataset.removeprefix("nba_")

    def column(self, name: str) -> Column:
        """The declared column of that name.

        Raises:
            DeclarationError: When there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise DeclarationError(f"{self.name} has no column {name}")

    @property
    def hash_fields(self) -> tuple[str, ...]:
        """Columns of the row's ``data_hash``."""
        return tuple(column.name for column in self.columns if column.in_hash)

    @cached_property
    def schema(self) -> pa.Schema:
        """The stored columns: the table's own, then the engine's.

        Where revisions are kept, only the key has to be filled in every one of them: a revision
        older than a required column has no value there. ``rows.conform`` holds new rows to more.
        """
        always = {*self.key, *self.entity, "game_date", *(column.name for column in KNOWN_AT)}
        own = [
            pa.field(
                column.name,
                column.arrow_type,
                nullable=column.nullable or (self.keeps_revisions and column.name not in always),
            )
            for column in self.columns
        ]
        tracking = [entry for tracked in self.tracked for entry in tracked.fields]
        season = _SEASON_FIELDS if self.marks_season else []
        revisions = _REVISION_FIELDS if self.keeps_revisions else []
        return pa.schema(own + tracking + season + revisions + _ENGINE_FIELDS)


_SEASON_FIELDS = [
    pa.field("season_boundary_detected", pa.bool_(), nullable=False),
    pa.field("backfill_bootstrap_mode", pa.bool_(), nullable=False),
]

_ENGINE_FIELDS = [
    pa.field("data_hash", pa.string(), nullable=False),
    pa.field("inputs_hash", pa.string(), nullable=False),
    pa.field("run_id", pa.string(), nullable=False),
    pa.field("created_at", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("processed_at", pa.timestamp("us", tz="UTC"), nullable=False),
]

_REVISION_FIELDS = [
    pa.field("revision", pa.int64(), nullable=False),
    pa.field("is_current", pa.bool_(), nullable=False),
    pa.field("is_retracted", pa.bool_(), nullable=False),
]

_TRACKED_COLUMNS = {
    "_last_updated": "since when the newest row read could be known",
    "_rows_found": "rows read of this source",
    "_completeness_pct": "those rows as a percentage of what is expected",
    "_hash": "digest of those rows",
}


def engine_column(name: str) -> str:
    """What one of the engine's own columns means, for docs and the column schema in the UI."""
    if name in _ENGINE_COLUMNS:
        return _ENGINE_COLUMNS[name]
    return next(text for ending, text in _TRACKED_COLUMNS.items() if name.endswith(ending))


_ENGINE_COLUMNS = {
    "season_boundary_detected": "within the regular season's first 30 or last 14 days",
    "backfill_bootstrap_mode": "within the season's first 30 days, when rows stand on little",
    "data_hash": "SHA-256 of the row's meaningful fields, 16 hex digits",
    "inputs_hash": "digest of exactly what the row was computed from",
    "run_id": "run that wrote this version of the row",
    "created_at": "when the row's key was first written",
    "processed_at": "when this version of the row was written",
    "revision": "1 for what was first said about the key, then one more for each correction",
    "is_current": "whether this is the newest revision of its key",
    "is_retracted": "whether the source withdrew the row",
}


def each(name: str, *columns: str, **renamed: str) -> Callable[[Mapping[str, Columns]], Columns]:
    """Cells: one for each distinct combination of columns in an input, per date.

    Args:
        name: The input.
        columns: Columns of the input that keep their name.
        renamed: Cell column = column of the input.
    """
    pairs = {"game_date": "game_date", **{column: column for column in columns}, **renamed}
    return _Each(name, tuple(pairs.items()))


@dataclass(frozen=True)
class _Each:
    name: str
    pairs: tuple[tuple[str, str], ...]

    def __call__(self, inputs: Mapping[str, Columns]) -> Columns:
        rows = inputs[self.name]
        seen: dict[tuple[Any, ...], None] = dict.fromkeys(
            zip(*(rows[theirs].tolist() for _, theirs in self.pairs), strict=True)
        )
        picked = list(zip(*seen, strict=True)) or [()] * len(self.pairs)
        return {
            ours: np.array(values, dtype=rows[theirs].dtype)
            for (ours, theirs), values in zip(self.pairs, picked, strict=True)
        }


#: Columns every table that keeps revisions has: when a row could first have been known.
KNOWN_AT = (
    Column(
        "known_at",
        datetime,
        "when we could first have known this",
        nullable=False,
        in_hash=False,
    ),
    Column(
        "known_at_is_estimated",
        bool,
        "whether that moment follows from a rule because the publisher gave none",
        nullable=False,
        in_hash=False,
    ),
)
