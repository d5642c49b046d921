"""The only place that makes a hash.

``row_hashes`` is the contract with warehouses that already hold such hashes: for each row,
``sha256(json.dumps(fields, sort_keys=True, default=str)).hexdigest()[:16]``. The JSON text is built
column by column, each distinct value encoded once, which gives the same bytes many times faster.
``digests`` and what stands on it are ours alone: they say exactly what a cell was computed from.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import pairwise
from json.encoder import encode_basestring_ascii
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine.errors import DeclarationError

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ints: TypeAlias = npt.NDArray[np.int64]

#: Bytes kept of a row's digest; 128 bits, so equal digests mean equal rows.
DIGEST_SIZE = 16
_WHOLE_DIGEST = hashlib.sha256().digest_size

#: Raised when rows are digested in another way, so that no digest of the old way is kept.
DIGEST_VERSION = 1

# What json.dumps(value, default=str) does, which makes an encoder for every value.
_encode = json.JSONEncoder(default=str).encode


def row_hashes(table: pa.Table, fields: Sequence[str]) -> pa.Array:
    """The ``data_hash`` of each row over ``fields``.

    Args:
        table: Rows in their columns' declared types.
        fields: Names of the hashed columns, in any order.
    """
    if not fields:
        raise DeclarationError("a row hash needs at least one field")
    names = sorted(fields)
    pieces: list[str] = []
    index = np.empty((table.num_rows, len(names)), dtype=np.int64)
    for number, name in enumerate(names):
        texts, at = _json_texts(joined(table[name]))
        np.add(at, len(pieces), out=index[:, number])
        opening = f"{', ' if number else '{'}{json.dumps(name)}: "
        closing = "" if number < len(names) - 1 else "}"
        pieces += [f"{opening}{text}{closing}" for text in texts]
    # Taken row after row, the text of a row is one stretch of the bytes.
    every = pa.array(pieces, pa.large_string()).take(pa.array(index.ravel()))
    _, ends, content = every.buffers()
    bounds = np.frombuffer(ends, np.int64)[: index.size + 1 : len(names)].tolist()
    raw, sha = memoryview(content), hashlib.sha256
    return pa.array(
        [sha(raw[start:stop]).hexdigest()[:16] for start, stop in pairwise(bounds)], pa.string()
    )


def _json_texts(values: pa.Array) -> tuple[list[str], pa.Array]:
    """The distinct values as ``json.dumps(value, default=str)`` writes them, and where each is."""
    is_list = pa.types.is_list(values.type)
    encoded = (_json_lists(values) if is_list else values).dictionary_encode("encode")
    distinct = encoded.dictionary
    if is_list:
        texts = distinct.to_pylist()
    elif pa.types.is_integer(values.type):
        texts = distinct.cast(pa.string()).fill_null("null").to_pylist()
    elif pa.types.is_floating(values.type):
        # What json writes of a float, without the way through its encoder.
        numbers = distinct.to_numpy(zero_copy_only=False) + 0.0
        texts = list(map(repr, numbers.tolist()))
        for at in np.flatnonzero(~np.isfinite(numbers)).tolist():
            texts[at] = "null"
    elif _is_text(values):
        texts = [
            "null" if text is None else encode_basestring_ascii(unicodedata.normalize("NFC", text))
            for text in distinct.to_pylist()
        ]
    else:
        texts = [_encode(canonical(value)) for value in distinct.to_pylist()]
    return texts, encoded.indices


def _json_lists(values: pa.Array) -> pa.Array:
    """Lists as ``json.dumps`` writes them, from the texts of all their elements."""
    lengths = pc.fill_null(pc.list_value_length(values), 0)
    ends = np.cumsum(np.asarray(lengths), dtype=np.int32)
    starts = pa.array(np.append(np.int32(0), ends))
    texts, at = _json_texts(pc.list_flatten(values))
    lists = pa.ListArray.from_arrays(starts, pa.array(texts, pa.string()).take(at))
    inside = pc.binary_join(lists, ", ")
    whole = pc.binary_join_element_wise(pa.scalar("["), inside, pa.scalar("]"), pa.scalar(""))
    return pc.if_else(pc.is_valid(values), whole, "null")


def canonical(value: Any) -> Any:
    """A value as the hash sees it: NaN and infinities are null, -0.0 is 0.0, text is NFC.

    Raises:
        DeclarationError: For a type the contract does not cover.
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value + 0.0 if np.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    raise DeclarationError(f"a {type(value).__name__} cannot be hashed")


def partition_version(keys: pa.Table, hashes: pa.Array) -> str:
    """The data version of a partition: a hash over ``key=data_hash`` of every row, sorted.

    Args:
        keys: The key columns of the rows.
        hashes: Their ``data_hash``, in the same order.
    """
    texts = [joined(keys[name]).cast(pa.string()).fill_null("") for name in keys.column_names]
    names = pc.binary_join_element_wise(*texts, "|")
    lines = pc.binary_join_element_wise(names, hashes, "=").to_pylist()
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def digests(table: pa.Table) -> Bytes:
    """A digest of each row over all its columns, shape ``(rows, DIGEST_SIZE)``."""
    columns = [_fixed_width(table[name]) for name in sorted(table.column_names)]
    width = sum(1 + cells.shape[1] for _, cells in columns)
    matrix, at = np.empty((table.num_rows, width), np.uint8), 0
    for null, cells in columns:
        matrix[:, at] = null
        matrix[:, at + 1 : at + 1 + cells.shape[1]] = cells
        at += 1 + cells.shape[1]
    raw, sha = matrix.ravel().data, hashlib.sha256
    every = b"".join(
        [sha(raw[at * width : (at + 1) * width]).digest() for at in range(table.num_rows)]
    )
    return _shortened(every)


def _shortened(every: bytes) -> Bytes:
    """Whole digests one after another, as rows of what is kept of each."""
    whole = np.frombuffer(every, np.uint8).reshape(-1, _WHOLE_DIGEST)
    return np.ascontiguousarray(whole[:, :DIGEST_SIZE])


def _fixed_width(column: pa.ChunkedArray) -> tuple[Bytes, Bytes]:
    """Which values of a column are NULL, and each as equally many bytes."""
    null, values = _plain(column)
    if not _is_text(values):
        return null, _eight_bytes(values).view(np.uint8).reshape(-1, 8)
    encoded = told_apart(values)
    texts = list(map(_digest_of_text, encoded.dictionary.to_pylist()))
    distinct = _shortened(b"".join([*texts, bytes(_WHOLE_DIGEST)]))
    return null, distinct.take(filled(encoded.indices, len(texts)), axis=0)


@lru_cache(maxsize=2**15)
def _digest_of_text(text: str | None) -> bytes:
    # Every table of every date names the same players and teams.
    return hashlib.sha256((text or "").encode()).digest()


def _plain(column: pa.ChunkedArray) -> tuple[Bytes, pa.Array]:
    """Which values of a column are NULL, and the values; lists as their JSON."""
    values = joined(column)
    null = np.asarray(values.is_null(), dtype=np.uint8)
    return null, _json_lists(values) if pa.types.is_list(values.type) else values


def _is_text(values: pa.Array) -> bool:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _eight_bytes(values: pa.Array) -> npt.NDArray[Any]:
    """Numbers, flags, days or moments as eight bytes each; NULL as zero."""
    if pa.types.is_floating(values.type):
        return np.ascontiguousarray(filled(values, 0.0), dtype=np.float64) + 0.0
    wide = pa.int32() if pa.types.is_date(values.type) else pa.int64()
    return np.ascontiguousarray(filled(values.cast(wide), 0), dtype=np.int64)


def slice_digests(rows: Bytes, start: Ints, stop: Ints) -> list[bytes]:
    """One digest per cell over exactly the rows its window holds.

    Cells that share a window share the work.
    """
    raw, sha = np.ascontiguousarray(rows).ravel().data, hashlib.sha256
    width = rows.shape[1] if rows.ndim == 2 else DIGEST_SIZE
    places = len(rows) + 1
    windows, whose = np.unique(start * places + stop, return_inverse=True)
    bounds = zip((windows // places).tolist(), (windows % places).tolist(), strict=True)
    made = [sha(raw[first * width : last * width]).digest() for first, last in bounds]
    return [made[window] for window in whose.tolist()]


def run_digests(rows: pa.Table, runs: Iterable[slice]) -> list[str]:
    """A hex digest of each of some runs of rows, over all their columns and in their order.

    Column by column, so that hundreds of thousands of rows cost little more than their bytes.

    Args:
        rows: The rows.
        runs: Where they are, by the first of each and the one after its last.
    """
    begun = [(run, hashlib.sha256(f"{run.stop - run.start}".encode())) for run in runs]
    for name in sorted(rows.column_names):
        null, values = _plain(rows[name])
        for run, sha in begun:
            sha.update(name.encode())
            sha.update(null[run].data)
        if _is_text(values):
            texts = values.fill_null("").cast(pa.large_binary())
            ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset :]
            content = memoryview(texts.buffers()[2] or b"")
            for run, sha in begun:
                sha.update(np.diff(ends[run.start : run.stop + 1]).data)
                sha.update(content[ends[run.start] : ends[run.stop]])
        else:
            numbers = _eight_bytes(values)
            for run, sha in begun:
                sha.update(numbers[run].data)
    return [sha.hexdigest() for _, sha in begun]


def combined(prefix: str, parts: Iterable[Sequence[bytes]]) -> list[str]:
    """One hex digest per cell from a common prefix and one digest per cell and input."""
    start, sha = prefix.encode(), hashlib.sha256
    return [sha(b"".join((start, *each))).hexdigest()[:32] for each in zip(*parts, strict=True)]


def text_digest(*parts: str) -> str:
    """A digest of texts, each kept apart from the next."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def told_apart(values: pa.Array) -> pa.DictionaryArray:
    """A column as its distinct values, and which of them each row has; NULL is none of them."""
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def filled(values: pa.Array, missing: Any) -> pa.Array:
    """Values with another in the place of NULL; most columns have none."""
    return values.fill_null(missing) if values.null_count else values


def joined(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks == 1:  # which combining would copy
            return column.chunk(0)
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # no chunk at all
            return pa.array([], column.type)
    return column
