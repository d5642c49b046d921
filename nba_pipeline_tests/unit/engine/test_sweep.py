"""What is launched of what is out of date: the oldest first, one at a time, not for ever."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.calendar import Season, SeasonCalendar
from nba_pipeline.engine.history import Late
from nba_pipeline.engine.sweep import MOST_ATTEMPTS, days_watched, season_so_far, sweep

DAY = date(2021, 11, 15)
SEASON = Season(2021, date(2021, 10, 19), date(2022, 6, 16), date(2021, 10, 19), date(2022, 4, 10))
EARLIER = Season(2020, date(2020, 12, 22), date(2021, 7, 20), date(2020, 12, 22), date(2021, 5, 16))
CALENDAR = SeasonCalendar((EARLIER, SEASON))


def late(day: date = DAY, demand: str = "") -> Late:
    return Late(day, ("player_game_summary",), demand or f"demand of {day}")


def days(count: int) -> list[date]:
    return [DAY + timedelta(days=step) for step in range(count)]


def test_nothing_late_launches_nothing():
    assert sweep([], {}, set()).launch is None


def test_the_oldest_date_is_launched_and_the_others_wait():
    decided = sweep([late(day) for day in days(3)], {}, set())
    assert decided.launch is not None
    assert decided.launch.late.day == DAY
    assert [found.day for found in decided.waiting] == days(3)[1:]


def test_a_date_in_flight_is_not_launched_twice():
    decided = sweep([late()], {}, {DAY})
    assert decided.launch is None
    assert decided.waiting == (late(),)


def test_a_date_waits_for_an_earlier_one_that_is_worked_on():
    assert sweep([late()], {}, {DAY - timedelta(days=1)}).launch is None


def test_a_later_date_in_flight_is_no_reason_to_wait():
    assert sweep([late()], {}, {DAY + timedelta(days=1)}).launch is not None


def test_a_run_key_names_date_demand_and_attempt():
    decided = sweep([late(demand="d1")], {"d1": 1}, set())
    assert decided.launch is not None
    assert decided.launch.run_key == f"{DAY}:d1:2"


def test_a_cause_that_was_tried_often_enough_is_stuck_and_holds_nobody_up():
    stuck, other = late(demand="d1"), late(DAY + timedelta(days=1))
    decided = sweep([stuck, other], {"d1": MOST_ATTEMPTS}, set())
    assert decided.stuck == (stuck,)
    assert decided.launch is not None
    assert decided.launch.late == other


def test_changed_inputs_free_what_was_stuck():
    decided = sweep([late(demand="d2")], {"d1": MOST_ATTEMPTS}, set())
    assert decided.stuck == ()
    assert decided.launch is not None
    assert decided.launch.attempt == 1


@given(
    st.sets(st.integers(0, 20)),
    st.dictionaries(st.integers(0, 20), st.integers(0, 5)),
    st.sets(st.integers(0, 20)),
)
def test_whatever_is_late_is_launched_waits_or_is_stuck(offsets, tried, flying):
    found = [late(DAY + timedelta(days=at)) for at in sorted(offsets)]
    attempts = {late(DAY + timedelta(days=at)).demand: times for at, times in tried.items()}
    in_flight = {DAY + timedelta(days=at) for at in flying}
    decided = sweep(found, attempts, in_flight)
    launched = [decided.launch.late] if decided.launch else []
    assert sorted([*launched, *decided.waiting, *decided.stuck], key=lambda one: one.day) == found
    assert all(one.day not in in_flight for one in launched)
    assert all(attempts.get(one.demand, 0) < MOST_ATTEMPTS for one in launched)


def test_days_are_watched_from_so_many_days_ago_to_tomorrow():
    assert days_watched(DAY, 2, date(2020, 10, 1)) == [
        DAY + timedelta(days=n) for n in range(-2, 2)
    ]


def test_days_before_the_first_partition_are_not_watched():
    assert days_watched(DAY, 90, DAY) == [DAY, DAY + timedelta(days=1)]


def test_the_season_so_far_reaches_tomorrow():
    found = season_so_far(DAY, date(2020, 10, 1), CALENDAR)
    assert (found[0], found[-1]) == (SEASON.first_day, DAY + timedelta(days=1))


def test_in_summer_the_season_so_far_is_the_whole_last_one():
    found = season_so_far(date(2021, 8, 1), date(2020, 10, 1), CALENDAR)
    assert (found[0], found[-1]) == (EARLIER.first_day, EARLIER.last_day)


def test_before_the_first_season_there_are_no_days():
    assert season_so_far(date(2020, 1, 1), date(2019, 10, 1), CALENDAR) == []
