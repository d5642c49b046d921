"""The warehouse in BigQuery: rows staged by a load job, then swapped in by one statement.

A partition's rows go into a staging table of their own first, so the one statement that changes
the table either swaps whole dates or nothing. Reads go through the Storage Read API, which knows no
order: rows are put into key order here, as the engine expects them.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nba_pipeline.engine import rows as engine_rows
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import LOGS, Log
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.table import Table
from nba_pipeline.warehouse.bigquery.connection import BigQuerySettings, Connection, labels, plainly
from nba_pipeline.warehouse.bigquery.layout import (
    Layout,
    columns_of,
    from_wire,
    mode_of,
    of_log,
    of_table,
    to_wire,
)
from nba_pipeline.warehouse.bigquery.partitions import Partitions

# Longest a staging table outlives the run that died beside it.
_STAGING_LIFE = timedelta(hours=6)


class BigQueryWarehouse:
    """Tables in BigQuery datasets; any number of processes may read and write."""

    def __init__(self, settings: BigQuerySettings, tables: Sequence[Table]) -> None:
        """Use the datasets that ``settings`` name, for ``tables``; nothing is opened yet."""
        self.connection = Connection(settings)
        self.prefix = settings.dataset_prefix
        self._tables = tables
        self._partitions = Partitions(self.connection)
        self._there: set[str] = set()

    # Reading -------------------------------------------------------------------------------------

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What is known about each stored partition among ``dates``.

        Raises:
            WarehouseError: When BigQuery cannot be asked.
        """
        if not dates:
            return {}
        with plainly(f"cannot look up the versions of {table.full_name}"):
            self._ensure(self._partitions.layout)
            return self._partitions.known(table.full_name, dates)

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
        revisions = ["revision", "is_retracted", "known_at"] if table.keeps_revisions else []
        picked = list(dict.fromkeys([*wanted, "game_date", *table.key, *revisions]))
        restriction = f"game_date BETWEEN '{min(dates)}' AND '{max(dates)}'"
        if table.keeps_revisions and not every_revision and as_of is None:
            restriction += " AND is_current AND NOT is_retracted"
        layout = of_table(table, self.prefix)
        with plainly(f"cannot read {table.full_name} of {min(dates)} to {max(dates)}"):
            self._ensure(layout)
            found = from_wire(
                self.connection.rows(layout.full_name, picked, restriction, layout.schema)
            )
        found = found.filter(pc.is_in(found["game_date"], pa.array(sorted(set(dates)))))
        found = engine_rows.ordered(table, found)
        if as_of is not None and table.keeps_revisions and not every_revision:
            known = found.filter(pc.less_equal(found["known_at"], pa.scalar(as_of)))
            found = engine_rows.newest(table, known)
        return found.select(wanted).combine_chunks()

    # Writing -------------------------------------------------------------------------------------

    def replace(self, table: Table, partitions: Mapping[date, tuple[pa.Table, Stored]]) -> None:
        """Replace partitions, all of them in one statement.

        Raises:
            WarehouseError: When BigQuery cannot be written, or another run writes the same.
        """
        if not partitions:
            return
        layout, token = of_table(table, self.prefix), uuid.uuid4().hex
        first, last = min(partitions), max(partitions)
        rows = to_wire(layout, pa.concat_tables([found for found, _ in partitions.values()]))
        with plainly(f"cannot write {table.full_name} of {first} to {last}"):
            self._ensure(self._partitions.layout)
            self._ensure(layout)
            self._partitions.claim(table.full_name, partitions, token)
            staging = self._stage(layout, rows)
            try:
                self._swap(table, layout, staging, partitions, token)
            finally:
                self.connection.client.delete_table(
                    staging, not_found_ok=True, **self.connection.limits
                )
            about = {day: (known, found.num_rows) for day, (found, known) in partitions.items()}
            self._partitions.confirm(table.full_name, about, token)

    def _stage(self, layout: Layout, rows: pa.Table) -> str:
        """Rows in a table of their own, which BigQuery removes if nobody else does."""
        from google.cloud import bigquery

        name = f"{self.connection.settings.project}.{layout.full_name}__staging_{uuid.uuid4().hex}"
        staging = bigquery.Table(name, schema=layout.fields())
        staging.expires = datetime.now(UTC) + _STAGING_LIFE
        self.connection.client.create_table(staging, exists_ok=True, **self.connection.limits)
        loaded = self.connection.again(lambda: self._load(layout, rows, name, "WRITE_TRUNCATE"))
        if loaded != rows.num_rows:
            raise WarehouseError(f"BigQuery staged {loaded} of {rows.num_rows} rows for {name}")
        return name

    def _load(self, layout: Layout, rows: pa.Table, target: str, disposition: str) -> int | None:
        from google.cloud import bigquery

        lists = bigquery.ParquetOptions()
        lists.enable_list_inference = True
        config = bigquery.LoadJobConfig(
            source_format="PARQUET",
            write_disposition=disposition,
            schema=layout.fields(),
            labels=labels(layout.full_name),
            job_timeout_ms=int(self.connection.settings.job_seconds * 1000),
        )
        config.parquet_options = lists
        content = io.BytesIO()
        pq.write_table(rows, content)
        content.seek(0)
        job = self.connection.client.load_table_from_file(
            content, target, job_config=config, timeout=self.connection.settings.call_seconds
        )
        job.result(timeout=self.connection.settings.job_seconds, retry=self.connection.retry)
        loaded: int | None = job.output_rows
        return loaded

    def _swap(
        self,
        table: Table,
        layout: Layout,
        staging: str,
        dates: Mapping[date, object],
        token: str,
    ) -> None:
        """Put the staged rows in the place of what the dates had, where the claim still holds."""
        target = f"`{self.connection.settings.project}.{layout.full_name}`"
        names = layout.schema.names
        gone = ", ".join(_gone(entry) for entry in layout.schema)
        self.connection.query(
            f"MERGE {target} AS kept USING ("
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
        with plainly(f"cannot write {log.full_name}"):
            self._ensure(layout)
            target = f"{self.connection.settings.project}.{layout.full_name}"
            self._load(layout, to_wire(layout, rows), target, "WRITE_APPEND")

    def read_log(self, log: Log, since: datetime | None = None) -> pa.Table:
        """The rows of a log, in no particular order: all, or those later than a moment.

        Raises:
            WarehouseError: When BigQuery cannot be read.
        """
        layout = of_log(log, self.prefix)
        with plainly(f"cannot read {log.full_name}"):
            self._ensure(layout)
            later = f"{log.newest_by} > TIMESTAMP '{since.isoformat()}'" if since else ""
            return from_wire(
                self.connection.rows(layout.full_name, log.schema.names, later, log.schema)
            )

    # SQL -----------------------------------------------------------------------------------------

    def query(self, sql: str) -> pa.Table:
        """The answer to a read-only query; tables are named ``dataset.name``.

        Raises:
            WarehouseError: When the query fails, or would do more than read.
        """
        with plainly("the query failed"):
            for table in self._tables:
                self._ensure(of_table(table, self.prefix))
            for log in LOGS:
                self._ensure(of_log(log, self.prefix))
            asked = self.connection.query(sql, about="query", dry_run=True)
            if asked.statement_type not in (None, "SELECT"):
                raise WarehouseError("query takes one SELECT statement and changes nothing")
            job = self.connection.query(sql, about="query")
            return job.result(timeout=self.connection.settings.job_seconds).to_arrow(
                create_bqstorage_client=False
            )

    # Tables --------------------------------------------------------------------------------------

    def _ensure(self, layout: Layout) -> None:
        """Make a table that is not there yet, with its dataset and its view; once per process."""
        if layout.full_name in self._there:
            return
        from google.api_core.exceptions import NotFound
        from google.cloud import bigquery

        client, limits = self.connection.client, self.connection.limits
        project = self.connection.settings.project
        name = f"{project}.{layout.full_name}"
        try:
            _refuse_other_columns(layout, client.get_table(name, **limits))
        except NotFound:
            dataset = bigquery.Dataset(f"{project}.{layout.dataset}")
            dataset.location = self.connection.settings.location
            client.create_dataset(dataset, exists_ok=True, **limits)
            made = bigquery.Table(name, schema=layout.fields())
            made.description = layout.description
            made.time_partitioning = bigquery.TimePartitioning(field=layout.partition_by)
            made.clustering_fields = list(layout.clustering) or None
            made.labels = labels(layout.full_name)
            client.create_table(made, exists_ok=True, **limits)
        if layout.view:
            view = bigquery.Table(f"{project}.{layout.dataset}.{layout.view}")
            view.view_query = f"SELECT * FROM `{name}` {layout.view_filter}"
            client.create_table(view, exists_ok=True, **limits)
        self._there.add(layout.full_name)


def _gone(entry: pa.Field) -> str:
    """A column of the row that stands for a date whose rows go."""
    if entry.name == "game_date":
        return "mine.partition_date"
    kinds = {pa.string(): "STRING", pa.float64(): "FLOAT64"}
    if mode_of(entry) == "REPEATED":
        return f"CAST([] AS ARRAY<{kinds[entry.type.value_type]}>)"
    return "NULL"


def _refuse_other_columns(layout: Layout, found: object) -> None:
    """Check that a table has the columns we write.

    Raises:
        WarehouseError: Naming the first that it lacks.
    """
    there = {field.name for field in found.schema}  # type: ignore[attr-defined]
    missing = [name for name in layout.schema.names if name not in there]
    if missing:
        raise WarehouseError(
            f"{layout.full_name} has no column {missing[0]}: nba-pipeline migrate adds what is "
            "missing and loses nothing"
        )
