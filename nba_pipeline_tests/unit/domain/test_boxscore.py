from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.boxscore import (
    effective_fg_pct,
    overtime_periods,
    pace,
    parse_minutes,
    parse_plus_minus,
    possessions,
    rating,
    true_shooting_pct,
    usage_rate,
)
from nba_pipeline.domain.rounding import rounded


def stat(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("34:12", 34.2),
        ("00:00", 0.0),
        ("265:00", 265.0),
        ("36", 36.0),
        ("34.5", 34.5),
        (34.5, 34.5),
        (0, 0.0),
        (" 12:30 ", 12.5),
    ],
)
def test_playing_time_is_read(text, minutes):
    assert parse_minutes(text) == pytest.approx(minutes, abs=1e-12)


def test_playing_time_is_not_rounded_by_reading_it():
    assert round(parse_minutes("40:11"), 2) == 40.18


@pytest.mark.parametrize(
    "text",
    [None, "", "-", "DNP", "12:60", "12:5:1", "-3:00", "+4", "1e3", -1.0, math.nan, math.inf],
)
def test_what_is_no_playing_time_is_null(text):
    assert math.isnan(parse_minutes(text))


@given(st.integers(0, 400), st.integers(0, 59))
def test_minutes_and_seconds_are_kept(minutes, seconds):
    assert round(parse_minutes(f"{minutes}:{seconds:02d}") * 60) == 60 * minutes + seconds


@given(st.text() | st.floats() | st.none())
def test_any_playing_time_is_a_number_from_zero_or_null(text):
    minutes = parse_minutes(text)
    assert math.isnan(minutes) or 0 <= minutes < math.inf


@pytest.mark.parametrize(
    ("value", "points"),
    [("+7", 7), ("-3", -3), (0, 0), ("0", 0), (5.0, 5), ("+5", 5), ("5.0", 5), (-12, -12)],
)
def test_a_plus_minus_is_read(value, points):
    assert parse_plus_minus(value) == points


@pytest.mark.parametrize("value", [None, "", "-", "+", "x", "1.5", 1.5, math.nan, math.inf])
def test_what_is_no_plus_minus_is_null(value):
    assert parse_plus_minus(value) is None


@given(st.integers(-100, 100))
def test_a_plus_minus_reads_the_same_however_it_is_written(points):
    assert {parse_plus_minus(way) for way in (points, float(points), f"{points:+d}")} == {points}


@given(st.text())
def test_any_text_is_a_plus_minus_or_null(text):
    assert isinstance(parse_plus_minus(text), int | None)


@pytest.mark.parametrize(
    ("points", "fga", "fta", "expected"),
    [(28, 18, 6, 0.678), (4, 0, 4, 1.136), (0, 5, 0, 0.0), (0, 0, 0, math.nan)],
)
def test_true_shooting_counts_free_throws_even_alone(points, fga, fta, expected):
    pct = rounded(true_shooting_pct(stat(points), stat(fga), stat(fta)), 3)
    np.testing.assert_array_equal(pct, stat(expected))


@pytest.mark.parametrize(
    ("fgm", "three_made", "fga", "expected"),
    [(10, 4, 18, 0.667), (10, math.nan, 20, 0.5), (0, 0, 3, 0.0), (0, 0, 0, math.nan)],
)
def test_a_three_counts_half_as_much_again(fgm, three_made, fga, expected):
    pct = rounded(effective_fg_pct(stat(fgm), stat(three_made), stat(fga)), 3)
    np.testing.assert_array_equal(pct, stat(expected))


def test_possessions_add_turnovers_and_take_off_offensive_rebounds():
    assert possessions(stat(88), stat(22), stat(13), stat(10)) == pytest.approx(100.68)


def test_a_rating_is_per_hundred_possessions():
    assert rounded(rating(stat(112), stat(100.68)), 2).tolist() == [111.24]


def test_pace_is_per_regulation_game():
    assert rounded(pace(stat(100.68, 100.68), stat(48, 53)), 1).tolist() == [100.7, 91.2]


def test_usage_is_the_share_of_plays_ended():
    usage = usage_rate(
        *(stat(value) for value in (20, 8, 3, 36)), *(stat(value) for value in (88, 22, 13, 240))
    )
    assert rounded(usage, 2).tolist() == [31.95]


def test_usage_above_a_hundred_is_no_usage():
    team = [stat(value, value, value) for value in (88, 22, 13, 240)]
    usage = usage_rate(stat(1, 1, 1), stat(0, 0, 0), stat(0, 0, 0), stat(0.1, 0, 1), *team)
    assert np.isnan(usage).tolist() == [True, True, False]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 15), st.integers(0, 8), st.integers(16, 32)),
        min_size=10,
        max_size=10,
    )
)
def test_minutes_times_usage_add_up_to_the_game(lines):
    fga, fta, turnovers, minutes = (stat(*column) for column in zip(*lines, strict=True))
    usage = usage_rate(
        fga, fta, turnovers, minutes, fga.sum(), fta.sum(), turnovers.sum(), minutes.sum()
    )
    if not np.isnan(usage).any():
        assert (usage * minutes).sum() / (minutes.sum() / 5) == pytest.approx(100)


def test_an_overtime_is_five_minutes_of_ten_players():
    assert overtime_periods(stat(235, 240, 264, 265, 290, 315)).tolist() == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize(
    "values",
    [
        true_shooting_pct(stat(math.nan), stat(5), stat(2)),
        effective_fg_pct(stat(math.nan), stat(1), stat(2)),
        possessions(stat(88), stat(math.nan), stat(13), stat(10)),
        pace(stat(100), stat(0)),
        rating(stat(100), stat(0)),
        overtime_periods(stat(math.nan)),
    ],
)
def test_an_unknown_input_makes_an_unknown_rate(values):
    assert np.isnan(values).all()
