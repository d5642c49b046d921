"""Venues, distances between them and what clocks do on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.domain.travel import (
    VISITED_CITIES,
    clock_label,
    direction,
    home_arena,
    hours_gained,
    jet_lag_factor,
    leg,
    miles,
    venue,
)


@pytest.mark.parametrize(
    ("start", "end", "distance"),
    [
        ("LAL", "BOS", 2592),
        ("LAL", "GSW", 345),
        ("MIA", "POR", 2704),
        ("NYK", "BKN", 5),
        ("DEN", "PHX", 585),
        ("BOS", "MIA", 1257),
        ("LAL", "LAC", 0),
    ],
)
def test_distances_are_the_great_circle_s_to_the_mile(start, end, distance):
    there, back = home_arena(start, 2021), home_arena(end, 2021)
    assert miles(there, back) == miles(back, there) == distance


@pytest.mark.parametrize(("season", "distance"), [(2023, 0), (2024, 8), (2025, 8)])
def test_the_clippers_moved_in_2024(season, distance):
    assert miles(home_arena("LAL", season), home_arena("LAC", season)) == distance


def test_toronto_spent_a_season_in_florida():
    assert miles(home_arena("TOR", 2020), home_arena("ORL", 2020)) < 100
    assert home_arena("TOR", 2019) == home_arena("TOR", 2021) != home_arena("TOR", 2020)


@pytest.mark.parametrize("city", VISITED_CITIES)
@pytest.mark.parametrize("is_neutral", [True, False])
def test_a_visited_city_is_the_venue_whoever_is_host(city, is_neutral):
    assert venue("SAS", 2024, city, is_neutral=is_neutral) == VISITED_CITIES[city]


@pytest.mark.parametrize("city", [None, "San Antonio"])
def test_a_host_plays_at_home(city):
    assert venue("SAS", 2024, city, is_neutral=False) == home_arena("SAS", 2024)


@pytest.mark.parametrize("city", [None, "Springfield"])
def test_a_neutral_site_nobody_knows_is_nowhere(city):
    assert venue("SAS", 2024, city, is_neutral=True) is None


def test_a_way_from_or_to_nowhere_is_unknown():
    boston = home_arena("BOS", 2021)
    assert np.isnan(leg(None, boston, date(2021, 11, 15))).all()
    assert np.isnan(leg(boston, None, date(2021, 11, 15))).all()


@pytest.mark.parametrize(
    ("start", "end", "day", "hours"),
    [
        ("LAL", "BOS", date(2021, 11, 15), 3),
        ("BOS", "LAL", date(2021, 11, 15), -3),
        ("LAL", "PHX", date(2021, 11, 1), 0),
        ("LAL", "PHX", date(2021, 11, 15), 1),
        ("DEN", "PHX", date(2021, 11, 1), -1),
        ("IND", "BOS", date(2021, 11, 1), 0),
        ("TOR", "NYK", date(2021, 11, 15), 0),
    ],
)
def test_clocks_change_by_the_date_s_own_offsets(start, end, day, hours):
    assert hours_gained(home_arena(start, 2021), home_arena(end, 2021), day) == hours


def test_east_is_where_clocks_are_ahead():
    hours = np.array([3.0, -3.0, 0.0, np.nan])
    assert direction(hours).tolist() == ["east", "west", "neutral", None]


def test_hours_gained_weigh_one_and_a_half_times():
    hours = np.array([3.0, -3.0, 0.0, np.nan])
    assert jet_lag_factor(hours).tolist()[:3] == [4.5, 3.0, 0.0]
    assert np.isnan(jet_lag_factor(hours)[3])


@pytest.mark.parametrize(
    ("team", "label"), [("BOS", "ET"), ("CHI", "CT"), ("DEN", "MT"), ("PHX", "MT"), ("LAL", "PT")]
)
@pytest.mark.parametrize("month", [1, 7])
def test_american_clocks_have_one_name_all_year(team, label, month):
    moment = datetime(2025, month, 15, tzinfo=UTC)
    assert clock_label(TEAMS[team].timezone, moment) == label


@pytest.mark.parametrize(("month", "label"), [(1, "CET"), (7, "CEST")])
def test_other_clocks_have_their_own(month, label):
    assert clock_label("Europe/Paris", datetime(2025, month, 15, tzinfo=UTC)) == label
