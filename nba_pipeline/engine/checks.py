"""Whether a stored partition is sound: what its columns and its table promise, read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.errors import RowError, WarehouseError
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.table import Column, Table

#: What is promised of every table.
SAME_VERSION = "stored rows give the recorded data version"
OWN_HASH = "every row has the data_hash that its values give"
NOBODY_FAILED = "no entity failed"
UNIQUE_KEYS = "keys are unique"
SOUND_COLUMNS = "required columns are filled and values lie in their ranges"


@dataclass(frozen=True)
class Violation:
    """One broken promise.

    Attributes:
        date: The partition.
        promise: What was promised.
        sentence: What is the case instead.
        column: The one it is about, where there is one.
        expected: What was expected there, where that can be told in a word.
        actual: What is there.
        who: The row's key, where it is about one row.
    """

    date: date
    promise: str
    sentence: str
    column: str | None = None
    expected: str | None = None
    actual: str | None = None
    who: Mapping[str, str] = field(default_factory=dict)


def promises(table: Table) -> list[str]:
    """What is promised of every partition of a table, in words."""
    return [
        SAME_VERSION,
        OWN_HASH,
        NOBODY_FAILED,
        UNIQUE_KEYS,
        SOUND_COLUMNS,
        *(check.name for check in table.checks),
    ]


def violations(
    table: Table, dates: Sequence[date], tables: Mapping[str, Table], warehouse: Warehouse
) -> list[Violation]:
    """Every broken promise of the stored partitions of ``dates``."""
    stored = warehouse.stored(table, dates)
    return [
        violation
        for day in sorted(stored)
        for violation in _of_partition(table, day, stored[day], tables, warehouse)
    ]


def _of_partition(
    table: Table, day: date, stored: Stored, tables: Mapping[str, Table], warehouse: Warehouse
) -> list[Violation]:
    try:
        found = warehouse.read(table, [day])
    except WarehouseError as error:
        return [Violation(day, SAME_VERSION, str(error))]
    # From the values themselves: the stored hashes would vouch for a value somebody changed.
    again = hashing.row_hashes(found, table.hash_fields)
    told = [
        *_version(table, day, found, stored, again),
        *_hashes(day, found, again),
        *(
            Violation(day, NOBODY_FAILED, f"{outcome.entity}: {outcome.reason}")
            for outcome in stored.outcomes
            if outcome.is_broken
        ),
        *(Violation(day, UNIQUE_KEYS, text) for text in _keys(table, found)),
    ]
    for column in table.columns:
        told += _column(table, day, column, found)
    for check in table.checks if found.num_rows else ():
        others = {
            name: warehouse.read(tables[name], [day], columns)
            for name, columns in check.reads.items()
        }
        told += [Violation(day, check.name, text) for text in check.violations(found, others)]
    return told


def _version(
    table: Table, day: date, found: pa.Table, stored: Stored, again: pa.Array
) -> list[Violation]:
    version = hashing.partition_version(found.select(list(table.key)), again)
    if version == stored.data_version:
        return []
    recorded = stored.data_version[:12] or "nothing"
    sentence = f"the rows hash to {version[:12]}, recorded is {recorded}"
    return [Violation(day, SAME_VERSION, sentence, expected=recorded, actual=version[:12])]


def _hashes(day: date, found: pa.Table, again: pa.Array) -> list[Violation]:
    """Whether each row has a hash, and its own."""
    kept = found["data_hash"]
    missing = pc.sum(pc.equal(kept.fill_null(""), "")).as_py() or 0
    other = (pc.sum(pc.not_equal(hashing.joined(kept).fill_null(""), again)).as_py() or 0) - missing
    told = {"none": missing, "another's": other}
    return [
        Violation(day, OWN_HASH, f"{rows} of {found.num_rows} rows have {whose}", "data_hash")
        for whose, rows in told.items()
        if rows
    ]


def _keys(table: Table, found: pa.Table) -> list[str]:
    try:
        rows.refuse_duplicates(table, found)
    except RowError as error:
        return [str(error)]
    return []


def _column(table: Table, day: date, column: Column, found: pa.Table) -> list[Violation]:
    values, told = found[column.name], []
    if not column.nullable and values.null_count:
        sentence = f"{column.name} is NULL in {values.null_count} rows"
        told.append(Violation(day, SOUND_COLUMNS, sentence, column.name, "not NULL", "NULL"))
    if column.minimum is not None:
        told += _beyond(table, day, found, pc.less(values, column.minimum), column, "below")
    if column.maximum is not None:
        told += _beyond(table, day, found, pc.greater(values, column.maximum), column, "above")
    return told


def _beyond(
    table: Table, day: date, found: pa.Table, mask: pa.ChunkedArray, column: Column, side: str
) -> list[Violation]:
    bound = column.minimum if side == "below" else column.maximum
    least = "at least" if side == "below" else "at most"
    told = []
    for row in found.filter(mask.fill_null(False)).to_pylist():
        who = {name: str(row[name]) for name in table.key}
        value = row[column.name]
        sentence = f"{column.name} is {value}, {side} {bound:g}, for " + ", ".join(who.values())
        told.append(
            Violation(
                day, SOUND_COLUMNS, sentence, column.name, f"{least} {bound:g}", str(value), who
            )
        )
    return told
