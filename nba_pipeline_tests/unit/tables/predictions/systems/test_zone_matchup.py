"""The zone match-up: which way a defence moves a forecast, and how far."""

from __future__ import annotations

import pytest

from nba_pipeline.tables.predictions.systems.zone_matchup import SYSTEM, zone_sum


def test_a_poor_defence_is_worth_its_zones(slate_of):
    slate = slate_of({"opponent_def_rating": 115.0})
    assert zone_sum(slate).tolist() == [pytest.approx(1.8 + 1.05 + 1.155 + 0.48)]


def test_an_average_defence_changes_nothing(slate_of):
    assert zone_sum(slate_of({"opponent_def_rating": 110.0})).tolist() == [0.0]


def test_a_good_defence_lowers_and_a_poor_one_raises(slate_of):
    slate = slate_of(*({"opponent_def_rating": rating} for rating in (105.0, 110.0, 115.0)))
    points = SYSTEM.predict(slate, {}).points.tolist()
    assert points == sorted(points)
    assert points[0] < points[1] < points[2]


def test_a_zone_moves_a_forecast_by_three_points_at_most(slate_of):
    slate = slate_of({"opponent_def_rating": 150.0})
    assert zone_sum(slate).tolist() == [pytest.approx(3 * 1.0 + 3 * 0.7 + 3 * 0.7 + 3 * 0.4)]
