"""The embedded warehouse: one Parquet file per table and date, DuckDB for SQL.

A partition is replaced by renaming a complete, synced file over the old one, so a reader sees the
old rows or the new ones and a killed run leaves at most a stray temporary file. What is known about
a partition (fingerprint, data version, entities without rows) sits in the file's own footer and can
never be newer than the rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import compress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import DATASET, Log
from nba_pipeline.engine.machine import usable_cpus
from nba_pipeline.engine.protocols import Stored, Version
from nba_pipeline.engine.rows import newest
from nba_pipeline.engine.table import Table
from nba_pipeline.warehouse import views
from nba_pipeline.warehouse.files import (
    content_of,
    damaged,
    file_name,
    is_damaged,
    mark_of,
    marker,
    rows_of,
)
from nba_pipeline.warehouse.footers import Footers
from nba_pipeline.warehouse.placing import Placer
from nba_pipeline.warehouse.shelf import Kept, Shelf
from nba_pipeline.warehouse.versions import to_json

# Partitions written side by side.
_WRITERS = 4
_STAMP = "%Y%m%dT%H%M%S%f"
_REVISION_COLUMNS = ("revision", "is_retracted", "known_at")


class LocalWarehouse:
    """Parquet files under one folder; any number of processes may read and write."""

    def __init__(self, folder: Path, tables: Sequence[Table]) -> None:
        """Use ``folder``, which is made when first written to, for ``tables``."""
        self.folder = folder
        self._tables = tables
        self._footers: dict[str, Footers] = {}
        self._is_looked_through = False
        self._placer = Placer(folder / ".writing")
        self._shelf = Shelf(folder / ".shelf", self._placer)

    def path(self, table: Table, day: date) -> Path:
        """The file of a partition."""
        return self.folder / table.dataset / table.name / file_name(day)

    # Reading -------------------------------------------------------------------------------------

    def versions(self, table: Table, dates: Sequence[date]) -> Mapping[date, Version]:
        """Which version each stored partition among ``dates`` is of."""
        return self._footers_of(table).versions(dates)

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What is known about each stored partition among ``dates``."""
        return self._footers_of(table).stored(dates)

    def _footers_of(self, table: Table) -> Footers:
        if table.full_name not in self._footers:
            folder = str(self.folder / table.dataset / table.name)
            left = self._shelf.get(_footers_name(table))
            self._footers[table.full_name] = Footers(folder, left)
        return self._footers[table.full_name]

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
            WarehouseError: When a stored partition is damaged, or the folder cannot be read.
        """
        wanted = list(columns) if columns is not None else table.schema.names
        footers = self._footers_of(table)
        present = footers.versions(sorted(dates))
        paths = [footers.path(day) for day in present]
        if not paths:
            fields = [table.schema.field(name) for name in wanted]
            return pa.Table.from_batches([], pa.schema(fields))
        picked, condition = wanted, None
        if table.keeps_revisions and not every_revision:
            if as_of is None:
                condition = pc.field("is_current") & ~pc.field("is_retracted")
            else:
                picked = list(dict.fromkeys([*wanted, *_REVISION_COLUMNS, *table.key, "game_date"]))
                condition = pc.field("known_at") <= pa.scalar(as_of)
        broken = [footers.path(day) for day, known in present.items() if not known.intact]
        if broken:
            raise self._damaged(broken)
        try:
            rows = rows_of(paths, table.schema, picked, condition)
        except (OSError, pa.ArrowInvalid) as error:
            for day in present:
                footers.forget(day)
            raise self._unreadable(table, paths, error) from error
        if as_of is not None and table.keeps_revisions and not every_revision:
            rows = newest(table, rows).select(wanted)
        return rows.combine_chunks()

    def _unreadable(self, table: Table, paths: Sequence[str], error: Exception) -> WarehouseError:
        """What keeps some files from being read."""
        broken = [path for path in paths if is_damaged(Path(path), table.schema)]
        if broken:
            return self._damaged(broken)
        return WarehouseError(f"cannot read {table.full_name}: {' '.join(str(error).split())}")

    def _damaged(self, found: Sequence[str]) -> WarehouseError:
        """The error of damaged files; when the first is met, of all there are.

        Where one is, others may be, and whoever is told of one at a time is told every morning.
        """
        if self._is_looked_through:
            return damaged([Path(path) for path in found])
        self._is_looked_through = True
        files = [
            path
            for table in self._tables
            for path in (self.folder / table.dataset / table.name).glob("????-??-??.parquet")
        ]
        with ThreadPoolExecutor(usable_cpus()) as readers:
            others = list(compress(files, readers.map(is_damaged, files)))
        return damaged(sorted({*map(Path, found), *others}))

    # Writing -------------------------------------------------------------------------------------

    def replace(
        self, table: Table, partitions: Mapping[date, tuple[pa.Table, Stored]]
    ) -> dict[date, str]:
        """Replace partitions, each atomically.

        Returns:
            Their marks. One that another process replaced since bears another.

        Raises:
            WarehouseError: When the folder cannot be written.
        """

        def write(day: date) -> str:
            rows, about = partitions[day]
            path, text = self.path(table, day), to_json(about, rows.num_rows)
            with _plainly(f"cannot write {table.full_name} of {day} under {self.folder}"):
                content = content_of(rows, path, text)
                mark = mark_of(self._placer.place(path, content, synced=True))
                marker(path).unlink(missing_ok=True)
            footers.learn(day, mark, text, about.data_version)
            return mark

        footers = self._footers_of(table)
        if len(partitions) == 1:
            return {day: write(day) for day in partitions}
        # Most of it is waiting for the disk, and encoding holds no lock.
        with ThreadPoolExecutor(_WRITERS) as writers:
            written = {day: writers.submit(write, day) for day in partitions}
            return {day: done.result() for day, done in written.items()}

    # Between processes ---------------------------------------------------------------------------

    def shelved(self, name: str) -> Kept | None:
        """What an earlier process kept under a name, as far as it is still whole."""
        return self._shelf.get(name)

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        """Keep rows for the next process, and what is known of partitions with them."""
        for table in self._tables:
            footers = self._footers.get(table.full_name)
            if footers and footers.is_worth_shelving:
                kept = {**kept, _footers_name(table): footers.shelved()}
        try:
            for name, rows in kept.items():
                self._shelf.put(name, rows)
        except OSError:  # the warehouse may be there to be read only, or the disk full
            return

    # Logs ----------------------------------------------------------------------------------------

    def append(self, log: Log, rows: pa.Table) -> None:
        """Add rows to a log, in a file of their own.

        Raises:
            WarehouseError: When the folder cannot be written.
        """
        newest = pc.max(rows[log.newest_by]).as_py() or datetime.now(UTC)
        name = f"{newest.astimezone(UTC):{_STAMP}}-{uuid.uuid4().hex}.parquet"
        path = self.folder / DATASET / log.name / name
        with _plainly(f"cannot write {log.full_name} under {self.folder}"):
            self._placer.place(path, content_of(rows, path), synced=True)

    def read_log(self, log: Log, since: datetime | None = None) -> pa.Table:
        """The rows of a log, in no particular order: all, or those later than a moment."""
        names = sorted(path.name for path in (self.folder / DATASET / log.name).glob("*.parquet"))
        later = None
        if since is not None:
            # A file is named for the newest of its rows, so most need not be opened.
            stamp = f"{since.astimezone(UTC):{_STAMP}}"
            names = [name for name in names if name.partition("-")[0] >= stamp]
            later = pc.field(log.newest_by) > pa.scalar(since)
        if not names:
            return log.schema.empty_table()
        paths = [str(self.folder / DATASET / log.name / name) for name in names]
        return rows_of(paths, log.schema, condition=later)

    # SQL -----------------------------------------------------------------------------------------

    def query(self, sql: str) -> pa.Table:
        """The answer to a read-only query; every table is a view ``dataset.name``.

        Raw tables show the newest revision of each row; ``dataset.name_revisions`` shows all.

        Raises:
            WarehouseError: When the query fails, or would do more than read the warehouse.
        """
        connection = duckdb.connect(config={"threads": usable_cpus()})
        try:
            for view in views.statements(self._tables, self.folder):
                connection.execute(view)
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(
                f"SET allowed_directories = ['{views.quoted(str(self.folder.resolve()))}']"
            )
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise WarehouseError("query takes one SELECT statement and changes nothing")
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            what = " ".join(str(error).partition("\n\nLINE ")[0].split())
            raise WarehouseError(f"the query failed: {what}") from error
        finally:
            connection.close()


def _footers_name(table: Table) -> str:
    return f"{table.dataset}/{table.name}-footers"


@contextmanager
def _plainly(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(f"{what}: {error.strerror or error}") from error
