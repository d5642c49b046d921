"""Rows that are written although something is missing: told once, and once more when it is over."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from nba_pipeline.engine import logs
from nba_pipeline.engine.attempts import attempt_row
from nba_pipeline.engine.breakers import Attempts
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import reads_feed
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.writer import Writer
from nba_pipeline.sources.feeds import _DAY, _TEXT, _WHOLE, Feed

DAY = date(2021, 11, 15)
YEAR = timedelta(days=365)
GAMES = Feed(
    "games",
    {"game_date": _DAY, "player": _TEXT, "missing": _WHOLE, "nights_off": _WHOLE, "ready": _WHOLE},
    ("player",),
)


def form(cells):
    rows = cells.one("games")
    missing, ready = rows["missing"], rows["ready"] == 1
    issues = np.empty(len(cells), dtype=object)
    issues[:] = [
        [f"missing_game_2021-11-0{at + 1}" for at in range(int(count))]
        or ([] if fine else ["upstream_shots_incomplete"])
        for count, fine in zip(missing.tolist(), ready.tolist(), strict=True)
    ]
    early = cells["player"] == "rookie"
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "expected_games_count": np.full(len(cells), 10),
        "actual_games_count": 10 - missing,
        "missing_games_count": missing,
        "all_upstreams_ready": ready,
        "is_production_ready": ready & (missing <= 1),
        "data_quality_issues": issues,
        "incomplete_data_type": np.where(
            missing > 0, np.where(rows["nights_off"] > 0, "MIXED", "DATA_GAP"), "COMPLETE"
        ).astype(object),
        "processing_decision_reason": np.where(
            early, "early_season_placeholder", "incomplete_upstream_data"
        ).astype(object),
    }


FORM = Table(
    name="form",
    dataset="nba_precompute",
    description="Made for tests.",
    entity=("player",),
    key=("player",),
    columns=(
        Column("player", str, nullable=False),
        Column("game_date", date, nullable=False),
        Column("expected_games_count", int, in_hash=False),
        Column("actual_games_count", int, in_hash=False),
        Column("missing_games_count", int, in_hash=False),
        Column("all_upstreams_ready", bool),
        Column("is_production_ready", bool),
        Column("data_quality_issues", Texts, in_hash=False),
        Column("incomplete_data_type", str, in_hash=False),
        Column("processing_decision_reason", str, in_hash=False),
    ),
    inputs={"games": reads_feed("games", "player missing nights_off ready", on="player")},
    cells=each("games", "player"),
    compute=form,
    version=1,
    fan_out=FanOut("player", "TEST_WORKERS", default_workers=1),
    marks_season=True,
)
TOLD = (
    "entity_id",
    "failure_category",
    "failure_type",
    "is_correctable",
    "missing_game_dates",
    "resolution_status",
)


@pytest.fixture
def told(fake_source, session):
    """Brings the table up to date and returns everything said of failures so far."""
    source = fake_source(GAMES)

    def bring(**players):
        source.rows["games"] = [
            {"game_date": DAY, "player": player, "missing": 0, "nights_off": 0, "ready": 1, **games}
            for player, games in players.items()
        ]
        bring.session = session(source, {"form": FORM}, **bring.options)
        list(materialize(FORM, [DAY], bring.session))
        rows = bring.session.warehouse.read_log(logs.PRECOMPUTE_FAILURES).to_pylist()
        rows.sort(key=lambda row: (row["created_at"], row["entity_id"]))
        return [tuple(row[name] for name in TOLD) for row in rows]

    bring.options = {}
    return bring


def test_a_row_with_a_gap_behind_it_is_a_failure_that_loading_data_would_cure(told):
    assert told(ann={"missing": 2}) == [
        (
            "ann",
            "INCOMPLETE_DATA",
            "DATA_GAP",
            True,
            '["2021-11-01", "2021-11-02"]',
            "UNRESOLVED",
        )
    ]


def test_gaps_beside_nights_off_are_mixed(told):
    ((_, _, kind, is_correctable, _, _),) = told(ann={"missing": 1, "nights_off": 1})
    assert (kind, is_correctable) == ("MIXED", True)


def test_a_row_whose_upstream_is_not_ready_says_so(told):
    assert told(ann={"ready": 0}) == [
        ("ann", "UPSTREAM_INCOMPLETE", None, None, "[]", "UNRESOLVED")
    ]


def test_a_complete_row_and_a_placeholder_are_no_failures(told):
    assert told(ann={}, rookie={"ready": 0}) == []


def test_an_unchanged_gap_is_not_told_again(told):
    told(ann={"missing": 2})
    assert len(told(ann={"missing": 2}, bob={})) == 1


def test_a_gap_that_was_filled_is_resolved(told):
    told(ann={"missing": 2})
    statuses = [row[-1] for row in told(ann={})]
    assert statuses == ["UNRESOLVED", "RESOLVED"]


def test_what_loading_data_would_cure_is_listed_with_names(told):
    told(ann={"missing": 2}, bob={"missing": 2, "nights_off": 1}, cid={"ready": 0})
    answer = told.session.warehouse.query(
        "select entities, sample_entities from nba_processing.precompute_failures_correctable"
    )
    assert answer.to_pylist() == [{"entities": 2, "sample_entities": ["ann", "bob"]}]


def test_failures_of_late_are_counted_by_category(told):
    told.options["now"] = datetime.now(UTC)
    told(ann={"missing": 2}, cid={"ready": 0})
    answer = told.session.warehouse.query(
        "select failure_category, sum(unresolved)::int n "
        "from nba_processing.precompute_failures_summary group by all order by all"
    )
    assert answer.to_pylist() == [
        {"failure_category": "INCOMPLETE_DATA", "n": 1},
        {"failure_category": "UPSTREAM_INCOMPLETE", "n": 1},
    ]


def test_rows_are_shown_beside_the_attempts_at_their_entities(told):
    told(ann={}, bob={})
    warehouse, now = told.session.warehouse, datetime.now(UTC)
    locked = Attempts(3, "some inputs", now, now + timedelta(hours=24))
    row = attempt_row(FORM, DAY, "bob", locked, "it broke", Writer(warehouse, "run-9", now))
    Writer(warehouse, "run-9", now).append(logs.REPROCESS_ATTEMPTS, [row])
    answer = warehouse.query(
        "select player, reprocess_attempt_count tried, circuit_breaker_active locked, "
        "manual_override_required waits from nba_precompute.form_with_attempts order by player"
    )
    assert answer.to_pylist() == [
        {"player": "ann", "tried": 0, "locked": False, "waits": False},
        {"player": "bob", "tried": 3, "locked": True, "waits": True},
    ]


def test_an_attempt_of_next_year_shows_nobody_as_locked_out(told):
    told(ann={}, bob={})
    warehouse, now = told.session.warehouse, datetime.now(UTC)
    told_by = {"ann": [(3, now + YEAR)], "bob": [(3, now + YEAR), (4, now)]}
    for player, attempts in told_by.items():
        for number, moment in attempts:
            locked = Attempts(number, "some inputs", moment, moment + timedelta(hours=24))
            writer = Writer(warehouse, "run-9", moment)
            row = attempt_row(FORM, DAY, player, locked, "it broke", writer)
            writer.append(logs.REPROCESS_ATTEMPTS, [row])
    answer = warehouse.query(
        "select entity_id, reprocess_attempt_count tried, circuit_breaker_active locked "
        "from nba_processing.entity_breakers order by entity_id"
    )
    assert answer.to_pylist() == [
        {"entity_id": "ann", "tried": 3, "locked": False},
        {"entity_id": "bob", "tried": 4, "locked": True},
    ]


def test_a_row_says_where_in_the_season_its_day_lies(told):
    told(ann={})
    (row,) = told.session.warehouse.read(FORM, [DAY]).to_pylist()
    assert (row["season_boundary_detected"], row["backfill_bootstrap_mode"]) == (True, True)
