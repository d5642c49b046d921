"""Payloads that are a feed's rows already: Parquet in the archive format (``sources/feeds.py``)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nba_pipeline.sources.feeds import Feed
from nba_pipeline.sources.parsers.shape import Origin, Parsed, UnknownPayloadError

# A few kilobytes may say a value billions of times. The plays of a whole season fit.
_MOST_ROWS, _MOST_BYTES, _ROWS_AT_ONCE = 1_000_000, 2**29, 1_024


def rows_of(content: bytes, origin: Origin, feed: Feed) -> Parsed:
    """The rows of a feed, as they are written down.

    Raises:
        UnknownPayloadError: When the payload is no Parquet file, lacks a column of the feed, or
            unpacks to more than any payload holds.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        missing = [name for name in feed.required if name not in file.schema_arrow.names]
        if missing:
            raise UnknownPayloadError(origin.file, f"lacks {', '.join(missing)} of {feed.name}")
        return {feed.name: _unpacked(file, origin)}
    except (pa.ArrowException, OSError) as error:
        raise UnknownPayloadError(origin.file, f"is no Parquet file: {error}") from error


def _unpacked(file: pq.ParquetFile, origin: Origin) -> list[dict[str, Any]]:
    if file.metadata.num_rows > _MOST_ROWS:
        raise UnknownPayloadError(
            origin.file, f"has {file.metadata.num_rows:,} rows, more than {_MOST_ROWS:,}"
        )
    rows: list[dict[str, Any]] = []
    unpacked = 0
    for batch in file.iter_batches(_ROWS_AT_ONCE):
        unpacked += batch.nbytes
        if unpacked > _MOST_BYTES:
            raise UnknownPayloadError(origin.file, f"unpacks to more than {_MOST_BYTES:,} bytes")
        rows += batch.to_pylist()
    return rows
