"""A write to BigQuery that loses a call leaves whole rows and no version that they do not have."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count, product
from time import monotonic

import pyarrow as pa
import pytest

from nba_pipeline.engine.errors import WarehouseError, WarehouseUnavailableError, is_transient
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse
from nba_pipeline_tests.bigquery_emulator.faults import (
    AFTER,
    AWAY,
    BEFORE,
    DURING,
    FAULTS,
    SILENCE,
    Line,
    faulty,
)
from nba_pipeline_tests.partitions import DAY, SUMMARY, TABLES, about, rows_of

CALLS = ("claim", "table: post", "load: begin", "load: rows", "swap", "confirm", "table: delete")
# A look at what is known reads the versions first, then counts the rows.
SESSION, ROWS = "CreateReadSession", "ReadRows"

# What a call that is lost for good may cost in all, and how long one may be silent.
IMPATIENT = {"call_seconds": 1.0, "job_seconds": 3.0}
# The machine may be busy, too; whatever is not stopped by the limit would take minutes.
MARGIN_SECONDS = 30


@dataclass(frozen=True)
class Written:
    """A table with old rows on a date of each test's own."""

    line: Line
    warehouse: BigQueryWarehouse
    days: Iterator[date]

    def patient_for(self, **seconds: float) -> BigQueryWarehouse:
        """Another process, which knows the tables to be there."""
        settings = replace(self.warehouse.connection.settings, **seconds)
        other = BigQueryWarehouse(settings, TABLES)
        other._there = self.warehouse._there
        return other


@pytest.fixture(scope="module")
def written(bigquery: Mapping[str, str]) -> Iterator[Written]:
    with faulty(bigquery) as line:
        prefix = f"t{uuid.uuid4().hex[:12]}_"
        settings = BigQuerySettings.from_environment(
            {**line.variables, "NBA_BIGQUERY_DATASET_PREFIX": prefix}
        )
        warehouse = BigQueryWarehouse(settings, TABLES)
        yield Written(line, warehouse, days_of(warehouse))


def days_of(warehouse: BigQueryWarehouse) -> Iterator[date]:
    """Days with old rows, written a month at a time."""
    for first in count(0, 30):
        days = [DAY + timedelta(days=first + step) for step in range(30)]
        warehouse.replace(SUMMARY, {day: version(day, "old") for day in days})
        yield from days


def version(day: date, name: str) -> tuple[pa.Table, Stored]:
    """The rows of a version, as many in each, so that only their values tell which it is."""
    rows = rows_of(SUMMARY, *({"player": f"{name} {n}", "game_date": day} for n in range(3)))
    return rows, about(rows, data_version=name, fingerprint=name)


def test_these_are_the_calls_of_a_write(written):
    day = next(written.days)
    written.line.clear()
    written.warehouse.replace(SUMMARY, {day: version(day, "new")})
    assert tuple(call for call in written.line.calls if call != "job: look") == CALLS


def slow_unless(default: set[tuple[str, str]]) -> list[object]:
    """Every call with every fault; those that are not run by default are slow."""
    return [
        pytest.param(*case, marks=() if case in default else pytest.mark.slow)
        for case in product(CALLS, FAULTS)
    ]


ONCE = {(call, AFTER) for call in CALLS} | {("swap", DURING), ("swap", AWAY), ("claim", SILENCE)}
FOR_GOOD = {
    ("claim", AWAY),
    ("load: rows", AFTER),
    ("swap", BEFORE),
    ("swap", AFTER),
    ("confirm", SILENCE),
    ("table: delete", AFTER),
}


@pytest.mark.parametrize(("call", "fault"), slow_unless(ONCE))
def test_a_call_that_is_lost_once_is_made_up_for(written, call, fault):
    day = next(written.days)
    silent = {"call_seconds": 2.0} if fault == SILENCE else {}
    writer = written.patient_for(**silent)
    written.line.clear(call, fault)
    writer.replace(SUMMARY, {day: version(day, "new")})
    assert len(written.line.calls) > len(CALLS)
    written.line.clear()
    assert whose_rows(written, day) == "new"
    assert written.warehouse.stored(SUMMARY, [day])[day] == version(day, "new")[1]


@pytest.mark.parametrize(("call", "fault"), slow_unless(FOR_GOOD))
def test_a_write_that_is_cut_off_for_good_ends_in_time_and_tells_no_lie(written, call, fault):
    day = next(written.days)
    writer = written.patient_for(**IMPATIENT)
    written.line.clear(call, fault, for_good=True)
    begun = monotonic()
    if call == "table: delete":
        # All is written by then; the staging table expires by itself.
        writer.replace(SUMMARY, {day: version(day, "new")})
    else:
        with pytest.raises(WarehouseError) as told:
            writer.replace(SUMMARY, {day: version(day, "new")})
        assert "\n" not in str(told.value)
        assert is_transient(told.value)
    assert monotonic() - begun < IMPATIENT["job_seconds"] + MARGIN_SECONDS
    written.line.clear()
    tells_the_truth(written, day)
    heals(written, day)


@pytest.mark.parametrize(
    ("call", "time", "fault"),
    [(SESSION, 1, AWAY), (ROWS, 1, DURING), (SESSION, 2, SILENCE), (ROWS, 2, AFTER)],
)
def test_a_look_that_is_lost_once_is_repeated(written, call, time, fault):
    silent = {"call_seconds": 2.0} if fault == SILENCE else {}
    reader = written.patient_for(**silent)
    reader.stored(SUMMARY, [DAY])
    written.line.clear(call, fault, time=time)
    assert reader.stored(SUMMARY, [DAY])[DAY].intact
    assert len(written.line.calls) > len((SESSION, ROWS) * 2)


@pytest.mark.parametrize(("call", "fault"), [(ROWS, SILENCE), (SESSION, BEFORE)])
def test_a_look_that_is_lost_for_good_ends_in_time_with_a_sentence(written, call, fault):
    reader = written.patient_for(**IMPATIENT)
    written.line.clear(call, fault, for_good=True)
    begun = monotonic()
    with pytest.raises(WarehouseUnavailableError, match="cannot look up the versions of"):
        reader.stored(SUMMARY, [DAY])
    assert monotonic() - begun < IMPATIENT["job_seconds"] + MARGIN_SECONDS
    written.line.clear()


def whose_rows(written: Written, day: date) -> str:
    """The version that the rows of a date are of.

    Raises:
        AssertionError: When they are of several, or not whole.
    """
    found = written.warehouse.read(SUMMARY, [day])
    for name in ("old", "new"):
        if found.equals(version(day, name)[0]):
            return name
    raise AssertionError(f"mixed: {found['player'].to_pylist()}")


def tells_the_truth(written: Written, day: date) -> None:
    rows, known = whose_rows(written, day), written.warehouse.stored(SUMMARY, [day])
    assert not known or not known[day].intact or known[day].data_version == rows


def heals(written: Written, day: date) -> None:
    written.warehouse.replace(SUMMARY, {day: version(day, "new")})
    assert whose_rows(written, day) == "new"
    assert written.warehouse.stored(SUMMARY, [day])[day] == version(day, "new")[1]
