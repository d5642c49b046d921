"""A warehouse over another one that keeps to itself what is written to it.

The engine brings tables up to date in it as it would below, so what a run would do is found by
doing it, and nothing below is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import rows
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import Log
from nba_pipeline.engine.protocols import Columns, Stored, Version, Warehouse
from nba_pipeline.engine.table import Table


class Overlay:
    """Reads through to the warehouse below; replaced partitions and logs stay in memory."""

    def __init__(self, below: Warehouse) -> None:
        """Lie over ``below``."""
        self._below = below
        self._replaced: dict[str, dict[date, tuple[pa.Table, Stored]]] = {}
        self._appended: dict[str, list[pa.Table]] = {}
        self._writings = 0

    def versions(self, table: Table, dates: Sequence[date]) -> Mapping[date, Version]:
        """Which version each partition is of, here or below."""
        mine = self._mine(table, dates)
        return {**self._below.versions(table, [day for day in dates if day not in mine]), **mine}

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What is known about each partition, here or below."""
        mine = self._mine(table, dates)
        return self._below.stored(table, [day for day in dates if day not in mine]) | mine

    def _mine(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        replaced = self._replaced.get(table.full_name, {})
        return {day: replaced[day][1] for day in dates if day in replaced}

    def read(
        self,
        table: Table,
        dates: Sequence[date],
        columns: Sequence[str] | None = None,
        *,
        as_of: datetime | None = None,
        every_revision: bool = False,
    ) -> pa.Table:
        """Rows of those dates, here or below, ordered by date and key."""
        mine = self._replaced.get(table.full_name, {})
        wanted = list(columns) if columns is not None else table.schema.names
        picked = list(dict.fromkeys([*wanted, "game_date"]))
        under = [day for day in dates if day not in mine]
        parts = [self._below.read(table, under, picked, as_of=as_of, every_revision=every_revision)]
        for day in sorted({day for day in dates if day in mine}):
            found = mine[day][0]
            if table.keeps_revisions and not every_revision:
                found = rows.current(table, found) if as_of is None else _known(table, found, as_of)
            parts.append(found.select(picked))
        whole = pa.concat_tables(parts)
        if len(parts) > 1:
            whole = whole.take(pc.sort_indices(whole["game_date"]))
        return whole.select(wanted).combine_chunks()

    def replace(
        self, table: Table, partitions: Mapping[date, tuple[pa.Table, Stored]]
    ) -> dict[date, str]:
        """Keep partitions in memory."""
        self._writings += 1
        mark = f"in memory {id(self)} {self._writings}"
        self._replaced.setdefault(table.full_name, {}).update(
            {day: (found, replace(about, mark=mark)) for day, (found, about) in partitions.items()}
        )
        return dict.fromkeys(partitions, mark)

    def shelved(self, name: str) -> Columns | None:
        """What is kept below."""
        return self._below.shelved(name)

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        """Keep nothing: what was read here may be of rows that are nowhere else."""

    def append(self, log: Log, rows: pa.Table) -> None:
        """Keep a log's rows in memory."""
        self._appended.setdefault(log.name, []).append(rows)

    def read_log(self, log: Log, since: datetime | None = None) -> pa.Table:
        """The rows of a log, here and below."""
        mine = pa.concat_tables([log.schema.empty_table(), *self._appended.get(log.name, [])])
        if since is not None:
            mine = mine.filter(pc.greater(mine[log.newest_by], pa.scalar(since)))
        return pa.concat_tables([self._below.read_log(log, since), mine])

    def query(self, sql: str) -> NoReturn:
        """Refuse: SQL would see what lies below and miss what is written here.

        Raises:
            WarehouseError: Always.
        """
        raise WarehouseError(f"what is kept in memory cannot be asked in SQL: {sql}")


def _known(table: Table, found: pa.Table, as_of: datetime) -> pa.Table:
    """The newest revisions of a moment."""
    return rows.newest(table, found.filter(pc.less_equal(found["known_at"], pa.scalar(as_of))))
