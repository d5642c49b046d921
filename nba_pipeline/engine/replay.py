"""A date as it would have been built at a moment of the past, and what hindsight changed.

A replay lives in a warehouse of its own. Its raw tables hold what the real ones knew at the moment:
of each row the revisions first known by then, so a correction that came later is not among them.
Everything above is computed from those by the same path as always, except where a partition stands
on nothing that hindsight changed: then the real one is taken over as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.plan import demands, is_up_to_date
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import Table

#: What stands in a difference where one side has no row at all.
ABSENT, PRESENT = "no row", "a row"


@dataclass(frozen=True)
class Difference:
    """One number that hindsight changed.

    Attributes:
        table: ``dataset.name``.
        key: The row's key values joined by ``|``.
        column: Its column; empty where the whole row is there on one side only.
        then: The value as it was known at the moment.
        now: The value as it is known now.
    """

    table: str
    key: str
    column: str
    then: Any
    now: Any


def replay(
    needed: Mapping[str, Sequence[date]], actual: Warehouse, session: Session, moment: datetime
) -> Iterator[Partition]:
    """Build partitions from what was known at a moment.

    Args:
        needed: Dates by table, in data-flow order, with everything their windows reach.
        actual: The warehouse with every revision, which is only read.
        session: What to work with; its warehouse is the replay's own.
        moment: Until when something may have become known.

    Yields:
        One report for each partition that is not raw, as ``materialize`` gives it.
    """
    for name, asked in needed.items():
        table = session.tables[name]
        # Where the warehouse has nothing, such as before a first season, there is nothing to know.
        dates = sorted(actual.stored(table, asked))
        if any(declared.is_feed for declared in table.inputs.values()):
            _copy_known(table, dates, actual, session.warehouse, moment)
            continue
        _take_over(table, dates, actual, session)
        yield from materialize(table, dates, session)


def known_by(table: Table, revisions: pa.Table, moment: datetime) -> pa.Table:
    """The revisions of a raw table's rows that were known at a moment, the newest of them current.

    Args:
        table: A table that keeps revisions.
        revisions: Every revision, sorted as stored.
        moment: Until when.
    """
    known = revisions.filter(pc.less_equal(revisions["known_at"], pa.scalar(moment)))
    repeats = rows.same_key_as_before(table, known)
    newest = np.append(~repeats[1:], True) if len(repeats) else repeats
    at = known.column_names.index("is_current")
    return known.set_column(at, known.schema.field(at), pa.array(newest, pa.bool_()))


def _copy_known(
    table: Table, dates: Sequence[date], actual: Warehouse, own: Warehouse, moment: datetime
) -> None:
    about = actual.stored(table, dates)
    every = known_by(table, actual.read(table, dates, every_revision=True), moment).combine_chunks()
    before = own.stored(table, dates)
    parts = {}
    for day in about:
        found = every.filter(pc.equal(every["game_date"], pa.scalar(day)))
        stored = _as_known(table, about[day], found, moment)
        if day not in before or before[day] != stored:
            parts[day] = found, stored
    own.replace(table, parts)


def _as_known(table: Table, real: Stored, found: pa.Table, moment: datetime) -> Stored:
    current = rows.current(table, found)
    keys = current.select(list(table.key))
    revisions = hashing.text_digest(
        *found["data_hash"].to_pylist(), *map(str, found["revision"].to_pylist())
    )
    return replace(
        real,
        fingerprint=hashing.text_digest("as of", moment.isoformat(), revisions),
        data_version=hashing.partition_version(keys, hashing.joined(current["data_hash"])),
        rows=current.num_rows,
        entities=len(pc.unique(rows.entities(table, current))) if current.num_rows else 0,
        skip_reason="" if current.num_rows else real.skip_reason or "not_yet",
    )


def _take_over(table: Table, dates: Sequence[date], actual: Warehouse, session: Session) -> None:
    """Copy the real partitions that would be computed from just what the replay has."""
    demand = demands(
        table, dates, session.tables, session.warehouse, session.source, session.environ
    )
    own, real = session.warehouse.stored(table, dates), actual.stored(table, dates)
    same = [
        day
        for day in dates
        if is_up_to_date(real.get(day), demand[day])
        and not is_up_to_date(own.get(day), demand[day])
    ]
    session.warehouse.replace(
        table, {day: (actual.read(table, [day], every_revision=True), real[day]) for day in same}
    )


def differences(table: Table, then: pa.Table, now: pa.Table) -> list[Difference]:
    """Every hashed value of one partition that hindsight changed, in key order.

    Args:
        table: The table.
        then: Its rows as they were known.
        now: Its rows as they are known.
    """
    old, new = _by_key(table, then), _by_key(table, now)
    found = []
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            sides = (PRESENT, ABSENT) if key in old else (ABSENT, PRESENT)
            found.append(Difference(table.full_name, key, "", *sides))
        elif old[key]["data_hash"] != new[key]["data_hash"]:
            found += [
                Difference(table.full_name, key, name, old[key][name], new[key][name])
                for name in table.hash_fields
                if old[key][name] != new[key][name]
            ]
    return found


def _by_key(table: Table, found: pa.Table) -> dict[str, dict[str, Any]]:
    return {"|".join(str(row[name]) for name in table.key): row for row in found.to_pylist()}
