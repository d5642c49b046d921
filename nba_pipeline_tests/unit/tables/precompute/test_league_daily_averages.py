"""The league of the last 30 days: made-up teams, then the recorded season."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.tables.precompute.league_daily_averages import TABLE

TONIGHT = date(2021, 11, 30)
FIRST_DAY = date(2021, 10, 19)


def tonight(status: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "game_id": "20211130_BOS_LAL",
            "game_date": TONIGHT,
            "season_year": 2021,
            "season_first_day": FIRST_DAY,
            "game_status": status,
        }
    ]


def defended(
    team: str, games: int, paint_makes: int = 6, days_ago: int = 1, **other: Any
) -> list[dict[str, Any]]:
    """A team's games, one a day, the newest ``days_ago``."""
    return [
        {
            "game_date": TONIGHT - timedelta(days=days_ago + number),
            "season_year": 2021,
            "defending_team_abbr": team,
            "opp_paint_attempts": 10,
            "opp_paint_makes": paint_makes,
            "opp_mid_range_attempts": 10,
            "opp_mid_range_makes": 4,
            "opp_three_pt_attempts": 10,
            "opp_three_pt_makes": 3,
            **other,
        }
        for number in range(games)
    ]


def league(seen_by: Any, *teams: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    defenses = [game for games in teams for game in games]
    (row,) = seen_by(TABLE, games=tonight(), defenses=defenses, **given).rows
    return row


def test_ten_teams_with_ten_games_are_a_league(seen_by: Any) -> None:
    teams = [defended(team, 10, makes) for team, makes in zip(TEAMS, range(10), strict=False)]
    row = league(seen_by, *teams)
    assert row["paint_pct"] == 0.45
    assert (row["mid_range_pct"], row["three_pt_pct"]) == (0.4, 0.3)
    assert (row["teams_in_sample"], row["zone_source"]) == (10, "measured")


def test_nine_teams_are_none(seen_by: Any) -> None:
    row = league(seen_by, *(defended(team, 10) for team in list(TEAMS)[:9]))
    assert (row["paint_pct"], row["mid_range_pct"], row["three_pt_pct"]) == (0.58, 0.41, 0.355)
    assert (row["teams_in_sample"], row["zone_source"]) == (0, "default")


def test_every_team_weighs_the_same(seen_by: Any) -> None:
    teams = [defended(team, 10, 5) for team in list(TEAMS)[:9]]
    assert league(seen_by, *teams, defended("UTA", 20, 9))["paint_pct"] == 0.54


def test_nine_games_are_too_few(seen_by: Any) -> None:
    teams = [defended(team, 10) for team in list(TEAMS)[:10]]
    assert league(seen_by, *teams, defended("UTA", 9, 10))["paint_pct"] == 0.6


def test_games_without_zones_do_not_count(seen_by: Any) -> None:
    teams = [defended(team, 10) for team in list(TEAMS)[:10]]
    blind = defended("UTA", 10, 10) + defended("CHA", 9, 10)
    unknown = {"opp_paint_attempts": None, "opp_paint_makes": None}
    row = league(seen_by, *teams, [{**game, **unknown} for game in blind])
    assert (row["paint_pct"], row["teams_in_sample"]) == (0.6, 10)


def test_a_team_nobody_shoots_threes_against_is_left_out(seen_by: Any) -> None:
    teams = [defended(team, 10) for team in list(TEAMS)[:10]]
    odd = defended("UTA", 10, 10, opp_three_pt_attempts=0, opp_three_pt_makes=0)
    assert league(seen_by, *teams, odd)["teams_in_sample"] == 10


def test_thirty_days_count_and_the_date_itself_does_not(seen_by: Any) -> None:
    teams = [defended(team, 10) for team in list(TEAMS)[:10]]
    older = defended("UTA", 10, 10, days_ago=22)
    assert league(seen_by, *teams, older)["teams_in_sample"] == 10
    just = defended("UTA", 10, 10, days_ago=21)
    assert league(seen_by, *teams, just)["teams_in_sample"] == 11
    with_tonight = defended("UTA", 10, 10, days_ago=0)
    assert league(seen_by, *teams, with_tonight)["teams_in_sample"] == 10


def test_pace_is_the_mean_over_the_teams_games(seen_by: Any) -> None:
    offenses = [
        {
            "game_date": TONIGHT - timedelta(days=1),
            "season_year": 2021,
            "pace": pace,
            "offensive_rating": rating,
        }
        for pace, rating in ((98.0, 110.25), (101.0, 108.5), (None, None))
    ]
    row = league(seen_by, offenses=offenses)
    assert (row["pace"], row["offensive_rating"], row["pace_source"]) == (99.5, 109.4, "measured")


def test_without_a_game_the_pace_is_a_default(seen_by: Any) -> None:
    row = league(seen_by)
    assert (row["pace"], row["offensive_rating"], row["pace_source"]) == (100.0, 112.0, "default")


def test_shares_are_those_of_all_attempts(seen_by: Any) -> None:
    row = league(seen_by, defended("UTA", 1), defended("BOS", 1, opp_paint_attempts=30))
    assert (row["paint_share"], row["mid_range_share"], row["three_pt_share"]) == (0.5, 0.25, 0.25)


def test_a_game_without_zones_has_no_shares(seen_by: Any) -> None:
    row = league(seen_by, defended("UTA", 1, opp_paint_attempts=None, opp_mid_range_attempts=None))
    assert (row["paint_share"], row["three_pt_share"]) == (None, None)


def test_the_end_of_tonights_games_is_no_news(inputs_hashes: Any) -> None:
    before = inputs_hashes(TABLE, games=tonight(status=1))
    assert inputs_hashes(TABLE, games=tonight(status=3)) == before


@pytest.mark.parametrize(
    ("day", "fractions", "pace", "teams"),
    [
        (date(2021, 11, 15), (0.569, 0.414, 0.345), 101.3, 30),
        (date(2021, 11, 3), (0.58, 0.41, 0.355), 102.3, 0),
    ],
)
def test_the_league_of_recorded_dates(
    autumn: Any, day: date, fractions: tuple[float, ...], pace: float, teams: int
) -> None:
    (row,) = autumn.rows("league_daily_averages", day)
    assert (row["paint_pct"], row["mid_range_pct"], row["three_pt_pct"]) == fractions
    assert (row["pace"], row["teams_in_sample"]) == (pace, teams)


BY_TEAM = """
select count(*), avg(paint), avg(mid_range), avg(three_pt) from (
    select opponent_team_id, count(distinct game_id) as games,
        avg(made::int) filter (zone = 'paint') as paint,
        avg(made::int) filter (zone = 'mid_range') as mid_range,
        avg(made::int) filter (zone = 'three_pt') as three_pt
    from team join shot using (game_id, team_id)
    where game_date::date >= $day - 30 and game_date::date < $day group by all
) where games >= 10
"""
PACE = """
select avg(pace), avg(100 * pts / poss) from (
    select *, poss * 48 / (minutes / 5) as pace from (
        select *, fga + 0.44 * fta + tov - oreb as poss from team
        where game_date::date >= $day - 30 and game_date::date < $day
    )
)
"""


@pytest.mark.parametrize("day", [date(2021, 11, 8), date(2021, 11, 15)])
def test_the_files_say_the_same(autumn: Any, ask: Any, day: date) -> None:
    (row,) = autumn.rows("league_daily_averages", day)
    ((teams, *fractions),) = ask(BY_TEAM, day=day)
    ((pace, rating),) = ask(PACE, day=day)
    assert row["teams_in_sample"] == teams
    stored = [row["paint_pct"], row["mid_range_pct"], row["three_pt_pct"]]
    assert stored == pytest.approx(fractions, abs=0.000501)
    # Means of the games' own rounded values, rounded once more.
    assert (row["pace"], row["offensive_rating"]) == pytest.approx((pace, rating), abs=0.06)
