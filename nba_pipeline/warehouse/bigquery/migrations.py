"""From the tables that are there to those that are declared, forward only and without losing a row.

Steps are planned from what is found, so whatever was cut off half-way is planned again, and where
nothing differs there is nothing to do. A table that stands where we keep a view is moved aside
under another name. What no statement cures in place is stated, and left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa

from nba_pipeline.engine import hashing
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.table import Table
from nba_pipeline.warehouse.bigquery.calls import ONCE, Calls, operation
from nba_pipeline.warehouse.bigquery.layout import Layout, from_wire, of_table, sql_type, view_sql
from nba_pipeline.warehouse.bigquery.staging import staged
from nba_pipeline.warehouse.bigquery.structure import (
    VIEW,
    Difference,
    Kind,
    create,
    differences,
    found_table,
)
from nba_pipeline.warehouse.bigquery.warehouse import BigQueryWarehouse

#: Ends the name of a table that stood where a view is kept.
ASIDE = "_before_nba_pipeline"
# Types that BigQuery turns into FLOAT64 in place.
_WIDENED = frozenset({"INTEGER", "INT64", "NUMERIC", "BIGNUMERIC"})

Do = Callable[[Calls], None]


@dataclass(frozen=True)
class Step:
    """One change.

    Attributes:
        table: ``dataset.table``, prefix included.
        statement: What is done, in SQL or, where there is none for it, in words; empty where
            nothing in place cures it.
        sentence: Why.
    """

    table: str
    statement: str
    sentence: str
    _do: Do | None = field(default=None, repr=False, compare=False)

    @property
    def is_possible(self) -> bool:
        """Whether it can be carried out; else a person has to decide."""
        return self._do is not None

    def carry_out(self, warehouse: BigQueryWarehouse) -> None:
        """Make the change.

        Raises:
            WarehouseError: When BigQuery does not make it; made again, it goes on from there.
        """
        if self._do is not None:
            with operation(warehouse.connection, f"cannot migrate {self.table}") as calls:
                self._do(calls)


def steps(warehouse: BigQueryWarehouse) -> Iterator[Step]:
    """What has to be done, from what there is; a table's steps are planned when asked for.

    Steps whose need shows only after earlier ones are planned by the next call.

    Raises:
        WarehouseError: When BigQuery cannot be asked.
    """
    tables = {of_table(table, warehouse.prefix).full_name: table for table in warehouse.tables}
    for layout in warehouse.layouts():
        with operation(warehouse.connection, f"cannot look at {layout.full_name}") as calls:
            planned = list(_of_layout(calls, layout, tables.get(layout.full_name)))
        yield from planned


def _of_layout(calls: Calls, layout: Layout, table: Table | None) -> Iterator[Step]:
    project, name = calls.settings.project, layout.full_name
    view = found_table(calls, f"{project}.{layout.dataset}.{layout.view}") if layout.view else None
    if view is not None and view.table_type != VIEW:
        yield _aside(layout, view)
    found = found_table(calls, f"{project}.{name}")
    if found is None:
        yield Step(name, _created(layout), f"{name} is not there", partial(_create, layout=layout))
        return
    if found.table_type == VIEW:
        yield Step(name, "", f"{name} is a view, where rows have to be kept: rename it")
        return
    if layout.view and (view is None or view.table_type != VIEW):
        what = f"CREATE VIEW `{layout.dataset}.{layout.view}` AS {view_sql(layout, project)}"
        yield Step(name, what, "the view of its newest rows", partial(_create, layout=layout))
    differing = list(differences(layout, found))
    for difference in differing:
        yield _cure(layout, difference, found)
    if any(each.kind in _CHANGES_COLUMNS for each in differing):
        yield Step(
            name,
            f"describe the columns of {name}",
            "new and changed columns get their descriptions",
            partial(_describe, layout=layout),
        )
    if table is not None:
        yield from _unhashed(calls, layout, table, found)


_CHANGES_COLUMNS = (Kind.MISSING_COLUMN, Kind.REQUIRED, Kind.TYPE)


# What can be done about a difference ----------------------------------------------------------


def _cure(layout: Layout, difference: Difference, found: Any) -> Step:
    name, column = layout.full_name, difference.column
    alter = f"ALTER TABLE `{found.project}.{name}`"
    if difference.kind is Kind.MISSING_COLUMN:
        kind = sql_type(layout.schema.field(column))
        return _said(name, f"{alter} ADD COLUMN IF NOT EXISTS `{column}` {kind}", difference)
    if difference.kind is Kind.REQUIRED:
        return _said(name, f"{alter} ALTER COLUMN `{column}` DROP NOT NULL", difference)
    if difference.kind is Kind.CLUSTERING:
        words = f"cluster {name} by {', '.join(layout.clustering)}"
        return Step(name, words, difference.sentence, partial(_cluster, layout=layout))
    has = next((entry for entry in found.schema if entry.name == column), None)
    floating = column and pa.types.is_floating(layout.schema.field(column).type)
    if has is not None and floating and has.field_type in _WIDENED and has.mode != "REPEATED":
        what = f"{alter} ALTER COLUMN `{column}` SET DATA TYPE FLOAT64"
        return _said(name, what, difference)
    return Step(
        name, "", f"{difference.sentence}: nothing cures it in place; rename or rewrite the table"
    )


def _said(table: str, statement: str, difference: Difference) -> Step:
    def do(calls: Calls) -> None:
        calls.query(statement, about=table)

    return Step(table, statement, difference.sentence, do)


def _create(calls: Calls, *, layout: Layout) -> None:
    create(calls, layout)


def _created(layout: Layout) -> str:
    clustered = f" CLUSTER BY {', '.join(layout.clustering)}" if layout.clustering else ""
    return (
        f"CREATE TABLE `{layout.full_name}` ({len(layout.schema)} columns) "
        f"PARTITION BY {layout.partition_by}{clustered}"
    )


def _cluster(calls: Calls, *, layout: Layout) -> None:
    found = found_table(calls, f"{calls.settings.project}.{layout.full_name}")
    if found is not None:
        found.clustering_fields = list(layout.clustering)
        _update(calls, found, "clustering_fields")


def _describe(calls: Calls, *, layout: Layout) -> None:
    """Give columns their descriptions; by now the table has all of them."""
    found = found_table(calls, f"{calls.settings.project}.{layout.full_name}")
    if found is None:
        return
    ours = {entry.name: entry for entry in layout.fields()}
    there = [_described(entry, ours.pop(entry.name, entry)) for entry in found.schema]
    found.schema = [*there, *(_described(None, entry) for entry in ours.values())]
    _update(calls, found, "schema")


def _described(there: Any, wanted: Any) -> Any:
    """A column as it is to be; nothing can become required later."""
    from google.cloud import bigquery

    mode = wanted.mode
    if mode == "REQUIRED" and (there is None or there is wanted or there.mode != mode):
        mode = "NULLABLE"
    return bigquery.SchemaField.from_api_repr({**wanted.to_api_repr(), "mode": mode})


def _update(calls: Calls, table: Any, what: str) -> None:
    calls.call(
        lambda seconds: calls.client.update_table(table, [what], retry=ONCE, timeout=seconds)
    )


# A table where a view is kept -----------------------------------------------------------------


def _aside(layout: Layout, standing: Any) -> Step:
    old, new = f"{layout.dataset}.{layout.view}", f"{layout.dataset}.{layout.view}{ASIDE}"
    return Step(
        old,
        f"copy `{old}` to `{new}`, count both, DROP TABLE `{old}`",
        f"{old} is a table of {standing.num_rows or 0:,} rows, where the newest rows of "
        f"{layout.name} are shown",
        partial(_move, old=old, new=new),
    )


def _move(calls: Calls, *, old: str, new: str) -> None:
    """Copy, count, and only then drop; begun again it finds the copy and goes on from there."""
    project = calls.settings.project
    if found_table(calls, f"{project}.{new}") is None:
        calls.copy(f"{project}.{old}", f"{project}.{new}", about=old)
    before, after = _count(calls, old), _count(calls, new)
    if before != after:
        raise WarehouseError(
            f"{new} has {after:,} rows and {old} has {before:,}: nothing was dropped; "
            "rename one of them"
        )
    calls.call(
        lambda seconds: calls.client.delete_table(
            f"{project}.{old}", not_found_ok=True, retry=ONCE, timeout=seconds
        )
    )


def _count(calls: Calls, name: str) -> int:
    found = calls.asked(f"SELECT COUNT(*) AS n FROM `{calls.settings.project}.{name}`", about=name)
    return int(found["n"][0].as_py())


# Hashes of rows that have none ----------------------------------------------------------------


def _unhashed(calls: Calls, layout: Layout, table: Table, found: Any) -> Iterator[Step]:
    """A step for each date with rows that have no ``data_hash``.

    A table of ours was made with the column required, so only one that got it later is looked at.
    """
    name, has = layout.full_name, {entry.name: entry.mode for entry in found.schema}
    if has.get("data_hash") == "REQUIRED" or "game_date" not in has:
        return
    missing = "data_hash" not in has
    waiting = "TRUE" if missing else "data_hash IS NULL"
    days = calls.asked(
        f"SELECT game_date, COUNT(*) AS n FROM `{found.project}.{name}` "
        f"WHERE {waiting} AND game_date IS NOT NULL GROUP BY game_date ORDER BY game_date",
        about=name,
    )
    for day, rows in zip(days["game_date"].to_pylist(), days["n"].to_pylist(), strict=True):
        yield Step(
            name,
            f"UPDATE `{found.project}.{name}` SET data_hash of {rows:,} rows of {day}",
            f"{rows:,} rows of {day} have no data_hash",
            partial(_fill, layout=layout, table=table, day=day),
        )


def _fill(calls: Calls, *, layout: Layout, table: Table, day: date) -> None:
    """Give the rows of a date their hashes, as they would have been hashed when written."""
    names = list(dict.fromkeys([*table.key, "game_date", *table.hash_fields]))
    rows = from_wire(
        calls.rows(
            layout.full_name, names, f"game_date = '{day}' AND data_hash IS NULL", layout.schema
        )
    )
    hashes = hashing.row_hashes(rows, table.hash_fields)
    # Lists cannot be compared in SQL. Rows that differ in nothing else are refused by BigQuery.
    told_by = [name for name in names if not pa.types.is_list(rows.schema.field(name).type)]
    distinct = rows.select(told_by).append_column("new_hash", hashes)
    distinct = distinct.group_by(distinct.column_names).aggregate([])
    if not rows.num_rows:
        return
    from google.cloud import bigquery

    same = " AND ".join(f"kept.`{name}` IS NOT DISTINCT FROM fresh.`{name}`" for name in told_by)
    with staged(calls, layout.full_name, distinct, _with_hash(layout, told_by)) as staging:
        job = calls.query(
            f"UPDATE `{calls.settings.project}.{layout.full_name}` AS kept "
            f"SET data_hash = fresh.new_hash FROM `{staging}` AS fresh "
            f"WHERE kept.game_date = @day AND kept.data_hash IS NULL AND {same}",
            [bigquery.ScalarQueryParameter("day", "DATE", day)],
            about=layout.full_name,
        )
    if job.num_dml_affected_rows != rows.num_rows:
        raise WarehouseError(
            f"{job.num_dml_affected_rows} of {rows.num_rows} rows of {day} got their data_hash: "
            "somebody is changing them; migrate again"
        )


def _with_hash(layout: Layout, names: Sequence[str]) -> list[Any]:
    from google.cloud import bigquery

    kinds = {entry.name: entry.field_type for entry in layout.fields()}
    fields = [bigquery.SchemaField(name, kinds[name]) for name in names]
    return [*fields, bigquery.SchemaField("new_hash", "STRING")]
