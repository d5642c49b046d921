"""What runs write about themselves, and that none of it changes a row."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from nba_pipeline.engine import logs
from nba_pipeline.engine.attempts import override_attempts
from nba_pipeline.engine.columns import KNOWN_AT, Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.session import Mode
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.sources.feeds import _DAY, _TEXT, _WHOLE, Feed

DAY = date(2021, 11, 15)
SCORES = Feed("scores", {"game_date": _DAY, "player": _TEXT, "points": _WHOLE}, ("player",))
YEAR = timedelta(days=365)
# Whoever scored this makes the computation raise.
BREAKS = 13


def points(cells):
    rows = cells.window("scores").rows()
    return {
        "player": rows["player"],
        "game_date": rows["game_date"],
        "points": rows["points"],
        "known_at": rows["game_date"].astype("datetime64[us]"),
        "known_at_is_estimated": np.ones(len(rows), dtype=bool),
    }


def doubled(cells):
    scored = cells.one("points")["points"]
    if (scored == BREAKS).any():
        raise ValueError("nobody can double a thirteen")
    return {"player": cells["player"], "game_date": cells["game_date"], "twice": 2 * scored}


def _scoreless(cells):
    return cells.one("points")["points"] == 0


def declare(name, compute, inputs, column, dataset, **options):
    return Table(
        name=name,
        dataset=dataset,
        description="Made for tests.",
        entity=("player",),
        key=("player",),
        columns=(
            Column("player", str, nullable=False),
            Column("game_date", date, nullable=False),
            column,
            *(KNOWN_AT if options.get("keeps_revisions") else ()),
        ),
        inputs=inputs,
        cells=each(next(iter(inputs)), "player"),
        compute=compute,
        version=1,
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=1),
        **options,
    )


POINTS = declare(
    "points",
    points,
    {"scores": reads_feed("scores", "player points", on="player")},
    Column("points", int),
    "nba_raw",
    keeps_revisions=True,
)
DOUBLED = declare(
    "doubled",
    doubled,
    {"points": reads("points", "player points", on="player")},
    Column("twice", int),
    "nba_analytics",
    gates=(Gate(FailureCategory.INSUFFICIENT_DATA, "{player} did not score", _scoreless),),
)
TABLES = {table.name: table for table in (POINTS, DOUBLED)}


@pytest.fixture
def source(fake_source):
    return fake_source(SCORES)


@pytest.fixture
def run(session, source):
    """Publishes scores and brings both tables up to date; returns the second's report."""

    def bring(*, later=timedelta(0), mode=Mode.DAILY, **scores):
        source.rows["scores"] = [
            {"game_date": DAY, "player": player, "points": scored}
            for player, scored in scores.items()
        ]
        made = session(source, TABLES)
        made = replace(made, now=made.now + later, mode=mode)
        reports = [report for t in TABLES.values() for report in materialize(t, [DAY], made)]
        bring.warehouse = made.warehouse
        return reports[-1]

    return bring


def newest(warehouse, log, **wanted):
    """The rows of a log that have those values, oldest first."""
    rows = warehouse.read_log(log).to_pylist()
    chosen = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return sorted(chosen, key=lambda row: row[log.newest_by])


def test_a_run_says_what_it_did_to_each_partition(run):
    run(ann=20, bob=0)
    (row,) = newest(run.warehouse, logs.ANALYTICS_RUNS, processor_name="doubled")
    assert (row["success"], row["records_processed"], row["warning_count"]) == (True, 1, 1)


def test_a_run_that_has_nothing_to_do_says_so_too(run):
    run(ann=20)
    run(ann=20)
    *_, row = newest(run.warehouse, logs.ANALYTICS_RUNS, processor_name="doubled")
    assert (row["skip_reason"], row["records_processed"]) == ("source_unchanged", 0)


def test_every_column_of_a_run_that_applies_here_is_filled(run):
    run(ann=20, bob=BREAKS)
    (row,) = newest(run.warehouse, logs.ANALYTICS_RUNS, processor_name="doubled")
    empty = {name for name, value in row.items() if value is None}
    assert empty == {"slot_ms", "skip_reason"}


def test_every_column_of_a_run_that_had_nothing_to_do_is_filled(run):
    run(ann=20)
    run(ann=20)
    *_, row = newest(run.warehouse, logs.ANALYTICS_RUNS, processor_name="doubled")
    assert {name for name, value in row.items() if value is None} == {"slot_ms"}


def test_a_table_that_reads_only_a_source_knows_no_age_of_what_it_read(run):
    run(ann=20)
    (row,) = newest(run.warehouse, logs.ANALYTICS_RUNS, processor_name="points")
    assert row["upstream_data_age_hours"] is None


def test_what_was_read_grows_old_while_nobody_writes_it(run):
    run(ann=20)
    run(ann=20, later=timedelta(days=100_000))
    *_, row = newest(run.warehouse, logs.ANALYTICS_RUNS, processor_name="doubled")
    assert row["upstream_data_age_hours"] > 24


def test_an_entity_a_rule_turned_away_is_a_failure_with_a_category_and_a_sentence(run):
    run(ann=20, bob=0)
    (row,) = newest(run.warehouse, logs.ANALYTICS_FAILURES)
    assert (row["entity_id"], row["failure_category"], row["failure_reason"]) == (
        "bob",
        "INSUFFICIENT_DATA",
        "bob did not score",
    )


def test_an_entity_that_broke_is_a_processing_error_that_names_the_error(run):
    report = run(ann=20, bob=BREAKS)
    (row,) = newest(run.warehouse, logs.ANALYTICS_FAILURES)
    assert (report.rows, report.failed, row["failure_category"]) == (1, 1, "PROCESSING_ERROR")
    assert "nobody can double a thirteen" in row["failure_reason"]


def test_an_unchanged_failure_is_not_told_again(run):
    run(ann=20, bob=0)
    run(ann=21, bob=0)
    assert len(newest(run.warehouse, logs.ANALYTICS_FAILURES)) == 1


def test_a_failure_is_resolved_when_the_entity_has_a_row(run):
    run(ann=20, bob=0)
    run(ann=20, bob=8)
    *_, row = newest(run.warehouse, logs.ANALYTICS_FAILURES, entity_id="bob")
    assert (row["resolution_status"], row["resolved_at"] is None) == ("RESOLVED", False)


def test_the_history_of_a_failure_stays(run):
    run(ann=20, bob=0)
    run(ann=20, bob=8)
    told = newest(run.warehouse, logs.ANALYTICS_FAILURES, entity_id="bob")
    assert [row["resolution_status"] for row in told] == ["UNRESOLVED", "RESOLVED"]


def test_the_view_of_failures_shows_the_newest_word_on_each(run):
    run(ann=20, bob=0)
    run(ann=20, bob=8)
    answer = run.warehouse.query(
        "select entity_id, resolution_status from nba_processing.analytics_failures"
    )
    assert answer.to_pylist() == [{"entity_id": "bob", "resolution_status": "RESOLVED"}]


def test_failed_attempts_are_counted(run):
    for _ in range(2):
        run(ann=20, bob=BREAKS)
    attempts = newest(run.warehouse, logs.REPROCESS_ATTEMPTS, entity_id="bob")
    assert [row["attempt_number"] for row in attempts] == [1, 2]


def test_after_three_failures_an_entity_is_left_alone_but_stays_failed(run):
    for _ in range(3):
        run(ann=20, bob=BREAKS)
    report = run(ann=20, bob=BREAKS)
    attempts = newest(run.warehouse, logs.REPROCESS_ATTEMPTS, entity_id="bob")
    assert (len(attempts), report.failed) == (3, 1)


def test_the_same_inputs_after_three_failed_attempts_give_the_same_data_version(run):
    first = run(ann=20, bob=BREAKS)
    for _ in range(4):
        last = run(ann=20, bob=BREAKS)
    assert first.data_version == last.data_version


def test_a_locked_out_entity_is_computed_as_soon_as_its_inputs_change(run):
    for _ in range(4):
        run(ann=20, bob=BREAKS)
    report = run(ann=20, bob=14)
    assert (report.rows, report.failed) == (2, 0)


def test_a_locked_out_entity_is_tried_again_when_a_person_says_so(run):
    for _ in range(4):
        run(ann=20, bob=BREAKS)
    attempts = newest(run.warehouse, logs.REPROCESS_ATTEMPTS, entity_id="bob")
    said_at = attempts[-1]["attempted_at"] + timedelta(seconds=70)
    override_attempts(DOUBLED, DAY, "bob", "the code is mended", run.warehouse, said_at)
    run(ann=20, bob=BREAKS)
    numbers = newest(run.warehouse, logs.REPROCESS_ATTEMPTS, entity_id="bob")
    assert [row["attempt_number"] for row in numbers] == [1, 2, 3, 0, 1]


def test_failures_of_a_backfill_are_no_attempts(run):
    run(ann=20, bob=BREAKS, mode=Mode.BACKFILL)
    assert newest(run.warehouse, logs.REPROCESS_ATTEMPTS) == []


@pytest.mark.parametrize("mode", list(Mode))
def test_no_mode_changes_a_row(run, mode):
    daily = run(ann=20, bob=0, cid=7)
    run(ann=1)
    assert run(ann=20, bob=0, cid=7, mode=mode).data_version == daily.data_version


def test_a_misspelt_mode_is_refused():
    with pytest.raises(ConfigurationError, match=r"there is no mode 'back_fill': choose one of"):
        Mode.named("back_fill")


def test_a_locked_out_entity_is_tried_again_after_a_day(run):
    for _ in range(4):
        run(ann=20, bob=BREAKS)
    run(ann=20, bob=BREAKS, later=timedelta(hours=25))
    assert len(newest(run.warehouse, logs.REPROCESS_ATTEMPTS, entity_id="bob")) == 4


def test_a_lockout_by_a_clock_a_year_ahead_holds_nobody_up_nor_hides_what_comes_after(run):
    for _ in range(3):
        run(ann=20, bob=BREAKS, later=YEAR)
    for _ in range(3):
        run(ann=20, bob=BREAKS)
    attempts = newest(run.warehouse, logs.REPROCESS_ATTEMPTS, entity_id="bob")
    numbers = [row["attempt_number"] for row in attempts]
    assert numbers == [4, 1, 2, 3], "tried once, and locked out from then on"


def test_a_partition_stopped_by_a_clock_a_year_ahead_is_tried_and_works_again(run, source):
    for _ in range(5):
        source.breaks("scores", DAY, "the file is cut off")
        run(ann=20, later=YEAR)
    source.breaks("scores", DAY, "")
    assert run(ann=20).rows == 1


def test_a_partition_that_fails_five_times_is_not_tried_a_sixth(run, source):
    for _ in range(5):
        source.breaks("scores", DAY, "the file is cut off")
        run(ann=20)
    source.reads.clear()
    run(ann=20)
    states = newest(run.warehouse, logs.CIRCUIT_BREAKER_STATE, processor_name=f"points:{DAY}")
    assert (states[-1]["state"], source.reads) == ("OPEN", [])


def test_a_partition_is_tried_once_more_after_half_an_hour_and_works_again(run, source):
    for _ in range(5):
        source.breaks("scores", DAY, "the file is cut off")
        run(ann=20)
    source.breaks("scores", DAY, "")
    report = run(ann=20, later=timedelta(minutes=31))
    states = newest(run.warehouse, logs.CIRCUIT_BREAKER_STATE, processor_name=f"points:{DAY}")
    assert (states[-1]["state"], report.rows) == ("CLOSED", 1)


def test_the_failure_of_a_whole_date_is_resolved_once_the_date_is_built(run, source):
    source.breaks("scores", DAY, "the file is cut off")
    run(ann=20)
    source.breaks("scores", DAY, "")
    run(ann=20)
    run(ann=21)
    told = newest(run.warehouse, logs.ANALYTICS_FAILURES, processor_name="points")
    found = [(row["resolution_status"], row["failure_reason"]) for row in told]
    assert found == [
        ("UNRESOLVED", "the file is cut off"),
        ("RESOLVED", "the file is cut off"),
    ]


def test_a_date_that_fails_again_is_unresolved_again(run, source):
    for scored, problem in ((20, "the file is cut off"), (20, ""), (21, "the file is empty")):
        source.breaks("scores", DAY, problem)
        run(ann=scored)
    last = newest(run.warehouse, logs.ANALYTICS_FAILURES, processor_name="points")[-1]
    found = last["resolution_status"], last["failure_reason"]
    assert found == ("UNRESOLVED", "the file is empty")


def test_days_that_fail_one_by_one_read_the_log_of_breakers_once(session, source, monkeypatch):
    made = session(source, TABLES)
    days = [DAY + timedelta(days=step) for step in range(4)]
    read = []
    reads_log = made.warehouse.read_log
    monkeypatch.setattr(
        made.warehouse, "read_log", lambda log, *since: read.append(log) or reads_log(log, *since)
    )

    # Nothing was ever stored of what the second table reads.
    reports = list(materialize(DOUBLED, days, made))

    assert all(report.problem for report in reports)
    assert read.count(logs.CIRCUIT_BREAKER_STATE) == 1
    states = newest(made.warehouse, logs.CIRCUIT_BREAKER_STATE, failure_count=1)
    assert {row["processor_name"] for row in states} == {f"doubled:{day}" for day in days}
