"""What a table says about itself: columns, key, inputs with their windows, and how it is computed.

Declarations only; those of its columns are made in ``columns``, those of what it reads in
``declared_inputs``. A table file imports from the three, ``windows`` and ``domain``; it never
learns which warehouse, executor or clock is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from nba_pipeline.engine.columns import (
    ENGINE_FIELDS,
    KNOWN_AT,
    REVISION_FIELDS,
    SEASON_FIELDS,
    Column,
    Tracked,
)
from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.errors import DeclarationError
from nba_pipeline.engine.variables import Variable
from nba_pipeline.engine.windows import Array, Cells, Columns


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
    def decimals(self) -> Mapping[str, int]:
        """The declared decimals of each column; 0 where none are declared."""
        return {column.name: column.decimals or 0 for column in self.columns}

    @cached_property
    def declaration(self) -> str:
        """The inputs as they are declared; part of every ``inputs_hash``."""
        return repr(sorted((name, repr(declared)) for name, declared in self.inputs.items()))

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
        season = SEASON_FIELDS if self.marks_season else []
        revisions = REVISION_FIELDS if self.keeps_revisions else []
        return pa.schema(own + tracking + season + revisions + ENGINE_FIELDS)


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
