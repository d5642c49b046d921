"""Rows that were read lately, so that a run's tables do not read and digest the same ones again.

Ten tables look back over the same season, and a season is hundreds of small files. What is kept of
a partition counts for as long as it bears the same mark: one that anybody replaced is read anew.
What a run wrote it need not read, and what it read of a season it leaves for the next process.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeAlias

import pyarrow as pa

from nba_pipeline.engine import hashing
from nba_pipeline.engine.rows import places

#: Bytes of rows kept at the most. A season of all tables but the plays takes about half.
MOST_BYTES = 256 * 2**20

#: Names of the columns that are digested together.
Digested: TypeAlias = tuple[str, ...]

#: A table, and whether with every revision.
Whose: TypeAlias = tuple[str, bool]

#: What is not on the shelf yet is put there once it is more than this share of all of it.
WORTH_SHELVING = 0.1

# Dates longer ago than a season stay in their own files, and so do the plays, of which a season is
# larger than all else together.
_DAYS_SHELVED, _BYTES_SHELVED = 400, 48 * 2**20
_METADATA_KEY = b"nba_pipeline"


class Shelving(Protocol):
    """What keeps rows between processes: the part of a warehouse that is needed here."""

    def shelved(self, name: str) -> pa.Table | None:
        """What an earlier process kept under a name, if that is still whole."""

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        """Keep rows for the next process."""


class _Span:
    """Rows of some dates in their order, each column in one piece.

    Attributes:
        marks: The partition's mark by date.
        digests: Which columns have been digested together.
        rows: The rows with their digests.
        size: Their bytes.
        unshelved: Dates that an earlier process did not leave.
    """

    def __init__(
        self,
        marks: Mapping[date, str],
        rows: pa.Table,
        digests: frozenset[Digested] = frozenset(),
        unshelved: frozenset[date] | None = None,
    ) -> None:
        self.marks = dict(sorted(marks.items()))
        self.digests = digests
        self.unshelved = frozenset(self.marks) if unshelved is None else unshelved
        self.rows = rows.combine_chunks()
        self.size = self.rows.nbytes
        self._places = places(self.rows, list(self.marks))

    def of(self, dates: Iterable[date]) -> list[pa.Table]:
        """The rows of dates in order, in as few pieces as can be."""
        runs: list[slice] = []
        for place in (self._places[day] for day in dates):
            if runs and runs[-1].stop == place.start:
                runs[-1] = slice(runs[-1].start, place.stop)
            else:
                runs.append(place)
        return [self.rows[run] for run in runs]

    def with_digests(self, wanted: Iterable[Digested]) -> _Span:
        """The same rows with the digests they lack."""
        lacking = frozenset(wanted) - self.digests
        if not lacking:
            return self
        rows = with_digests(self.rows, sorted(lacking))
        # A column that the shelf lacks is worth as much as the dates.
        return _Span(self.marks, rows, self.digests | lacking)

    @property
    def is_worth_shelving(self) -> bool:
        newest = self._newest()
        is_new = len(self.unshelved & newest.keys()) > WORTH_SHELVING * len(newest)
        return is_new and self.size <= _BYTES_SHELVED

    def _newest(self) -> dict[date, str]:
        """The marks of the dates worth shelving."""
        last = max(self.marks, default=date.max)
        return {d: mark for d, mark in self.marks.items() if (last - d).days < _DAYS_SHELVED}

    def shelved(self) -> pa.Table:
        """The newest rows, and all that has to be known of them."""
        self.unshelved, marks = frozenset(), self._newest()
        about = {
            "digest_version": hashing.DIGEST_VERSION,
            "digests": sorted(self.digests),
            "marks": {day.isoformat(): mark for day, mark in marks.items()},
        }
        rows = pa.concat_tables(self.of(marks))
        return rows.replace_schema_metadata({_METADATA_KEY: json.dumps(about)})


class ReadCache:
    """What was read of each table; what was used least lately goes first."""

    def __init__(self, shelf: Shelving | None = None, most_bytes: int = MOST_BYTES) -> None:
        """Begin with what earlier processes left on ``shelf``, and keep ``most_bytes`` at most."""
        self._shelf, self._most_bytes = shelf, most_bytes
        self._spans: OrderedDict[Whose, _Span] = OrderedDict()
        self._written: dict[Whose, list[_Span]] = {}
        self._asked: set[Whose] = set()

    def rows(
        self,
        whose: Whose,
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
        known = self._known(whose, load)
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

    def put(self, whose: Whose, marks: Mapping[date, str], rows: pa.Table) -> None:
        """Keep rows that were just written for whoever asks for them.

        Args:
            whose: The table, and whether with every revision.
            marks: The marks of the partitions as they were written.
            rows: Their rows in order, with ``game_date`` and every column a reader might want.
        """
        self._written.setdefault(whose, []).append(_Span(marks, rows))
        self._make_room()

    def leave(self) -> None:
        """Leave what was read, and is not on the shelf yet, for the next process."""
        if self._shelf is not None:
            self._shelf.shelve(self._to_shelve(self._spans))

    def _to_shelve(self, spans: Mapping[Whose, _Span]) -> dict[str, pa.Table]:
        return {
            _shelf_name(whose): span.shelved()
            for whose, span in spans.items()
            if span.is_worth_shelving
        }

    def _known(self, whose: Whose, load: Callable[[list[date]], pa.Table]) -> _Span | None:
        """What is known without reading: from this run, or from earlier ones."""
        if whose not in self._spans and whose not in self._asked and self._shelf is not None:
            self._asked.add(whose)
            left = self._shelf.shelved(_shelf_name(whose))
            if left is not None and (span := _as_left(left, load([]).schema)) is not None:
                self._spans[whose] = span
        known = self._spans.get(whose)
        for written in self._written.pop(whose, []):
            known = written if known is None else _joined(known, written)
        return known

    def _keep(self, whose: Whose, span: _Span) -> None:
        self._spans[whose] = span
        self._spans.move_to_end(whose)
        self._make_room()

    def _make_room(self) -> None:
        """Drop what was read, and after that what was written, until the rest has room."""
        kept = [*self._spans.values(), *(span for each in self._written.values() for span in each)]
        room = self._most_bytes - sum(span.size for span in kept)
        while room < 0:
            if self._spans:
                whose, dropped = self._spans.popitem(last=False)
                if self._shelf is not None:
                    self._shelf.shelve(self._to_shelve({whose: dropped}))
                    self._asked.discard(whose)
            else:
                # Of a table nobody may ever ask for.
                whose = next(iter(self._written))
                dropped = self._written[whose].pop(0)
                if not self._written[whose]:
                    del self._written[whose]
            room += dropped.size


def _shelf_name(whose: Whose) -> str:
    table, every_revision = whose
    return f"{table.replace('.', '/')}-{'revisions' if every_revision else 'rows'}"


def _as_left(left: pa.Table, schema: pa.Schema) -> _Span | None:
    """What an earlier process left, unless it digested otherwise or columns had other types."""
    about = json.loads((left.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    if about.get("digest_version") != hashing.DIGEST_VERSION:
        return None
    for field in schema:
        if field.name in left.column_names and left.schema.field(field.name).type != field.type:
            return None
    marks = {date.fromisoformat(day): mark for day, mark in about["marks"].items()}
    digests = frozenset(tuple(columns) for columns in about["digests"])
    return _Span(marks, left.replace_schema_metadata(None), digests, frozenset())


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
    unshelved = known.unshelved | loaded.unshelved
    if set(shared) < set(known.rows.column_names):
        unshelved = frozenset(both)
    rows = pa.concat_tables([piece.select(shared) for piece in pieces])
    return _Span(both, rows, digests, unshelved)
