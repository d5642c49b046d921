"""Who is a star, and what is left to the others when somebody is out."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.domain.roles import is_star, usage_taken_over


@pytest.mark.parametrize(
    ("games", "points", "minutes", "star"),
    [
        (10, 18.0, 20.0, True),
        (10, 17.9, 27.9, False),
        (10, 12.0, 28.0, True),
        (10, 11.9, 40.0, False),
        (9, 30.0, 38.0, False),
        (0, np.nan, np.nan, False),
    ],
)
def test_a_star_scores_or_plays_a_lot_over_ten_games(games, points, minutes, star):
    found = is_star(np.array([float(games)]), np.array([points]), np.array([minutes]))
    assert found.tolist() == [star]


def taken_over(minutes, usage, out):
    is_out = np.isin(np.arange(len(minutes)), out)
    return usage_taken_over(np.array(minutes), np.array(usage), is_out)


def test_nobody_gains_while_nobody_is_out():
    assert taken_over([30.0, 20.0], [25.0, 20.0], []).tolist() == [0.0, 0.0]


def test_the_others_share_by_usage_times_minutes():
    gained = taken_over([24.0, 30.0, 10.0], [10.0, 20.0, 20.0], [0])
    assert gained.tolist()[1:] == [5 * 600 / 800, 5 * 200 / 800]
    assert np.isnan(gained[0])


def test_nobody_gains_more_than_six_points():
    assert taken_over([36.0, 30.0], [30.0, 20.0], [0]).tolist()[1:] == [6.0]


def test_nothing_is_taken_over_from_outside_the_rotation():
    assert taken_over([9.9, 30.0], [30.0, 20.0], [0]).tolist()[1:] == [0.0]


def test_who_has_no_usage_yet_takes_over_nothing():
    gained = taken_over([24.0, 30.0, np.nan], [10.0, 20.0, np.nan], [0])
    assert gained.tolist()[1:] == [5.0, 0.0]


def test_with_everybody_out_nothing_is_left():
    assert np.isnan(taken_over([24.0, 30.0], [10.0, 20.0], [0, 1])).all()
