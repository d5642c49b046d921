"""The same rows and records are judged alike, wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from live_night import CLAIMS, CONTEXT, DAY, FEATURES, MORNING_AFTER, Kept, news

from nba_pipeline.engine import logs
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.timings import timings_of
from nba_pipeline.tables import REGISTRY
from nba_pipeline.validation.judge import validate
from nba_pipeline.warehouse.opening import open_warehouse

#: Enough for most checks; the emulator takes its time for each.
TABLES = ("nbac_schedule", CONTEXT, FEATURES, CLAIMS)
LOGS = (logs.ANALYTICS_RUNS, logs.PRECOMPUTE_RUNS, logs.PREDICTION_FAILURES)


def filled(warehouse: Warehouse, whole: Kept) -> Warehouse:
    """A warehouse with some tables of the evening and the records of its runs."""
    kept = whole.warehouse
    for name in TABLES:
        table = REGISTRY[name]
        rows = kept.read(table, [DAY], every_revision=True)
        warehouse.replace(table, {DAY: (rows, kept.stored(table, [DAY])[DAY])})
    for log in LOGS:
        warehouse.append(log, kept.read_log(log))
    return warehouse


@pytest.mark.timeout(600)
def test_bigquery_and_the_folder_give_the_same_findings_and_timings(
    whole: Kept, bigquery: Mapping[str, str], tmp_path: Path
) -> None:
    tables = list(REGISTRY.values())
    apart = {**bigquery, "NBA_BIGQUERY_DATASET_PREFIX": "validated_"}
    local = filled(open_warehouse({}, tables, str(tmp_path / "w")), whole)
    remote = filled(open_warehouse({**apart, "NBA_WAREHOUSE": "bigquery"}, tables), whole)
    here = validate(local, DAY, MORNING_AFTER, {})
    assert validate(remote, DAY, MORNING_AFTER, {}) == here
    assert timings_of(remote, tables, DAY, DAY) == timings_of(local, tables, DAY, DAY)
    assert set(news({finding.name: finding for finding in here})) >= {"phase_2_complete"}
