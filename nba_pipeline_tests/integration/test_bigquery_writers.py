"""Several runs that write one BigQuery table at once: never mixed, never a version that lies."""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse
from nba_pipeline_tests.partitions import DAY, SUMMARY, TABLES, about, put, rows_of

REFUSED = "another run is writing nba_test.summary"


@pytest.fixture
def settings(bigquery: Mapping[str, str]) -> BigQuerySettings:
    """Datasets of the test's own, with the table in them."""
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    named = BigQuerySettings.from_environment({**bigquery, "NBA_BIGQUERY_DATASET_PREFIX": prefix})
    put(BigQueryWarehouse(named, TABLES), SUMMARY, rows_of(SUMMARY, {"player": "old"}))
    return named


def write(settings: BigQuerySettings, day: date, name: str, count: int) -> str:
    """Write a date as a run of its own; the refusal, if it is refused."""
    rows = rows_of(SUMMARY, *({"player": f"{name} {n}", "game_date": day} for n in range(count)))
    try:
        BigQueryWarehouse(settings, TABLES).replace(
            SUMMARY, {day: (rows, about(rows, data_version=name))}
        )
    except WarehouseError as error:
        return str(error)
    return ""


def threads() -> Executor:
    return ThreadPoolExecutor(4)


def processes() -> Executor:
    return ProcessPoolExecutor(3, multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("pool", [threads, processes])
def test_the_same_date_written_at_once_is_one_runs_whole_and_the_others_are_refused(
    settings, pool: Callable[[], Executor]
):
    # As many rows each as nobody else, so that a mixture has a wrong number, too.
    names = {"a": 1, "b": 20, "c": 300}
    with pool() as running:
        told = dict(
            zip(
                names,
                running.map(write, [settings] * 3, [DAY] * 3, names, names.values()),
                strict=True,
            )
        )
    found = BigQueryWarehouse(settings, TABLES)
    rows = found.read(SUMMARY, [DAY])["player"].to_pylist()
    (winner,) = {row.partition(" ")[0] for row in rows}
    assert len(rows) == names[winner]
    assert told[winner] == ""
    assert found.stored(SUMMARY, [DAY])[DAY].data_version == winner
    # Who was overtaken says so; who was done before the next began had been right.
    assert all(REFUSED in sentence for sentence in told.values() if sentence)


def test_different_dates_written_at_once_are_all_written(settings):
    days = [DAY + timedelta(days=step) for step in range(6)]
    with threads() as running:
        told = list(running.map(write, [settings] * 6, days, "abcdef", range(1, 7)))
    assert told == [""] * 6
    found = BigQueryWarehouse(settings, TABLES)
    counts = [found.read(SUMMARY, [day]).num_rows for day in days]
    known = found.stored(SUMMARY, days)
    assert counts == [1, 2, 3, 4, 5, 6]
    assert [known[day].data_version for day in days] == list("abcdef")
    assert all(known[day].intact for day in days)


# A run that is overtaken --------------------------------------------------------------------------


class Overtaken(BigQueryWarehouse):
    """Something happens after one of its steps, before the next."""

    after: str = ""
    happens: Callable[[], Any]

    def _swap(self, *args: Any) -> None:
        if self.after == "claim":
            self.happens()
        super()._swap(*args)
        if self.after == "swap":
            self.happens()


def overtaken(settings: BigQuerySettings, after: str, happens: Callable[[], Any]) -> str:
    """Write a date while something happens; the refusal."""
    slow = Overtaken(settings, TABLES)
    slow.after, slow.happens = after, happens
    rows = rows_of(SUMMARY, *({"player": f"slow {n}"} for n in range(5)))
    with pytest.raises(WarehouseError) as told:
        slow.replace(SUMMARY, {DAY: (rows, about(rows, data_version="slow"))})
    return str(told.value)


@pytest.mark.parametrize("after", ["claim", "swap"])
def test_a_run_that_wakes_up_after_another_wrote_the_date_leaves_its_rows_alone(settings, after):
    sentence = overtaken(settings, after, lambda: write(settings, DAY, "quick", 2))
    assert REFUSED in sentence
    found = BigQueryWarehouse(settings, TABLES)
    assert found.read(SUMMARY, [DAY])["player"].to_pylist() == ["quick 0", "quick 1"]
    assert found.stored(SUMMARY, [DAY])[DAY].data_version == "quick"


@pytest.mark.parametrize(("after", "rows"), [("claim", 1), ("swap", 5)])
def test_a_date_that_was_claimed_by_a_run_that_died_is_computed_again(settings, after, rows):
    died = BigQueryWarehouse(settings, TABLES)

    def claim() -> None:
        with died._calls("") as calls:
            died._partitions.claim(calls, SUMMARY.full_name, [DAY], uuid.uuid4().hex)

    assert REFUSED in overtaken(settings, after, claim)
    found = BigQueryWarehouse(settings, TABLES)
    assert found.stored(SUMMARY, [DAY]) == {}
    assert found.read(SUMMARY, [DAY]).num_rows == rows
    assert write(settings, DAY, "next", 2) == ""
    assert found.stored(SUMMARY, [DAY])[DAY].data_version == "next"


# What somebody else does to the rows --------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {table} WHERE game_date = '2021-11-15'",
        "INSERT INTO {table} (player, game_date) VALUES ('me', '2021-11-15')",
    ],
)
def test_a_date_whose_rows_somebody_else_changed_is_not_believed(settings, statement):
    found = BigQueryWarehouse(settings, TABLES)
    name = f"`{settings.project}.{settings.dataset_prefix}nba_test.summary`"
    if statement.startswith("INSERT"):
        required = ("data_hash", "inputs_hash", "run_id", "created_at", "processed_at")
        statement = statement.replace("game_date)", f"game_date, {', '.join(required)})").replace(
            "15')", "15', 'h', 'i', 'r', CURRENT_TIMESTAMP(), CURRENT_TIMESTAMP())"
        )
    assert found.stored(SUMMARY, [DAY])[DAY].intact
    with found._calls("") as calls:
        calls.query(statement.format(table=name), about="test")
    assert not found.stored(SUMMARY, [DAY])[DAY].intact


def test_of_a_table_that_somebody_dropped_nothing_is_believed(settings):
    dropping = BigQueryWarehouse(settings, TABLES)
    name = f"{settings.project}.{settings.dataset_prefix}nba_test.summary"
    dropping.connection.client.delete_table(name)
    assert not BigQueryWarehouse(settings, TABLES).stored(SUMMARY, [DAY])[DAY].intact
