"""What payloads say of games that the season files have, too."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from nba_pipeline.domain.players import player_lookup, without_suffix

COUNTED = (
    *("pts", "reb", "ast", "stl", "blk", "tov", "pf", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta"),
    *("oreb", "dreb", "plus_minus", "minutes"),
)
BOX_OF_DALLAS = "nba_boxscoretraditionalv2_0022100732_period_range.json"


def by_player(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["player_id"]: row for row in rows}


def numbers(row: dict[str, Any], *but: str) -> dict[str, Any]:
    return {name: row[name] for name in COUNTED if name not in but}


# Box scores --------------------------------------------------------------------------------------


def test_a_box_score_has_the_players_and_numbers_of_the_season_file(parsed, season_rows):
    told = by_player(parsed("nbac.team_boxscore_v2", BOX_OF_DALLAS)["player_box"])
    season = by_player(season_rows("player_box_2021_22", "game_id = '0022100732'"))
    assert {key: numbers(row) for key, row in told.items()} == {
        key: numbers(row) for key, row in season.items()
    }
    assert {key: row["is_starter"] for key, row in told.items()} == {
        key: row["is_starter"] for key, row in season.items()
    }


def test_names_are_spelt_otherwise_and_mean_the_same_players(parsed, season_rows):
    told = by_player(parsed("nbac.team_boxscore_v2", BOX_OF_DALLAS)["player_box"])
    season = by_player(season_rows("player_box_2021_22", "game_id = '0022100732'"))
    for player, row in told.items():
        names = row["player_name"], season[player]["player_name"]
        assert len({without_suffix(player_lookup(name)) for name in names}) == 1


def test_a_team_s_totals_are_the_season_file_s_but_for_turnovers_of_nobody(parsed, season_rows):
    told = parsed("nbac.team_boxscore_v2", BOX_OF_DALLAS)["team_box"]
    season = season_rows("team_box_2021_22", "game_id = '0022100732'")
    rows = {row["team_abbr"]: numbers(row, "tov") for row in told}
    assert rows == {row["team_abbr"]: numbers(row, "tov") for row in season}
    individual = {row["team_abbr"]: row["tov_individual"] for row in season}
    assert {row["team_abbr"]: row["tov_individual"] for row in told} == individual


@pytest.mark.parametrize(
    ("title", "file"),
    [
        ("nbac.team_boxscore_v2", "nba_boxscoretraditionalv2_0022400561.json"),
        ("nbac.team_boxscore", "nba_boxscoretraditionalv3_0022500165.json"),
        ("nbac.team_boxscore", "nba_cdn_live_boxscore_0022000001.json"),
    ],
)
def test_players_add_up_to_their_team_in_every_shape(parsed, title, file):
    box = parsed(title, file)
    for team in box["team_box"]:
        mine = [row for row in box["player_box"] if row["team_abbr"] == team["team_abbr"]]
        but = ("plus_minus", "minutes", "tov")
        assert numbers(team, *but) == {
            name: sum(row[name] for row in mine) for name in COUNTED if name not in but
        }
        assert sum(row["is_starter"] for row in mine) == 5
    assert sum(team["plus_minus"] for team in box["team_box"]) == 0


# The schedule ------------------------------------------------------------------------------------


def test_the_schedule_is_the_season_file_s(parsed, season_rows):
    told = parsed("nbac.schedule", "nba_scheduleleaguev2_2024-25.json.gz")["schedule"]
    season = season_rows("schedule_2024_25", "game_id[:3] in ('002', '004', '005', '006')")
    names = (
        *("game_id", "game_date", "home_team_abbr", "away_team_abbr", "home_score", "away_score"),
        *("status", "postponed_status", "arena_name", "arena_city", "is_neutral"),
    )
    assert {tuple(row[name] for name in names) for row in told} == {
        tuple(row[name] for name in names) for row in season
    }
    starts = {row["game_id"]: row["scheduled_start_utc"] for row in told}
    assert starts == {row["game_id"]: row["scheduled_start_utc"] for row in season}


def test_broadcasters_are_those_who_show_a_game_everywhere(parsed):
    told = parsed("nbac.schedule", "nba_scheduleleaguev2_2024-25.json.gz")["schedule"]
    networks = {row["game_id"]: row["national_networks"] for row in told}
    assert networks["0022400561"] == "ESPN"
    assert 0 < sum(not each for each in networks.values()) < len(networks)


def test_a_season_captured_before_it_began_has_no_scores(parsed):
    file = "nba_scheduleleaguev2_2023-24_preseason_capture.json"
    told = parsed("nbac.schedule", file)["schedule"]
    assert len(told) == 1200
    assert {row["status"] for row in told} == {"Scheduled"}
    assert {row["home_score"] for row in told} == {None}


def test_three_publishers_agree_on_a_day_s_scores(parsed):
    names = ("home_team_abbr", "away_team_abbr", "home_score", "away_score", "periods_played")
    day = [
        {tuple(row[name] for name in names) for row in parsed(title, file)["schedule"]}
        for title, file in (
            ("nbac.scoreboard", "nba_scoreboardv2_2024-01-15.json"),
            ("espn.scoreboard", "espn_scoreboard_2024-01-15.json"),
        )
    ]
    assert day[0] == day[1]
    assert len(day[0]) == 11
    points = Counter()
    for row in parsed("bdl.box_scores", "balldontlie_box_scores_2024-01-15.json")["player_box"]:
        points[row["team_abbr"]] += row["pts"]
    for home, away, home_score, away_score, _ in day[0]:
        assert (points[home], points[away]) == (home_score, away_score)


# Play-by-play ------------------------------------------------------------------------------------

FROM_PLAYS = ("pts", "fga", "fgm", "fg3a", "fta", "ftm", "reb", "ast", "blk", "stl", "tov")


def told_by_plays(plays: list[dict[str, Any]]) -> dict[int, Counter[str]]:
    """Each player's line, counted from the events."""
    lines: dict[int, Counter[str]] = defaultdict(Counter)
    for row in plays:
        actor, other = lines[row["player1_id"]], row["player2_id"]
        if row["d_is_fg_attempt"]:
            actor.update(fga=1, fgm=row["d_is_made"], fg3a=row["d_is_three"])
            actor["pts"] += row["d_is_made"] * (2 + row["d_is_three"])
            lines[row["d_assist_player_id"]]["ast"] += 1
            lines[row["d_block_player_id"]]["blk"] += 1
        elif row["event_type"] == 3:
            scored = row.get("score") is not None
            actor.update(fta=1, ftm=scored, pts=scored)
        elif row["event_type"] == 4:
            actor["reb"] += 1
        elif row["event_type"] == 5:
            actor["tov"] += 1
            lines[other]["stl"] += 1
    return lines


@pytest.fixture(scope="session")
def box_of(parsed, season_rows):
    """Of each recorded game: its box score by other means."""
    live = parsed("nbac.team_boxscore", "nba_cdn_live_boxscore_0022000001.json")["player_box"]
    return {
        "nba_playbyplayv3_0022400001.json": season_rows(
            "player_box_2024_25_to_2024_12_15", "game_id = '0022400001'"
        ),
        "nba_cdn_live_playbyplay_0022000001.json": live,
    }


@pytest.mark.parametrize(
    "file", ["nba_playbyplayv3_0022400001.json", "nba_cdn_live_playbyplay_0022000001.json"]
)
def test_plays_add_up_to_the_box_score(parsed, box_of, file):
    told = told_by_plays(parsed("nbac.play_by_play", file)["play_by_play"])
    for line in box_of[file]:
        mine = told[line["player_id"]]
        assert {name: mine[name] for name in FROM_PLAYS} == {n: line[n] for n in FROM_PLAYS}, line


@pytest.mark.parametrize(
    ("file", "score"),
    [
        ("nba_playbyplayv2_0021900001.json", "122 - 130"),
        ("nba_cdn_live_playbyplay_0022000001.json", "99 - 125"),
        ("nba_cdn_live_playbyplay_0022400500.json", "106 - 108"),
        ("nba_playbyplayv3_0022400001.json", "117 - 116"),
    ],
)
def test_plays_end_with_the_final_score_and_every_exchange_has_two_players(parsed, file, score):
    plays = parsed("nbac.play_by_play", file)["play_by_play"]
    assert [row["score"] for row in plays if row.get("score")][-1] == score
    exchanges = [row for row in plays if row["event_type"] == 8]
    assert exchanges
    assert all(row["player1_id"] and row["player2_id"] for row in exchanges)
    texts = [row for row in plays if row.get("home_description") or row.get("visitor_description")]
    assert len(texts) > len(plays) / 2


def test_shots_are_those_of_the_season_file(parsed, season_rows):
    files = (f"nba_shotchartdetail_0022100732_{side}.json" for side in ("home", "away"))
    told = {row["event_num"]: row for file in files for row in parsed("nbac.shots", file)["shots"]}
    plays = season_rows("play_by_play_2021_22", "game_id = '0022100732' and d_is_fg_attempt")
    assert {key: (row["player_id"], row["shot_made"]) for key, row in told.items()} == {
        row["event_num"]: (row["player1_id"], row["d_is_made"]) for row in plays
    }


# People ------------------------------------------------------------------------------------------


def test_the_crew_of_a_game_is_the_one_its_plays_name(parsed, season_rows):
    told = parsed("nbac.boxscore_summary", "nba_boxscoresummaryv2_0022100732.json")["officials"]
    season = season_rows("officials_from_play_by_play_2021_22", "game_id = '0022100732'")
    assert {row["official"] for row in told} == {row["official"] for row in season}


def test_three_officials_are_assigned_to_every_game(parsed):
    told = parsed("nbac.referee", "nba_referee_assignments_2025-01-08.json")["officials"]
    assert set(Counter(row["game_id"] for row in told).values()) == {3}
    assert len({row["game_id"] for row in told}) == 8


def test_everybody_under_contract_has_a_name_and_a_team(parsed):
    told = parsed("nbac.player_list", "nba_playerindex_2025-26.json")["player_list"]
    assert len(told) == 594
    assert all(row["player_name"] and row["team_abbr"] for row in told)
    by_id = by_player(told)
    assert (by_id[2544]["player_name"], by_id[2544]["height"]) == ("LeBron James", "6-9")


def test_the_injury_report_names_fourteen_players(parsed):
    told = parsed("nbac.injury_report", "nba_injury_report.pdf")["injury_reports"]
    assert Counter(row["status"] for row in told) == {
        "out": 10,
        "questionable": 2,
        "doubtful": 1,
        "probable": 1,
    }
    payton = next(row for row in told if row["player_name"] == "Payton II, Gary")
    assert payton["team"] == "GSW"
    assert payton["reason"] == "Injury/Illness - Left Hamstring; Strain"
    assert payton["reported_at"].isoformat() == "2024-01-04T17:30:00+00:00"
    assert player_lookup(payton["player_name"]) == "garypaytonii"


# Lines -------------------------------------------------------------------------------------------


def test_a_historical_line_is_of_its_own_moment_and_in_american_odds(parsed):
    file = "odds_api_historical_event_odds_spreads_totals_2024-01-25.json"
    told = parsed("oddsa.game_lines_history", file)["game_line_snapshots"]
    spread = next(row for row in told if row["market"] == "spreads" and row["outcome"] == "ATL")
    assert (spread["point"], spread["price"]) == (6.5, -110)
    assert {row["snapshot_at"].isoformat() for row in told} == {"2024-01-25T03:55:40+00:00"}
    assert {row["game_date"].isoformat() for row in told} == {"2024-01-24"}
    assert {row["outcome"] for row in told} == {"ATL", "GSW", "Over", "Under"}
