"""The moving average: weights, corrections and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.domain.grading import recommend
from nba_pipeline.tables.predictions.systems.moving_average import SYSTEM


def told(slate_of, **features):
    return SYSTEM.predict(slate_of(features), {})


def test_a_rested_home_player_is_his_weighted_average_and_half_a_point(slate_of):
    assert told(slate_of).points.tolist() == [24.8]


@pytest.mark.parametrize(("score", "points"), [(49, 22.3), (50, 23.8), (69, 23.8), (70, 24.8)])
def test_tired_players_lose_points_and_rested_ones_do_not(slate_of, score, points):
    assert told(slate_of, fatigue_score=score).points.tolist() == [points]


def test_the_second_night_of_two_costs_a_point_and_a_half(slate_of):
    assert told(slate_of, back_to_back=1.0).points.tolist() == [23.3]


@pytest.mark.parametrize(("spread", "confidence"), [(3, 0.60), (5, 0.52), (7, 0.45)])
def test_wide_spreads_make_it_less_sure(slate_of, spread, confidence):
    assert told(slate_of, points_std_last_10=spread).confidence.tolist() == [confidence]


def test_at_the_least_confidence_it_passes_however_far_the_line(slate_of):
    sure = told(slate_of, points_std_last_10=7.0).confidence
    assert side(24.8, 10.0, sure) == ["PASS"]


def test_an_edge_of_exactly_two_points_is_not_enough():
    assert side(25.5, 23.5, np.array([0.6])) == ["PASS"]


def test_an_edge_beyond_two_points_is_taken():
    assert side(25.6, 23.5, np.array([0.6])) == ["OVER"]


def side(points, line, confidence):
    least = np.array([SYSTEM.edge]), np.array([SYSTEM.least_confidence])
    strict = np.array([SYSTEM.is_strict])
    return recommend(np.array([points]), np.array([line]), confidence, *least, strict).tolist()


def test_an_unknown_feature_makes_it_silent(slate_of):
    answer = told(slate_of, pace_score=np.nan)
    assert (np.isnan(answer.points[0]), answer.confidence[0]) == (True, 0.0)
    assert answer.silence[0] == "a feature it needs is unknown"


def test_no_forecast_is_below_zero(slate_of):
    few = dict.fromkeys(("points_avg_last_5", "points_avg_last_10", "points_avg_season"), 0.5)
    assert told(slate_of, **few, fatigue_score=10.0, back_to_back=1.0).points.tolist() == [0.0]


def test_reasons_name_what_moved_it(slate_of):
    assert told(slate_of, back_to_back=1.0).reasons[0] == [
        "recent average 24.3",
        "venue +0.50",
        "rest -1.50",
    ]
