from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.teams import TEAMS, UnknownTeamError, tricode


def test_there_are_thirty_teams_with_thirty_ids():
    assert len(TEAMS) == 30
    assert {team.nba_team_id for team in TEAMS.values()} == set(range(1610612737, 1610612767))


@pytest.mark.parametrize("team", TEAMS.values(), ids=lambda team: team.tricode)
def test_a_team_is_found_by_everything_it_is_called(team):
    assert {tricode(name) for name in (team.tricode, team.full_name, team.nickname)} == {
        team.tricode
    }


@pytest.mark.parametrize("team", TEAMS.values(), ids=lambda team: team.tricode)
def test_a_team_plays_in_north_america_on_a_clock_that_exists(team):
    assert 25 < team.latitude < 46
    assert -123 < team.longitude < -71
    assert ZoneInfo(team.timezone).key == team.timezone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BRK", "BKN"),
        ("CHO", "CHA"),
        ("PHO", "PHX"),
        ("NY", "NYK"),
        ("GS", "GSW"),
        ("NO", "NOP"),
        ("SA", "SAS"),
        ("UTAH", "UTA"),
        ("WSH", "WAS"),
        ("LA Clippers", "LAC"),
        ("Los Angeles Clippers", "LAC"),
        ("Los Angeles Lakers", "LAL"),
        ("Trail Blazers", "POR"),
        ("Blazers", "POR"),
        ("76ers", "PHI"),
        ("Sixers", "PHI"),
        (" golden state  warriors ", "GSW"),
        ("lal", "LAL"),
    ],
)
def test_every_provider_means_a_team_of_ours(text, expected):
    assert tricode(text) == expected


@pytest.mark.parametrize("text", ["", "Los Angeles", "Team LeBron", "Seattle SuperSonics", "XYZ"])
def test_a_name_of_no_team_is_refused_by_name(text):
    with pytest.raises(UnknownTeamError, match="is not one of the 30 NBA teams") as refusal:
        tricode(text)
    assert repr(text) in str(refusal.value)


@given(st.text())
def test_any_text_is_a_team_or_refused(text):
    with suppress(UnknownTeamError):
        assert tricode(text) in TEAMS


def test_houston_plays_downtown():
    assert (TEAMS["HOU"].latitude, TEAMS["HOU"].longitude) == (29.7508, -95.3621)


def test_the_recorded_schedule_knows_the_same_teams(season_files):
    schedule = pq.read_table(
        season_files / "schedule_2021_22.parquet",
        columns=["home_team_id", "home_team_abbr", "home_team_name"],
    ).to_pylist()
    assert {tuple(game.values()) for game in schedule} == {
        (team.nba_team_id, team.tricode, team.full_name) for team in TEAMS.values()
    }
