"""What every warehouse does: the same rows, revisions, versions, logs and answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nba_pipeline.engine import logs
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.protocols import Outcome, Warehouse
from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.partitions import (
    DAY,
    EVERY_TYPE,
    HISTORY,
    NEXT_DAY,
    RAW,
    SUMMARY,
    TABLES,
    WRITTEN,
    about,
    put,
    revisions,
    rows_of,
)

Open = Callable[[], Warehouse]
Ask = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(params=["local", "bigquery", pytest.param("live", marks=pytest.mark.live_bq)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens one and the same warehouse anew, as another process would."""
    if request.param == "local":
        yield lambda: LocalWarehouse(tmp_path / "warehouse", TABLES)
        return
    name = "bigquery" if request.param == "bigquery" else "live_bigquery"
    # Every test has datasets of its own.
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    settings = BigQuerySettings.from_environment(
        {**request.getfixturevalue(name), "NBA_BIGQUERY_DATASET_PREFIX": prefix}
    )
    yield lambda: BigQueryWarehouse(settings, TABLES)
    if request.param == "live":
        BigQueryWarehouse(settings, TABLES).drop()


@pytest.fixture
def warehouse(opened: Open) -> Warehouse:
    return opened()


@pytest.fixture
def another(opened: Open) -> Warehouse:
    return opened()


# Reading back ------------------------------------------------------------------------------------


def test_rows_are_read_as_they_were_written(warehouse):
    rows = rows_of(
        EVERY_TYPE,
        {"player": "a", "points": 20, "share": 0.125, "is_home": True, "issues": ["x", "y"]},
        {"player": "b", "tip_off": WRITTEN, "issues": []},
    )
    put(warehouse, EVERY_TYPE, rows)
    assert warehouse.read(EVERY_TYPE, [DAY]).equals(rows)


def test_dates_are_read_in_order(warehouse):
    for day in (NEXT_DAY, DAY):
        put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a", "game_date": day}), day)
    found = warehouse.read(SUMMARY, [NEXT_DAY, DAY])
    assert found["game_date"].to_pylist() == [DAY, NEXT_DAY]


def test_only_the_dates_asked_for_are_read(warehouse):
    for day in (NEXT_DAY, DAY):
        put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a", "game_date": day}), day)
    assert warehouse.read(SUMMARY, [NEXT_DAY])["game_date"].to_pylist() == [NEXT_DAY]


def test_only_the_columns_asked_for_are_read(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a", "points": 20}))
    assert warehouse.read(SUMMARY, [DAY], ["points"]).to_pylist() == [{"points": 20}]


def test_a_date_that_is_not_stored_has_no_rows(warehouse):
    assert warehouse.read(SUMMARY, [DAY], ["player", "points"]).to_pydict() == {
        "player": [],
        "points": [],
    }


def test_a_partition_without_rows_is_stored_all_the_same(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert warehouse.stored(SUMMARY, [DAY, NEXT_DAY]) == {DAY: about(rows_of(SUMMARY))}


def test_what_is_known_of_a_partition_is_read_as_it_was_written(warehouse):
    rows = rows_of(SUMMARY, {"player": "a"})
    known = about(
        rows,
        inputs={"box": "digest"},
        outcomes=(Outcome("Jokić", "INSUFFICIENT_DATA", "too few games", "hash"),),
        skip_reason="no_games",
    )
    warehouse.replace(SUMMARY, {DAY: (rows, known)})
    assert warehouse.stored(SUMMARY, [DAY]) == {DAY: known}


def test_the_versions_are_those_of_what_is_known(warehouse, another):
    rows = rows_of(SUMMARY, {"player": "a"})
    warehouse.replace(SUMMARY, {DAY: (rows, about(rows, data_version="of these rows"))})
    for opened in (warehouse, another):
        version, known = (ask(SUMMARY, [DAY, NEXT_DAY]) for ask in (opened.versions, opened.stored))
        assert list(version) == list(known) == [DAY]
        for name in ("data_version", "mark", "intact", "damage"):
            assert getattr(version[DAY], name) == getattr(known[DAY], name)
        assert version[DAY].data_version == "of these rows"


def test_a_replaced_partition_holds_nothing_of_the_old_one(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}, {"player": "b"}))
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "c"}))
    assert warehouse.read(SUMMARY, [DAY])["player"].to_pylist() == ["c"]


def test_what_another_process_wrote_is_seen_at_once(warehouse, another):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    warehouse.stored(SUMMARY, [DAY])
    empty = rows_of(SUMMARY)
    another.replace(SUMMARY, {DAY: (empty, about(empty, fingerprint="new"))})
    assert warehouse.stored(SUMMARY, [DAY])[DAY].fingerprint == "new"


def test_several_dates_are_replaced_at_once(warehouse):
    rows = {day: rows_of(SUMMARY, {"player": "a", "game_date": day}) for day in (DAY, NEXT_DAY)}
    warehouse.replace(SUMMARY, {day: (found, about(found)) for day, found in rows.items()})
    assert warehouse.read(SUMMARY, [DAY, NEXT_DAY]).num_rows == 2
    assert set(warehouse.stored(SUMMARY, [DAY, NEXT_DAY])) == {DAY, NEXT_DAY}


def test_replacing_a_date_leaves_its_neighbour_alone(warehouse):
    for day in (DAY, NEXT_DAY):
        put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a", "game_date": day}), day)
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert warehouse.read(SUMMARY, [DAY, NEXT_DAY])["game_date"].to_pylist() == [NEXT_DAY]


def test_a_null_inside_a_list_of_numbers_comes_back_as_one(warehouse):
    rows = rows_of(EVERY_TYPE, {"player": "a", "issues": [], "features": [1.5, None, -2.0]})
    put(warehouse, EVERY_TYPE, rows)
    assert warehouse.read(EVERY_TYPE, [DAY], ["features"]).to_pylist() == [
        {"features": [1.5, None, -2.0]}
    ]


# Revisions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "points"), [(1, [20]), (2, [21]), (3, []), (4, [21])], ids=lambda value: str(value)
)
def test_a_reader_gets_the_newest_revision_unless_it_is_a_retraction(warehouse, count, points):
    put(warehouse, RAW, rows_of(RAW, *revisions(*HISTORY[:count])))
    assert warehouse.read(RAW, [DAY])["points"].to_pylist() == points


@pytest.mark.parametrize(
    ("moment", "points"),
    [
        (datetime(2021, 11, 16, 10, tzinfo=UTC), []),
        (datetime(2021, 11, 16, 11, tzinfo=UTC), [20]),
        (datetime(2021, 11, 17, 10, tzinfo=UTC), [20]),
        (datetime(2021, 11, 17, 11, tzinfo=UTC), [21]),
        (datetime(2021, 11, 18, 12, tzinfo=UTC), []),
        (datetime(2021, 11, 20, 12, tzinfo=UTC), [21]),
    ],
)
def test_a_reader_of_the_past_gets_the_revision_known_then(warehouse, moment, points):
    put(warehouse, RAW, rows_of(RAW, *revisions(*HISTORY)))
    assert warehouse.read(RAW, [DAY], ["points"], as_of=moment)["points"].to_pylist() == points


def test_a_reader_of_the_past_gets_rows_in_the_order_of_their_key(warehouse):
    both = [*revisions(*HISTORY[:2], player="a"), *revisions(*HISTORY[:1], player="b")]
    put(warehouse, RAW, rows_of(RAW, *both))
    found = warehouse.read(RAW, [DAY], ["player", "points"], as_of=WRITTEN)
    assert found.to_pylist() == [{"player": "a", "points": 20}, {"player": "b", "points": 20}]


def test_every_revision_is_read_when_asked_for(warehouse):
    put(warehouse, RAW, rows_of(RAW, *revisions(*HISTORY)))
    found = warehouse.read(RAW, [DAY], ["revision"], every_revision=True)
    assert found["revision"].to_pylist() == [1, 2, 3, 4]


def test_the_past_of_a_table_without_revisions_is_its_present(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    assert warehouse.read(SUMMARY, [DAY], as_of=long_ago).num_rows == 1


# Logs --------------------------------------------------------------------------------------------


def attempt(number: int, moment: datetime) -> dict[str, Any]:
    return {
        "processor_name": "summary",
        "entity_id": "a",
        "analysis_date": DAY,
        "attempt_number": number,
        "attempted_at": moment,
        "inputs_hash": "h",
        "circuit_breaker_tripped": False,
        "created_at": moment,
    }


@pytest.fixture
def logged(warehouse: Warehouse) -> Warehouse:
    """Three attempts at one entity, each appended by itself."""
    log = logs.REPROCESS_ATTEMPTS
    for number in (1, 2, 3):
        row = attempt(number, WRITTEN.replace(minute=number))
        warehouse.append(log, pa.Table.from_pylist([row], schema=log.schema))
    return warehouse


def test_a_log_keeps_everything_that_was_appended(logged):
    numbers = logged.read_log(logs.REPROCESS_ATTEMPTS)["attempt_number"].to_pylist()
    assert sorted(numbers) == [1, 2, 3]


def test_of_a_log_the_rows_later_than_a_moment_can_be_read(logged):
    found = logged.read_log(logs.REPROCESS_ATTEMPTS, WRITTEN.replace(minute=2))
    assert found["attempt_number"].to_pylist() == [3]


@pytest.mark.usefixtures("logged")
def test_a_log_shows_the_newest_row_of_each_subject(ask):
    sql = "SELECT attempt_number FROM nba_processing.reprocess_attempts"
    assert ask(sql) == [{"attempt_number": 3}]


@pytest.mark.usefixtures("logged")
def test_what_a_clock_ahead_wrote_into_a_log_hides_nothing(warehouse, ask):
    log, ahead = logs.REPROCESS_ATTEMPTS, datetime.now(UTC) + timedelta(days=365)
    warehouse.append(log, pa.Table.from_pylist([attempt(9, ahead)], schema=log.schema))
    sql = "SELECT attempt_number FROM nba_processing.reprocess_attempts"
    assert ask(sql) == [{"attempt_number": 3}]
    assert logs.in_order(log, warehouse.read_log(log), datetime.now(UTC))[-1]["attempt_number"] == 3


# SQL ---------------------------------------------------------------------------------------------


@pytest.fixture
def ask(warehouse: Warehouse) -> Ask:
    """Asks in SQL; where datasets have a prefix, it is put before their names."""
    prefix = warehouse.prefix if isinstance(warehouse, BigQueryWarehouse) else ""
    return lambda sql: warehouse.query(sql.replace("nba_", f"{prefix}nba_")).to_pylist()


def test_every_table_is_a_view(warehouse, ask):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a", "points": 20}))
    assert ask("SELECT player, points FROM nba_test.summary") == [{"player": "a", "points": 20}]


def test_a_table_that_holds_nothing_can_be_asked(ask):
    assert ask("SELECT count(*) AS n FROM nba_test.summary") == [{"n": 0}]


def test_a_raw_table_shows_the_newest_revisions(warehouse, ask):
    both = [*revisions(*HISTORY[:2], player="a"), *revisions(*HISTORY[:3], player="b")]
    put(warehouse, RAW, rows_of(RAW, *both))
    assert ask("SELECT player, points FROM nba_test.raw") == [{"player": "a", "points": 21}]


def test_every_revision_of_a_raw_table_has_a_view_of_its_own(warehouse, ask):
    put(warehouse, RAW, rows_of(RAW, *revisions(*HISTORY)))
    found = ask("SELECT revision FROM nba_test.raw_revisions ORDER BY 1")
    assert [row["revision"] for row in found] == [1, 2, 3, 4]


def test_times_are_answered_in_utc(warehouse, ask):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    assert ask("SELECT created_at FROM nba_test.summary") == [{"created_at": WRITTEN}]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO nba_test.summary (player) VALUES ('me')",
        "DELETE FROM nba_test.summary WHERE true",
        "DROP VIEW nba_test.raw",
    ],
)
def test_what_would_change_something_is_refused_in_one_sentence(warehouse, ask, sql):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    with pytest.raises(WarehouseError) as told:
        ask(sql)
    assert "\n" not in str(told.value)
    assert warehouse.read(SUMMARY, [DAY]).num_rows == 1
