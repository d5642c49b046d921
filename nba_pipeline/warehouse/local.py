"""The embedded warehouse: one Parquet file per table and date, DuckDB for SQL.

A partition is replaced by renaming a complete, synced file over the old one, so a reader sees the
old rows or the new ones and a killed run leaves at most a stray temporary file. What is known about
a partition (fingerprint, data version, entities without rows) sits in the file's own footer and can
never be newer than the rows. Every page carries a checksum that every read verifies. Parquet has
none for the footer itself, so a digest of it stands right before it, where other readers skip it.
The footer also names the partition, so that a file copied over another is not taken for it. A file
that a read finds damaged is marked, and so the next run builds it; until then nobody reads it.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import DATASET, Log
from nba_pipeline.engine.machine import usable_cpus
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.read_cache import WORTH_SHELVING
from nba_pipeline.engine.rows import newest
from nba_pipeline.engine.table import Table
from nba_pipeline.warehouse import views
from nba_pipeline.warehouse.placing import Placer
from nba_pipeline.warehouse.shelf import Kept, Shelf
from nba_pipeline.warehouse.versions import from_json, to_json

_FOOTER_KEY, _PLACE_KEY = b"nba_pipeline", b"nba_pipeline_partition"
# A Parquet file ends with its footer, the footer's length in four bytes, and the magic.
_MAGIC, _TAIL, _DIGEST = b"PAR1", 8, hashlib.sha256().digest_size
# Partitions written side by side.
_WRITERS = 4
_DAMAGED = ".damaged"
_STAMP = "%Y%m%dT%H%M%S%f"
_FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)


class LocalWarehouse:
    """Parquet files under one folder; any number of processes may read and write."""

    def __init__(self, folder: Path, tables: Sequence[Table]) -> None:
        """Use ``folder``, which is made when first written to, for ``tables``."""
        self.folder = folder
        self._tables = tables
        self._known: dict[str, Stored] = {}
        self._footers: dict[str, _Footers] = {}
        self._placer = Placer(folder / ".writing")
        self._shelf = Shelf(folder / ".shelf", self._placer)

    def path(self, table: Table, day: date) -> Path:
        """The file of a partition."""
        return self.folder / table.dataset / table.name / f"{day.isoformat()}.parquet"

    # Reading -------------------------------------------------------------------------------------

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What is known about each stored partition among ``dates``."""
        present = self._present(table, dates).items()
        return {day: self._footer(table, day, path) for day, path in present}

    def _present(self, table: Table, dates: Sequence[date]) -> dict[date, str]:
        """The files there are of some dates; looked for in one listing of the folder."""
        folder = str(self.folder / table.dataset / table.name)
        names = set(os.listdir(folder)) if os.path.isdir(folder) else set()  # noqa: PTH112, PTH208
        files = ((day, f"{day.isoformat()}.parquet") for day in dates)
        present = {day: f"{folder}{os.sep}{name}" for day, name in files if name in names}
        if _DAMAGED in "\n".join(names):  # asked for every table, of hundreds of files
            # Whoever found a file damaged may be another process: what was known is not believed.
            for day, path in present.items():
                if _marker(Path(path)).name in names:
                    self._known.pop(path, None)
                    self._footers_of(table).forget(day)
        return present

    def _footer(self, table: Table, day: date, path: str) -> Stored:
        mark = _mark(path)
        known = self._known.get(path)
        if known is None or known.mark != mark:
            known = self._known[path] = self._looked_up(table, day, path, mark)
        return known

    def _looked_up(self, table: Table, day: date, path: str, mark: str) -> Stored:
        """What an earlier process found a file to say of itself, else what it says."""
        footers = self._footers_of(table)
        text = footers.text(day, mark)
        if text:
            return from_json(text, mark=mark)
        about, text = _read_footer(Path(path), mark)
        if about.intact:
            footers.learn(day, mark, text)
        return about

    def _footers_of(self, table: Table) -> _Footers:
        if table.full_name not in self._footers:
            kept = self._shelf.get(_footers_name(table))
            try:
                said = kept and kept.select(["day", "mark", "text"])
            except KeyError:
                said = None
            self._footers[table.full_name] = _Footers(said)
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
        present = sorted(self._present(table, dates).items())
        paths = [path for _, path in present]
        if not paths:
            return pa.schema([table.schema.field(name) for name in wanted]).empty_table()
        picked, condition = wanted, None
        if table.keeps_revisions and not every_revision:
            if as_of is None:
                condition = pc.field("is_current") & ~pc.field("is_retracted")
            else:
                picked = list(dict.fromkeys([*wanted, *_REVISION_COLUMNS, *table.key, "game_date"]))
                condition = pc.field("known_at") <= pa.scalar(as_of)
        for day, path in present:
            if not self._footer(table, day, path).intact:
                raise _damaged(Path(path))
        try:
            rows = _rows(paths, table, picked, condition)
        except (OSError, pa.ArrowInvalid) as error:
            for path in paths:
                self._known.pop(path, None)
            raise _unreadable(paths, table, error) from error
        if as_of is not None and table.keeps_revisions and not every_revision:
            rows = newest(table, rows).select(wanted)
        return rows.combine_chunks()

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
                footer = {_FOOTER_KEY: text.encode(), _PLACE_KEY: _place(path)}
                mark = _mark_of(self._placer.place(path, _parquet(rows, footer), synced=True))
                _marker(path).unlink(missing_ok=True)
            self._known[str(path)] = replace(about, mark=mark, intact=True, damage="")
            footers.learn(day, mark, text)
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
            self._placer.place(path, _parquet(rows), synced=True)

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
        return ds.dataset(paths, schema=log.schema, format=_FORMAT).to_table(filter=later)

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


class _Footers:
    """What a table's files say of themselves, each with the mark of the file that said it."""

    def __init__(self, shelved: pa.Table | None) -> None:
        self._said: dict[date, tuple[str, str]] = {}
        self._new = 0
        if shelved is not None:
            days, marks, texts = (column.to_pylist() for column in shelved.columns)
            self._said = dict(zip(days, zip(marks, texts, strict=True), strict=True))

    def text(self, day: date, mark: str) -> str:
        """What the file with that mark said; empty where nobody knows."""
        known, text = self._said.get(day, ("", ""))
        return text if known == mark else ""

    def forget(self, day: date) -> None:
        self._said.pop(day, None)

    def learn(self, day: date, mark: str, text: str) -> None:
        self._said[day] = mark, text
        self._new += 1

    @property
    def is_worth_shelving(self) -> bool:
        return self._new > WORTH_SHELVING * len(self._said)

    def shelved(self) -> pa.Table:
        self._new = 0
        marks, texts = zip(*self._said.values(), strict=True)
        return pa.table({"day": list(self._said), "mark": marks, "text": texts})


def _footers_name(table: Table) -> str:
    return f"{table.dataset}/{table.name}-footers"


_REVISION_COLUMNS = ("revision", "is_retracted", "known_at")


def _rows(
    paths: Sequence[str], table: Table, columns: Sequence[str], condition: pc.Expression | None
) -> pa.Table:
    dataset = ds.dataset(list(paths), schema=table.schema, format=_FORMAT)
    return dataset.to_table(columns=columns, filter=condition)


def _unreadable(paths: Sequence[str], table: Table, error: Exception) -> WarehouseError:
    """What keeps some files from being read; one whose bytes are damaged is marked."""
    for path in paths:
        try:
            _rows([path], table, table.schema.names, None)
        except (OSError, pa.ArrowInvalid) as found:
            # A disk or a share that does not answer has an error number; bad bytes have none.
            if getattr(found, "errno", None) is None:
                return _damaged(Path(path))
    return WarehouseError(f"cannot read {table.full_name}: {' '.join(str(error).split())}")


def _damaged(path: Path) -> WarehouseError:
    """The error of a damaged file, which stays where it is: gone, it would be a gap in windows."""
    try:
        _marker(path).write_text(_mark(path))
    except OSError:
        return WarehouseError(f"{path} is damaged: delete it, and the next run builds it again")
    return WarehouseError(_damage(path))


def _damage(path: Path) -> str:
    return f"{path} is damaged: the next run builds it again"


def _marker(path: Path) -> Path:
    """The file that says that another is damaged."""
    return path.with_name(f".{path.name}{_DAMAGED}")


def _mark(path: Path | str) -> str:
    """Which file it is; one that replaces it is another."""
    return _mark_of(os.stat(path))  # noqa: PTH116 - asked of hundreds of files for every table


def _mark_of(status: os.stat_result) -> str:
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _is_marked(path: Path) -> bool:
    marker = _marker(path)
    return marker.exists() and marker.read_text() == _mark(path)


def _place(path: Path) -> bytes:
    """Which partition a file is of, as its path says."""
    return "/".join([*path.parts[-3:-1], path.stem]).encode()


def _read_footer(path: Path, mark: str) -> tuple[Stored, str]:
    """What a file says of its partition, and the text it says it with."""
    damaged = Stored("", "", 0, 0, 0, {}, intact=False, damage=_damage(path), mark=mark), ""
    footer = _verified_footer(path)
    if footer is None or _is_marked(path):
        return damaged
    metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
    told = metadata.metadata or {}
    text = told.get(_FOOTER_KEY)
    if text is None or told.get(_PLACE_KEY, _place(path)) != _place(path):
        return damaged
    return from_json(text.decode(), metadata.num_rows, mark), text.decode()


def _verified_footer(path: Path) -> bytes | None:
    """The file's footer with the eight bytes that end a Parquet file, unless it was damaged."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little") + _TAIL
        if tail[4:] != _MAGIC or length + _DIGEST > size:
            return None
        file.seek(size - length - _DIGEST)
        digest, footer = file.read(_DIGEST), file.read(length)
    return footer if hashlib.sha256(footer).digest() == digest else None


def _parquet(rows: pa.Table, about: Mapping[bytes, bytes] | None = None) -> list[bytes | pa.Buffer]:
    """A file of rows, and of what is known about them, in pieces."""
    whole = pa.BufferOutputStream()
    # A file is some hundred rows of a hundred columns: what would let readers pass over parts of it
    # costs as much as the rows. Queries choose by date. Nor is Arrow's own schema kept, with all
    # that is known in it once more: Parquet's types say the same.
    with pq.ParquetWriter(
        whole,
        rows.schema,
        compression="lz4",
        use_dictionary=False,
        write_statistics=["game_date"],
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata(about or {})
    content = whole.getvalue()
    end = content.slice(content.size - _TAIL).to_pybytes()
    pages = content.size - _TAIL - int.from_bytes(end[:4], "little")
    footer = content.slice(pages)
    digest = hashlib.sha256(footer).digest()
    return [content.slice(0, pages), digest, footer]


@contextmanager
def _plainly(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(f"{what}: {error.strerror or error}") from error
