"""Opening night, the first weeks, the last ones, and days nobody waits for."""

from datetime import date

import pytest

from nba_pipeline.domain.calendar import Season
from nba_pipeline.domain.gates import (
    is_bootstrap_mode,
    is_bootstrap_skip,
    is_season_boundary,
    season_day,
    why_not_launched,
)

SEASON = Season(2024, date(2024, 10, 22), date(2025, 6, 22), date(2024, 10, 22), date(2025, 4, 13))
TODAY = date(2025, 1, 15)


@pytest.mark.parametrize(
    ("day", "number", "is_skipped", "is_bootstrap"),
    [
        (date(2024, 10, 1), -21, False, True),
        (date(2024, 10, 22), 0, True, True),
        (date(2024, 11, 4), 13, True, True),
        (date(2024, 11, 5), 14, False, True),
        (date(2024, 11, 20), 29, False, True),
        (date(2024, 11, 21), 30, False, False),
    ],
)
def test_the_first_two_weeks_are_left_out_and_the_first_month_is_marked(
    day, number, is_skipped, is_bootstrap
):
    found = season_day(day, SEASON), is_bootstrap_skip(day, SEASON), is_bootstrap_mode(day, SEASON)
    assert found == (number, is_skipped, is_bootstrap)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 10, 21), False),
        (date(2024, 10, 22), True),
        (date(2024, 11, 20), True),
        (date(2024, 11, 21), False),
        (date(2025, 3, 30), False),
        (date(2025, 3, 31), True),
        (date(2025, 4, 13), True),
        (date(2025, 4, 14), False),
    ],
)
def test_a_regular_season_s_first_month_and_last_two_weeks_are_its_boundary(day, expected):
    assert is_season_boundary(day, SEASON) is expected


@pytest.mark.parametrize(
    ("day", "circumstances", "reason"),
    [
        (date(2025, 1, 14), {}, ""),
        (date(2025, 1, 14), {"has_games": False}, "no_games"),
        (date(2025, 8, 1), {"has_games": False, "is_between_seasons": True}, "offseason"),
        (date(2024, 10, 17), {}, ""),
        (date(2024, 10, 16), {}, "too_historical"),
        (date(2024, 10, 16), {"is_backfill": True}, ""),
        (date(2025, 1, 16), {}, ""),
    ],
)
def test_a_sensor_leaves_some_days_alone_and_says_why(day, circumstances, reason):
    usual = {"has_games": True, "is_between_seasons": False, "is_backfill": False}
    assert why_not_launched(day, TODAY, **{**usual, **circumstances}) == reason
