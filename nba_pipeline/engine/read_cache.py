"""Rows that were read lately, so that a run's tables do not read and digest the same ones again.

Ten tables look back over the same season, and a season is hundreds of small files. What is kept of
a partition counts for as long as it bears the same mark: one that anybody replaced is read anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from nba_pipeline.engine import hashing

#: Bytes of rows kept at the most. A season of all tables but the plays takes about half.
MOST_BYTES = 256 * 2**20

#: Names of the columns that are digested together.
Digested: TypeAlias = tuple[str, ...]


class _Span:
    """Rows of some dates in their order, each column in one piece."""

    def __init__(
        self, marks: Mapping[date, str], rows: pa.Table, digests: frozenset[Digested] = frozenset()
    ) -> None:
        self.marks = dict(sorted(marks.items()))
        self.digests = digests
        self.rows = rows.combine_chunks()
        self.size = self.rows.nbytes
        days = self.rows["game_date"].cast(pa.int32()).to_numpy()
        wanted = np.array(list(self.marks), dtype="datetime64[D]").astype(np.int32)
        first = np.searchsorted(days, wanted).tolist()
        last = np.searchsorted(days, wanted, side="right").tolist()
        self._bounds = dict(zip(self.marks, zip(first, last, strict=True), strict=True))

    def of(self, dates: Iterable[date]) -> list[pa.Table]:
        """The rows of dates in order, in as few pieces as can be."""
        runs: list[list[int]] = []
        for first, last in (self._bounds[day] for day in dates):
            if runs and runs[-1][1] == first:
                runs[-1][1] = last
            else:
                runs.append([first, last])
        return [self.rows.slice(first, last - first) for first, last in runs]

    def with_digests(self, wanted: Iterable[Digested]) -> _Span:
        """The same rows with the digests they lack."""
        lacking = frozenset(wanted) - self.digests
        if not lacking:
            return self
        return _Span(self.marks, with_digests(self.rows, sorted(lacking)), self.digests | lacking)


class ReadCache:
    """What was read of each table; what was used least lately goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep up to ``most_bytes`` of rows."""
        self._most_bytes = most_bytes
        self._spans: OrderedDict[tuple[str, bool], _Span] = OrderedDict()

    def rows(
        self,
        whose: tuple[str, bool],
        marks: Mapping[date, str],
        columns: Sequence[str],
        digests: Collection[Digested],
        load: Callable[[list[date]], pa.Table],
    ) -> pa.Table:
        """Rows of some dates, in their order, with digests.

        Args:
            whose: The table, and whether with every revision.
            marks: The partitions' marks by date, taken before anything is read.
            columns: What is needed of them.
            digests: Which columns to digest together, each an own column ``digest_of(…)``.
            load: Reads the rows of some dates, in order, ``game_date`` and ``columns`` included.
        """
        known = self._spans.get(whose)
        if known is not None and not set(columns) <= set(known.rows.column_names):
            known = None
        kept = known.marks if known is not None else {}
        stale = sorted(day for day, mark in marks.items() if kept.get(day) != mark)
        if stale or known is None:
            loaded = _Span({day: marks[day] for day in stale}, load(stale))
            known = loaded if known is None else _joined(known, loaded)
        known = known.with_digests(digests)
        self._keep(whose, known)
        found = pa.concat_tables(known.of(sorted(marks)) or [known.rows.slice(0, 0)])
        return found.select([*columns, *map(digest_of, digests)]).combine_chunks()

    def _keep(self, whose: tuple[str, bool], span: _Span) -> None:
        self._spans[whose] = span
        self._spans.move_to_end(whose)
        room = self._most_bytes - sum(held.size for held in self._spans.values())
        while room < 0:
            _, dropped = self._spans.popitem(last=False)
            room += dropped.size


def digest_of(columns: Digested) -> str:
    """The name of the column that has the rows' digests over some columns."""
    return f"digest of {', '.join(columns)}"


def with_digests(rows: pa.Table, wanted: Iterable[Digested]) -> pa.Table:
    """Rows with a column of digests over each of some sets of columns."""
    for columns in wanted:
        found = hashing.digests(rows.select(columns))
        kind = pa.binary(hashing.DIGEST_SIZE)
        array = pa.Array.from_buffers(kind, len(found), [None, pa.py_buffer(found)])
        rows = rows.append_column(digest_of(columns), array)
    return rows


def _joined(known: _Span, loaded: _Span) -> _Span:
    """Both, what was loaded in place of what was known of the same dates."""
    both = {**known.marks, **loaded.marks}
    # What was known may have been read with columns that only its reader wanted.
    there = set(loaded.rows.column_names)
    digests = frozenset(each for each in known.digests if set(each) <= there)
    loaded = loaded.with_digests(digests)
    shared = [name for name in known.rows.column_names if name in loaded.rows.column_names]
    pieces: list[pa.Table] = []
    source, run = known, list[date]()
    for day in sorted(both):
        holder = loaded if day in loaded.marks else known
        if holder is not source:
            pieces += source.of(run)
            source, run = holder, []
        run.append(day)
    pieces += source.of(run)
    return _Span(both, pa.concat_tables([piece.select(shared) for piece in pieces]), digests)
