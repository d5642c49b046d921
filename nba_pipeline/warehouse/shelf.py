"""Rows that can be read anew, kept under names so that the next process need not.

A season is hundreds of small files, and opening each costs more than what is in it. Who comes next
needs some of the columns, so each lies in the file for itself. Nothing here is believed for lying
here: whoever kept something says with it which files it was read from. What is damaged, half
written or another's counts as not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from nba_pipeline.engine.hashing import joined
from nba_pipeline.warehouse.placing import Placer

# A file begins with the digest of its index, and the index's length in eight bytes. The index is
# the schema, which says how many bytes each column has and their checksum, as Parquet's pages do.
_DIGEST, _LENGTH = hashlib.sha256().digest_size, 8
_COLUMNS_KEY = b"columns of the shelf"
# Raised when files are laid out otherwise: those of before then count as not there.
_LAYOUT = 4


class Shelf:
    """Arrow tables in a folder, which any number of processes may read and replace."""

    def __init__(self, folder: Path, placer: Placer) -> None:
        """Use ``folder``, which is made when ``placer`` first puts something there."""
        self._folder, self._placer = folder, placer

    def get(self, name: str) -> Kept | None:
        """What is kept under a name; what cannot be read counts as not there."""
        path = self._path(name)
        try:
            # Not mapped: whoever cuts a mapped file kills its readers.
            with path.open("rb") as file:
                head = file.read(_DIGEST + _LENGTH)
                length = int.from_bytes(head[_DIGEST:], "little")
                index = pa.py_buffer(file.read(min(length, os.fstat(file.fileno()).st_size)))
        except OSError:
            return None
        if head[:_DIGEST] != _digest(name, index):
            return None
        return Kept(path, head, index)

    def put(self, name: str, rows: pa.Table) -> None:
        """Keep rows under a name, in the place of what was kept there.

        Raises:
            OSError: When they cannot be written.
        """
        columns = [_encoded(rows, column) for column in rows.column_names]
        about = json.dumps([(each.size, zlib.crc32(each)) for each in columns])
        said = {**(rows.schema.metadata or {}), _COLUMNS_KEY: about}
        index = rows.schema.with_metadata(said).serialize()
        head = _digest(name, index) + index.size.to_bytes(_LENGTH, "little")
        # Not synced: what the disk loses is read from where it came from.
        self._placer.place(self._path(name), [head, index, *columns], synced=False)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.arrow"


class Kept:
    """Columns that lie on a shelf, each read when it is asked for.

    Attributes:
        schema: Their names and types, and what was said of all of them.
    """

    def __init__(self, path: Path, head: bytes, index: pa.Buffer) -> None:
        """Of the file at ``path``, for as long as it begins with that ``head``."""
        schema = pa.ipc.read_schema(index)
        said = dict(schema.metadata)
        about = json.loads(said.pop(_COLUMNS_KEY))
        self.schema = schema.with_metadata(said)
        self._path, self._head = path, head
        starts = accumulate((size for size, _ in about), initial=len(head) + index.size)
        self._places = {
            name: (start, size, checksum)
            for name, start, (size, checksum) in zip(schema.names, starts, about, strict=False)
        }

    def select(self, names: Sequence[str]) -> pa.Table:
        """Some of the columns.

        Raises:
            KeyError: When one was not kept, or cannot be read.
        """
        places = [self._places[name] for name in names]
        schema = pa.schema([self.schema.field(name) for name in names])
        try:
            with self._path.open("rb") as file:
                if file.read(len(self._head)) != self._head:
                    raise KeyError(f"{self._path} was replaced")
                columns = [_read(file, *place) for place in places]
        except OSError as error:
            raise KeyError(f"{self._path}: {error}") from error
        arrays = [_decoded(each, field) for each, field in zip(columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)


def _digest(name: str, index: pa.Buffer) -> bytes:
    """Over the name as well, so that a file copied over another is not taken for it."""
    sha = hashlib.sha256(f"{_LAYOUT} {name}".encode())
    sha.update(index)
    return sha.digest()


def _encoded(rows: pa.Table, name: str) -> pa.Buffer:
    batch = pa.record_batch([joined(rows[name])], names=[name])
    if not pa.types.is_dictionary(batch.schema.types[0]):
        return batch.serialize()
    whole = pa.BufferOutputStream()
    with pa.ipc.new_stream(whole, batch.schema) as writer:  # which writes the dictionary, too
        writer.write_batch(batch)
    return whole.getvalue()


def _read(file: BinaryIO, start: int, size: int, checksum: int) -> pa.Buffer:
    file.seek(start)
    column = file.read(size)
    if zlib.crc32(column) != checksum:
        raise KeyError("a column is damaged")
    return pa.py_buffer(column)


def _decoded(column: pa.Buffer, field: pa.Field) -> pa.Array:
    if pa.types.is_dictionary(field.type):
        return pa.ipc.open_stream(column).read_next_batch().column(0)
    return pa.ipc.read_record_batch(column, pa.schema([field])).column(0)
