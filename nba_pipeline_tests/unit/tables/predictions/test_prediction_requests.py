"""Who is predicted, and against which line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from evening_rows import GAME, line

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.tables.predictions.prediction_requests import TABLE

NIGHT_BEFORE = datetime(2024, 11, 20, 3, tzinfo=UTC)
MORNING = datetime(2024, 11, 20, 11, tzinfo=UTC)
EVENING = datetime(2024, 11, 20, 23, tzinfo=UTC)


def test_a_regular_with_a_line_is_predicted_against_it(seen_by, evening):
    row = seen_by(TABLE, **evening([line(20.5)])).rows[0]
    assert (row["points_line"], row["line_source"], row["line_book"]) == (
        20.5,
        "ACTUAL_PROP",
        "prizepicks",
    )
    assert (row["estimated_line_value"], row["estimation_method"]) == (None, None)


def test_without_a_line_his_recent_average_stands_in_to_the_half(seen_by, evening):
    row = seen_by(TABLE, **evening()).rows[0]
    assert (row["has_prop_line"], row["points_line"]) == (False, None)
    assert (row["estimated_line_value"], row["estimation_method"]) == (21.5, "points_avg_last_5")


def test_with_fewer_than_five_games_the_average_of_ten_does(seen_by, evening):
    row = seen_by(TABLE, **evening(demarderozan={"points_avg_last_5": None})).rows[0]
    assert (row["estimated_line_value"], row["estimation_method"]) == (22.0, "points_avg_last_10")


@pytest.mark.parametrize(
    ("changed", "category"),
    [
        ({"player_status": "out"}, "EXPECTED_INCOMPLETE"),
        ({"player_status": "Doubtful"}, "EXPECTED_INCOMPLETE"),
        ({"avg_minutes_per_game_last_7": 14.9}, "EXPECTED_INCOMPLETE"),
        ({"avg_minutes_per_game_last_7": None}, "EXPECTED_INCOMPLETE"),
        ({"l10_games_used": 2}, "INSUFFICIENT_DATA"),
        ({"early_season_flag": True}, "INSUFFICIENT_DATA"),
        ({"feature_quality_score": 49.9}, "UPSTREAM_INCOMPLETE"),
        ({"is_production_ready": False}, "UPSTREAM_INCOMPLETE"),
    ],
)
def test_who_is_not_predicted_is_turned_away_by_name(seen_by, evening, changed, category):
    seen = seen_by(TABLE, **evening(demarderozan=changed))
    assert seen.turned_away == {f"{GAME}|demarderozan": category}
    assert seen.rows == []


@pytest.mark.parametrize("status", ["questionable", "available", None])
def test_who_may_play_is_predicted(seen_by, evening, status):
    assert seen_by(TABLE, **evening(demarderozan={"player_status": status})).turned_away == {}


def test_fewer_minutes_will_do_where_the_setting_says_so(seen_by, evening):
    inputs = evening(demarderozan={"avg_minutes_per_game_last_7": 11.0})
    assert len(seen_by(TABLE, {"PREDICTION_MIN_MINUTES": "10"}, **inputs).rows) == 1


@pytest.mark.parametrize(
    ("rule", "points"), [("first", 19.5), ("at_prediction", 20.5), ("closing", 21.5), ("", 21.5)]
)
def test_the_rule_names_the_line(seen_by, evening, rule, points):
    moved = [line(19.5, NIGHT_BEFORE), line(20.5, MORNING), line(21.5, EVENING)]
    row = seen_by(TABLE, {"NBA_LINE_RULE": rule}, **evening(moved)).rows[0]
    assert (row["points_line"], row["line_rule"]) == (points, rule or "closing")


def test_the_line_says_when_it_stood(seen_by, evening):
    moved = [line(19.5, NIGHT_BEFORE), line(21.5, EVENING)]
    assert seen_by(TABLE, **evening(moved)).rows[0]["line_taken_at"] == EVENING


def test_a_rule_nobody_knows_is_refused(seen_by, evening):
    with pytest.raises(ConfigurationError, match="is none of closing, first, at_prediction"):
        seen_by(TABLE, {"NBA_LINE_RULE": "best"}, **evening())


def test_an_alternate_line_is_not_the_line(seen_by, evening):
    lines = [line(20.5), line(30.5, is_main_line=False)]
    assert seen_by(TABLE, **evening(lines)).rows[0]["points_line"] == 20.5
