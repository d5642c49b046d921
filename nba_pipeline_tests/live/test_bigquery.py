"""What no emulator proves, in a real project: ``pytest -m live_bq`` with NBA_LIVE_BIGQUERY_PROJECT.

It makes datasets of its own and removes them; a run reads and writes some megabytes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse
from nba_pipeline.warehouse.bigquery.cost import DRY_RUN
from nba_pipeline.warehouse.bigquery.layout import of_table
from nba_pipeline.warehouse.bigquery.staging import staged
from nba_pipeline_tests.partitions import DAY, SUMMARY, about, rows_of

pytestmark = pytest.mark.live_bq

TABLE = replace(SUMMARY, clustering=("player",))
DAYS = [DAY + timedelta(days=step) for step in range(10)]


@pytest.fixture(scope="module")
def settings(live_bigquery: Mapping[str, str]) -> Iterator[BigQuerySettings]:
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    named = BigQuerySettings.from_environment(
        {**live_bigquery, "NBA_BIGQUERY_DATASET_PREFIX": prefix}
    )
    yield named
    BigQueryWarehouse(named, [TABLE]).drop()


@pytest.fixture(scope="module")
def warehouse(settings: BigQuerySettings) -> BigQueryWarehouse:
    """Ten days of a hundred rows."""
    opened = BigQueryWarehouse(settings, [TABLE])
    rows = {
        day: rows_of(TABLE, *({"player": f"p{n}", "game_date": day} for n in range(100)))
        for day in DAYS
    }
    opened.replace(TABLE, {day: (found, about(found)) for day, found in rows.items()})
    return opened


def test_a_table_is_partitioned_clustered_and_described_as_declared(warehouse, settings):
    layout = of_table(TABLE, settings.dataset_prefix)
    found = warehouse.connection.client.get_table(f"{settings.project}.{layout.full_name}")
    assert found.time_partitioning.field == "game_date"
    assert found.clustering_fields == ["player"]
    assert {field.name: field.mode for field in found.schema}["data_hash"] == "REQUIRED"
    assert all(field.description for field in found.schema if layout.descriptions[field.name])


def test_only_the_partitions_asked_for_are_read(warehouse):
    one, all_of_them = (warehouse.cost(TABLE, days, ["points"]) for days in ([DAY], DAYS))
    assert one.source == DRY_RUN
    assert one.count * 10 == all_of_them.count


def test_a_query_over_its_limit_is_refused_before_it_runs(settings):
    strict = BigQueryWarehouse(replace(settings, max_bytes=10), [TABLE])
    with pytest.raises(WarehouseError, match=r"would read .* NBA_BIGQUERY_MAX_BYTES allows 10"):
        strict.query(f"SELECT * FROM `{settings.dataset_prefix}nba_test.summary`")


@pytest.mark.usefixtures("warehouse")
def test_a_staging_table_expires_by_itself(settings):
    opened = BigQueryWarehouse(settings, [TABLE])
    layout = of_table(TABLE, settings.dataset_prefix)
    rows = rows_of(TABLE, {"player": "a"})
    with (
        opened._calls("test") as calls,
        staged(calls, layout.full_name, rows, layout.fields()) as name,
    ):
        expires = calls.client.get_table(name).expires
    assert expires is not None
    assert expires < datetime.now(UTC) + timedelta(days=1)


def test_the_first_rows_of_a_date_written_by_several_at_once_are_one_runs(settings, warehouse):
    day = DAYS[-1] + timedelta(days=1)

    def write(name: str, count: int) -> bool:
        rows = rows_of(TABLE, *({"player": f"{name} {n}", "game_date": day} for n in range(count)))
        try:
            BigQueryWarehouse(settings, [TABLE]).replace(
                TABLE, {day: (rows, about(rows, data_version=name))}
            )
        except WarehouseError:
            return False
        return True

    with ThreadPoolExecutor(3) as running:
        done = list(running.map(write, "abc", (1, 20, 300)))
    assert any(done)
    believed(warehouse, day)


def believed(warehouse: BigQueryWarehouse, day: date) -> None:
    """Either nothing is known of a date, or its rows are those of the version that is."""
    known = warehouse.stored(TABLE, [day]).get(day)
    if known and known.intact:
        owners = {
            text.partition(" ")[0] for text in warehouse.read(TABLE, [day])["player"].to_pylist()
        }
        assert owners == {known.data_version}
