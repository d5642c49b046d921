"""From computed columns to rows that may be stored: types, keys, hashes, revisions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.domain.gates import is_bootstrap_mode, is_season_boundary
from nba_pipeline.engine import hashing
from nba_pipeline.engine.columns import Column, Numbers
from nba_pipeline.engine.errors import RowError
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.windows import Array, Columns


def conform(table: Table, pieces: Sequence[Columns]) -> pa.Table:
    """Computed columns in declared order and types, sorted by date and key.

    Raises:
        RowError: For a column that is not declared, a value of the wrong kind, or a NULL where
            none may be.
    """
    for columns in pieces:
        undeclared = sorted(set(columns) - {column.name for column in table.columns})
        if undeclared:
            raise RowError(f"{table.name} computed {undeclared[0]}, which it does not declare")
    whole = pa.concat_tables(
        [_piece(table, columns) for columns in pieces] or [_nothing(table)]
    ).combine_chunks()
    for column in table.columns:
        if not column.nullable and whole[column.name].null_count:
            raise RowError(f"{table.name}.{column.name} is NULL {_where(table, whole, column)}")
    return ordered(table, whole)


def _nothing(table: Table) -> pa.Table:
    return pa.table({c.name: pa.array([], c.arrow_type) for c in table.columns})


def _piece(table: Table, columns: Columns) -> pa.Table:
    lengths = {len(values) for values in columns.values()} or {0}
    if len(lengths) > 1:
        longest = max(columns, key=lambda name: len(columns[name]))
        raise RowError(
            f"{table.name}.{longest} has {max(lengths)} values where another column has "
            f"{min(lengths)}"
        )
    arrays = {
        column.name: _array(table, column, columns[column.name])
        if column.name in columns
        else pa.nulls(max(lengths), column.arrow_type)
        for column in table.columns
    }
    return pa.table(arrays)


def _array(table: Table, column: Column, values: Array) -> pa.Array:
    try:
        if column.type in (int, float, bool):
            return _numbers(column, values)
        if column.type is Numbers:
            return _lists_of_numbers(values)
        if values.dtype.kind == "M" and column.type in (date, datetime):
            return pa.array(_instants(column, values), column.arrow_type)
        if values.dtype.kind == "O" or (values.dtype.kind == "U" and column.type is str):
            return pa.array(values.tolist(), column.arrow_type)
        raise pa.ArrowInvalid(f"values are {values.dtype}")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, ValueError) as error:
        raise RowError(
            f"{table.name}.{column.name} is declared {column.type.__name__}: {error}"
        ) from error


def _numbers(column: Column, values: Array) -> pa.Array:
    """Numbers and flags; NaN and infinities are NULL, -0.0 is 0.0."""
    if values.dtype.kind == "O":
        values = _plain_numbers(values)
    if values.dtype.kind not in "biuf":
        raise pa.ArrowInvalid(f"values are {values.dtype}")
    if values.dtype.kind == "b" or (values.dtype.kind != "f" and column.type is not bool):
        return _in_type(column, pa.array(values))
    number = np.asarray(values, dtype=np.float64) + 0.0
    known = np.isfinite(number)
    number = np.where(known, number, 0.0)
    if column.type is int and (number != np.rint(number)).any():
        raise pa.ArrowInvalid("a fraction where whole numbers are declared")
    if column.type is bool:
        if not ((number == 0.0) | (number == 1.0)).all():
            raise pa.ArrowInvalid("a number that is neither 0 nor 1")
        return pa.array(number == 1.0, pa.bool_(), mask=~known)
    return _in_type(column, pa.array(number, pa.float64(), mask=~known))


def _in_type(column: Column, found: pa.Array) -> pa.Array:
    # A cast that changes nothing costs as much as making the array.
    return found if found.type == column.arrow_type else found.cast(column.arrow_type)


def _lists_of_numbers(values: Array) -> pa.Array:
    """One list per row of a matrix; NaN and infinities are NULL, -0.0 is 0.0."""
    if values.dtype.kind != "f" or values.ndim != 2:
        raise pa.ArrowInvalid(f"values are {values.ndim}-dimensional {values.dtype}")
    number = values.ravel() + 0.0
    starts = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(starts, pa.array(number, mask=~np.isfinite(number)))


def _plain_numbers(values: Array) -> Array:
    """Python numbers, flags and None as floats."""
    for value in values.tolist():
        if value is not None and not isinstance(value, bool | int | float | np.number | np.bool_):
            raise pa.ArrowInvalid(f"{value!r} is no number")
    return values.astype(np.float64)


def _instants(column: Column, values: Array) -> Array:
    unit = "datetime64[us]" if column.type is datetime else "datetime64[D]"
    converted = values.astype(unit)
    if column.type is date and (converted != values)[~np.isnat(values)].any():
        raise pa.ArrowInvalid("a time of day where a day is declared")
    return converted


def _where(table: Table, rows: pa.Table, column: Column) -> str:
    row = rows.filter(pc.is_null(rows[column.name])).slice(0, 1).to_pylist()[0]
    return "for " + ", ".join(str(row[name]) for name in table.key)


def ordered(table: Table, rows: pa.Table) -> pa.Table:
    """Rows sorted by date and key, revisions oldest first."""
    by = ["game_date", *table.key, *([_place(rows)] if table.keeps_revisions else [])]
    order = pc.sort_indices(rows, [(name, "ascending") for name in dict.fromkeys(by)])
    if np.array_equal(order, np.arange(len(order))):  # as most are: cells are in order
        return rows
    return rows.take(order)


def places(rows: pa.Table, dates: Sequence[date]) -> dict[date, slice]:
    """Where the rows of each of some dates are, among rows in order of their dates."""
    days = hashing.joined(rows["game_date"]).view(pa.int32()).to_numpy()
    wanted = pa.array(dates, pa.date32()).view(pa.int32()).to_numpy()
    first = np.searchsorted(days, wanted).tolist()
    last = np.searchsorted(days, wanted, side="right").tolist()
    return dict(zip(dates, map(slice, first, last), strict=True))


def _place(rows: pa.Table) -> str:
    """The column that puts revisions in order: their number, else the moment each became known.

    A correction may be known before what it corrects was due to be, so the number comes first.
    """
    return "revision" if "revision" in rows.column_names else "known_at"


def same_key_as_before(table: Table, rows: pa.Table) -> Array:
    """For sorted rows, which repeat the date and key of the row above."""
    same = np.ones(rows.num_rows, dtype=bool)
    if not len(same):
        return same
    same[0] = False
    for name in ("game_date", *table.key):
        values = hashing.joined(rows[name])
        equal = pc.equal(values.slice(1), values.slice(0, len(values) - 1)).fill_null(True)
        same[1:] &= np.asarray(equal)
    return same


def refuse_duplicates(table: Table, rows: pa.Table) -> None:
    """Check that no key occurs twice, but for revisions that can be put in order.

    Raises:
        RowError: Naming the first key that does.
    """
    same = same_key_as_before(table, rows)
    if table.keeps_revisions and len(same):
        places = hashing.joined(rows[_place(rows)])
        equal = pc.equal(places.slice(1), places.slice(0, len(places) - 1))
        same[1:] &= np.asarray(equal)
    if same.any():
        at = int(np.flatnonzero(same)[0])
        row = rows.slice(at, 1).to_pylist()[0]
        named = ", ".join(f"{name} {row[name]}" for name in ("game_date", *table.key))
        raise RowError(f"{table.name} has two rows for {named}")


def entities(table: Table, rows: pa.Table) -> pa.Array:
    """The entity of each row as text, in the form plans use."""
    texts = [hashing.joined(rows[name]) for name in table.entity]
    return pc.binary_join_element_wise(*texts, "|") if len(texts) > 1 else texts[0]


def split(
    table: Table, found: pa.Table, keeps: Callable[[date, str], bool]
) -> tuple[pa.Table, pa.Table]:
    """The rows of the entities that are kept, by date and name, and the others."""
    if not found.num_rows:
        return found, found
    owners = zip(found["game_date"].to_pylist(), entities(table, found).to_pylist(), strict=True)
    mask = np.array([keeps(day, owner) for day, owner in owners], dtype=bool)
    return found.filter(pa.array(mask)), found.filter(pa.array(~mask))


def marked(table: Table, rows: pa.Table, calendar: SeasonCalendar) -> pa.Table:
    """Rows that say where in the season their day lies, where the table wants that.

    Raises:
        RowError: For a day of no season the source knows.
    """
    if not table.marks_season:
        return rows
    days = hashing.joined(rows["game_date"]).dictionary_encode()
    boundary, bootstrap = [], []
    for day in days.dictionary.to_pylist():
        season = calendar.season_of(day)
        if season is None:
            raise RowError(f"{table.name} has rows of {day}, which lies in no known season")
        boundary.append(is_season_boundary(day, season))
        bootstrap.append(is_bootstrap_mode(day, season))
    for name, flags in (
        ("season_boundary_detected", boundary),
        ("backfill_bootstrap_mode", bootstrap),
    ):
        rows = rows.append_column(name, pa.array(flags, pa.bool_()).take(days.indices))
    return rows


def owners(days: pa.Array, whose: pa.Array) -> pa.Array:
    """Which cell each row is of, as text: its day and its entity."""
    return pc.binary_join_element_wise(days.cast(pa.string()), whose, " ")


def finish(
    table: Table,
    rows: pa.Table,
    asked: pa.Table,
    run_id: str,
    now: datetime,
) -> pa.Table:
    """Computed rows with the engine's own columns, as first revisions where those are kept.

    Args:
        table: The table.
        rows: Conformed rows.
        asked: One row per cell that was computed: ``owner``, as ``owners`` gives it, its
            ``inputs_hash``, and the source-tracking columns.
        run_id: The run that computed them.
        now: When.

    Raises:
        RowError: When a key occurs twice, or a row is of no cell.
    """
    hashes = hashing.row_hashes(rows, table.hash_fields)
    refuse_duplicates(table, rows)
    mine = owners(hashing.joined(rows["game_date"]), entities(table, rows))
    at = pc.index_in(mine, value_set=hashing.joined(asked["owner"]))
    if at.null_count:
        day, _, entity = min(mine.filter(at.is_null()).to_pylist()).partition(" ")
        raise RowError(f"{table.name} computed {entity} of {day}, which nobody asked for")
    if table.keeps_revisions:
        repeated = same_key_as_before(table, rows)
        revision = _revision_numbers(repeated)
        rows = rows.append_column("revision", pa.array(revision))
        newest = np.append(revision[1:] == 1, True) if len(revision) else revision.astype(bool)
        rows = rows.append_column("is_current", pa.array(newest))
        rows = rows.append_column("is_retracted", pa.array(np.zeros(len(rows), dtype=bool)))
    rows = rows.append_column("data_hash", hashes)
    told = asked.drop_columns("owner").take(at)
    for name in told.column_names:
        rows = rows.append_column(name, told[name])
    rows = rows.append_column("run_id", pa.repeat(run_id, len(rows)))
    instant = pa.repeat(pa.scalar(now, pa.timestamp("us", tz="UTC")), len(rows))
    rows = rows.append_column("created_at", instant).append_column("processed_at", instant)
    return pa.Table.from_arrays(rows.select(table.schema.names).columns, schema=table.schema)


def _revision_numbers(repeated: Array) -> Array:
    """1 for a key's first row, then counting up."""
    number = np.arange(len(repeated))
    first = np.maximum.accumulate(np.where(repeated, 0, number)) if len(number) else number
    return number - first + 1


def current(table: Table, rows: pa.Table) -> pa.Table:
    """The rows a reader is handed: the newest revision of each key, unless retracted."""
    if not table.keeps_revisions:
        return rows
    return rows.filter(pc.and_(rows["is_current"], pc.invert(rows["is_retracted"])))


def newest(table: Table, rows: pa.Table) -> pa.Table:
    """The newest of the given revisions of each key, unless that one is a retraction."""
    by = ["game_date", *table.key]
    rows = rows.take(pc.sort_indices(rows, [(name, "ascending") for name in [*by, "revision"]]))
    numbered = rows.append_column("_row", pa.array(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(by, use_threads=False).aggregate([("_row", "max")])["_row_max"]
    found = rows.take(last.combine_chunks().sort())
    return found.filter(pc.invert(found["is_retracted"]))


def merge(
    table: Table,
    fresh: pa.Table,
    before: pa.Table,
    now: datetime,
    rederived: Collection[date] = (),
) -> pa.Table:
    """Fresh rows of some entities joined with what was stored for the same entities.

    A fresh row equal to the stored one leaves that one as it is, but for its ``inputs_hash``.
    Where revisions are kept, a different one is added as the next revision, and a stored row
    that is no longer published is retracted; both are known from ``now``. On dates that an older
    version of the table wrote, a different row takes the newest revision's place instead: the
    source corrected nothing, the same publication is read in another way.

    Args:
        table: The table.
        fresh: Finished rows.
        before: Stored rows of the same entities, with every revision.
        now: The run's moment.
        rederived: Dates whose stored rows another version of the table wrote.
    """
    if not before.num_rows:
        return fresh
    if table.keeps_revisions:
        return _merge_revisions(table, fresh, before, now, rederived)
    at = pc.index_in(_keys(table, fresh), value_set=_keys(table, before))
    old = before.select(["created_at", "data_hash", "run_id", "processed_at"]).take(at)
    same = pc.equal(old["data_hash"], fresh["data_hash"]).fill_null(False)
    kept = {"created_at": at.is_valid(), "run_id": same, "processed_at": same}
    for name, keeps in kept.items():
        place, field = fresh.column_names.index(name), fresh.schema.field(name)
        fresh = fresh.set_column(place, field, pc.if_else(keeps, old[name], fresh[name]))
    return ordered(table, fresh)


def _keys(table: Table, rows: pa.Table) -> pa.Array:
    """Date and key of each row as one text."""
    names = dict.fromkeys(("game_date", *table.key))
    texts = [hashing.joined(rows[name]).cast(pa.string()) for name in names]
    return pc.binary_join_element_wise(*texts, "\x1f")


def _key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["game_date"], *(row[name] for name in table.key))


def _merge_revisions(
    table: Table, fresh: pa.Table, before: pa.Table, now: datetime, rederived: Collection[date]
) -> pa.Table:
    revisions: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in before.to_pylist():
        revisions.setdefault(_key(table, row), []).append(row)
    published: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in fresh.to_pylist():
        published.setdefault(_key(table, row), []).append(row)
    result: list[dict[str, Any]] = []
    for key, rows in published.items():
        old = revisions.pop(key, [])
        if key[0] in rederived and old and not old[-1]["is_retracted"]:
            result += _rederived(old, rows[-1])
        else:
            result += _next_revision(old, rows, now)
    for rows in revisions.values():
        result += _retracted(rows, now)
    return ordered(table, pa.Table.from_pylist(result, schema=table.schema))


def _next_revision(
    old: list[dict[str, Any]], new: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    if not old:
        return new
    newest, latest = old[-1], new[-1]
    kept = [{**row, "inputs_hash": latest["inputs_hash"]} for row in old]
    if newest["data_hash"] == latest["data_hash"] and not newest["is_retracted"]:
        return kept
    correction = {
        **latest,
        "revision": newest["revision"] + 1,
        "is_current": True,
        "known_at": now,
        "known_at_is_estimated": False,
        "created_at": old[0]["created_at"],
    }
    return [*({**row, "is_current": False} for row in kept), correction]


def _rederived(old: list[dict[str, Any]], latest: dict[str, Any]) -> list[dict[str, Any]]:
    """The newest revision as it reads now; it stays known from when it was."""
    newest = old[-1]
    kept = [{**row, "inputs_hash": latest["inputs_hash"]} for row in old]
    if newest["data_hash"] == latest["data_hash"]:
        return kept
    carried = ["revision", "is_current", "created_at"]
    if newest["revision"] > 1:
        # A correction's moment is when we saw it, which no rule can derive.
        carried += ["known_at", "known_at_is_estimated"]
    return [*kept[:-1], {**latest, **{name: newest[name] for name in carried}}]


def _retracted(old: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    if old[-1]["is_retracted"]:
        return old
    withdrawal = {
        **old[-1],
        "revision": old[-1]["revision"] + 1,
        "is_current": True,
        "is_retracted": True,
        "known_at": now,
        "known_at_is_estimated": False,
        "processed_at": now,
    }
    return [*({**row, "is_current": False} for row in old), withdrawal]
