"""Tables that are there are brought to their declarations; every row is there afterwards."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from google.cloud import bigquery as bq

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse
from nba_pipeline.warehouse.bigquery.migrations import ASIDE, Step, steps
from nba_pipeline_tests.partitions import DAY, NEXT_DAY, RAW, WRITTEN, about, rows_of, table_of

TABLE = replace(table_of("box", Column("share", float, decimals=3)), clustering=("player",))
SNAPSHOT = RAW
# Nothing in these depends on the logs, which would only be made.
TABLES = (TABLE, SNAPSHOT)

Row = dict[str, Any]
FIELDS = {
    "player": bq.SchemaField("player", "STRING", mode="REQUIRED"),
    "game_date": bq.SchemaField("game_date", "DATE", mode="REQUIRED"),
    "points": bq.SchemaField("points", "INTEGER"),
    "share": bq.SchemaField("share", "FLOAT"),
    "data_hash": bq.SchemaField("data_hash", "STRING", mode="REQUIRED"),
    "inputs_hash": bq.SchemaField("inputs_hash", "STRING", mode="REQUIRED"),
    "run_id": bq.SchemaField("run_id", "STRING", mode="REQUIRED"),
    "created_at": bq.SchemaField("created_at", "TIMESTAMP", mode="REQUIRED"),
    "processed_at": bq.SchemaField("processed_at", "TIMESTAMP", mode="REQUIRED"),
}
ROWS: list[Row] = [
    {"player": f"p{n % 7}", "game_date": DAY + timedelta(days=n % 3), "points": n, "share": n / 8}
    for n in range(20)
]


class Before:
    """A project in which somebody else made tables."""

    def __init__(self, settings: BigQuerySettings) -> None:
        self.settings = settings
        self.client = self.warehouse.connection.client
        self.dataset = f"{settings.project}.{settings.dataset_prefix}nba_test"
        self._ours = f"{settings.dataset_prefix}nba_test."
        self.client.create_dataset(self.dataset)

    @property
    def warehouse(self) -> BigQueryWarehouse:
        """Opened anew, as the next process would."""
        return BigQueryWarehouse(self.settings, TABLES)

    def table(self, name: str = "box", *, rows: list[Row] = ROWS, **changed: Any) -> None:
        """A table like ours but for what is named; a column that is None is left out."""
        partitioned, clustered = changed.pop("partitioned", True), changed.pop("clustered", True)
        fields = [field for field in {**FIELDS, **changed}.values() if field is not None]
        made = bq.Table(f"{self.dataset}.{name}", schema=fields)
        made.time_partitioning = bq.TimePartitioning(field="game_date") if partitioned else None
        made.clustering_fields = ["player"] if clustered else None
        self.client.create_table(made)
        names = [field.name for field in fields]
        engine = {
            "data_hash": "'h'",
            "inputs_hash": "'i'",
            "run_id": "'r'",
            "created_at": f"TIMESTAMP '{WRITTEN.isoformat()}'",
            "processed_at": f"TIMESTAMP '{WRITTEN.isoformat()}'",
        }
        values = [
            ", ".join(engine.get(n) or f"{literal(row.get(n))}" for n in names) for row in rows
        ]
        self.run(
            f"INSERT INTO `{self.dataset}.{name}` ({', '.join(names)}) "
            f"VALUES {', '.join(f'({each})' for each in values)}"
        )

    def run(self, sql: str) -> list[Row]:
        return [dict(row) for row in self.client.query(sql).result()]

    def contents(self, name: str = "box", columns: str = "player, game_date, points") -> str:
        """A digest of every row."""
        rows = self.run(f"SELECT {columns} FROM `{self.dataset}.{name}`")
        told = sorted(json.dumps(row, default=str) for row in rows)
        return f"{len(told)} {hashlib.sha256(repr(told).encode()).hexdigest()}"

    def steps(self) -> list[Step]:
        """What is to be done about the table itself."""
        return [step for step in steps(self.warehouse) if step.table.startswith(self._ours)]

    def migrate(self) -> list[Step]:
        done = self.steps()
        for step in done:
            step.carry_out(self.warehouse)
        return done


def literal(value: Any) -> str:
    if isinstance(value, date):
        return f"DATE '{value}'"
    return "NULL" if value is None else repr(value)


@pytest.fixture
def before(bigquery: Mapping[str, str]) -> Before:
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    return Before(
        BigQuerySettings.from_environment({**bigquery, "NBA_BIGQUERY_DATASET_PREFIX": prefix})
    )


def said(found: list[Step]) -> str:
    return " ".join(step.statement or step.sentence for step in found)


CHANGES: dict[str, tuple[Mapping[str, Any], str]] = {
    "a column is added": ({"share": None}, "ADD COLUMN IF NOT EXISTS `share` FLOAT64"),
    "a column may be NULL": (
        {"points": bq.SchemaField("points", "INTEGER", mode="REQUIRED")},
        "ALTER COLUMN `points` DROP NOT NULL",
    ),
    "a column we do not know may be NULL": (
        {"grade": bq.SchemaField("grade", "STRING", mode="REQUIRED")},
        "ALTER COLUMN `grade` DROP NOT NULL",
    ),
    "clustering is added": ({"clustered": False}, "by player"),
    "a number is widened": (
        {"share": bq.SchemaField("share", "NUMERIC")},
        "ALTER COLUMN `share` SET DATA TYPE FLOAT64",
    ),
    "the hash is added": ({"data_hash": None}, "SET data_hash of"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_table_is_changed_in_place_once_and_keeps_every_row(before, change):
    changed, statement = CHANGES[change]
    rows = [{**row, "grade": "x"} for row in ROWS]
    before.table(rows=rows, **changed)
    contents = before.contents()
    listed = before.steps()
    assert statement in said(listed)
    assert before.contents() == contents
    assert before.migrate() == listed
    assert before.contents() == contents
    assert [step for step in before.steps() if step.table.endswith(".box")] == []


def test_a_changed_table_can_be_written_and_read(before):
    before.table(
        share=bq.SchemaField("share", "NUMERIC"),
        data_hash=None,
        inputs_hash=None,
        processed_at=None,
        clustered=False,
    )
    before.migrate()
    warehouse = before.warehouse
    assert warehouse.read(TABLE, [DAY]).num_rows == 7
    rows = rows_of(TABLE, {"player": "a", "share": 0.125})
    warehouse.replace(TABLE, {DAY: (rows, about(rows))})
    assert warehouse.read(TABLE, [DAY]).equals(rows)
    assert warehouse.read(TABLE, [NEXT_DAY]).num_rows == 7


def test_a_table_that_was_not_migrated_is_refused_with_the_way_out(before):
    before.table(share=None)
    rows = rows_of(TABLE, {"player": "a"})
    with pytest.raises(WarehouseError, match="has no share: nba-pipeline migrate --dry-run"):
        before.warehouse.replace(TABLE, {DAY: (rows, about(rows))})


def test_rows_get_the_hash_that_the_contract_gives_them(before):
    before.table(data_hash=None)
    before.migrate()
    found = before.run(f"SELECT * FROM `{before.dataset}.box`")
    assert len(found) == len(ROWS)
    for row in found:
        fields = {name: row[name] for name in TABLE.hash_fields}
        text = json.dumps(fields, sort_keys=True, default=str)
        assert row["data_hash"] == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_a_backfill_of_hashes_that_was_cut_off_goes_on_where_it_stopped(before):
    before.table(data_hash=None)
    filling = [step for step in before.steps() if "data_hash of" in step.statement]
    assert len(filling) == 3
    for step in before.steps():
        if step != filling[-1]:
            step.carry_out(before.warehouse)
    assert [step for step in before.steps() if step.table.endswith(".box")] == filling[-1:]


def test_a_table_where_a_view_is_kept_is_moved_aside_whole(before):
    before.table("raw")
    contents = before.contents("raw")
    with pytest.raises(WarehouseError, match="migrate moves it aside"):
        before.warehouse.read(SNAPSHOT, [DAY])
    listed = before.steps()
    assert f"raw{ASIDE}" in said(listed)
    before.migrate()
    assert before.contents(f"raw{ASIDE}") == contents
    assert before.client.get_table(f"{before.dataset}.raw").table_type == "VIEW"
    assert before.warehouse.read(SNAPSHOT, [DAY]).num_rows == 0
    assert [step for step in before.steps() if "raw" in step.table] == []


def test_a_copy_that_is_not_whole_drops_nothing(before):
    before.table("raw")
    before.table(f"raw{ASIDE}", rows=ROWS[:5])
    contents = before.contents("raw")
    with pytest.raises(WarehouseError, match="nothing was dropped"):
        before.migrate()
    assert before.contents("raw") == contents


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"share": bq.SchemaField("share", "STRING")}, "share is NULLABLE STRING"),
        ({"partitioned": False}, "is partitioned by nothing"),
    ],
)
def test_what_nothing_cures_in_place_is_stated_and_left_alone(before, changed, sentence):
    before.table(rows=[{**row, "share": None} for row in ROWS], **changed)
    contents = before.contents()
    stuck = [step for step in before.migrate() if not step.is_possible]
    assert sentence in said(stuck)
    assert before.contents() == contents


def test_an_empty_project_gets_every_table_and_then_nothing_is_left_to_do(before):
    before.migrate()
    assert before.steps() == []
    assert before.warehouse.read(TABLE, [DAY]).num_rows == 0
