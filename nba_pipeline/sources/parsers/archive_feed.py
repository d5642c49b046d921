"""Payloads that are a feed's rows already: Parquet in the archive format (``sources/feeds.py``)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from nba_pipeline.sources.feeds import Feed
from nba_pipeline.sources.parsers.shape import Origin, Parsed, UnknownPayloadError


def rows_of(content: bytes, origin: Origin, feed: Feed) -> Parsed:
    """The rows of a feed, as they are written down.

    Raises:
        UnknownPayloadError: When the payload is no Parquet file, or lacks a column of the feed.
    """
    try:
        rows = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise UnknownPayloadError(origin.file, f"is no Parquet file: {error}") from error
    missing = [name for name in feed.required if name not in rows.column_names]
    if missing:
        raise UnknownPayloadError(origin.file, f"lacks {', '.join(missing)} of {feed.name}")
    return {feed.name: rows.to_pylist()}
