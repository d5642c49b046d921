"""Days off and streaks, against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.rest import days_between, days_rest, newest, rest_before_each, streaks


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("previous", "day", "rest"),
    [
        ("2021-11-14", "2021-11-15", 0.0),
        ("2021-11-13", "2021-11-15", 1.0),
        ("2021-12-31", "2022-01-02", 1.0),
    ],
)
def test_a_game_yesterday_is_no_day_off(previous, day, rest):
    assert days_rest(days(previous), days(day)).tolist() == [rest]
    assert days_between(days(previous), days(day)).tolist() == [rest + 1]


def test_without_an_earlier_game_there_is_no_rest():
    assert np.isnan(days_rest(days("NaT"), days("2021-11-15"))).all()


def test_rest_is_that_of_one_owner_s_games():
    owner = np.array([0, 0, 0, 1, 1])
    played = days("2021-11-01", "2021-11-02", "2021-11-05", "2021-11-06", "2021-11-08")
    assert rest_before_each(owner, played).tolist() == pytest.approx(
        [np.nan, 0, 2, np.nan, 1], nan_ok=True
    )


def test_of_no_games_nothing_is_newest():
    nothing = np.empty(0, dtype=np.int64)
    assert rest_before_each(nothing, days()).tolist() == []
    assert newest(nothing.astype(bool), nothing, 2).tolist() == [-1, -1]
    assert streaks(nothing, nothing, 2).tolist() == [0, 0]


def test_the_newest_is_the_last_that_is_wanted():
    wanted = np.array([True, True, False, False, False])
    assert newest(wanted, np.array([0, 0, 0, 2, 2]), 3).tolist() == [1, -1, -1]


@given(st.lists(st.lists(st.booleans(), max_size=12), min_size=1, max_size=5))
def test_a_streak_ends_where_the_result_was_another(seasons):
    owner = np.repeat(np.arange(len(seasons)), [len(results) for results in seasons])
    results = np.array([result for season in seasons for result in season], dtype=bool)
    expected = []
    for season in seasons:
        run = 0
        while run < len(season) and season[-1 - run] == season[-1]:
            run += 1
        expected.append(run)
    assert streaks(results, owner.astype(np.int64), len(seasons)).tolist() == expected
