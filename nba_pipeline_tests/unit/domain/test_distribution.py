"""From a forecast to a distribution, and from graded forecasts to how far to trust it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.distribution import (
    COVERAGE,
    ENOUGH,
    PRIOR_KEPT,
    PRIOR_OVER,
    PRIOR_WEIGHT,
    calibrate,
    chance_over,
    interval,
    pulled,
    scale,
    share_below_number,
)

NOTHING = np.empty(0)
USUAL = calibrate(NOTHING, NOTHING, NOTHING)
GAMES = 20_000


@pytest.fixture(scope="module")
def season():
    """Forecasts that exaggerate, points around them, and lines that know more."""
    draw = np.random.default_rng(3)
    true = draw.uniform(6, 30, GAMES)
    points = np.maximum(np.round(true + scale(true) * draw.normal(0, 1, GAMES)), 0)
    forecast = 15 + 1.5 * (true - 15) + draw.normal(0, 2, GAMES)
    line = np.round(true + draw.normal(0, 1, GAMES)) + 0.5
    return forecast, points, line


def test_without_a_graded_game_the_prior_speaks():
    assert (USUAL.weight, USUAL.kept, USUAL.over) == (PRIOR_WEIGHT, PRIOR_KEPT, PRIOR_OVER)
    assert (USUAL.offset, USUAL.slope) == (0.0, 1.0)


def test_a_few_games_do_not_yet_say_how_errors_spread(season):
    few = calibrate(*(column[: ENOUGH - 1] for column in season))
    assert few.errors.tolist() == USUAL.errors.tolist()


def test_an_interval_holds_the_share_it_states(season):
    forecast, points, _ = season
    told = calibrate(*(column[: GAMES // 2] for column in season))
    unseen = slice(GAMES // 2, None)
    middle = told.offset + told.slope * forecast[unseen]
    low, high = interval(middle, np.tile(told.errors, (len(middle), 1)))
    inside = (points[unseen] >= low) & (points[unseen] <= high)
    assert inside.mean() == pytest.approx(COVERAGE, abs=0.02)


def test_a_forecast_that_exaggerates_is_pulled_to_the_mean(season):
    assert calibrate(*season).slope == pytest.approx(1 / 1.5, abs=0.05)


@pytest.mark.parametrize("points", [10, 20])
def test_chances_of_fixed_numbers_are_those_that_happen(season, points):
    forecast, scored, _ = season
    told = calibrate(*season)
    middle = told.offset + told.slope * forecast
    below = share_below_number(middle, points, np.tile(told.errors, (len(middle), 1)))
    assert below.mean() == pytest.approx((scored < points).mean(), abs=0.02)


def test_a_line_that_knows_more_leaves_a_forecast_little_weight(season):
    assert calibrate(*season).weight < 0.1


def test_the_chance_of_going_over_falls_as_the_line_rises():
    lines = np.arange(5.5, 40.5)
    chances = chance_over(np.full(len(lines), 20.0), lines, USUAL.errors[None, :])
    assert (np.diff(chances) < 0).all()


def test_a_whole_line_leaves_out_the_push():
    below, at, above = chance_over(
        np.full(3, 20.0), np.array([19.5, 20.0, 20.5]), USUAL.errors[None, :]
    )
    assert above < at < below
    # More than 20 among what is not 20.
    more, fewer = above, 1 - below
    assert at == pytest.approx(more / (more + fewer))


def test_a_chance_is_pulled_to_the_base_rate():
    assert pulled(np.array([0.7]), np.array([0.2]), np.array([0.5])).tolist() == [
        pytest.approx(0.54)
    ]


@given(st.lists(st.floats(0, 60), min_size=2, max_size=20), st.integers(1, 5))
def test_nobody_s_chance_depends_on_who_is_beside_him(forecasts, size):
    middle = np.array(forecasts)
    line, errors = np.full(len(middle), 20.5), np.tile(USUAL.errors, (len(middle), 1))
    whole = chance_over(middle, line, errors)
    parts = [
        chance_over(middle[at : at + size], line[at : at + size], errors[at : at + size])
        for at in range(0, len(middle), size)
    ]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
