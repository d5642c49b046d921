"""The file of one partition: rows in Parquet, and in its footer what is known of them.

Every page carries a checksum that every read verifies. Parquet has none for the footer itself, so a
digest of it stands right before it, where other readers skip it. The footer also names the
partition, so that a file copied over another is not taken for it. A file that a read finds damaged
is marked by another one beside it, and so the next run builds it; until then nobody reads it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.wording import counted, some_of
from nba_pipeline.warehouse.versions import from_json

#: Damaged files that a sentence names.
_MOST_NAMED = 20
_FOOTER_KEY, _PLACE_KEY = b"nba_pipeline", b"nba_pipeline_partition"
# A Parquet file ends with its footer, the footer's length in four bytes, and the magic.
_MAGIC, _TAIL, _DIGEST = b"PAR1", 8, hashlib.sha256().digest_size
_FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)


@lru_cache(maxsize=8192)
def file_name(day: date) -> str:
    """The name of a partition's file, in the folder of its table."""
    return f"{day.isoformat()}.parquet"


def rows_of(
    paths: Sequence[str],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    condition: pc.Expression | None = None,
) -> pa.Table:
    """The rows of some files, one after another.

    Raises:
        OSError: When one is not given out, or its bytes are wrong; those have no error number.
        pa.ArrowInvalid: When one is not what it should be.
    """
    dataset = ds.dataset(list(paths), schema=schema, format=_FORMAT)
    return dataset.to_table(columns=columns, filter=condition)


def content_of(rows: pa.Table, path: Path, said: str = "") -> list[bytes | pa.Buffer]:
    """A file of rows and of what is said about them, in pieces, for the place it is to have."""
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
        if said:
            writer.add_key_value_metadata({_FOOTER_KEY: said, _PLACE_KEY: _place(path)})
    content = whole.getvalue()
    end = content.slice(content.size - _TAIL).to_pybytes()
    pages = content.size - _TAIL - int.from_bytes(end[:4], "little")
    footer = content.slice(pages)
    digest = hashlib.sha256(footer).digest()
    return [content.slice(0, pages), digest, footer]


def footer_of(path: Path, mark: str) -> tuple[Stored, str]:
    """What a file says of its partition, and the text it says it with."""
    damaged = Stored("", "", 0, 0, 0, {}, intact=False, damage=_damage([path]), mark=mark), ""
    footer = _verified_footer(path)
    if footer is None or _is_marked(path):
        return damaged
    metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
    told = metadata.metadata or {}
    text = told.get(_FOOTER_KEY)
    if text is None or told.get(_PLACE_KEY, _place(path)) != _place(path):
        return damaged
    return from_json(text.decode(), metadata.num_rows, mark), text.decode()


def is_damaged(path: Path, schema: pa.Schema | None = None) -> bool:
    """Whether a file is not what was written, which reading all of it tells.

    Args:
        path: The file.
        schema: What its rows must be readable as, where somebody is to read them.
    """
    try:
        if not footer_of(path, "")[0].intact:
            return True
        if schema:
            rows_of([str(path)], schema)
        else:
            pq.ParquetFile(path, page_checksum_verification=True).read(use_threads=False)
    except (OSError, pa.ArrowInvalid) as error:
        # A disk or a share that does not answer has an error number; bad bytes have none.
        return getattr(error, "errno", None) is None
    return False


def damaged(paths: Sequence[Path]) -> WarehouseError:
    """The error of damaged files, which stay where they are: gone, they would be gaps in windows.

    Each is marked, so that the next run that reads it builds it.
    """
    try:
        for path in paths:
            marker(path).write_text(mark_of(os.stat(path)))  # noqa: PTH116
    except OSError:
        return WarehouseError(_damage(paths, "delete {}, and "))
    return WarehouseError(_damage(paths))


def marker(path: Path) -> Path:
    """The file that says that another is damaged."""
    return path.with_name(marker_name(path.name))


def marker_name(name: str) -> str:
    """The name of the file that says that one of a name is damaged."""
    return f".{name}.damaged"


def mark_of(status: os.stat_result) -> str:
    """Which file it is; one that replaces it is another."""
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _is_marked(path: Path) -> bool:
    said = marker(path)
    return said.exists() and said.read_text() == mark_of(path.stat())


def _damage(paths: Sequence[Path], first: str = "") -> str:
    named, it = some_of([str(path) for path in paths], _MOST_NAMED), "it"
    what = f"{named} is damaged"
    if len(paths) > 1:
        what, it = f"{counted(len(paths), 'file')} are damaged, {named}", "them"
    return f"{what}: {first.format(it)}the next run builds {it} again"


def _place(path: Path) -> bytes:
    """Which partition a file is of, as its path says."""
    return "/".join([*path.parts[-3:-1], path.stem]).encode()


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
