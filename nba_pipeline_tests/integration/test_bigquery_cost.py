"""What reading costs on BigQuery is said before it is read, and refused where it is too much."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nba_pipeline.cli import app
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse
from nba_pipeline.warehouse.bigquery.cost import ESTIMATED
from nba_pipeline_tests.partitions import DAY, NEXT_DAY, SUMMARY, TABLES, about, rows_of

# A name, a day and a number: a text of 16, and eight bytes each.
ROW_BYTES = 18 + 8 + 8


@pytest.fixture
def settings(bigquery: Mapping[str, str]) -> BigQuerySettings:
    """Two days of three and of five rows."""
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    named = BigQuerySettings.from_environment({**bigquery, "NBA_BIGQUERY_DATASET_PREFIX": prefix})
    parts = {
        day: rows_of(SUMMARY, *({"player": f"p{n}", "game_date": day} for n in range(count)))
        for day, count in ((DAY, 3), (NEXT_DAY, 5))
    }
    BigQueryWarehouse(named, TABLES).replace(
        SUMMARY, {day: (rows, about(rows)) for day, rows in parts.items()}
    )
    return named


@pytest.mark.parametrize(("days", "rows"), [([DAY], 3), ([NEXT_DAY], 5), ([DAY, NEXT_DAY], 8)])
def test_only_the_dates_and_columns_that_are_read_cost(settings, days, rows):
    cost = BigQueryWarehouse(settings, TABLES).cost(SUMMARY, days, ["points"])
    assert (cost.count, cost.source) == (rows * ROW_BYTES, ESTIMATED)


def test_a_read_over_the_limit_is_refused_with_both_numbers(settings):
    limited = BigQueryWarehouse(replace(settings, max_bytes=3 * ROW_BYTES), TABLES)
    assert limited.read(SUMMARY, [DAY], ["points"]).num_rows == 3
    with pytest.raises(WarehouseError, match=r"reading .* would read 170 bytes, .* allows 102"):
        limited.read(SUMMARY, [NEXT_DAY], ["points"])


def test_a_plan_says_what_the_run_would_read(
    settings: BigQuerySettings,
    bigquery: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    chosen = {**bigquery, "NBA_BIGQUERY_DATASET_PREFIX": settings.dataset_prefix}
    for name, value in {**chosen, "DAGSTER_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NBA_ARCHIVE_DIR", raising=False)
    words = ["plan", "--from", "2025-11-12", "--to", "2025-11-12", "--only"]
    told = CliRunner().invoke(app, [*words, "--select", "nbac_schedule", "--json"])
    assert json.loads(told.stdout)["reads"] == [
        {"table": "nba_raw.nbac_schedule", "bytes": 0, "source": ESTIMATED}
    ]
