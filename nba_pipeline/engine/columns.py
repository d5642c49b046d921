"""The columns of a table: those it declares, and those the engine adds to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from nba_pipeline.engine.errors import DeclarationError


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


# Added by the engine -----------------------------------------------------------------------------


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


#: Of a table whose rows say where in the season their day lies.
SEASON_FIELDS = [
    pa.field("season_boundary_detected", pa.bool_(), nullable=False),
    pa.field("backfill_bootstrap_mode", pa.bool_(), nullable=False),
]

#: Of every table.
ENGINE_FIELDS = [
    pa.field("data_hash", pa.string(), nullable=False),
    pa.field("inputs_hash", pa.string(), nullable=False),
    pa.field("run_id", pa.string(), nullable=False),
    pa.field("created_at", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("processed_at", pa.timestamp("us", tz="UTC"), nullable=False),
]

#: Of a table that keeps revisions.
REVISION_FIELDS = [
    pa.field("revision", pa.int64(), nullable=False),
    pa.field("is_current", pa.bool_(), nullable=False),
    pa.field("is_retracted", pa.bool_(), nullable=False),
]


def engine_column(name: str) -> str:
    """What one of the engine's own columns means, for docs and the column schema in the UI."""
    if name in _ENGINE_COLUMNS:
        return _ENGINE_COLUMNS[name]
    return next(text for ending, text in _TRACKED_COLUMNS.items() if name.endswith(ending))


_TRACKED_COLUMNS = {
    "_last_updated": "since when the newest row read could be known",
    "_rows_found": "rows read of this source",
    "_completeness_pct": "those rows as a percentage of what is expected",
    "_hash": "digest of those rows",
}

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
