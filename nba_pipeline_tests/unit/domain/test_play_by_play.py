"""The walks put together, and held against the recorded season of 2021-22."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from datetime import date
from typing import Any

import pyarrow.parquet as pq
import pytest

from nba_pipeline.domain.events import FreeThrow
from nba_pipeline.domain.play_by_play import and_ones, walk

STARTERS = (1, 2, 3, 4, 5, 11, 12, 13, 14, 15)

NOVEMBER, MARCH, FINALS = date(2021, 11, 15), date(2022, 3, 15), date(2022, 6, 16)

ODD_GAMES = {
    "0022100028": "the score column lags behind the events",
    "0022100298": "the score column lags behind the events",
    "0022100732": "the one box score in minutes and seconds; seven inactive players",
    "0022100729": "an and-one whose basket is listed after the throw",
    "0022100194": "no starter flags",
    "0022100449": "no starter flags",
    "0022101022": "no starter flags",
    "0022100041": "one man unseen in an overtime",
    "0022100291": "three overtimes, one man unseen in the second",
    "0022100688": "one man unseen in a third quarter",
    "0022100748": "three overtimes",
    "0022100005": "somebody played no second",
    "0042100105": "somebody played no second",
}


def column(walked, roster, name):
    values = zip(roster.player_id, getattr(walked, name), strict=True)
    return {player_id: value for player_id, value in values if value}


@pytest.fixture
def afternoon(plays):
    """A first period in which everybody is seen."""
    return plays.all_seen(*STARTERS)


def test_shots_are_counted_by_zone(afternoon, roster):
    afternoon.made(1).missed(1, feet=8).made(1, feet=9).missed(1, three=True).made(1, three=True)
    walked = walk(afternoon.events, roster)
    assert {name: column(walked, roster, name).get(1, 0) for name in ZONES} == {
        "fg_attempts": 5,
        "paint_attempts": 2,
        "paint_makes": 1,
        "mid_range_attempts": 1,
        "mid_range_makes": 1,
        "three_attempts": 2,
        "three_makes": 1,
    }


ZONES = (
    "fg_attempts",
    "paint_attempts",
    "paint_makes",
    "mid_range_attempts",
    "mid_range_makes",
    "three_attempts",
    "three_makes",
)


def test_a_pass_counts_for_both(afternoon, roster):
    afternoon.made(1, assist=2).made(1).made(2)
    walked = walk(afternoon.events, roster)
    assert column(walked, roster, "assisted_makes") == {1: 1}
    assert column(walked, roster, "unassisted_makes") == {1: 1, 2: 1}
    assert column(walked, roster, "assists") == {2: 1}


def test_a_block_goes_to_the_zone_the_shot_came_from(afternoon, roster):
    afternoon.missed(1, feet=3, block=11).missed(1, feet=12, block=11)
    afternoon.missed(1, three=True, feet=26, block=12)
    walked = walk(afternoon.events, roster)
    assert column(walked, roster, "paint_blocks") == {11: 1}
    assert column(walked, roster, "mid_range_blocks") == {11: 1}
    assert column(walked, roster, "three_blocks") == {12: 1}


def test_points_of_the_fourth_quarter_are_points_too(afternoon, roster):
    afternoon.throw(1, FreeThrow.TECHNICAL).next_period().next_period().next_period()
    afternoon.made(1, three=True).all_seen(*STARTERS).next_period().made(1)
    walked = walk(afternoon.events, roster)
    assert column(walked, roster, "points") == {1: 6}
    assert column(walked, roster, "fourth_quarter_points") == {1: 3}


def test_time_is_told_for_the_game_its_fourth_quarter_and_its_clutch(afternoon, roster):
    for _ in range(4):
        afternoon.next_period().all_seen(*STARTERS)
    walked = walk(afternoon.events, roster)
    times = (walked.seconds, walked.fourth_quarter_seconds, walked.clutch_seconds)
    assert [seconds[0] for seconds in times] == [4 * 720 + 300, 720, 300 + 300]
    assert [seconds[5] for seconds in times] == [0, 0, 0]


def test_the_roster_gives_the_order(afternoon, roster):
    walked = walk(afternoon.made(3).events, roster)
    assert walked.points == (0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert walked.is_starter == (True,) * 5 + (False,) + (True,) * 5 + (False,)


def test_a_team_has_what_its_players_did(afternoon, roster):
    afternoon.missed(1, block=11).rebound(2).made(2, feet=10)
    teams = walk(afternoon.events, roster).teams
    assert (teams["CHI"].paint_attempts, teams["CHI"].paint_makes) == (1, 0)
    assert (teams["CHI"].mid_range_attempts, teams["CHI"].mid_range_makes) == (1, 1)
    assert (teams["CHI"].second_chance_points, teams["LAL"].second_chance_points) == (2, 0)
    assert (teams["LAL"].paint_blocks, teams["CHI"].paint_blocks) == (1, 0)


def test_a_broken_clock_stops_the_walk(plays, roster):
    events = plays.all_seen(*STARTERS).events
    broken = dataclasses.replace(
        events, clock_seconds=[720, 720, 720, -5, *events.clock_seconds[4:]]
    )
    with pytest.raises(ValueError, match="Row 3 in period 1"):
        walk(broken, roster)


def test_a_basket_and_a_single_throw_at_once_are_an_and_one(plays):
    plays.made(1).foul(11, on=1).throw(1, FreeThrow.ONE_OF_ONE, made=False)
    assert and_ones(plays.events) == {1: 1}


def test_a_technical_between_basket_and_throw_does_not_matter(plays):
    plays.made(1).foul(11, on=1).foul(12, action=11).throw(2, FreeThrow.TECHNICAL)
    plays.throw(1, FreeThrow.FLAGRANT_ONE_OF_ONE)
    assert and_ones(plays.events) == {1: 1}


def test_a_single_throw_without_a_basket_is_no_and_one(plays):
    plays.at("5:00").made(1).at("4:00").foul(11, on=1, action=6).throw(1, FreeThrow.ONE_OF_ONE)
    plays.made(2).throw(3, FreeThrow.ONE_OF_ONE)
    assert and_ones(plays.events) == {}


# The recorded season


@pytest.fixture(scope="module")
def sample(season_files, read_games):
    """Games of three chosen days and every odd one, walked."""
    schedule = pq.read_table(season_files / "schedule_2021_22.parquet").to_pylist()
    days = (NOVEMBER, MARCH, FINALS)
    chosen = {game["game_id"] for game in schedule if game["game_date"] in days}
    return [(game, walk(game.events, game.roster)) for game in read_games(chosen | {*ODD_GAMES})]


def disagreements(walked_games, name, published):
    return [
        (game.nba_game_id, line["player_name"], value, line[published])
        for game, walked in walked_games
        for value, line in zip(getattr(walked, name), game.box, strict=True)
        if value != line[published] and line[published] is not None
    ]


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("points", "pts"),
        ("fg_attempts", "fga"),
        ("assists", "ast"),
        ("three_attempts", "fg3a"),
        ("three_makes", "fg3m"),
        ("is_starter", "is_starter"),
    ],
)
def test_the_plays_add_up_to_the_box_score(sample, name, published):
    assert disagreements(sample, name, published) == []


def test_the_sample_is_what_it_should_be(sample):
    on = defaultdict(list)
    for game, _ in sample:
        on[game.game_date].append(len(game.box))
    assert [(len(on[day]), sum(on[day])) for day in (NOVEMBER, MARCH, FINALS)] == [
        (11, 241),
        (4, 87),
        (1, 22),
    ]


def test_whole_minutes_are_reproduced(sample):
    assert off_by_more_than_half_a_minute(sample) == []


def off_by_more_than_half_a_minute(walked_games):
    return [
        (game.nba_game_id, line["player_name"], seconds, line["minutes"])
        for game, walked in walked_games
        for seconds, line in zip(walked.seconds, game.box, strict=True)
        if abs(seconds - 60 * line["minutes"]) > 31
    ]


def test_five_men_of_each_team_are_on_court_all_game_long(sample):
    assert {
        (game.nba_game_id, team, seconds - 5 * length(game))
        for game, walked in sample
        for team, seconds in team_sums(game, walked.seconds).items()
        if seconds != 5 * length(game)
    } == set()


def length(game):
    return 4 * 720 + 300 * (max(game.events.period) - 4)


def team_sums(game, values):
    sums = defaultdict(int)
    for team, value in zip(game.roster.team, values, strict=True):
        sums[team] += value
    return sums


def test_fourth_quarter_points_are_those_of_the_betting_sheet(sample, season_files):
    assert wrong_fourth_quarters(sample, season_files) == []


def wrong_fourth_quarters(walked_games, season_files):
    lines = {
        line["game_id"]: {
            line["away_team_abbr"]: line["away_q4"],
            line["home_team_abbr"]: line["home_q4"],
        }
        for line in pq.read_table(season_files / "game_lines_2021_22.parquet").to_pylist()
    }
    return [
        game.nba_game_id
        for game, walked in walked_games
        if team_sums(game, walked.fourth_quarter_points) != lines[game.nba_game_id]
    ]


@pytest.fixture(scope="module")
def performances(sample) -> dict[tuple[date, str], dict[str, Any]]:
    """What a player did on a day of the sample, by day and name."""
    return {
        (game.game_date, line["player_name"]): {
            name: values[place] for name, values in vars(walked).items() if name != "teams"
        }
        for game, walked in sample
        for place, line in enumerate(game.box)
    }


@pytest.mark.parametrize(
    ("day", "player", "seconds", "points", "paint", "mid_range", "assisted"),
    [
        (NOVEMBER, "DeMar DeRozan", 2107, 38, (6, 6), (7, 12), (5, 10)),
        (NOVEMBER, "Nikola Jokić", 2212, 35, (11, 16), (2, 4), (7, 8)),
        (NOVEMBER, "Lonzo Ball", 2255, 27, (2, 2), (1, 1), (7, 3)),
        (NOVEMBER, "Trae Young", 1825, 23, (4, 7), (2, 7), (2, 7)),
        (NOVEMBER, "Anthony Davis", 1679, 20, (2, 3), (4, 6), (5, 1)),
        (MARCH, "Kyrie Irving", 2096, 60, (7, 12), (5, 7), (8, 12)),
        (FINALS, "Stephen Curry", 2396, 34, (5, 8), (1, 2), (5, 7)),
        (FINALS, "Jayson Tatum", 2413, 13, (3, 9), (2, 5), (5, 1)),
    ],
)
def test_a_remembered_performance(
    performances, day, player, seconds, points, paint, mid_range, assisted
):
    did = performances[day, player]
    assert (did["seconds"], did["points"]) == (seconds, points)
    assert (did["paint_makes"], did["paint_attempts"]) == paint
    assert (did["mid_range_makes"], did["mid_range_attempts"]) == mid_range
    assert (did["assisted_makes"], did["unassisted_makes"]) == assisted


def test_the_and_ones_of_a_night(performances):
    several = {
        player: did["and_ones"]
        for (day, player), did in performances.items()
        if day == NOVEMBER and did["and_ones"] > 1
    }
    assert several == {
        "Derrick Jones Jr.": 3,
        "Cole Anthony": 2,
        "Dwight Powell": 2,
        "Jalen Green": 2,
        "Norman Powell": 2,
        "Richaun Holmes": 2,
        "Scottie Barnes": 2,
    }


@pytest.mark.parametrize(("player", "and_ones"), [("John Collins", 1), ("Enes Freedom", 0)])
def test_a_single_throw_alone_does_not_make_an_and_one(performances, player, and_ones):
    assert performances[NOVEMBER, player]["and_ones"] == and_ones


def test_myles_turner_blocked_two_at_the_rim(performances):
    did = performances[NOVEMBER, "Myles Turner"]
    assert (did["paint_blocks"], did["mid_range_blocks"], did["three_blocks"]) == (2, 0, 0)


@pytest.fixture(scope="module")
def november_teams(sample):
    return {
        team: totals
        for game, walked in sample
        if game.game_date == NOVEMBER
        for team, totals in walked.teams.items()
    }


@pytest.mark.parametrize(
    ("team", "blocks"), [("OKC", (7, 1, 2)), ("MEM", (8, 0, 0)), ("ORL", (3, 1, 1))]
)
def test_the_blocks_of_a_team_by_zone(november_teams, team, blocks):
    totals = november_teams[team]
    assert (totals.paint_blocks, totals.mid_range_blocks, totals.three_blocks) == blocks


@pytest.mark.parametrize(
    ("team", "paint", "mid_range", "second_chance"),
    [
        ("CHI", (22, 31), (12, 24), 0),
        ("LAL", (19, 29), (11, 18), 8),
        ("BOS", (20, 32), (6, 17), 11),
        ("ORL", (16, 28), (11, 24), 24),
        ("HOU", (24, 47), (1, 10), 14),
        ("MIN", (13, 24), (5, 17), 6),
    ],
)
def test_the_shots_of_a_team(november_teams, team, paint, mid_range, second_chance):
    totals = november_teams[team]
    assert (totals.paint_makes, totals.paint_attempts) == paint
    assert (totals.mid_range_makes, totals.mid_range_attempts) == mid_range
    assert totals.second_chance_points == second_chance


def test_second_chance_points_are_the_official_ones(sample):
    (teams,) = (walked.teams for game, walked in sample if game.nba_game_id == "0022100732")
    assert {team: totals.second_chance_points for team, totals in teams.items()} == {
        "POR": 6,
        "DAL": 12,
    }


@pytest.fixture(scope="module")
def whole_season(read_games):
    return [(game, walk(game.events, game.roster)) for game in read_games(None)]


@pytest.mark.slow
def test_a_whole_season_adds_up(whole_season, season_files):
    assert [
        disagreements(whole_season, *names)
        for names in (("points", "pts"), ("fg_attempts", "fga"), ("assists", "ast"))
    ] == [[], [], []]
    assert disagreements(whole_season, "is_starter", "is_starter") == []
    assert off_by_more_than_half_a_minute(whole_season) == []
    assert wrong_fourth_quarters(whole_season, season_files) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("and_ones", 6136),
        ("paint_blocks", 10202),
        ("mid_range_blocks", 1421),
        ("three_blocks", 764),
    ],
)
def test_the_totals_of_a_whole_season(whole_season, name, total):
    assert sum(sum(getattr(walked, name)) for _, walked in whole_season) == total


@pytest.mark.slow
def test_about_half_the_games_of_a_season_come_to_a_clutch(whole_season):
    assert (sum(any(walked.clutch_seconds) for _, walked in whole_season), len(whole_season)) == (
        633,
        1317,
    )


@pytest.mark.slow
def test_a_team_has_thirteen_second_chance_points_a_game(whole_season):
    totals = [
        team.second_chance_points for _, walked in whole_season for team in walked.teams.values()
    ]
    assert (len(totals), round(sum(totals) / len(totals), 1)) == (2634, 12.9)
