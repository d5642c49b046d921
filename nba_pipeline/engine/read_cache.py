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
from itertools import chain, groupby
from typing import Protocol, TypeAlias

import pyarrow as pa

from nba_pipeline.engine import hashing
from nba_pipeline.engine.protocols import Columns
from nba_pipeline.engine.rows import places

#: Bytes of rows kept at the most. A season of all tables but the plays takes about half.
MOST_BYTES = 256 * 2**20

#: Names of the columns that are digested together.
Digested: TypeAlias = tuple[str, ...]

#: A table, and whether with every revision.
Whose: TypeAlias = tuple[str, bool]

#: What is not on the shelf yet is put there once it is more than this share of all of it.
WORTH_SHELVING = 0.1

# Up to so many dates are read sooner from their own files than a season from the shelf.
_FEW_DATES = 3

# Dates longer ago than a season stay in their own files, and so do the plays, of which a season is
# larger than all else together.
_DAYS_SHELVED, _BYTES_SHELVED = 400, 48 * 2**20
_METADATA_KEY = b"nba_pipeline"


class Shelving(Protocol):
    """What keeps rows between processes: the part of a warehouse that is needed here."""

    def shelved(self, name: str) -> Columns | None:
        """What an earlier process kept under a name, as far as it is still whole."""

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        """Keep rows for the next process."""


class _Span:
    """Rows of some dates in their order, each column in one piece, texts told apart.

    Attributes:
        marks: The partition's mark by date.
        digests: Which columns have been digested together.
        rows: The rows with their digests.
        size: Their bytes.
        left: Where an earlier process left them; a column is among ``rows`` once it was asked for.
        unshelved: Dates that an earlier process did not leave.
    """

    def __init__(
        self,
        marks: Mapping[date, str],
        rows: pa.Table,
        digests: frozenset[Digested] = frozenset(),
        left: Columns | None = None,
    ) -> None:
        self.marks = dict(sorted(marks.items()))
        self.digests = digests
        self.left = left
        self.unshelved = frozenset(self.marks if left is None else ())
        self._keep(_with_texts_told_apart(rows.combine_chunks()))
        self._places = places(self.rows, list(self.marks))

    def _keep(self, rows: pa.Table) -> None:
        self.rows, self.size = rows, rows.nbytes

    def take(self, columns: Iterable[str], digests: Iterable[Digested] = ()) -> bool:
        """Have some columns and, where they were left, digests; False when a column is nowhere."""
        held = set(self.rows.column_names)
        lacking = set(columns) - held
        if self.left is None:
            return not lacking
        left = set(self.left.schema.names)
        wanted = sorted((lacking | set(map(digest_of, digests)) - held) & left)
        try:
            if wanted:
                self._keep(_beside(self.rows, self.left.select(wanted)))
        except KeyError:
            return False
        return lacking <= left

    def of(self, dates: Iterable[date], columns: Sequence[str]) -> pa.Table:
        """Some columns of the rows of dates in order, in as few pieces as can be."""
        runs: list[slice] = []
        for place in (self._places[day] for day in dates):
            if runs and runs[-1].stop == place.start:
                runs[-1] = slice(runs[-1].start, place.stop)
            else:
                runs.append(place)
        rows = self.rows.select(columns)
        return pa.concat_tables([rows[run] for run in runs])

    def digest(self, wanted: Iterable[Digested]) -> None:
        """Have digests of rows that lack them."""
        held = set(self.rows.column_names)
        lacking = [each for each in sorted(wanted) if digest_of(each) not in held]
        if lacking:
            self._keep(with_digests(self.rows, lacking))
            self.digests |= set(lacking)
            # A column that the shelf lacks is worth as much as the dates.
            self.unshelved = frozenset(self.marks)


class _Known:
    """What is known of one table, in spans that came one after another.

    Attributes:
        is_read: Whether anybody has asked for it; not all that is written is ever read.
        is_complete: Whether what earlier processes left is among it.
    """

    def __init__(self) -> None:
        self.is_read = self.is_complete = False
        self._holders: dict[date, _Span] = {}
        self._spans: list[_Span] = []

    @property
    def size(self) -> int:
        """Bytes of the spans."""
        return sum(span.size for span in self._spans)

    def add(self, span: _Span) -> None:
        """Hold dates in the place of what was held of them."""
        self._hold({**self._holders, **dict.fromkeys(span.marks, span)})

    def add_older(self, span: _Span) -> None:
        """Hold what is not held yet, and what is the same: most are asked for with all others."""
        newer = {d: s for d, s in self._holders.items() if s.marks[d] != span.marks.get(d)}
        self._hold({**dict.fromkeys(span.marks, span), **newer})

    def _hold(self, holders: dict[date, _Span]) -> None:
        self._holders, self._spans = holders, _distinct(holders.values())

    def lacking(
        self, marks: Mapping[date, str], columns: Collection[str], digests: Collection[Digested]
    ) -> list[date]:
        """The dates that are not held under their marks, or not with these columns."""
        held = {
            day: span for day, span in self._holders.items() if span.marks[day] == marks.get(day)
        }
        wide = {span for span in set(held.values()) if span.take(columns, digests)}
        return sorted(day for day in marks if held.get(day) not in wide)

    def rows(
        self, dates: Sequence[date], columns: Sequence[str], digests: Collection[Digested]
    ) -> pa.Table:
        """Rows of dates in order, each column in one piece."""
        # What is asked for together stays together, but for what may still lie on the shelf.
        apart = {span for span in map(self._holders.__getitem__, dates) if span.left is None}
        if len(apart) > 1:
            self.add(_joined({d: s for d, s in sorted(self._holders.items()) if s in apart}))
        for span in _distinct(map(self._holders.__getitem__, dates)):
            span.digest(digests)
        wanted = [*columns, *map(digest_of, digests)]
        return pa.concat_tables(_pieces(self._holders, dates, wanted)).combine_chunks()

    @property
    def is_worth_shelving(self) -> bool:
        newest = self._newest()
        new = [day for day in newest if day in self._holders[day].unshelved]
        is_new = len(new) > max(_FEW_DATES, WORTH_SHELVING * len(newest))
        return self.is_read and is_new and self.size <= _BYTES_SHELVED

    def shelved(self) -> pa.Table:
        """The newest rows, and all that has to be known of them."""
        for span in self._spans:
            if span.left is not None:
                for name in span.left.schema.names:
                    span.take([name])
        newest = self._newest()
        span = _joined({day: self._holders[day] for day in newest})
        span.unshelved = frozenset()
        self.add(span)
        about = {
            "digest_version": hashing.DIGEST_VERSION,
            "digests": sorted(span.digests),
            "marks": {day.isoformat(): mark for day, mark in span.marks.items()},
        }
        return span.rows.replace_schema_metadata({_METADATA_KEY: json.dumps(about)})

    def _newest(self) -> list[date]:
        """The dates worth shelving, in order."""
        last = max(self._holders, default=date.max)
        return sorted(day for day in self._holders if (last - day).days < _DAYS_SHELVED)


class ReadCache:
    """What was read of each table; what was used least lately goes first."""

    def __init__(self, shelf: Shelving | None = None, most_bytes: int = MOST_BYTES) -> None:
        """Begin with what earlier processes left on ``shelf``, and keep ``most_bytes`` at most."""
        self._shelf, self._most_bytes = shelf, most_bytes
        self._known: OrderedDict[Whose, _Known] = OrderedDict()

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
        if not marks:
            wanted = [*columns, *map(digest_of, digests)]
            return with_digests(load([]), digests).select(wanted)
        known = self._of(whose)
        known.is_read = True
        needed = {*columns, *chain.from_iterable(digests)}
        stale = known.lacking(marks, needed, digests)
        if len(stale) > _FEW_DATES and not known.is_complete:
            known.is_complete = True
            self._take_from_shelf(whose, known, load, [*needed, *map(digest_of, digests)])
            stale = known.lacking(marks, needed, digests)
        if stale:
            known.add(_Span({day: marks[day] for day in stale}, load(stale)))
        found = known.rows(sorted(marks), columns, digests)
        self._make_room()
        return found

    def put(self, whose: Whose, marks: Mapping[date, str], rows: pa.Table) -> None:
        """Keep rows that were just written for whoever asks for them.

        Args:
            whose: The table, and whether with every revision.
            marks: The marks of the partitions as they were written.
            rows: Their rows in order, with ``game_date`` and every column a reader might want.
        """
        self._of(whose).add(_Span(marks, rows))
        self._make_room()

    def leave(self) -> None:
        """Leave what was read, and is not on the shelf yet, for the next process."""
        self._leave(self._known)

    def _leave(self, known: Mapping[Whose, _Known]) -> None:
        if self._shelf is not None:
            self._shelf.shelve(
                {
                    _shelf_name(whose): each.shelved()
                    for whose, each in known.items()
                    if each.is_worth_shelving
                }
            )

    def _of(self, whose: Whose) -> _Known:
        known = self._known.setdefault(whose, _Known())
        self._known.move_to_end(whose)
        return known

    def _take_from_shelf(
        self,
        whose: Whose,
        known: _Known,
        load: Callable[[list[date]], pa.Table],
        columns: Sequence[str],
    ) -> None:
        left = self._shelf.shelved(_shelf_name(whose)) if self._shelf is not None else None
        if left is not None and (span := _as_left(left, load([]).schema, columns)) is not None:
            known.add_older(span)

    def _make_room(self) -> None:
        """Drop what was used least lately until the rest has room."""
        room = self._most_bytes - sum(known.size for known in self._known.values())
        while room < 0:
            whose, dropped = self._known.popitem(last=False)
            self._leave({whose: dropped})
            room += dropped.size


def _shelf_name(whose: Whose) -> str:
    table, every_revision = whose
    return f"{table.replace('.', '/')}-{'revisions' if every_revision else 'rows'}"


def _as_left(left: Columns, schema: pa.Schema, columns: Sequence[str]) -> _Span | None:
    """What an earlier process left, unless it digested otherwise or columns had other types.

    Args:
        left: What it left.
        schema: The types that columns have.
        columns: Which are wanted at once, if they are there.
    """
    about = json.loads((left.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    if about.get("digest_version") != hashing.DIGEST_VERSION:
        return None
    kinds = (k.value_type if pa.types.is_dictionary(k) else k for k in left.schema.types)
    types = dict(zip(left.schema.names, kinds, strict=True))
    if any(types.get(field.name, field.type) != field.type for field in schema):
        return None
    try:
        rows = left.select(sorted({"game_date", *columns} & types.keys()))
    except KeyError:
        return None
    marks = {date.fromisoformat(day): mark for day, mark in about["marks"].items()}
    return _Span(marks, rows, frozenset(map(tuple, about["digests"])), left)


def _with_texts_told_apart(rows: pa.Table) -> pa.Table:
    """Rows whose texts are numbers of distinct ones: a season has some hundred, used for long."""
    for at, kind in enumerate(rows.schema.types):
        if pa.types.is_string(kind):
            rows = rows.set_column(at, rows.column_names[at], rows.column(at).dictionary_encode())
    return rows


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


def _joined(holders: Mapping[date, _Span]) -> _Span:
    """One span of what several hold of dates in order, in the columns that all of them have."""
    spans = _distinct(holders.values())
    made = {digest_of(each) for span in spans for each in span.digests}
    # Some may have been read with columns that only their reader wanted.
    shared = set.intersection(*(set(span.rows.column_names) for span in spans)) - made
    digests = {each for span in spans for each in span.digests if set(each) <= shared}
    names = sorted(shared) + sorted(map(digest_of, digests))
    for span in spans:
        span.digest(digests)
    joined = _Span(
        {day: span.marks[day] for day, span in holders.items()},
        pa.concat_tables(_pieces(holders, holders, names)),
        frozenset(digests),
    )
    joined.unshelved = frozenset(day for day, span in holders.items() if day in span.unshelved)
    return joined


def _pieces(
    holders: Mapping[date, _Span], dates: Iterable[date], columns: Sequence[str]
) -> list[pa.Table]:
    """Rows of dates in order, one piece for each run of dates that one span holds."""
    runs = ((span, list(run)) for span, run in groupby(dates, holders.__getitem__))
    return [span.of(run, columns) for span, run in runs]


def _beside(rows: pa.Table, more: pa.Table) -> pa.Table:
    """Columns of the same rows in one table."""
    schema = pa.schema([*rows.schema, *more.schema])
    return pa.Table.from_arrays([*rows.columns, *more.columns], schema=schema)


def _distinct(spans: Iterable[_Span]) -> list[_Span]:
    return list(dict.fromkeys(spans))
