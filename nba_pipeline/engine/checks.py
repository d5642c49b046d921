"""Whether a stored partition is sound: what its columns and its table promise, read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.errors import RowError, WarehouseError
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.table import Table

#: What is promised of every table.
SAME_VERSION = "stored rows give the recorded data version"
OWN_HASH = "every row has the data_hash that its values give"
NOBODY_FAILED = "no entity failed"
UNIQUE_KEYS = "keys are unique"
SOUND_COLUMNS = "required columns are filled and values lie in their ranges"

# More are not held in memory at a time, unless one partition has them.
_ROWS_TOGETHER = 20_000


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
    """Every broken promise of the stored partitions of ``dates``, by date."""
    stored = warehouse.stored(table, dates)
    told = [
        violation
        for together in _together(stored)
        for violation in _of_partitions(table, together, tables, warehouse)
    ]
    return sorted(told, key=lambda violation: violation.date)


def _together(stored: Mapping[date, Stored]) -> Iterator[dict[date, Stored]]:
    """Partitions that are read at once: for many small ones a call costs more than their rows."""
    together: dict[date, Stored] = {}
    for day in sorted(stored):
        together[day] = stored[day]
        if sum(partition.rows for partition in together.values()) >= _ROWS_TOGETHER:
            yield together
            together = {}
    if together:
        yield together


def _of_partitions(
    table: Table, stored: Mapping[date, Stored], tables: Mapping[str, Table], warehouse: Warehouse
) -> Iterator[Violation]:
    try:
        found = warehouse.read(table, list(stored))
    except WarehouseError as error:
        if len(stored) == 1:
            yield from (Violation(day, SAME_VERSION, str(error)) for day in stored)
        else:
            # Of many that cannot be read together, most may be well.
            for day, partition in stored.items():
                yield from _of_partitions(table, {day: partition}, tables, warehouse)
        return
    # From the values themselves: the stored hashes would vouch for a value somebody changed.
    again = hashing.row_hashes(found, table.hash_fields)
    parts = rows.places(found, list(stored))
    for day, part in parts.items():
        yield from _of_rows(table, day, found[part], stored[day], again[part])
    for column in table.columns:
        yield from _column(table, column, found)
    for day, part in parts.items():
        yield from _own_checks(table, day, found[part], tables, warehouse)


def _of_rows(
    table: Table, day: date, found: pa.Table, stored: Stored, again: pa.Array
) -> Iterator[Violation]:
    yield from _version(table, day, found, stored, again)
    yield from _hashes(day, found, again)
    for outcome in stored.outcomes:
        if outcome.is_broken:
            yield Violation(day, NOBODY_FAILED, f"{outcome.entity}: {outcome.reason}")
    yield from (Violation(day, UNIQUE_KEYS, text) for text in _keys(table, found))


def _own_checks(
    table: Table, day: date, found: pa.Table, tables: Mapping[str, Table], warehouse: Warehouse
) -> Iterator[Violation]:
    """What is wrong by the checks a table declares itself."""
    for check in table.checks if found.num_rows else ():
        others = {
            name: warehouse.read(tables[name], [day], columns)
            for name, columns in check.reads.items()
        }
        yield from (Violation(day, check.name, text) for text in check.violations(found, others))


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


def _column(table: Table, column: Column, found: pa.Table) -> Iterator[Violation]:
    values = found[column.name]
    if not column.nullable and values.null_count:
        days = Counter(found.filter(values.is_null())["game_date"].to_pylist())
        for day, count in days.items():
            sentence = f"{column.name} is NULL in {count} rows"
            yield Violation(day, SOUND_COLUMNS, sentence, column.name, "not NULL", "NULL")
    if column.minimum is not None:
        yield from _beyond(table, found, pc.less(values, column.minimum), column, "below")
    if column.maximum is not None:
        yield from _beyond(table, found, pc.greater(values, column.maximum), column, "above")


def _beyond(
    table: Table, found: pa.Table, mask: pa.ChunkedArray, column: Column, side: str
) -> Iterator[Violation]:
    if not pc.any(mask).as_py():
        return
    bound = column.minimum if side == "below" else column.maximum
    least = "at least" if side == "below" else "at most"
    for row in found.filter(mask.fill_null(False)).to_pylist():
        who = {name: str(row[name]) for name in table.key}
        value = row[column.name]
        sentence = f"{column.name} is {value}, {side} {bound:g}, for " + ", ".join(who.values())
        yield Violation(
            row["game_date"],
            SOUND_COLUMNS,
            sentence,
            column.name,
            f"{least} {bound:g}",
            str(value),
            who,
        )
