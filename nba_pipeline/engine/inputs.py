"""From stored rows to windows: which rows reach which cell, and a digest of exactly those."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.calendar import season_reach
from nba_pipeline.engine import hashing
from nba_pipeline.engine.columns import Tracked
from nba_pipeline.engine.declared_inputs import Input, Window
from nba_pipeline.engine.rows import owners
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.windows import STRIDE, Array, Buffer, Cells, Columns, Ints, Slices

#: The column of an input's rows with a digest of each over ``seen_columns``.
DIGEST = "digest"

# So many codes still fit 64 bits together with a day, or with the values of one more column.
_MOST_CODES = 10**12


@dataclass(frozen=True)
class PlannedCells:
    """The cells of a batch of dates, with what each would be computed from.

    Attributes:
        cells: Sorted by date and entity.
        inputs_hashes: One per cell.
        days: The date of each cell.
        entities: The entity of each cell as text.
        tracking: The source-tracking columns of each cell.
    """

    cells: Cells
    inputs_hashes: list[str]
    days: list[date]
    entities: list[str]
    tracking: pa.Table

    def asked(self, index: Ints) -> pa.Table:
        """What ``rows.finish`` has to know of some of the cells."""
        at = pa.array(index)
        whose = owners(pa.array(self.days, pa.date32()), pa.array(self.entities, pa.string()))
        hashes = pa.array(self.inputs_hashes, pa.string())
        known = pa.table({"owner": whose, "inputs_hash": hashes})
        for name in self.tracking.column_names:
            known = known.append_column(name, self.tracking[name])
        return known.take(at)


def window_dates(window: Window, dates: Sequence[date]) -> list[date]:
    """Every day that the windows of ``dates`` may touch, in order."""
    if len(dates) == 1:  # whose days are in order
        return list(days_of(window, dates[0]))
    touched: set[date] = set()
    for day in dates:
        touched.update(days_of(window, day))
    return sorted(touched)


@lru_cache(maxsize=8192)
def days_of(window: Window, day: date) -> tuple[date, ...]:
    """Every day that the window of one date may touch, in order.

    Many tables look back over the same season, and each asks for every date again.
    """
    if window.weekday not in (None, day.weekday()):
        return ()
    first = (
        season_reach(day) if window.first_day is None else day + timedelta(days=window.first_day)
    )
    last = day + timedelta(days=window.last_day)
    return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))


def dates_to_build(window: Window, dates: Sequence[date]) -> list[date]:
    """The days among ``window_dates`` that have to be there; of earlier seasons none has to be."""
    if not window.earlier_seasons:
        return window_dates(window, dates)
    touched: set[date] = set()
    for day in dates:
        reach = window_dates(window, [day])
        touched.update(other for other in reach if other >= season_reach(day))
    return sorted(touched)


def seen_columns(declared: Input) -> tuple[str, ...]:
    """The columns a window sees of an input, in the order they are digested.

    A row's day counts too: it decides which of a cell's windows the row lies in.
    """
    return tuple(sorted({*declared.columns, "game_date"}))


class _AsColumns(Mapping[str, Array]):
    """Arrow rows as the columns compute works on, each converted when it is first asked for.

    Attributes:
        count: How many rows.
    """

    def __init__(self, rows: pa.Table) -> None:
        self._rows, self.count = rows, rows.num_rows
        self._made: dict[str, Array] = {}
        self._encoded: dict[str, pa.DictionaryArray] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._made:
            self._made[name] = self._as_array(name)
        return self._made[name]

    def encoded(self, name: str) -> pa.DictionaryArray:
        """A column as its distinct values, and which of them each row has; NULL is none of them."""
        if name not in self._encoded:
            self._encoded[name] = hashing.told_apart(hashing.joined(self._rows[name]))
        return self._encoded[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._rows.column_names if name != DIGEST)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _as_array(self, name: str) -> Array:
        """Numbers and flags as float64 with NaN for NULL; others as they are, texts as objects."""
        column = self._rows[name]
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return np.asarray(column.to_numpy(), dtype=np.float64)
        if pa.types.is_boolean(kind):
            return np.asarray(column.cast(pa.int8()).to_numpy(), dtype=np.float64)
        if pa.types.is_date(kind):
            return np.asarray(column.to_numpy(), dtype="datetime64[D]")
        if pa.types.is_timestamp(kind):
            return np.asarray(column.cast(pa.timestamp("us")).to_numpy(), dtype="datetime64[us]")
        if pa.types.is_list(kind):
            lists = np.empty(len(column), dtype=object)
            lists[:] = column.to_pylist()
            return lists
        encoded = self.encoded(name)
        distinct = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
        index = hashing.filled(encoded.indices, len(distinct) - 1).to_numpy(zero_copy_only=False)
        texts: Array = distinct[index]
        return texts


def plan_cells(
    table: Table,
    settings: Mapping[str, float],
    inputs: Mapping[str, pa.Table],
    without: Collection[date] = (),
) -> PlannedCells:
    """Lay out the cells of a batch and digest what each sees.

    Args:
        table: The table to compute.
        settings: The table's settings; part of every input hash.
        inputs: Rows of each declared input, each with ``game_date``, and ``DIGEST`` where it has
            been made before.
        without: Dates that have no cells.
    """
    converted = {name: _AsColumns(rows) for name, rows in inputs.items()}
    columns = _sorted_cells(table, table.cells(converted))
    if without:
        wanted = ~np.isin(columns["game_date"], np.array(sorted(without), dtype="datetime64[D]"))
        columns = {name: values[wanted] for name, values in columns.items()}
    days = columns["game_date"].astype("datetime64[D]").astype(np.int64)
    own = pa.table({name: _as_arrow(values) for name, values in columns.items()})
    digests = hashing.digests(own)
    everyone = np.arange(len(days))
    parts = [hashing.slice_digests(digests, everyone, everyone + 1)]
    windows: dict[str, Slices] = {}
    tracking: dict[str, pa.Array] = {}
    for name, declared in table.inputs.items():
        window, order = _window(declared, inputs[name], converted[name], own, days)
        if declared.known_by:
            window, order = _as_known(inputs[name], window, order, columns[declared.known_by])
        window.refuse_future(name, declared.window.last_day)
        windows[name] = window
        seen = _digests(declared, inputs[name]).take(order, axis=0)
        parts.append(hashing.slice_digests(seen, window.start, window.stop))
        for tracked in table.tracked:
            if tracked.input == name:
                tracking |= _tracking(
                    tracked, window, converted[name]["known_at"][order], parts[-1]
                )
    prefix = hashing.text_digest(
        table.full_name, table.meaning, repr(sorted(settings.items())), table.declaration
    )
    named = (map(str, columns[name].tolist()) for name in table.entity)
    return PlannedCells(
        Cells(columns, windows, settings),
        hashing.combined(prefix, parts),
        columns["game_date"].astype("datetime64[D]").tolist(),
        ["|".join(entity) for entity in zip(*named, strict=True)],
        pa.table(tracking),
    )


def _digests(declared: Input, rows: pa.Table) -> hashing.Bytes:
    if DIGEST not in rows.column_names:
        return hashing.digests(rows.select(seen_columns(declared)))
    made = hashing.joined(rows[DIGEST])
    whole = np.frombuffer(made.buffers()[1] or b"", np.uint8).reshape(-1, hashing.DIGEST_SIZE)
    return whole[made.offset : made.offset + len(made)]


def _as_known(rows: pa.Table, window: Slices, order: Ints, cutoffs: Array) -> tuple[Slices, Ints]:
    """Each cell's rows as they were known at its own cutoff, which is itself included.

    The buffer holds every revision, a row's revisions one after another. Cells with different
    cutoffs see different revisions of a row, so every cell gets a copy of what it may see.
    """
    cell, index = window.every()
    known_at = np.array(rows["known_at"].cast(pa.timestamp("us")).to_numpy())
    seen = known_at[order[index]] <= cutoffs.astype("datetime64[us]")[cell]
    cell, index = cell[seen], index[seen]
    # A first revision begins a new row; anything else supersedes the one above it.
    first = rows["revision"].to_numpy()[order[index]] == 1
    newest = np.append(first[1:], True) | np.append(cell[1:] != cell[:-1], True)
    retracted = np.asarray(rows["is_retracted"].combine_chunks())[order[index]]
    keep = (newest if len(cell) else first) & ~retracted
    cell, index = cell[keep], index[keep]
    stop = np.searchsorted(cell, np.arange(len(window)), side="right")
    start = np.searchsorted(cell, np.arange(len(window)))
    columns = {name: values[index] for name, values in window.buffer.columns.items()}
    position = cell * STRIDE + window.buffer.position[index] % STRIDE
    buffer = Buffer(columns, window.buffer.decimals, position)
    return Slices(buffer, start, stop, np.arange(len(window)), window.day), order[index]


def _tracking(
    tracked: Tracked, window: Slices, known_at: Array, digests: list[bytes]
) -> dict[str, pa.Array]:
    """The four tracking columns of each cell; a source without a row leaves no hash and no time."""
    found = window.count()
    known = known_at.astype(np.int64)
    newest = np.zeros(len(window), dtype=np.int64)
    bounds = np.stack([window.start[found > 0], window.stop[found > 0]], axis=1).ravel()
    if len(bounds):  # every other piece is a window, and the rest lies between two
        newest[found > 0] = np.maximum.reduceat(np.append(known, 0), bounds)[::2]
    pct = np.minimum(100.0, np.rint(10_000.0 * found / tracked.expected_rows) / 100.0)
    values = (
        pa.array(newest, mask=found == 0).cast(pa.timestamp("us", tz="UTC")),
        pa.array(found),
        pa.array(pct),
        pa.array([digest.hex()[:16] for digest in digests], mask=found == 0),
    )
    return {entry.name: array for entry, array in zip(tracked.fields, values, strict=True)}


def _sorted_cells(table: Table, columns: Columns) -> dict[str, Array]:
    texts = [np.array([str(v) for v in columns[name].tolist()]) for name in table.entity]
    order = np.lexsort([*reversed(texts), columns["game_date"].astype("datetime64[D]")])
    return {name: values[order] for name, values in columns.items()}


def _window(
    declared: Input, rows: pa.Table, converted: _AsColumns, cells: pa.Table, days: Ints
) -> tuple[Slices, Ints]:
    """The window of every cell over one input, and where each row of the buffer is among its rows.

    Rows of a key come in order of the input.
    """
    row_code, code = _match_codes(declared, converted, cells)
    row_day = converted["game_date"].astype(np.int64)
    # Days are in order already, and sorting integers this small takes a tenth of the time.
    small = row_code.astype(np.min_scalar_type(row_code.max(initial=0)))
    order = np.lexsort((row_day, small))
    position = row_code[order] * STRIDE + row_day[order]
    first = _first_days(declared.window, days)
    start = np.searchsorted(position, code * STRIDE + first)
    stop = np.searchsorted(position, code * STRIDE + days + declared.window.last_day + 1)
    names = seen_columns(declared)
    columns = {name: converted[name][order] for name in names}
    return Slices(Buffer(columns, _decimals(rows, names), position), start, stop, code, days), order


def _first_days(window: Window, days: Ints) -> Ints:
    if window.first_day is not None:
        return days + window.first_day
    distinct, owner = np.unique(days, return_inverse=True)
    starts = [
        np.datetime64(season_reach(day), "D").astype(np.int64)
        for day in distinct.astype("datetime64[D]").tolist()
    ]
    return np.array(starts, dtype=np.int64)[owner] if len(days) else days


def _match_codes(declared: Input, rows: _AsColumns, cells: pa.Table) -> tuple[Ints, Ints]:
    """Equal integers for rows and cells whose match columns are equal; NULL equals NULL."""
    row_code: Ints = np.zeros(rows.count, dtype=np.int64)
    code: Ints = np.zeros(cells.num_rows, dtype=np.int64)
    possible = 1
    for theirs, ours in declared.on:
        encoded, wanted = rows.encoded(theirs), hashing.joined(cells[ours])
        values = encoded.dictionary
        if pa.types.is_integer(values.type):
            values = values.cast(pa.float64())
        if wanted.type != values.type:
            wanted = wanted.cast(values.type)
        found = pc.index_in(wanted, value_set=values)
        if found.null_count:  # no row has what is not found
            found = pc.if_else(wanted.is_valid(), found.fill_null(len(values)), -1)
        many = len(values) + 2
        row_code = row_code * many + hashing.filled(encoded.indices, -1).to_numpy() + 1
        code = code * many + found.to_numpy() + 1
        possible *= many
        if possible > _MOST_CODES:
            distinct, both = np.unique(np.append(row_code, code), return_inverse=True)
            row_code, code, possible = both[: rows.count], both[rows.count :], len(distinct)
    return row_code, code


def _as_arrow(values: Array) -> pa.Array:
    if values.dtype.kind == "O":
        return pa.array(values.tolist(), pa.string())
    if values.dtype.kind == "M":
        kind = pa.date32() if values.dtype == np.dtype("datetime64[D]") else pa.timestamp("us")
        return pa.array(values, kind)
    return pa.array(values.astype(np.float64), pa.float64(), from_pandas=True)


def _decimals(rows: pa.Table, names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        metadata: Mapping[bytes, bytes] = rows.schema.field(name).metadata or {}
        found[name] = int(metadata.get(b"decimals", b"0"))
    return found


def with_decimals(rows: pa.Table, table: Table) -> pa.Table:
    """Rows whose fields carry their columns' decimals, so that windows know their grid."""
    known = table.decimals
    fields = [
        entry.with_metadata({"decimals": str(known[entry.name])}) if entry.name in known else entry
        for entry in rows.schema
    ]
    return pa.Table.from_arrays(rows.columns, schema=pa.schema(fields))
