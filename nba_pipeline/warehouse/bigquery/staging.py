"""Rows in a table of their own, from which one statement takes them over."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery.calls import ONCE, Calls

# Longest a staging table outlives the run that died beside it.
_LIFE = timedelta(hours=6)


@contextmanager
def staged(calls: Calls, beside: str, rows: pa.Table, schema: Sequence[Any]) -> Iterator[str]:
    """Load rows into a table that is gone afterwards; BigQuery removes it if nobody else does.

    Args:
        calls: To make the calls with.
        beside: ``dataset.table`` that the rows are for.
        rows: What to load.
        schema: The columns as BigQuery declares them.

    Yields:
        ``project.dataset.table`` of the staging table.

    Raises:
        WarehouseError: When not all rows were loaded.
    """
    from google.cloud import bigquery

    name = f"{calls.settings.project}.{beside}__staging_{uuid.uuid4().hex}"
    table = bigquery.Table(name, schema=list(schema))
    table.expires = datetime.now(UTC) + _LIFE
    try:
        calls.call(
            lambda seconds: calls.client.create_table(
                table, exists_ok=True, retry=ONCE, timeout=seconds
            )
        )
        loaded = calls.load(rows, name, schema, "WRITE_TRUNCATE", about=beside)
        if loaded != rows.num_rows:
            raise WarehouseError(f"BigQuery staged {loaded} of {rows.num_rows} rows for {beside}")
        yield name
    finally:
        _remove(calls, name)


def _remove(calls: Calls, name: str) -> None:
    """Remove a staging table; where that fails, what was written is written all the same."""
    from google.api_core.exceptions import GoogleAPIError
    from requests.exceptions import RequestException

    try:
        calls.call(
            lambda seconds: calls.client.delete_table(
                name, not_found_ok=True, retry=ONCE, timeout=seconds
            )
        )
    except (GoogleAPIError, RequestException, OSError) as error:
        logging.getLogger("nba_pipeline").warning(
            "%s could not be removed and expires within %s: %s", name, _LIFE, error
        )
