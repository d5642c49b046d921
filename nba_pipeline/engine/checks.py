"""Whether a stored partition is sound: what its columns and its table promise, read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.errors import RowError, WarehouseError
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.table import Column, Table


@dataclass(frozen=True)
class Violation:
    """One broken promise.

    Attributes:
        date: The partition.
        promise: What was promised.
        sentence: What is the case instead.
    """

    date: date
    promise: str
    sentence: str


def promises(table: Table) -> list[str]:
    """What is promised of every partition of a table, in words."""
    return [
        "stored rows give the recorded data version",
        "no entity failed",
        "keys are unique",
        "required columns are filled and values lie in their ranges",
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
        return [Violation(day, "stored rows give the recorded data version", str(error))]
    told = [
        *(
            ("stored rows give the recorded data version", text)
            for text in _version(table, found, stored)
        ),
        *(
            ("no entity failed", f"{outcome.entity}: {outcome.reason}")
            for outcome in stored.outcomes
            if outcome.is_broken
        ),
        *(("keys are unique", text) for text in _keys(table, found)),
    ]
    for column in table.columns:
        told += [
            ("required columns are filled and values lie in their ranges", text)
            for text in _column(table, column, found)
        ]
    for check in table.checks if found.num_rows else ():
        others = {
            name: warehouse.read(tables[name], [day], columns)
            for name, columns in check.reads.items()
        }
        told += [(check.name, text) for text in check.violations(found, others)]
    return [Violation(day, promise, text) for promise, text in told]


def _version(table: Table, found: pa.Table, stored: Stored) -> list[str]:
    # From the values themselves: the stored hashes would vouch for a value somebody changed.
    again = hashing.row_hashes(found, table.hash_fields)
    version = hashing.partition_version(found.select(list(table.key)), again)
    if version == stored.data_version:
        return []
    return [f"the rows hash to {version[:12]}, recorded is {stored.data_version[:12] or 'nothing'}"]


def _keys(table: Table, found: pa.Table) -> list[str]:
    try:
        rows.refuse_duplicates(table, found)
    except RowError as error:
        return [str(error)]
    return []


def _column(table: Table, column: Column, found: pa.Table) -> list[str]:
    values, told = found[column.name], []
    if not column.nullable and values.null_count:
        told.append(f"{column.name} is NULL in {values.null_count} rows")
    if column.minimum is not None:
        told += _beyond(table, found, pc.less(values, column.minimum), column, "below")
    if column.maximum is not None:
        told += _beyond(table, found, pc.greater(values, column.maximum), column, "above")
    return told


def _beyond(
    table: Table, found: pa.Table, mask: pa.ChunkedArray, column: Column, side: str
) -> list[str]:
    bound = column.minimum if side == "below" else column.maximum
    return [
        f"{column.name} is {row[column.name]}, {side} {bound:g}, for "
        + ", ".join(str(row[name]) for name in table.key)
        for row in found.filter(mask.fill_null(False)).to_pylist()
    ]
