"""How teams defend the zones: the worked example, thin and blind samples, the recorded season."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.tables.precompute.team_defense_zone_analysis import TABLE

TONIGHT = date(2021, 11, 30)
NIGHT = date(2021, 11, 15)
LEAGUE = {"game_date": TONIGHT, "paint_pct": 0.58, "mid_range_pct": 0.41, "three_pt_pct": 0.355}

#: Fifteen of these are 1,000 shots in the paint, 375 from mid-range and 540 threes allowed.
GAME = {
    "season_year": 2021,
    "defending_team_abbr": "BOS",
    "opp_mid_range_attempts": 25,
    "opp_mid_range_makes": 10,
    "opp_three_pt_attempts": 36,
    "points_allowed": 110,
    "blocks_paint": 4,
    "defensive_rating": 108.25,
    "opponent_pace": 99.5,
}
BLIND = dict.fromkeys(
    (
        "opp_paint_attempts",
        "opp_paint_makes",
        "opp_mid_range_attempts",
        "opp_mid_range_makes",
        "points_in_paint_allowed",
        "blocks_paint",
    )
)


def tonight(status: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "game_id": "20211130_BOS_LAL",
            "game_date": TONIGHT,
            "season_year": 2021,
            "season_first_day": date(2021, 10, 19),
            "game_status": status,
        }
    ]


def season(games: int = 15) -> list[dict[str, Any]]:
    """Boston's games, the newest last: 610 of 1,000 in the paint, 189 of 540 threes."""
    return [
        {
            **GAME,
            "game_date": TONIGHT - timedelta(days=games - number),
            "opp_paint_attempts": 66 + (number < 10),
            "opp_paint_makes": 40 + (number < 10),
            "opp_three_pt_makes": 12 + (number < 9),
            "points_in_paint_allowed": 80,
        }
        for number in range(games)
    ]


def schedule(games: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "game_date": game["game_date"],
            "season_year": 2021,
            "home_team_abbr": "BOS",
            "game_status": 3,
            "season_type": "regular_season",
        }
        for game in games
    ]


def boston(seen_by: Any, games: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    rows = {"summaries": games, "home_games": schedule(games), "league": [LEAGUE], **given}
    (row,) = seen_by(TABLE, games=tonight(), **rows).rows
    return row


def test_fifteen_games_beside_the_league(seen_by: Any) -> None:
    row = boston(seen_by, season())
    assert (row["paint_pct_allowed_last_15"], row["paint_defense_vs_league_avg"]) == (0.61, 3.0)
    assert (row["mid_range_pct_allowed_last_15"], row["mid_range_defense_vs_league_avg"]) == (
        0.4,
        -1.0,
    )
    assert (row["three_pt_pct_allowed_last_15"], row["three_pt_defense_vs_league_avg"]) == (
        0.35,
        -0.5,
    )
    assert (row["strongest_zone"], row["weakest_zone"]) == ("mid_range", "paint")
    assert row["paint_attempts_allowed_per_game"] == 66.7
    assert row["three_pt_attempts_allowed_per_game"] == 36.0
    assert (row["paint_points_allowed_per_game"], row["paint_blocks_per_game"]) == (80.0, 4.0)
    assert (row["defensive_rating_last_15"], row["opponent_pace"]) == (108.25, 99.5)
    assert row["opponent_points_per_game"] == 110.0
    assert (row["data_quality_tier"], row["early_season_flag"]) == ("high", False)
    assert (row["calculation_notes"], row["insufficient_data_reason"]) == (None, None)
    assert (row["completeness_percentage"], row["is_production_ready"]) == (100.0, True)


def test_the_sixteenth_game_back_and_tonight_do_not_count(seen_by: Any) -> None:
    games = season()
    strange = {**games[0], "opp_paint_makes": 0, "defensive_rating": 200.0}
    others = [{**strange, "game_date": TONIGHT - timedelta(days=days)} for days in (16, 0)]
    rows = seen_by(
        TABLE,
        games=tonight(),
        summaries=games + others,
        home_games=schedule(games),
        league=[LEAGUE],
    ).rows
    assert rows == [boston(seen_by, games)]


def test_last_season_does_not_count(seen_by: Any) -> None:
    games = season(14)
    last = {**games[0], "season_year": 2020}
    assert boston(seen_by, [*games, last])["games_in_sample"] == 14


def test_a_game_without_zones_dilutes_nothing(seen_by: Any) -> None:
    games = season()
    games[14] = {**games[14], **BLIND}
    row, known = boston(seen_by, games), boston(seen_by, games[:14])
    assert (row["games_in_sample"], row["games_with_zone_data"]) == (15, 14)
    assert row["calculation_notes"] == "zone data in 14/15 games"
    for name in ("paint_attempts_allowed_per_game", "paint_blocks_per_game"):
        assert row[name] == known[name]
    assert row["three_pt_attempts_allowed_per_game"] == 36.0


def test_without_any_zones_the_zones_are_unknown(seen_by: Any) -> None:
    row = boston(seen_by, [{**game, **BLIND, "opp_three_pt_attempts": None} for game in season()])
    assert row["paint_pct_allowed_last_15"] is None
    assert row["paint_blocks_per_game"] is None
    assert (row["strongest_zone"], row["weakest_zone"]) == (None, None)
    assert row["calculation_notes"] == "zone data in 0/15 games"


def test_a_zone_nobody_shot_from_is_left_out_of_the_comparison(seen_by: Any) -> None:
    nothing = {"opp_mid_range_attempts": 0, "opp_mid_range_makes": 0}
    row = boston(seen_by, [{**game, **nothing} for game in season()])
    assert row["mid_range_pct_allowed_last_15"] is None
    assert row["mid_range_attempts_allowed_per_game"] == 0.0
    assert (row["strongest_zone"], row["weakest_zone"]) == ("perimeter", "paint")
    assert row["calculation_notes"] == "No mid-range attempts"


def test_of_equal_zones_the_paint_comes_first(seen_by: Any) -> None:
    even = {"paint_pct": 0.61, "mid_range_pct": 0.4, "three_pt_pct": 0.35}
    row = boston(seen_by, season(), league=[{"game_date": TONIGHT, **even}])
    assert (row["strongest_zone"], row["weakest_zone"]) == ("paint", "paint")


@pytest.mark.parametrize(
    ("games", "tier"), [(5, "low"), (9, "low"), (10, "medium"), (14, "medium")]
)
def test_a_thin_sample_is_written_and_says_so(seen_by: Any, games: int, tier: str) -> None:
    row = boston(seen_by, season(games))
    assert (row["games_in_sample"], row["data_quality_tier"]) == (games, tier)
    assert row["early_season_flag"]
    assert row["insufficient_data_reason"] == f"Only {games} games available, need 15"


def test_a_team_that_has_hardly_played_has_no_row(seen_by: Any) -> None:
    games = season(4)
    seen = seen_by(
        TABLE, games=tonight(), summaries=games, home_games=schedule(games), league=[LEAGUE]
    )
    assert (seen.rows, seen.turned_away["BOS"]) == ([], "EXPECTED_INCOMPLETE")


def test_a_team_whose_summaries_are_missing_has_no_row_either(seen_by: Any) -> None:
    games = season(6)
    seen = seen_by(
        TABLE, games=tonight(), summaries=games[:4], home_games=schedule(games), league=[LEAGUE]
    )
    assert (seen.rows, seen.turned_away["BOS"]) == ([], "INSUFFICIENT_DATA")


def test_without_a_league_there_is_nothing_to_compare_with(seen_by: Any) -> None:
    seen = seen_by(TABLE, games=tonight(), summaries=season())
    assert seen.turned_away == dict.fromkeys(TEAMS, "MISSING_DEPENDENCY")


def test_a_lost_game_shows_in_the_completeness(seen_by: Any) -> None:
    games = season(16)
    row = boston(seen_by, [*games[:12], *games[14:]], home_games=schedule(games))
    assert (row["expected_games_count"], row["actual_games_count"]) == (15, 13)
    assert (row["completeness_percentage"], row["is_production_ready"]) == (86.7, False)
    assert row["data_quality_issues"] == [
        f"missing_game_{game['game_date']}" for game in games[12:14]
    ]


def test_the_end_of_tonights_games_is_no_news(inputs_hashes: Any) -> None:
    given = {"summaries": season(), "league": [LEAGUE]}
    before = inputs_hashes(TABLE, games=tonight(status=1), **given)
    assert inputs_hashes(TABLE, games=tonight(status=3), **given) == before


# The recorded season -----------------------------------------------------------------------------

# Differences are to the league as stored, with three decimals.
EXPECTED = {
    "LAL": (14, 0.572, 40.1, 0.32, 0.372, -4.16, 0.341, -0.41, 104.55, 111.9, 104.7),
    "CHI": (13, 0.543, 37.2, -2.56, 0.372, -4.18, 0.359, 1.4, 102.02, 102.7, 100.9),
    "GSW": (13, 0.538, 32.5, -3.11, 0.462, 4.79, 0.318, -2.66, 97.03, 101.8, 104.2),
}
NAMES = (
    "games_in_sample",
    "paint_pct_allowed_last_15",
    "paint_attempts_allowed_per_game",
    "paint_defense_vs_league_avg",
    "mid_range_pct_allowed_last_15",
    "mid_range_defense_vs_league_avg",
    "three_pt_pct_allowed_last_15",
    "three_pt_defense_vs_league_avg",
    "defensive_rating_last_15",
    "opponent_points_per_game",
    "opponent_pace",
)


@pytest.mark.parametrize("team", EXPECTED)
def test_teams_of_a_recorded_date(autumn: Any, team: str) -> None:
    rows = autumn.rows("team_defense_zone_analysis", NIGHT)
    (row,) = (row for row in rows if row["team_abbr"] == team)
    wanted = dict(zip(NAMES, EXPECTED[team], strict=True))
    decimals = {"defensive_rating_last_15": 2, "opponent_pace": 1}
    assert {name: round(row[name], decimals.get(name, 9)) for name in NAMES} == wanted


@pytest.mark.parametrize("day", [date(2021, 11, 3), date(2021, 11, 8), NIGHT])
def test_every_team_has_a_row_whether_it_plays_or_not(autumn: Any, day: date) -> None:
    rows = autumn.rows("team_defense_zone_analysis", day)
    assert [row["team_abbr"] for row in rows] == sorted(TEAMS)
    assert all(row["is_production_ready"] for row in rows)


def test_the_first_two_weeks_have_no_rows(autumn: Any) -> None:
    assert autumn.rows("team_defense_zone_analysis", date(2021, 11, 1)) == []
    assert autumn.outcomes("team_defense_zone_analysis", date(2021, 11, 1)) == {}


GAMES = """
with recent as (
    select *, fga + 0.44 * fta + tov - oreb as poss from team join (
        select game_id, team_id as defense from team
        where team_abbr = $team and game_date::date < $day
        order by game_date desc limit 15
    ) using (game_id) where team_id <> defense
)
select count(*), avg(pts), avg(100 * pts / poss), avg(poss * 48 / (minutes / 5)) from recent
"""
ZONES = """
select zone, sum(made::int), count(*), sum(blocked::int) from shot join (
    select game_id, team_id as defense from team
    where team_abbr = $team and game_date::date < $day order by game_date desc limit 15
) using (game_id) where team_id <> defense group by zone
"""


@pytest.mark.parametrize("day", [date(2021, 11, 8), NIGHT])
@pytest.mark.parametrize("team", ["BOS", "LAL", "UTA"])
def test_the_files_say_the_same(autumn: Any, ask: Any, team: str, day: date) -> None:
    rows = autumn.rows("team_defense_zone_analysis", day)
    (row,) = (row for row in rows if row["team_abbr"] == team)
    ((games, points, rating, pace),) = ask(GAMES, team=team, day=day)
    assert row["games_in_sample"] == row["games_with_zone_data"] == games
    assert row["opponent_points_per_game"] == pytest.approx(points, abs=0.0501)
    # Means of ratings of two decimals and paces of one.
    assert row["defensive_rating_last_15"] == pytest.approx(rating, abs=0.0051)
    assert row["opponent_pace"] == pytest.approx(pace, abs=0.051)
    for zone, makes, attempts, blocks in ask(ZONES, team=team, day=day):
        assert row[f"{zone}_pct_allowed_last_15"] == pytest.approx(makes / attempts, abs=0.000501)
        assert row[f"{zone}_attempts_allowed_per_game"] == pytest.approx(
            attempts / games, abs=0.051
        )
        assert row[f"{zone}_blocks_per_game"] == pytest.approx(blocks / games, abs=0.051)
