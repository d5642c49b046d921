"""What a read costs before it is made: bytes, as BigQuery says or as the rows' types have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery.calls import Calls
from nba_pipeline.warehouse.bigquery.layout import Layout, columns_of

#: BigQuery's own word, from a dry run.
DRY_RUN = "dry run"
#: Rows that are there, times what the columns' types take.
ESTIMATED = "estimated from row counts"

# Bytes of a value as BigQuery counts them; of a text two and its length, of a list its elements.
_WIDTHS = {pa.bool_(): 1}
_NUMBER, _TEXT, _ELEMENTS = 8, 2 + 16, 4


@dataclass(frozen=True)
class Bytes:
    """What is read.

    Attributes:
        count: Bytes.
        source: ``DRY_RUN`` or ``ESTIMATED``.
    """

    count: int
    source: str


def bytes_read(
    calls: Calls, layout: Layout, dates: Sequence[date], columns: Sequence[str]
) -> Bytes:
    """What reading some columns of some dates of a table costs.

    Args:
        calls: To ask with; nothing that is billed is read, or next to nothing.
        layout: The table.
        dates: The dates; what lies between the first and the last is read, too.
        columns: Which columns.
    """
    from google.cloud import bigquery

    first, last = min(dates), max(dates)
    job = calls.query(
        f"SELECT {columns_of(columns)} FROM `{calls.settings.project}.{layout.full_name}` "
        "WHERE game_date BETWEEN @first AND @last",
        [
            bigquery.ScalarQueryParameter("first", "DATE", first),
            bigquery.ScalarQueryParameter("last", "DATE", last),
        ],
        about=layout.full_name,
        dry_run=True,
    )
    if job.total_bytes_processed:
        return Bytes(int(job.total_bytes_processed), DRY_RUN)
    # An emulator says nothing, and of an empty table there is nothing to say.
    between = f"game_date BETWEEN '{first}' AND '{last}'"
    rows = calls.rows(layout.full_name, ["game_date"], between, layout.schema).num_rows
    return Bytes(rows * sum(_width(layout.schema.field(name).type) for name in columns), ESTIMATED)


def _width(kind: pa.DataType) -> int:
    if pa.types.is_list(kind):
        return _ELEMENTS * _width(kind.value_type)
    return _TEXT if pa.types.is_string(kind) else _WIDTHS.get(kind, _NUMBER)


def refuse_bytes(what: str, wanted: int | None, most: int | None) -> None:
    """Check that something reads no more than it may.

    Args:
        what: For the sentence.
        wanted: Bytes it would read; None where nobody knows.
        most: Bytes it may read; None is no limit.

    Raises:
        WarehouseError: When it would read more.
    """
    if most is not None and wanted is not None and wanted > most:
        raise WarehouseError(
            f"{what} would read {wanted:,} bytes, and NBA_BIGQUERY_MAX_BYTES allows {most:,}"
        )
