"""The warehouse in BigQuery: rows staged by a load job, then swapped in by one statement.

A partition's rows go into a staging table of their own first, so the one statement that changes
the table either swaps whole dates or nothing. Reads go through the Storage Read API, which knows no
order: rows are put into key order here, as the engine expects them.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import rows as engine_rows
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import LOGS, Log
from nba_pipeline.engine.protocols import Stored, Version
from nba_pipeline.engine.table import Table
from nba_pipeline.warehouse.bigquery.calls import ONCE, Calls, operation
from nba_pipeline.warehouse.bigquery.connection import Connection
from nba_pipeline.warehouse.bigquery.cost import Bytes, bytes_read, refuse_bytes
from nba_pipeline.warehouse.bigquery.layout import (
    Layout,
    columns_of,
    from_wire,
    mode_of,
    of_log,
    of_table,
    sql_type,
    to_wire,
)
from nba_pipeline.warehouse.bigquery.partitions import Partitions
from nba_pipeline.warehouse.bigquery.settings import BigQuerySettings
from nba_pipeline.warehouse.bigquery.staging import staged
from nba_pipeline.warehouse.bigquery.structure import create, refuse_other_structure
from nba_pipeline.warehouse.versions import from_json


class BigQueryWarehouse:
    """Tables in BigQuery datasets; any number of processes may read and write."""

    def __init__(self, settings: BigQuerySettings, tables: Sequence[Table]) -> None:
        """Use the datasets that ``settings`` name, for ``tables``; nothing is opened yet."""
        self.connection = Connection(settings)
        self.prefix = settings.dataset_prefix
        self.tables = tables
        self._partitions = Partitions(settings.project, self.prefix)
        self._there: set[str] = set()

    # Reading -------------------------------------------------------------------------------------

    def versions(self, table: Table, dates: Sequence[date]) -> Mapping[date, Version]:
        """Which version each stored partition among ``dates`` is of.

        Raises:
            WarehouseError: When BigQuery cannot be asked.
        """
        return self.stored(table, dates)

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What is known about each stored partition among ``dates``.

        Raises:
            WarehouseError: When BigQuery cannot be asked.
        """
        if not dates:
            return {}
        with self._calls(f"cannot look up the versions of {table.full_name}") as calls:
            self._ensure(calls, self._partitions.layout)
            known = self._partitions.known(calls, table.full_name, dates)
            there = self._counted(calls, table, sorted(known)) if known else {}
            return {day: from_json(text, there.get(day, 0)) for day, text in known.items()}

    def _counted(self, calls: Calls, table: Table, dates: Sequence[date]) -> Mapping[date, int]:
        """Rows that are really there: somebody else may have deleted some, or the whole table."""
        layout = of_table(table, self.prefix)
        self._ensure(calls, layout)
        between = f"game_date BETWEEN '{dates[0]}' AND '{dates[-1]}'"
        days = calls.rows(layout.full_name, ["game_date"], between, layout.schema)["game_date"]
        return Counter(days.to_pylist())

    def read(
        self,
        table: Table,
        dates: Sequence[date],
        columns: Sequence[str] | None = None,
        *,
        as_of: datetime | None = None,
        every_revision: bool = False,
    ) -> pa.Table:
        """Rows of those dates, ordered by date and key.

        Raises:
            WarehouseError: When BigQuery cannot be read.
        """
        wanted = list(columns) if columns is not None else table.schema.names
        if not dates:
            return pa.schema([table.schema.field(name) for name in wanted]).empty_table()
        picked = _picked(table, wanted)
        restriction = f"game_date BETWEEN '{min(dates)}' AND '{max(dates)}'"
        if table.keeps_revisions and not every_revision and as_of is None:
            restriction += " AND is_current AND NOT is_retracted"
        layout, what = of_table(table, self.prefix), f"{table.full_name} of {_days(dates)}"
        with self._calls(f"cannot read {what}") as calls:
            self._ensure(calls, layout)
            most = calls.settings.max_bytes
            if most is not None:
                cost = bytes_read(calls, layout, dates, picked)
                refuse_bytes(f"reading {what}", cost.count, most)
            found = from_wire(calls.rows(layout.full_name, picked, restriction, layout.schema))
        found = found.filter(pc.is_in(found["game_date"], pa.array(sorted(set(dates)))))
        found = engine_rows.ordered(table, found)
        if as_of is not None and table.keeps_revisions and not every_revision:
            known = found.filter(pc.less_equal(found["known_at"], pa.scalar(as_of)))
            found = engine_rows.newest(table, known)
        return found.select(wanted).combine_chunks()

    def cost(self, table: Table, dates: Sequence[date], columns: Sequence[str]) -> Bytes:
        """The bytes that reading some dates would read, before they are read.

        Raises:
            WarehouseError: When BigQuery cannot be asked.
        """
        layout = of_table(table, self.prefix)
        with self._calls(f"cannot say what reading {table.full_name} costs") as calls:
            self._ensure(calls, layout)
            return bytes_read(calls, layout, dates, _picked(table, columns))

    # Writing -------------------------------------------------------------------------------------

    def replace(
        self, table: Table, partitions: Mapping[date, tuple[pa.Table, Stored]]
    ) -> dict[date, str]:
        """Replace partitions, all of them in one statement; there are no marks.

        Raises:
            WarehouseError: When BigQuery cannot be written, or another run writes the same.
        """
        if not partitions:
            return {}
        layout, token = of_table(table, self.prefix), uuid.uuid4().hex
        rows = to_wire(layout, pa.concat_tables([found for found, _ in partitions.values()]))
        about = {day: (known, found.num_rows) for day, (found, known) in partitions.items()}
        with self._calls(f"cannot write {table.full_name} of {_days(partitions)}") as calls:
            self._ensure(calls, self._partitions.layout)
            self._ensure(calls, layout)
            self._partitions.claim(calls, table.full_name, partitions, token)
            with staged(calls, layout.full_name, rows, layout.fields()) as staging:
                self._swap(calls, table, layout, staging, partitions, token)
                self._partitions.confirm(calls, table.full_name, about, token)
        return {}

    def shelved(self, name: str) -> None:
        """Nothing: without marks nobody could tell whether it still holds."""

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        """Keep nothing."""

    def _swap(
        self,
        calls: Calls,
        table: Table,
        layout: Layout,
        staging: str,
        dates: Mapping[date, object],
        token: str,
    ) -> None:
        """Put the staged rows in the place of what the dates had, where the claim still holds."""
        names = layout.schema.names
        gone = ", ".join(_gone(entry) for entry in layout.schema)
        calls.query(
            f"MERGE `{self._full(layout)}` AS kept USING ("
            f"WITH mine AS ({self._partitions.owned()}) "
            f"SELECT FALSE AS is_gone, {', '.join(f'staged.`{n}`' for n in names)} "
            f"FROM `{staging}` AS staged JOIN mine ON mine.partition_date = staged.game_date "
            f"UNION ALL SELECT TRUE AS is_gone, {gone} FROM mine) AS fresh "
            "ON kept.game_date BETWEEN @first AND @last "
            "AND fresh.is_gone AND kept.game_date = fresh.game_date "
            "WHEN MATCHED THEN DELETE "
            f"WHEN NOT MATCHED BY TARGET AND NOT fresh.is_gone THEN INSERT ({columns_of(names)}) "
            f"VALUES ({', '.join(f'fresh.`{name}`' for name in names)})",
            self._partitions.parameters(table.full_name, token, dates),
            about=table.full_name,
        )

    # Logs ----------------------------------------------------------------------------------------

    def append(self, log: Log, rows: pa.Table) -> None:
        """Add rows to a log, by one load job.

        Raises:
            WarehouseError: When BigQuery cannot be written.
        """
        layout = of_log(log, self.prefix)
        with self._calls(f"cannot write {log.full_name}") as calls:
            self._ensure(calls, layout)
            added = to_wire(layout, rows)
            calls.load(
                added, self._full(layout), layout.fields(), "WRITE_APPEND", about=layout.full_name
            )

    def read_log(self, log: Log, since: datetime | None = None) -> pa.Table:
        """The rows of a log, in no particular order: all, or those later than a moment.

        Raises:
            WarehouseError: When BigQuery cannot be read.
        """
        layout = of_log(log, self.prefix)
        later = f"{log.newest_by} > TIMESTAMP '{since.isoformat()}'" if since else ""
        with self._calls(f"cannot read {log.full_name}") as calls:
            self._ensure(calls, layout)
            return from_wire(calls.rows(layout.full_name, log.schema.names, later, log.schema))

    # SQL -----------------------------------------------------------------------------------------

    def query(self, sql: str) -> pa.Table:
        """The answer to a read-only query; tables are named ``dataset.name``.

        Raises:
            WarehouseError: When the query fails, would do more than read, or would read more bytes
                than it may.
        """
        from google.api_core.exceptions import NotFound

        with self._calls("the query failed") as calls:
            try:
                asked = calls.query(sql, about="query", dry_run=True)
            except NotFound:
                # It may ask for a table that holds nothing yet.
                for layout in self.layouts():
                    self._ensure(calls, layout)
                asked = calls.query(sql, about="query", dry_run=True)
            if asked.statement_type != "SELECT":
                raise WarehouseError("query takes one SELECT statement and changes nothing")
            refuse_bytes("the query", asked.total_bytes_processed, calls.settings.max_bytes)
            return calls.asked(sql, about="query")

    # Tables --------------------------------------------------------------------------------------

    def layouts(self) -> list[Layout]:
        """Every table there has to be."""
        return [
            *(of_table(table, self.prefix) for table in self.tables),
            *(of_log(log, self.prefix) for log in LOGS),
            self._partitions.layout,
        ]

    def _ensure(self, calls: Calls, layout: Layout) -> None:
        """Make a table that is not there yet, with its dataset and its view; once per process."""
        if layout.full_name not in self._there:
            refuse_other_structure(layout, create(calls, layout))
            self._there.add(layout.full_name)

    def drop(self) -> None:
        """Remove every dataset of a warehouse that was made to be thrown away.

        Raises:
            WarehouseError: When it has no prefix, or BigQuery does not remove one.
        """
        if not self.prefix:
            raise WarehouseError("datasets without a prefix are nobody's scratch: none is removed")
        for dataset in sorted({layout.dataset for layout in self.layouts()}):
            with self._calls(f"cannot remove {dataset}") as calls:
                _remove(calls, f"{calls.settings.project}.{dataset}")

    def _full(self, layout: Layout) -> str:
        return f"{self.connection.settings.project}.{layout.full_name}"

    def _calls(self, what: str) -> AbstractContextManager[Calls]:
        return operation(self.connection, what)


def _remove(calls: Calls, dataset: str) -> None:
    calls.call(
        lambda seconds: calls.client.delete_dataset(
            dataset, delete_contents=True, not_found_ok=True, retry=ONCE, timeout=seconds
        )
    )


def _picked(table: Table, wanted: Sequence[str]) -> list[str]:
    """The columns that have to be read: those wanted, and those that put rows in order."""
    revisions = ["revision", "is_retracted", "known_at"] if table.keeps_revisions else []
    return list(dict.fromkeys([*wanted, "game_date", *table.key, *revisions]))


def _days(dates: Iterable[date]) -> str:
    """A span of dates, for people."""
    days = sorted(dates)
    return f"{days[0]}" if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _gone(entry: pa.Field) -> str:
    """A column of the row that stands for a date whose rows go."""
    if entry.name == "game_date":
        return "mine.partition_date"
    return f"CAST([] AS {sql_type(entry)})" if mode_of(entry) == "REPEATED" else "NULL"
