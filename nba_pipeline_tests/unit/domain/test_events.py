from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.events import FreeThrow, parse_clock, parse_score


@given(st.integers(0, 12), st.integers(0, 59))
def test_a_clock_is_seconds_left(minutes, seconds):
    assert parse_clock(f"{minutes}:{seconds:02d}") == 60 * minutes + seconds


@pytest.mark.parametrize("text", ["", "7", "7:60", "7:9", "-1:00", "PT07M19.00S", "7:19 "])
def test_what_is_no_clock_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a game clock like 7:19\.$"):
        parse_clock(text)


@given(st.integers(0, 250), st.integers(0, 250))
def test_a_score_names_the_visitors_first(away, home):
    assert parse_score(f"{away} - {home}") == (away, home)


@pytest.mark.parametrize("text", ["", "TIE", "33", "33 - ", "33 : 21"])
def test_what_is_no_score_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a score like 33 - 21\.$"):
        parse_score(text)


def test_events_are_worth_what_they_score(plays):
    plays.made(1).made(1, three=True).missed(1, three=True)
    plays.throw(1, FreeThrow.ONE_OF_TWO).throw(1, FreeThrow.TWO_OF_TWO, made=False).rebound(11)
    events = plays.events
    assert [events.points(row) for row in range(6)] == [2, 3, 0, 1, 0, 0]


def test_periods_follow_each_other(plays):
    plays.made(1).missed(11).next_period().made(2)
    assert list(plays.events.periods()) == [(1, range(3)), (2, range(3, 5))]


@pytest.mark.parametrize("clock", [None, math.nan, -1, 721])
def test_an_event_at_no_time_is_refused_by_row_and_period(plays, clock):
    plays.next_period().made(1)
    broken = dataclasses.replace(plays.events, clock_seconds=[0, 720, clock])
    with pytest.raises(ValueError, match=rf"^Row 2 in period 2 shows {clock} seconds left of 720"):
        broken.check_times()


def test_an_overtime_has_five_minutes(plays):
    plays.made(1).made(2).made(3).made(4).made(5)
    broken = dataclasses.replace(
        plays.events, period=[1, 2, 3, 4, 5], clock_seconds=[0, 0, 0, 0, 301]
    )
    with pytest.raises(ValueError, match="shows 301 seconds left of 300"):
        broken.check_times()


@pytest.mark.parametrize("periods", [[0, 1], [2, 2], [1, 3], [None, 1], [math.nan, 1]])
def test_a_period_that_follows_from_none_is_refused(plays, periods):
    plays.made(1).made(2)
    broken = dataclasses.replace(plays.events, period=periods)
    with pytest.raises(ValueError, match=r"^Row [01] is of period \w+ and follows period \d"):
        broken.check_times()


def test_a_game_cannot_go_back_a_period(plays):
    plays.made(1).next_period()
    backwards = dataclasses.replace(plays.events, period=[1, 2, 1])
    with pytest.raises(ValueError, match="Row 2 is of period 1 and follows period 2"):
        backwards.check_times()
