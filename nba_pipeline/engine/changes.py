"""What changed in stored rows, kept as it passes: afterwards the old row is gone.

A replaced partition leaves a line for each row that is new, different or no longer there, with the
columns that differ; a partition that was not there before leaves one line. By these lines whatever
reads the rows later can say exactly which of them made it compute.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import rows
from nba_pipeline.engine.logs import ROW_CHANGES
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.table import Table


@dataclass(frozen=True)
class RowChange:
    """One row that came, went or changed; or a whole partition that was not there before.

    Attributes:
        table: Bare name of the table.
        date: The partition.
        key: The row's key values joined by ``|``; empty for a whole partition.
        entity: The entity the row belongs to.
        old_hash: Its ``data_hash`` before; empty where it was not there.
        new_hash: Its ``data_hash`` now; empty where it is no longer there.
        old: Its values before, of the columns that differ and of those others find it by.
        new: Its values now, of the same columns.
        known_at: When it could first have been known.
        at: The moment of the run that changed it.
    """

    table: str
    date: date
    key: str
    entity: str = ""
    old_hash: str = ""
    new_hash: str = ""
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    known_at: datetime | None = None
    at: datetime | None = None

    @property
    def is_partition(self) -> bool:
        """Whether a whole partition came."""
        return not self.key

    @property
    def columns(self) -> set[str]:
        """The columns that differ."""
        both = {*self.old, *self.new}
        return {name for name in both if self.old.get(name) != self.new.get(name)}


# Finding them -------------------------------------------------------------------------------------


def between(
    table: Table, before: pa.Table, after: pa.Table, kept: Collection[str], now: datetime
) -> list[RowChange]:
    """How rows differ from those that were there.

    Args:
        table: Whose rows they are.
        before: What readers were handed.
        after: What they are handed now.
        kept: Columns whose values are kept of every changed row.
        now: The moment of the run.
    """
    if not (before.num_rows or after.num_rows):
        return []
    old, new = _by_key(table, before), _by_key(table, after)
    differing = [key for key in {**old, **new} if old.get(key, _NO)[0] != new.get(key, _NO)[0]]
    were = _taken(before, [old[key][1] for key in differing if key in old])
    are = _taken(after, [new[key][1] for key in differing if key in new])
    return [
        _change(table, next(were) if k in old else {}, next(are) if k in new else {}, kept, now)
        for k in differing
    ]


_NO = ("", -1)


def _by_key(table: Table, found: pa.Table) -> dict[tuple[Any, ...], tuple[str, int]]:
    names = ["game_date", *table.key]
    keys = zip(*(found[name].to_pylist() for name in names), strict=True)
    hashes = found["data_hash"].to_pylist()
    return {key: (hashes[at], at) for at, key in enumerate(keys)}


def _taken(found: pa.Table, index: Sequence[int]) -> Iterator[dict[str, Any]]:
    return iter(found.take(pa.array(index, pa.int64())).to_pylist())


def _change(
    table: Table,
    was: Mapping[str, Any],
    now_is: Mapping[str, Any],
    kept: Collection[str],
    now: datetime,
) -> RowChange:
    row = now_is or was
    wanted = set(kept)
    if was and now_is:
        wanted |= {name for name in table.hash_fields if was[name] != now_is[name]}
    revised = table.keeps_revisions and bool(now_is)
    return RowChange(
        table.name,
        row["game_date"],
        "|".join(_text(row[name]) for name in table.key),
        "|".join(_text(row[name]) for name in table.entity),
        was["data_hash"] if was else "",
        now_is["data_hash"] if now_is else "",
        {name: plain(was[name]) for name in sorted(wanted)} if was else {},
        {name: plain(now_is[name]) for name in sorted(wanted)} if now_is else {},
        now_is["known_at"] if revised else now,
        now,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def plain(value: Any) -> Any:
    """A value in the types JSON has."""
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value if isinstance(value, str | int | float | None) else str(value)


# Keeping them -------------------------------------------------------------------------------------


def as_log_rows(changes: Iterable[RowChange], run_id: str) -> list[dict[str, Any]]:
    """Changes as rows of their log."""
    return [
        {
            "table_name": change.table,
            "game_date": change.date,
            "row_key": change.key,
            "entity_id": change.entity,
            "old_hash": change.old_hash,
            "new_hash": change.new_hash,
            "old_values": json.dumps(change.old),
            "new_values": json.dumps(change.new),
            "known_at": change.known_at,
            "run_id": run_id,
            "created_at": change.at,
        }
        for change in changes
    ]


def since(
    warehouse: Warehouse, spans: Mapping[str, tuple[date, date]], moment: datetime
) -> list[RowChange]:
    """Every change of some tables' rows after a moment, oldest first.

    Args:
        warehouse: What keeps them.
        spans: By the table's bare name the first and the last day of the rows asked about.
        moment: After when.
    """
    if not spans:
        return []
    found = warehouse.read_log(ROW_CHANGES, moment)
    whose, days, wanted = found["table_name"], found["game_date"], pa.scalar(False)
    for name, (first, last) in spans.items():
        inside = pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last))
        wanted = pc.or_(wanted, pc.and_(pc.equal(whose, name), inside))
    changes = [
        RowChange(
            row["table_name"],
            row["game_date"],
            row["row_key"],
            row["entity_id"],
            row["old_hash"],
            row["new_hash"],
            json.loads(row["old_values"]),
            json.loads(row["new_values"]),
            row["known_at"],
            row["created_at"],
        )
        for row in found.filter(wanted).to_pylist()
    ]
    return sorted(changes, key=lambda change: change.at or moment)


def net(changes: Iterable[RowChange], moment: datetime) -> list[RowChange]:
    """What is different after a moment: of a row that changed twice the first and the last word.

    A row that is back to what it was is left out, and so are the rows of a partition that was not
    there at all.

    Args:
        changes: Oldest first.
        moment: After when.
    """
    whole: dict[tuple[str, date, str], RowChange] = {}
    for change in changes:
        if change.at is None or change.at <= moment:
            continue
        where = change.table, change.date, change.key
        first = whole.get(where)
        whole[where] = _joined(first, change) if first else change
    came = {(change.table, change.date) for change in whole.values() if change.is_partition}
    return [
        change
        for change in whole.values()
        if change.is_partition
        or ((change.table, change.date) not in came and change.old_hash != change.new_hash)
    ]


def _joined(first: RowChange, then: RowChange) -> RowChange:
    known = [moment for moment in (first.known_at, then.known_at) if moment]
    return replace(
        then,
        old_hash=first.old_hash,
        # Of a column only the later change names, the earlier one left the value alone.
        old={**then.old, **first.old} if first.old_hash else {},
        new={**first.new, **then.new} if then.new_hash else {},
        known_at=min(known, default=None),
    )


def of_partitions(
    table: Table,
    before: pa.Table,
    after: pa.Table,
    first_builds: Iterable[date],
    kept: Collection[str],
    now: datetime,
) -> list[RowChange]:
    """What replacing some partitions changes for those who read them.

    Args:
        table: Whose partitions they are.
        before: The stored rows of every entity that was looked at, with every revision.
        after: The rows of the same entities now.
        first_builds: Partitions that were not there before.
        kept: Columns whose values are kept of every changed row.
        now: The moment of the run.
    """
    current = rows.current(table, after)
    is_new = pc.is_in(current["game_date"], pa.array([*first_builds], pa.date32()))
    days = sorted(current["game_date"].filter(is_new).unique().to_pylist())
    came = [RowChange(table.name, day, "", known_at=now, at=now) for day in days]
    return came + between(
        table, rows.current(table, before), current.filter(pc.invert(is_new)), kept, now
    )
