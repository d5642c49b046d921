from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest

from nba_pipeline.domain.calendar import (
    Season,
    SeasonCalendar,
    instant,
    morning_after,
    season_label,
    season_year,
    season_year_of,
)

# 2019-20 ended in a bubble in October, 2020-21 began at Christmas and ended in July.
GAMES = {
    "0021900001": date(2019, 10, 22),
    "0021901230": date(2020, 8, 14),
    "0041900406": date(2020, 10, 11),
    "0012000001": date(2020, 12, 11),
    "0022000001": date(2020, 12, 22),
    "0022001080": date(2021, 5, 16),
    "0032000001": date(2021, 3, 7),
    "0052000101": date(2021, 5, 18),
    "0042000406": date(2021, 7, 20),
    "0022400001": date(2024, 10, 22),
    "0062400001": date(2024, 12, 17),
    "0022401230": date(2025, 4, 13),
    "0042400407": date(2025, 6, 22),
}


@pytest.fixture
def seasons() -> SeasonCalendar:
    return SeasonCalendar.from_games(GAMES.values(), GAMES)


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2021, 10, 19), 2021),
        (date(2021, 12, 31), 2021),
        (date(2022, 1, 1), 2021),
        (date(2022, 9, 30), 2021),
        (date(2022, 10, 1), 2022),
    ],
)
def test_a_season_is_named_after_the_year_it_starts_in(day, year):
    assert season_year(day) == year


@pytest.mark.parametrize(
    ("nba_game_id", "year"),
    [("0022100199", 2021), ("0041900406", 2019), ("0029600001", 1996), ("0024600001", 1946)],
)
def test_a_game_id_tells_its_season_whatever_the_date(nba_game_id, year):
    assert season_year_of(nba_game_id) == year


@pytest.mark.parametrize("text", ["", "20211115_CHI_LAL", "1022500165", "002210019", "00221001990"])
def test_what_is_no_game_id_has_no_season(text):
    with pytest.raises(ValueError, match="is not an nba"):
        season_year_of(text)


@pytest.mark.parametrize(
    ("year", "label"), [(2021, "2021-22"), (1999, "1999-00"), (2008, "2008-09")]
)
def test_a_season_is_written_with_both_its_years(year, label):
    assert season_label(year) == label


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (date(2021, 11, 6), 19, datetime(2021, 11, 6, 23, tzinfo=UTC)),
        (date(2021, 11, 7), 19, datetime(2021, 11, 8, 0, tzinfo=UTC)),
    ],
    ids=["summer time", "winter time"],
)
def test_an_eastern_evening_is_an_instant(day, hour, expected):
    assert instant(day, hour) == expected


def test_the_morning_after_is_six_eastern_on_the_next_day():
    assert morning_after(date(2021, 12, 31)) == datetime(2022, 1, 1, 11, tzinfo=UTC)


def test_instants_are_in_utc():
    assert morning_after(date(2021, 12, 31)).tzinfo is UTC


def test_a_season_lasts_from_its_first_game_that_counts_to_its_last(seasons):
    assert seasons.seasons == (
        Season(2019, date(2019, 10, 22), date(2020, 10, 11), date(2019, 10, 22), date(2020, 8, 14)),
        Season(2020, date(2020, 12, 22), date(2021, 7, 20), date(2020, 12, 22), date(2021, 5, 16)),
        Season(2024, date(2024, 10, 22), date(2025, 6, 22), date(2024, 10, 22), date(2025, 4, 13)),
    )


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2019, 10, 21), None),
        (date(2020, 10, 11), 2019),
        (date(2020, 10, 12), None),
        (date(2020, 12, 11), None),
        (date(2020, 12, 22), 2020),
        (date(2021, 7, 20), 2020),
        (date(2025, 6, 23), None),
    ],
)
def test_a_day_lies_in_the_season_that_is_on(seasons, day, year):
    season = seasons.season_of(day)
    assert (season.year if season else None) == year


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2019, 8, 1), True),
        (date(2019, 10, 21), True),
        (date(2020, 2, 15), False),
        (date(2020, 11, 1), True),
        (date(2021, 7, 20), False),
        (date(2021, 7, 21), True),
        (date(2022, 1, 15), False),
        (date(2025, 6, 23), True),
        (date(2025, 7, 1), True),
        (date(2025, 10, 1), False),
    ],
)
def test_a_day_is_between_seasons_only_if_that_is_known(seasons, day, expected):
    assert seasons.is_between_seasons(day) is expected


def test_the_order_of_the_schedule_does_not_matter(seasons):
    backwards = dict(reversed(GAMES.items()))
    assert SeasonCalendar.from_games(backwards.values(), backwards) == seasons


def test_a_season_without_a_regular_game_is_refused():
    with pytest.raises(ValueError, match="no regular-season game of 2021-22"):
        SeasonCalendar.from_games([date(2022, 6, 16)], ["0042100406"])


def test_an_empty_schedule_knows_no_season():
    empty = SeasonCalendar.from_games([], [])
    assert (empty.season_of(date(2021, 11, 15)), empty.describe()) == (None, "")


def test_the_recorded_seasons_are_described(season_files):
    games = [
        game
        for season in ("2021_22", "2024_25")
        for game in pq.read_table(
            season_files / f"schedule_{season}.parquet", columns=["game_date", "game_id"]
        ).to_pylist()
    ]
    known = SeasonCalendar.from_games(
        (game["game_date"] for game in games), (game["game_id"] for game in games)
    )
    assert known.describe() == (
        "2021-22: 2021-10-19 to 2022-06-16; 2024-25: 2024-10-22 to 2025-06-22"
    )
