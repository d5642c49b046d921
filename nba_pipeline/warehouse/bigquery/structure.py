"""How tables in BigQuery come to be, and how one that is there differs from its declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery.calls import ONCE, Calls, labels
from nba_pipeline.warehouse.bigquery.layout import Layout, view_sql

if TYPE_CHECKING:
    from google.cloud import bigquery

#: BigQuery's table type of a view.
VIEW = "VIEW"
# Names that say the same type.
_LEGACY = {"FLOAT64": "FLOAT", "INT64": "INTEGER", "BOOL": "BOOLEAN"}


def found_table(calls: Calls, name: str) -> bigquery.Table | None:
    """A table or view as it is there; None where there is none.

    Args:
        calls: To make the call with.
        name: ``project.dataset.table``.
    """
    from google.api_core.exceptions import NotFound

    try:
        return calls.call(lambda seconds: calls.client.get_table(name, retry=ONCE, timeout=seconds))
    except NotFound:
        return None


def create(calls: Calls, layout: Layout) -> bigquery.Table:
    """Make a table that is not there, with its dataset and its view; what is there stays.

    Raises:
        WarehouseError: When a table stands where the view has to be.
    """
    project = calls.settings.project
    table = found_table(calls, f"{project}.{layout.full_name}")
    if table is None:
        table = _created(calls, layout)
    if layout.view:
        view = _view_created(calls, layout)
        if view.table_type != VIEW:
            raise WarehouseError(
                f"{layout.dataset}.{layout.view} is a table, where the newest rows of "
                f"{layout.name} are shown: nba-pipeline migrate moves it aside and loses nothing"
            )
    return table


def _created(calls: Calls, layout: Layout) -> bigquery.Table:
    from google.cloud import bigquery

    client, project = calls.client, calls.settings.project
    dataset = bigquery.Dataset(f"{project}.{layout.dataset}")
    dataset.location = calls.settings.location
    table = bigquery.Table(f"{project}.{layout.full_name}", schema=layout.fields())
    table.description = layout.description
    table.time_partitioning = bigquery.TimePartitioning(field=layout.partition_by)
    table.clustering_fields = list(layout.clustering) or None
    table.labels = labels(layout.full_name)
    calls.call(
        lambda seconds: client.create_dataset(dataset, exists_ok=True, retry=ONCE, timeout=seconds)
    )
    return calls.call(
        lambda seconds: client.create_table(table, exists_ok=True, retry=ONCE, timeout=seconds)
    )


def _view_created(calls: Calls, layout: Layout) -> bigquery.Table:
    from google.cloud import bigquery

    view = bigquery.Table(f"{calls.settings.project}.{layout.dataset}.{layout.view}")
    view.view_query = view_sql(layout, calls.settings.project)
    return calls.call(
        lambda seconds: calls.client.create_table(view, exists_ok=True, retry=ONCE, timeout=seconds)
    )


class Kind(StrEnum):
    """How a table may differ from its declaration."""

    MISSING_COLUMN = "missing column"
    REQUIRED = "required column"
    CLUSTERING = "clustering"
    #: Nothing in place cures it.
    TYPE = "type"
    PARTITIONING = "partitioning"


@dataclass(frozen=True)
class Difference:
    """One difference between a table and its declaration.

    Attributes:
        kind: What differs.
        column: Which column; empty where it is the table.
        sentence: In words.
    """

    kind: Kind
    column: str
    sentence: str

    @property
    def keeps_from_writing(self) -> bool:
        """Whether rows cannot be written until it is gone."""
        return self.kind is not Kind.CLUSTERING


def differences(layout: Layout, table: Any) -> Iterator[Difference]:
    """How a table that is there differs from its declaration.

    A column that may be NULL though it is declared required does not count, for no table can be
    given a required column later; neither do columns that we do not know and may leave out.
    """
    name, there = layout.full_name, {field.name: field for field in table.schema}
    found = table.time_partitioning.field if table.time_partitioning else None
    if found != layout.partition_by:
        yield Difference(
            Kind.PARTITIONING,
            "",
            f"{name} is partitioned by {found or 'nothing'}, not by {layout.partition_by}",
        )
    for wanted in layout.fields():
        has = there.pop(wanted.name, None)
        if has is None:
            yield Difference(Kind.MISSING_COLUMN, wanted.name, f"{name} has no {wanted.name}")
        elif not _holds(has, wanted):
            yield Difference(
                Kind.TYPE,
                wanted.name,
                f"{name}.{wanted.name} is {has.mode} {has.field_type}, "
                f"not {wanted.mode} {wanted.field_type}",
            )
        elif has.mode == "REQUIRED" and wanted.mode == "NULLABLE":
            yield Difference(
                Kind.REQUIRED, wanted.name, f"{name}.{wanted.name} is required, and may be NULL"
            )
    for extra in there.values():
        if extra.mode == "REQUIRED":
            yield Difference(
                Kind.REQUIRED, extra.name, f"{name}.{extra.name} is required, and nobody fills it"
            )
    if layout.clustering and list(table.clustering_fields or ()) != list(layout.clustering):
        yield Difference(
            Kind.CLUSTERING, "", f"{name} is not clustered by {', '.join(layout.clustering)}"
        )


def _holds(has: Any, wanted: Any) -> bool:
    kind = _LEGACY.get(has.field_type, has.field_type)
    repeated = "REPEATED" in (has.mode, wanted.mode)
    return kind == wanted.field_type and (not repeated or has.mode == wanted.mode)


def refuse_other_structure(layout: Layout, table: Any) -> None:
    """Check that a table can hold the rows we write.

    Raises:
        WarehouseError: Naming the first difference that keeps it from that.
    """
    for difference in differences(layout, table):
        if difference.keeps_from_writing:
            raise WarehouseError(
                f"{difference.sentence}: nba-pipeline migrate --dry-run says what to do"
            )
