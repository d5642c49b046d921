"""A recorded NBA day in BigQuery: the data versions of the local warehouse, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nba_pipeline.cli import app
from nba_pipeline.tables import REGISTRY

DATE = "2021-11-15"
# Two days of a season are enough for a row in most tables, and take a tenth of its history.
FIRST_DAY = "2021-11-14"


@pytest.fixture
def environment(
    bigquery: Mapping[str, str], archive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A terminal in which BigQuery is the warehouse."""
    chosen = {
        **bigquery,
        "NBA_FIRST_DAY": FIRST_DAY,
        "NBA_ARCHIVE_DIR": str(archive),
        "DAGSTER_HOME": str(tmp_path),
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)


# A minute of work; beside others it takes its time.
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("environment")
def test_every_table_of_a_day_has_one_version_in_both_warehouses():
    words = ["verify", "--warehouse", "local,bigquery", "--date", DATE, "--json"]
    told = CliRunner().invoke(app, words)
    answer = json.loads(told.stdout)
    assert told.exit_code == 0
    assert answer["equal"]
    assert {each["table"] for each in answer["tables"]} == {t.full_name for t in REGISTRY.values()}
    assert all(set(each["hashes"]) == {"local", "bigquery"} for each in answer["tables"])
