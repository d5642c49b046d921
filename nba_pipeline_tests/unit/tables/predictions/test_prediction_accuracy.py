"""Grades: pushes, voids, pending games, corrections, and a system's day."""

from __future__ import annotations

import pytest
from evening_rows import DAY, GAME

from nba_pipeline.tables.predictions import system_daily_performance
from nba_pipeline.tables.predictions.prediction_accuracy import TABLE

CLAIM = {
    "game_date": DAY,
    "game_id": GAME,
    "player_lookup": "demarderozan",
    "system_id": "xgboost_v1",
    "line_rule": "closing",
    "predicted_points": 25.0,
    "interval_low": 15.0,
    "interval_high": 35.0,
    "over_probability": 0.55,
    "confidence_score": 0.8,
    "recommendation": "OVER",
    "has_prop_line": True,
    "line_value": 20.5,
    "adjusted_points": 26.0,
}


@pytest.fixture
def graded(seen_by):
    """``graded(points=…)``: the grade of the claim; without points he did not play."""

    def build(points=None, *, first=None, minutes=34.0, status=3, summarised=True, **claim):
        actual = {"game_date": DAY, "game_id": GAME, "player_lookup": "demarderozan"}
        result = (
            [actual | {"points": points, "minutes_played": minutes}] if points is not None else []
        )
        others = [{"game_date": DAY, "game_id": GAME}] if summarised else []
        published = points if first is None else first
        box = [actual | {"points": published, "minutes": 34}] if published is not None else []
        return seen_by(
            TABLE,
            games=[{"game_date": DAY, "game_id": GAME, "game_status": status}],
            claims=[CLAIM | claim],
            actual=result,
            summarised=others,
            first=box,
        ).rows[0]

    return build


def test_a_side_that_won(graded):
    row = graded(24)
    assert (row["outcome"], row["prediction_correct"]) == ("graded", True)
    assert (row["absolute_error"], row["signed_error"]) == (1.0, 1.0)
    assert (row["predicted_margin"], row["actual_margin"]) == (4.5, 3.5)
    assert (row["within_3_points"], row["within_5_points"], row["within_interval"]) == (True,) * 3


def test_a_side_that_lost(graded):
    row = graded(12)
    assert (row["prediction_correct"], row["within_interval"]) == (False, False)
    assert (row["signed_error"], row["adjusted_absolute_error"]) == (13.0, 14.0)


def test_a_push_is_neither(graded):
    row = graded(20, line_value=20.0)
    assert (row["outcome"], row["prediction_correct"], row["actual_margin"]) == ("push", None, 0.0)


def test_who_did_not_play_is_void(graded):
    row = graded()
    assert (row["outcome"], row["absolute_error"], row["prediction_correct"]) == (
        "void",
        None,
        None,
    )


def test_no_time_on_court_is_void_too(graded):
    assert graded(0, minutes=0.0)["outcome"] == "void"


@pytest.mark.parametrize("missing", [{"status": 1}, {"status": 2}, {"summarised": False}])
def test_until_a_game_is_final_and_summarised_its_claims_are_pending(graded, missing):
    row = graded(24, **missing)
    assert (row["outcome"], row["actual_points"], row["absolute_error"]) == ("pending", None, None)


@pytest.mark.parametrize("side", ["PASS", "NO_LINE"])
def test_without_a_side_nothing_is_right_or_wrong(graded, side):
    row = graded(24, recommendation=side)
    assert (row["prediction_correct"], row["absolute_error"]) == (None, 1.0)


def test_a_corrected_result_grades_again_and_says_so(graded):
    row = graded(21, first=20)
    assert (row["is_regraded"], row["first_actual_points"], row["actual_points"]) == (True, 20, 21)
    assert row["prediction_correct"] is True


def test_a_result_that_stands_is_not_regraded(graded):
    assert graded(24)["is_regraded"] is False


@pytest.mark.parametrize(("confidence", "decile"), [(0.0, 1), (0.8, 9), (0.95, 10), (1.0, 10)])
def test_confidence_falls_into_deciles(graded, confidence, decile):
    assert graded(24, confidence_score=confidence)["confidence_decile"] == decile


# A system's day ----------------------------------------------------------------------------------


def grade(**changed):
    return {
        "game_date": DAY,
        "system_id": "xgboost_v1",
        "line_rule": "closing",
        "outcome": "graded",
        "recommendation": "OVER",
        "confidence_score": 0.8,
        "prediction_correct": True,
        "absolute_error": 2.0,
        "signed_error": 2.0,
        "within_3_points": True,
        "within_5_points": True,
        "within_interval": True,
        "is_regraded": False,
        **changed,
    }


NOTHING = {
    "prediction_correct": None,
    "absolute_error": None,
    "signed_error": None,
    "within_3_points": None,
    "within_5_points": None,
    "within_interval": None,
}


@pytest.fixture
def day(seen_by):
    return seen_by(
        system_daily_performance.TABLE,
        claims=[
            grade(),
            grade(recommendation="UNDER", prediction_correct=False, confidence_score=0.6,
                  absolute_error=8.0, signed_error=-8.0, within_3_points=False,
                  within_5_points=False, within_interval=False),
            grade(outcome="push", prediction_correct=None),
            grade(recommendation="PASS", prediction_correct=None, is_regraded=True),
            grade(outcome="void", **NOTHING),
            grade(outcome="pending", recommendation="NO_LINE", **NOTHING),
        ],
    ).rows[0]  # fmt: skip


def test_pushes_count_apart_from_wins_and_losses(day):
    names = ("recommendations_count", "correct_count", "incorrect_count", "push_count")
    assert [day[name] for name in names] == [3, 1, 1, 1]
    assert day["win_rate"] == 0.5


def test_voids_and_pending_games_are_in_no_mean(day):
    assert (day["predictions_count"], day["voided_count"], day["pending_count"]) == (4, 1, 1)
    assert (day["mae"], day["avg_bias"]) == (3.5, -0.5)


def test_each_side_has_its_own_record(day):
    over = [day[f"over_{name}"] for name in ("count", "correct", "win_rate")]
    under = [day[f"under_{name}"] for name in ("count", "correct", "win_rate")]
    assert (over, under) == ([2, 1, 1.0], [1, 0, 0.0])


def test_shares_are_of_graded_claims(day):
    assert (day["within_3_pct"], day["interval_coverage"]) == (0.75, 0.75)
    assert (day["high_confidence_count"], day["regraded_count"], day["pass_count"]) == (2, 1, 1)
