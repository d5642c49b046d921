"""Our declarations as BigQuery tables: names, columns, partitioning, clustering, views.

What keeps several rows of one subject lies under a longer name (``…_revisions`` of raw tables,
``…_history`` of logs), and a view under the plain one shows the newest, as the embedded warehouse
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine.columns import engine_column
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.hashing import joined
from nba_pipeline.engine.logs import DATASET, Log
from nba_pipeline.engine.table import Table

if TYPE_CHECKING:
    from google.cloud import bigquery

_TYPES = {
    pa.int64(): "INTEGER",
    pa.float64(): "FLOAT",
    pa.string(): "STRING",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}
_SQL_TYPES = {
    pa.int64(): "INT64",
    pa.float64(): "FLOAT64",
    pa.string(): "STRING",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}
_LONGEST_DESCRIPTION = 1024
# BigQuery clusters by four columns at most.
_MOST_CLUSTERING = 4


@dataclass(frozen=True)
class Layout:
    """One table as BigQuery stores it.

    Attributes:
        dataset: Dataset, prefix included.
        name: Table in the dataset that holds the rows.
        schema: Its columns.
        descriptions: What columns mean, by name.
        description: What a row is.
        partition_by: Date or timestamp column it is partitioned by.
        clustering: Columns it is clustered by.
        view: Name of the view of the newest rows; empty where there is none.
        view_filter: What the view's rows fulfil.
    """

    dataset: str
    name: str
    schema: pa.Schema
    descriptions: dict[str, str]
    description: str
    partition_by: str
    clustering: tuple[str, ...] = ()
    view: str = ""
    view_filter: str = ""

    @property
    def full_name(self) -> str:
        """``dataset.table``."""
        return f"{self.dataset}.{self.name}"

    def fields(self) -> list[bigquery.SchemaField]:
        """The columns as BigQuery declares them."""
        from google.cloud import bigquery

        return [
            bigquery.SchemaField(
                entry.name,
                _TYPES[entry.type.value_type if _is_list(entry.type) else entry.type],
                mode=mode_of(entry),
                description=self.descriptions.get(entry.name, "")[:_LONGEST_DESCRIPTION],
            )
            for entry in self.schema
        ]


def mode_of(entry: pa.Field) -> str:
    """``REPEATED`` of lists, ``REQUIRED`` or ``NULLABLE`` of everything else."""
    if _is_list(entry.type):
        return "REPEATED"
    return "NULLABLE" if entry.nullable else "REQUIRED"


def of_table(table: Table, prefix: str) -> Layout:
    """Where a table's rows are kept."""
    texts = {
        entry.name: engine_column(entry.name)
        for entry in table.schema
        if entry.name not in {column.name for column in table.columns}
    }
    for column in table.columns:
        texts[column.name] = (
            f"{column.description} [{column.unit}]" if column.unit else (column.description)
        )
    kept = table.keeps_revisions
    return Layout(
        dataset=prefix + table.dataset,
        name=f"{table.name}_revisions" if kept else table.name,
        schema=table.schema,
        descriptions=texts,
        description=table.description,
        partition_by="game_date",
        clustering=table.clustering[:_MOST_CLUSTERING],
        view=table.name if kept else "",
        view_filter="WHERE is_current AND NOT is_retracted" if kept else "",
    )


def of_log(log: Log, prefix: str) -> Layout:
    """Where a log's rows are kept."""
    newest = (
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {', '.join(log.subject)} "
        f"ORDER BY {log.newest_first}) = 1"
    )
    return Layout(
        dataset=prefix + DATASET,
        name=f"{log.name}_history" if log.subject else log.name,
        schema=log.schema,
        descriptions={column.name: column.description for column in log.columns},
        description=log.description,
        partition_by=log.partitioned_by,
        clustering=log.clustering,
        view=log.name if log.subject else "",
        view_filter=f"WHERE TRUE {newest}" if log.subject else "",
    )


def sql_type(entry: pa.Field) -> str:
    """A column's type in a statement."""
    if _is_list(entry.type):
        return f"ARRAY<{_SQL_TYPES[entry.type.value_type]}>"
    return _SQL_TYPES[entry.type]


def view_sql(layout: Layout, project: str) -> str:
    """The query of the view that shows a table's newest rows."""
    return f"SELECT * FROM `{project}.{layout.full_name}` {layout.view_filter}"


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind))


def to_wire(layout: Layout, rows: pa.Table) -> pa.Table:
    """Rows as BigQuery can hold them: it knows no NULL inside a list, so NaN stands for it.

    NaN cannot occur otherwise: where rows are made it is NULL.

    Raises:
        WarehouseError: For a list that is NULL, which would come back as an empty one.
    """
    arrays = []
    for entry in layout.schema:
        values = joined(rows[entry.name])
        if _is_list(entry.type):
            if values.null_count:
                raise WarehouseError(
                    f"{layout.full_name}.{entry.name} has a list that is NULL, which BigQuery "
                    "cannot tell from an empty one"
                )
            values = _lists_with(values, pc.fill_null(pc.list_flatten(values), _null(entry)))
        arrays.append(values)
    return pa.table(arrays, schema=layout.schema)


def from_wire(rows: pa.Table) -> pa.Table:
    """Rows as they were written, from what BigQuery holds."""
    for at, entry in enumerate(rows.schema):
        if _is_list(entry.type) and pa.types.is_floating(entry.type.value_type):
            values = joined(rows[entry.name])
            numbers = joined(pc.list_flatten(values))
            known = pc.if_else(pc.is_nan(numbers), pa.scalar(None, numbers.type), numbers)
            rows = rows.set_column(at, entry, _lists_with(values, known))
    return rows


def _null(entry: pa.Field) -> pa.Scalar:
    floating = pa.types.is_floating(entry.type.value_type)
    return pa.scalar(float("nan") if floating else "", entry.type.value_type)


def _lists_with(lists: pa.Array, elements: pa.Array) -> pa.Array:
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0))
    starts = np.append(np.int32(0), np.cumsum(lengths, dtype=np.int32))
    return pa.ListArray.from_arrays(pa.array(starts), joined(elements))


def columns_of(names: Sequence[str]) -> str:
    """Column names for a statement; they come from declarations, never from data."""
    return ", ".join(f"`{name}`" for name in names)
