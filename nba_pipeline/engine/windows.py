"""What a computation sees: cells with their rows and windows, all as columns.

A window of a cell is one slice of a buffer that was sorted once, so a thousand cells cost little
more than one. Sums run on integers (each column's own decimals), which makes them exact: the
result of a window cannot depend on which other cells were computed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nba_pipeline.engine.errors import LookAheadError, RowError

Array: TypeAlias = npt.NDArray[Any]
Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
#: Columns of equal length, by name. Numbers with NULLs are float64 with NaN, text is object arrays
#: with None, days are ``datetime64[D]``, instants ``datetime64[us]`` in UTC.
Columns: TypeAlias = Mapping[str, Array]

#: More than any day number, so that key and day fit one sortable integer.
STRIDE = 1_000_000

# Integers of this size still survive ``n * sum(x * x)`` in 64 bits for any window of a season.
_LARGEST_ON_GRID = 10_000_000


@dataclass
class Buffer:
    """Rows of one input, sorted by (match key, day, row key).

    Attributes:
        columns: The declared columns.
        decimals: Grid of each numeric column.
        position: Match key and day of each row as one integer, ascending.
    """

    columns: Columns
    decimals: Mapping[str, int]
    position: Ints
    _prefixes: dict[str, tuple[Ints, Ints]] = field(default_factory=dict, repr=False)
    _squares: dict[str, Ints] = field(default_factory=dict, repr=False)
    _parts: dict[bytes, tuple[Buffer, Ints]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.position)

    def prefixes(self, column: str) -> tuple[Ints, Ints]:
        """Running count and sum of a column on its integer grid."""
        if column not in self._prefixes:
            values = np.asarray(self.columns[column], dtype=np.float64)
            known = ~np.isnan(values)
            grid = np.rint(np.where(known, values, 0.0) * 10 ** self.decimals[column])
            if grid.size and max(grid.max(), -grid.min()) > _LARGEST_ON_GRID:
                largest = values[np.abs(grid).argmax()]
                raise RowError(f"{column} holds {largest:g}, too large for an exact sum")
            self._prefixes[column] = _running(known), _running(grid.astype(np.int64))
        return self._prefixes[column]

    def squares(self, column: str) -> Ints:
        """Running sum of the squares of a column on its integer grid."""
        if column not in self._squares:
            whole = np.diff(self.prefixes(column)[1])
            self._squares[column] = _running(whole * whole)
        return self._squares[column]

    def take(self, keep: Array) -> Buffer:
        """The rows of a mask, in order."""
        columns = {name: values[keep] for name, values in self.columns.items()}
        return Buffer(columns, self.decimals, self.position[keep])

    def part(self, mask: Array) -> tuple[Buffer, Ints]:
        """The rows of a mask, and how many of them come before each row of the buffer.

        Every chunk of cells asks for the same rows, which are therefore kept.
        """
        key = mask.tobytes()
        if key not in self._parts:
            self._parts[key] = self.take(mask), _running(mask)
        return self._parts[key]


def _running(values: Array) -> Ints:
    result = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=result[1:])
    return result


@dataclass(frozen=True)
class Slices:
    """One window per cell: the rows ``start`` to ``stop`` of a shared buffer, oldest first."""

    buffer: Buffer
    start: Ints
    stop: Ints
    code: Ints
    day: Ints

    def __len__(self) -> int:
        return len(self.start)

    # Narrowing -------------------------------------------------------------------------------

    def last(self, rows: int) -> Slices:
        """The newest ``rows`` rows of each window."""
        return self._with(np.maximum(self.start, self.stop - rows), self.stop)

    def days(self, days: int) -> Slices:
        """Rows of the last ``days`` days before the cell's date, which is itself excluded."""
        first = np.searchsorted(self.buffer.position, self.code * STRIDE + self.day - days)
        return self._with(np.clip(first, self.start, self.stop), self.stop)

    def where(self, keep: Array) -> Slices:
        """Rows of the buffer for which the mask holds."""
        part, before = self.buffer.part(np.asarray(keep, dtype=bool))
        return Slices(part, before[self.start], before[self.stop], self.code, self.day)

    def apart(self) -> Slices:
        """The same windows over a buffer of no other rows than theirs.

        Sums run over all of a buffer, and the last ten games of a season are an eighth of it.
        """
        edges = np.zeros(len(self.buffer) + 1, dtype=np.int64)
        np.add.at(edges, self.start, 1)
        np.add.at(edges, self.stop, -1)
        used = np.cumsum(edges[:-1]) > 0
        moved = _running(used)
        buffer = self.buffer.take(used)
        return Slices(buffer, moved[self.start], moved[self.stop], self.code, self.day)

    def cells(self, first: int, last: int) -> Slices:
        """The windows of the cells ``first`` to ``last``."""
        return Slices(
            self.buffer,
            self.start[first:last],
            self.stop[first:last],
            self.code[first:last],
            self.day[first:last],
        )

    # Numbers ---------------------------------------------------------------------------------

    def count(self, column: str | None = None) -> Ints:
        """Rows of each window; of a column, those that are not NULL."""
        if column is None:
            return self.stop - self.start
        return self._difference(self.buffer.prefixes(column)[0])

    def sum(self, column: str) -> Floats:
        """Exact sum, NULLs left out; 0 for an empty window."""
        total = self._difference(self.buffer.prefixes(column)[1])
        return total / float(10 ** self.buffer.decimals[column])

    def mean(self, column: str) -> Floats:
        """Mean of what is not NULL; NaN where there is nothing."""
        count, total = self.buffer.prefixes(column)
        rows = self._difference(count)
        scale = rows * 10 ** self.buffer.decimals[column]
        return _divide(self._difference(total), scale)

    def sample_std(self, column: str) -> Floats:
        """Sample standard deviation (n - 1); NaN below two values.

        The numerator ``n * sum(x^2) - sum(x)^2`` is taken in integers.
        """
        running = *self.buffer.prefixes(column), self.buffer.squares(column)
        count, total, squares = map(self._difference, running)
        above = count * squares - total * total
        variance = _divide(above, count * (count - 1))
        result: Floats = np.sqrt(variance) / float(10 ** self.buffer.decimals[column])
        return result

    # Rows ------------------------------------------------------------------------------------

    def every(self) -> tuple[Ints, Ints]:
        """The cell of every row of every window, cell after cell, and its place in the buffer."""
        lengths = self.stop - self.start
        cell = np.repeat(np.arange(len(self)), lengths)
        before = np.cumsum(lengths) - lengths
        return cell, np.arange(lengths.sum()) - np.repeat(before - self.start, lengths)

    def rows(self) -> Rows:
        """Every row of every window, cell after cell."""
        cell, index = self.every()
        return Rows({name: values[index] for name, values in self.buffer.columns.items()}, cell)

    def one(self) -> Rows:
        """One row per cell, NULL in every column where the window is empty.

        Raises:
            RowError: When a window holds several rows.
        """
        counts = self.stop - self.start
        if counts.size and counts.max() > 1:
            raise RowError(f"{counts.max()} rows where one was expected")
        found = counts == 1
        if not len(self.buffer):
            columns = {
                name: np.full(len(self), _null(values), values.dtype)
                for name, values in self.buffer.columns.items()
            }
            return Rows(columns, np.arange(len(self)), found)
        index = np.where(found, self.start, 0)
        columns = {}
        for name, values in self.buffer.columns.items():
            picked = values[index]
            picked[~found] = _null(values)
            columns[name] = picked
        return Rows(columns, np.arange(len(self)), found)

    def groups(self) -> Iterator[tuple[slice, Array]]:
        """Each distinct window as a slice of the buffer, with the cells that share it."""
        if not len(self):
            return
        distinct, owner = np.unique(np.stack([self.start, self.stop]), axis=1, return_inverse=True)
        order = np.argsort(owner.ravel(), kind="stable")
        bounds = np.searchsorted(owner.ravel()[order], np.arange(distinct.shape[1] + 1))
        for number, (start, stop) in enumerate(distinct.T.tolist()):
            yield slice(start, stop), order[bounds[number] : bounds[number + 1]]

    # Plumbing --------------------------------------------------------------------------------

    def refuse_future(self, name: str, last_day: int) -> None:
        """Check that no row is newer than the window allows.

        Raises:
            LookAheadError: Naming the input and both days.
        """
        held = self.stop > self.start
        if not held.any():
            return
        newest = self.buffer.position[self.stop[held] - 1] % STRIDE
        late = newest > self.day[held] + last_day
        if late.any():
            seen = np.datetime64(int(newest[late][0]), "D")
            cutoff = np.datetime64(int(self.day[held][late][0]), "D")
            raise LookAheadError(f"input {name}: a row of {seen} was handed to a cell of {cutoff}")

    def _with(self, start: Ints, stop: Ints) -> Slices:
        return Slices(self.buffer, start, stop, self.code, self.day)

    def _difference(self, prefix: Ints) -> Ints:
        result: Ints = prefix[self.stop] - prefix[self.start]
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker gets the rows its cells need and no others.
        own = self.apart()
        return Slices, (own.buffer, own.start, own.stop, own.code, own.day)


def _null(values: Array) -> Any:
    if values.dtype.kind == "f":
        return np.nan
    return np.datetime64("NaT") if values.dtype.kind == "M" else None


def _divide(above: Ints, below: Ints) -> Floats:
    result = np.full(len(above), np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


@dataclass(frozen=True)
class Rows:
    """Rows as columns, with the number of the cell each belongs to."""

    columns: Columns
    cell: Ints
    found: Array = field(default_factory=lambda: np.empty(0, dtype=bool))

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.cell)


@dataclass(frozen=True)
class Cells:
    """What ``compute`` receives.

    Attributes:
        columns: The cells' own columns.
        windows: One window per input.
        settings: The table's settings; they are part of what a row was computed from.
    """

    columns: Columns
    windows: Mapping[str, Slices]
    settings: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def window(self, name: str) -> Slices:
        """The windows over input ``name``, one per cell."""
        return self.windows[name]

    def one(self, name: str) -> Rows:
        """The single row of input ``name`` for each cell."""
        return self.windows[name].one()

    def part(self, first: int, last: int) -> Cells:
        """The cells ``first`` to ``last``."""
        return Cells(
            {name: values[first:last] for name, values in self.columns.items()},
            {name: window.cells(first, last) for name, window in self.windows.items()},
            self.settings,
        )

    def only(self, keep: Array) -> Cells:
        """The cells of a mask."""
        return Cells(
            {name: values[keep] for name, values in self.columns.items()},
            {
                name: Slices(w.buffer, w.start[keep], w.stop[keep], w.code[keep], w.day[keep])
                for name, w in self.windows.items()
            },
            self.settings,
        )
