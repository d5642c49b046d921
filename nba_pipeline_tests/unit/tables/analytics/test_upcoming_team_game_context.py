"""Teams before their games: Chicago's first weeks by hand, and every game of a recorded season."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from nba_pipeline.domain.travel import home_arena, miles
from nba_pipeline.tables.analytics.upcoming_team_game_context import TABLE

NIGHT = date(2021, 11, 15)
RESULTS = (
    "team_offense_game_summary",
    "team_defense_game_summary",
    "nbac_player_boxscores",
    "player_game_summary",
)

Row = dict[str, Any]


def game(day: date, away: str, home: str, **known: Any) -> Row:
    return {
        "game_id": f"{day:%Y%m%d}_{away}_{home}",
        "nba_game_id": f"00221{day:%m%d}0",
        "game_date": day,
        "season_year": 2021,
        "season_type": "regular_season",
        "game_status": 3 if day < NIGHT else 1,
        "away_team_abbr": away,
        "home_team_abbr": home,
        **known,
    }


def result(day: date, team: str, margin: int, **known: Any) -> Row:
    return {
        "game_date": day,
        "game_id": f"{day:%Y%m%d}_{team}",
        "season_year": 2021,
        "team_abbr": team,
        "margin_of_victory": margin,
        "win_flag": margin > 0,
        "pace": 100.0,
        **known,
    }


def line(at: datetime, point: float, label: str = "", book: str = "fanduel", **known: Any) -> Row:
    return {
        "game_id": f"{NIGHT:%Y%m%d}_CHI_LAL",
        "game_date": NIGHT,
        "market_key": "spreads",
        "outcome_name": "CHI",
        "bookmaker_key": book,
        "snapshot_at": at,
        "known_at": at,
        "snapshot_label": label,
        "outcome_point": point,
        **known,
    }


def november(day: int) -> date:
    return date(2021, 11, day)


TONIGHT = game(NIGHT, "CHI", "LAL", scheduled_start=datetime(2021, 11, 16, 3, 30, tzinfo=UTC))


@pytest.fixture
def chicago(league_of):
    """Makes Chicago's row on a night at the Lakers'."""

    def build(*schedule: Row, team: str = "CHI", tonight: Row = TONIGHT, **tables: Any) -> Row:
        league = league_of(nbac_schedule=sorted([*schedule, tonight], key=_key), **tables)
        return next(row for row in league.context(TABLE, NIGHT) if row["team_abbr"] == team)

    return build


def _key(row: Row) -> Any:
    return row["game_date"], row["game_id"], row.get("revision", 1)


# Rest --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "rest", "back_to_back"), [(14, 0, True), (13, 1, False), (1, 13, False)]
)
def test_rest_is_counted_in_full_days_off(chicago, last, rest, back_to_back):
    row = chicago(game(november(last), "CHI", "LAC"))
    assert (row["team_days_rest"], row["days_since_last_game"]) == (rest, rest + 1)
    assert row["team_back_to_back"] is row["is_back_to_back"] is back_to_back


def test_nobody_is_rested_before_a_first_game(chicago):
    row = chicago()
    assert (row["team_days_rest"], row["days_since_last_game"]) == (None, None)
    assert (row["game_number_in_season"], row["team_back_to_back"]) == (1, False)


def test_a_window_of_seven_days_ends_yesterday_and_begins_a_week_ago(chicago):
    row = chicago(*(game(november(day), "CHI", "LAC") for day in (1, 7, 8, 14)))
    assert (row["games_in_last_7_days"], row["games_in_last_14_days"]) == (2, 4)


def test_a_game_that_is_not_over_counts_for_rest_and_not_for_form(chicago):
    row = chicago(game(november(14), "CHI", "LAC", game_status=2))
    assert (row["team_days_rest"], row["last_game_result"]) == (0, None)


def test_a_postponed_game_was_no_game(chicago):
    row = chicago(game(november(14), "CHI", "LAC", game_status=1, was_postponed=True))
    assert row["team_days_rest"] is None


def test_a_game_that_was_moved_here_and_played_was_one(chicago):
    row = chicago(game(november(14), "CHI", "LAC", was_postponed=True))
    assert row["team_days_rest"] == 0


def test_last_season_is_long_ago(chicago):
    row = chicago(game(date(2021, 10, 3), "CHI", "LAC", season_year=2020))
    assert row["game_number_in_season"] == 1


# Travel ------------------------------------------------------------------------------------------


def test_coming_home_is_travel_too(chicago):
    row = chicago(game(november(13), "LAL", "BOS"), team="LAL")
    assert (row["travel_miles"], row["consecutive_road_games"]) == (2592, 0)


def test_two_teams_of_one_arena_do_not_travel(chicago):
    row = chicago(game(november(14), "CHI", "LAC"))
    assert (row["travel_miles"], row["time_zone_changes"]) == (0, 0)
    assert row["travel_direction"] == "neutral"


def test_nobody_knows_where_a_team_came_from_to_its_first_game(chicago):
    row = chicago()
    assert (row["travel_miles"], row["miles_traveled_last_14_days"]) == (None, None)


def test_flying_east_counts_one_and_a_half_times(chicago):
    row = chicago(game(november(13), "LAL", "BOS"), team="LAL")
    west = (row["travel_direction"], row["time_zone_changes"], row["jet_lag_factor"])
    east_bound = game(NIGHT, "LAL", "BOS")
    row = chicago(game(november(13), "CHI", "LAL"), team="LAL", tonight=east_bound)
    east = (row["travel_direction"], row["time_zone_changes"], row["jet_lag_factor"])
    assert (west, east) == (("west", 3, 3.0), ("east", 3, 4.5))


def test_a_neutral_site_is_where_it_is(chicago):
    mexico = game(november(13), "CHI", "LAL", arena_city="Mexico City", is_neutral_site=True)
    assert chicago(mexico)["travel_miles"] == 1543


def test_a_neutral_site_nobody_knows_is_nowhere(chicago):
    nowhere = game(november(13), "CHI", "LAL", arena_city="Springfield", is_neutral_site=True)
    assert chicago(nowhere)["travel_miles"] is None


def test_a_way_counts_for_two_weeks_when_both_its_games_lie_in_them(chicago):
    row = chicago(
        game(date(2021, 10, 31), "CHI", "BOS"),
        game(november(1), "CHI", "POR"),
        game(november(14), "CHI", "LAC"),
    )
    expected = miles(home_arena("POR", 2021), home_arena("LAC", 2021))
    assert row["miles_traveled_last_14_days"] == expected


def test_tonight_counts_as_a_road_game(chicago):
    row = chicago(
        game(november(10), "CHI", "POR"),
        game(november(11), "LAC", "CHI"),
        game(november(13), "CHI", "GSW"),
    )
    assert row["consecutive_road_games"] == 2


# Form --------------------------------------------------------------------------------------------


def test_a_streak_is_counted_back_to_the_last_other_result(chicago):
    margins = {10: -4, 11: 3, 12: 20, 13: 1}
    row = chicago(
        team_offense_game_summary=[result(november(day), "CHI", m) for day, m in margins.items()]
    )
    assert (row["team_win_streak_entering"], row["team_loss_streak_entering"]) == (3, 0)
    assert (row["last_game_result"], row["last_game_margin"]) == ("W", 1)


def test_a_streak_of_losses_is_none_of_wins(chicago):
    lost = [result(november(day), "CHI", -1) for day in (12, 13)]
    row = chicago(team_offense_game_summary=lost)
    assert (row["team_win_streak_entering"], row["team_loss_streak_entering"]) == (0, 2)


def test_pace_is_the_mean_of_ten_games(chicago):
    paces = [90.0, *[100.0] * 5, *[101.0] * 5]
    played = [result(november(day), "CHI", 1, pace=p) for day, p in enumerate(paces, start=1)]
    assert chicago(team_offense_game_summary=played)["pace_last_10"] == 100.5


def test_free_throws_allowed_need_three_games(chicago):
    allowed = [
        {**result(november(day), "CHI", 1), "defending_team_abbr": "CHI"}
        | {"opp_ft_attempts": 20, "opp_fg_attempts": 80}
        for day in (11, 12, 13)
    ]
    few = chicago(team_defense_game_summary=allowed[1:])["ft_rate_allowed_last_10"]
    enough = chicago(team_defense_game_summary=allowed)["ft_rate_allowed_last_10"]
    assert (few, enough) == (None, 0.25)


def test_four_games_are_an_early_season(chicago):
    few = [game(november(day), "CHI", "LAC") for day in (8, 10, 12, 13)]
    row = chicago(*few)
    assert (row["early_season_flag"], row["insufficient_data_reason"]) == (
        True,
        "Only 4 games available, need 5",
    )
    assert chicago(game(november(7), "CHI", "LAC"), *few)["early_season_flag"] is False


def test_a_final_game_without_a_summary_makes_the_row_incomplete(chicago):
    row = chicago(game(november(13), "CHI", "LAC"))
    assert (row["l7d_completeness_pct"], row["is_production_ready"]) == (0.0, False)
    assert row["data_quality_issues"] == ["missing_game_2021-11-13"]


# Lines -------------------------------------------------------------------------------------------

NOON, TIP = datetime(2021, 11, 15, 17, tzinfo=UTC), datetime(2021, 11, 16, 3, 30, tzinfo=UTC)


def test_a_spread_is_read_from_the_team_s_own_side(chicago):
    lines = [line(NOON, 1.5), line(NOON, -1.5, outcome_name="LAL")]
    assert chicago(odds_api_game_lines=lines)["game_spread"] == 1.5
    assert chicago(odds_api_game_lines=lines, team="LAL")["game_spread"] == -1.5


def test_an_even_spread_is_a_spread(chicago):
    row = chicago(odds_api_game_lines=[line(NOON, 1.0, "opening"), line(TIP, 0.0)])
    assert (row["opening_spread"], row["game_spread"], row["spread_movement"]) == (1.0, 0.0, -1.0)


def test_the_line_at_tip_off_counts_and_a_later_one_does_not(chicago):
    late = line(TIP + timedelta(seconds=1), 9.5)
    row = chicago(odds_api_game_lines=[line(NOON, 1.5), line(TIP, 2.5), late])
    assert (row["game_spread"], row["spread_movement"]) == (2.5, 1.0)


def test_both_ends_of_a_movement_are_one_book_s(chicago):
    lines = [
        line(NOON - timedelta(hours=9), 7.5, book="caesars"),
        line(NOON, 1.5, book="draftkings"),
        line(NOON + timedelta(hours=1), 2.0, book="draftkings"),
        line(TIP, 3.5, book="fanduel"),
    ]
    row = chicago(odds_api_game_lines=sorted(lines, key=lambda row: row["snapshot_at"]))
    assert (row["game_spread_source"], row["game_spread"], row["spread_movement"]) == (
        "draftkings",
        2.0,
        0.5,
    )


def test_one_snapshot_is_no_opening_line(chicago):
    row = chicago(odds_api_game_lines=[line(TIP, 2.5, "closing")])
    assert (row["game_spread"], row["opening_spread"], row["spread_movement"]) == (2.5, None, None)


def test_an_opening_line_stands_in_for_a_closing_one_and_the_row_says_so(chicago):
    row = chicago(odds_api_game_lines=[line(NOON, 2.5, "opening")])
    assert (row["game_spread"], row["opening_spread"], row["spread_movement"]) == (2.5, 2.5, None)
    assert "opening_line_used" in row["quality_issues"]


def test_no_line_is_null_and_named(chicago):
    row = chicago()
    assert row["game_spread"] is row["game_total"] is None
    assert {"missing_game_spread", "missing_game_total"} <= set(row["quality_issues"])


# Absences ----------------------------------------------------------------------------------------


def test_only_starters_are_counted(chicago):
    absent = {"game_id": TONIGHT["game_id"], "game_date": NIGHT, "team_abbr": "CHI"}
    listed = [
        {**absent, "player_match_key": "a", "is_out": True, "is_regular_starter": True},
        {**absent, "player_match_key": "b", "is_out": True, "is_regular_starter": False},
        {**absent, "player_match_key": "c", "is_out": False, "is_regular_starter": True},
    ]
    move = {"game_date": NIGHT, "team_abbr": "CHI", "entry_kind": "move"}
    row = chicago(player_availability=listed, nbac_injury_report=[move])
    assert (row["starters_out_count"], row["has_injury_report"]) == (1, True)
    assert row["questionable_players_count"] is None


def test_questionable_and_doubtful_players_of_the_report_are_counted(chicago):
    absent = {"game_id": TONIGHT["game_id"], "game_date": NIGHT, "team_abbr": "CHI"}
    words = ("out", "doubtful", "questionable", "questionable", "probable", "available")
    listed = [
        {**absent, "player_match_key": str(at), "injury_status": word, "is_out": word == "out"}
        for at, word in enumerate(words)
    ]
    report = {"game_date": NIGHT, "team_abbr": "CHI", "entry_kind": "report"}
    row = chicago(player_availability=listed, nbac_injury_report=[report])
    assert (row["questionable_players_count"], row["has_injury_report"]) == (3, True)


def test_nothing_said_of_a_team_is_not_nobody_out(chicago):
    row = chicago()
    assert (row["starters_out_count"], row["has_injury_report"]) == (None, False)


# What comes next ---------------------------------------------------------------------------------


def test_the_next_game_is_looked_up_with_its_opponent_s_record(chicago):
    record = [result(november(day), "POR", margin) for day, margin in ((1, 5), (3, 5), (5, -5))]
    row = chicago(
        game(november(17), "CHI", "POR"),
        game(november(22), "IND", "CHI"),
        game(november(23), "CHI", "BOS"),
        team_offense_game_summary=record,
    )
    assert (row["next_opponent_team_abbr"], row["next_game_days_rest"]) == ("POR", 1)
    assert (row["games_in_next_7_days"], row["next_opponent_win_pct"]) == (2, 0.667)


def test_a_game_that_was_arranged_after_tip_off_is_not_known(chicago):
    row = chicago(game(november(17), "CHI", "POR", known_at=TIP + timedelta(seconds=1)))
    assert (row["next_opponent_team_abbr"], row["games_in_next_7_days"]) == (None, 0)


@pytest.mark.parametrize(("hours", "opponent"), [(-1, "BOS"), (1, "POR")])
def test_a_game_that_was_called_off_counts_until_that_is_known(chicago, hours, opponent):
    called_off = game(
        november(17),
        "CHI",
        "POR",
        revision=2,
        is_retracted=True,
        known_at=TIP + timedelta(hours=hours),
    )
    row = chicago(game(november(17), "CHI", "POR"), called_off, game(november(19), "CHI", "BOS"))
    assert row["next_opponent_team_abbr"] == opponent


# A recorded night --------------------------------------------------------------------------------

#: Team: days off, game number, games in 7 and 14 days, wins in a row (losses below 0), last
#: margin, miles tonight and in two weeks, spread and total at opening and at tip-off.
RECORDED = {
    "CHI": (0, 14, 4, 7, 1, 10, 0, 3136, 1.0, -2.0, 219.0, 216.0),
    "LAL": (0, 15, 4, 7, 1, 8, 0, 1654, -1.0, 2.0, 219.0, 216.0),
    "BOS": (1, 14, 3, 7, -1, -2, 0, 4529, -1.5, -4.0, 199.0, 199.0),
    "POR": (0, 15, 4, 8, -1, -29, 980, 6469, -1.5, -3.0, 212.5, 216.5),
    "TOR": (1, 15, 3, 7, -1, -6, 2108, 3702, 1.5, 3.0, 212.5, 216.5),
    "MIN": (1, 13, 4, 7, -1, -27, 1523, 4366, 3.0, 4.0, 223.0, 222.0),
}


@pytest.fixture(scope="module")
def night(autumn):
    """The engine's rows of the night, by team."""
    rows = {row["team_abbr"]: row for row in autumn.rows(TABLE.name, NIGHT)}
    assert len(rows) == 22
    return rows


@pytest.mark.parametrize("team", RECORDED)
def test_the_night_is_as_recorded(night, team):
    row = night[team]
    assert (
        row["team_days_rest"],
        row["game_number_in_season"],
        row["games_in_last_7_days"],
        row["games_in_last_14_days"],
        row["team_win_streak_entering"] - row["team_loss_streak_entering"],
        row["last_game_margin"],
        row["travel_miles"],
        row["miles_traveled_last_14_days"],
        row["opening_spread"],
        row["game_spread"],
        row["opening_total"],
        row["game_total"],
    ) == RECORDED[team]


@pytest.mark.parametrize(("team", "spread", "total"), [("CHI", -3.0, -3.0), ("LAL", 3.0, -3.0)])
def test_a_movement_is_closing_less_opening(night, team, spread, total):
    assert (night[team]["spread_movement"], night[team]["total_movement"]) == (spread, total)


@pytest.mark.parametrize(
    ("team", "pace", "rating"),
    [
        ("CHI", 99.35, 108.71),
        ("LAL", 102.86, 102.81),
        ("DEN", 98.15, 107.18),
        ("DAL", 99.67, 106.88),
    ],
)
def test_ten_games_of_form_are_as_recorded(night, team, pace, rating):
    assert (night[team]["pace_last_10"], night[team]["off_rating_last_10"]) == (pace, rating)


def test_miami_misses_two_starters(night):
    assert night["MIA"]["starters_out_count"] == 2


def test_both_rows_of_a_game_mirror_each_other(night):
    for row in night.values():
        other = night[row["opponent_team_abbr"]]
        assert row["game_spread"] == -other["game_spread"]
        assert row["game_total"] == other["game_total"]
        assert row["opponent_days_rest"] == other["team_days_rest"]
        assert row["opponent_pace_last_10"] == other["pace_last_10"]


# A recorded season -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def season(recorded):
    """Every row of the season."""
    rows = recorded.context(TABLE)
    assert len(rows) == 2 * 1323
    return rows


@pytest.fixture(scope="module")
def played(recorded):
    """Each team's games of the season: day, home team, opponent and margin, oldest first."""
    games = defaultdict(list)
    for day, home, away, home_score, away_score in recorded.sql(
        "select game_date, home_team_abbr, away_team_abbr, home_score, away_score "
        "from games order by 1"
    ):
        games[home].append((day, home, away, home_score - away_score))
        games[away].append((day, home, home, away_score - home_score))
    return games


def _by_hand(games: list[tuple[date, str, str, int]], today: date) -> Row:
    at = bisect_left([day for day, *_ in games], today)
    past, (_, here, *_) = games[:at], games[at]
    days = [day for day, *_ in past]
    apart = [(today - day).days for day in days]
    team_is_home = [other != home for _, home, other, _ in games[: at + 1]]
    away_run = 0
    for at_home in reversed(team_is_home):
        if at_home:
            break
        away_run += 1
    stops = [(day, home) for day, home, *_ in past if (today - day).days <= 14] + [(today, here)]
    run = 0
    for *_, margin in reversed(past):
        if (margin > 0) != (past[-1][3] > 0):
            break
        run += 1
    ways = [_way(a, b) for (_, a), (_, b) in itertools.pairwise(stops)]
    return {
        "team_days_rest": apart[-1] - 1 if past else None,
        "team_back_to_back": bool(past) and apart[-1] == 1,
        "game_number_in_season": len(past) + 1,
        "games_in_last_7_days": sum(days_ago <= 7 for days_ago in apart),
        "games_in_last_14_days": sum(days_ago <= 14 for days_ago in apart),
        "consecutive_road_games": away_run,
        "travel_miles": _way(past[-1][1], here) if past else None,
        "miles_traveled_last_14_days": sum(ways) if past else None,
        "team_win_streak_entering": run if past and past[-1][3] > 0 else 0,
        "team_loss_streak_entering": run if past and past[-1][3] < 0 else 0,
        "last_game_margin": past[-1][3] if past else None,
    }


def _way(start: str, end: str) -> int:
    return miles(home_arena(start, 2021), home_arena(end, 2021))


def test_every_row_of_the_season_is_what_a_loop_over_the_games_gives(season, played):
    for row in season:
        expected = _by_hand(played[row["team_abbr"]], row["game_date"])
        assert {name: row[name] for name in expected} == expected, row["game_id"]


def test_every_mean_of_the_season_is_what_a_loop_gives(recorded, season):
    pace = defaultdict(list)
    for row in recorded.tables["team_offense_game_summary"].to_pylist():
        pace[row["team_abbr"]].append((row["game_date"], Fraction(str(row["pace"]))))
    for row in season:
        last = [value for day, value in pace[row["team_abbr"]] if day < row["game_date"]][-10:]
        expected = round(sum(last) / len(last), 2) if last else None
        assert row["pace_last_10"] == (expected if expected is None else float(expected))


def test_everybody_has_rested_after_the_all_star_break(season):
    after = [row for row in season if row["game_date"] == date(2022, 2, 24)]
    assert {row["games_in_last_7_days"] for row in after} == {0, 1}
    assert min(row["team_days_rest"] for row in after) == 6


def test_chicago_rests_while_its_games_of_december_are_postponed(season):
    chicago = {row["game_date"]: row for row in season if row["team_abbr"] == "CHI"}
    assert chicago[date(2021, 12, 19)]["team_days_rest"] == 7
    assert chicago[date(2021, 12, 11)]["next_game_days_rest"] == 7


def test_two_games_have_only_an_opening_spread(season):
    told = {row["game_id"] for row in season if "opening_line_used" in row["quality_issues"]}
    assert {"20220224_DEN_SAC", "20220227_DEN_POR"} <= told


def test_every_next_game_of_the_season_is_what_a_loop_gives(season, played):
    """Moved games are known a week ahead, which is as far as the next game ever is."""
    for row in season:
        today, games = row["game_date"], played[row["team_abbr"]]
        coming = [(day, other) for day, _, other, _ in games if day > today]
        assert row["games_in_next_7_days"] == sum((day - today).days <= 7 for day, _ in coming)
        if coming:
            day, other = coming[0]
            margins = [margin for when, *_, margin in played[other] if when < today]
            won = sum(margin > 0 for margin in margins)
            assert row["next_opponent_team_abbr"] == other
            assert row["next_game_days_rest"] == (day - today).days - 1
            assert row["next_opponent_win_pct"] == (
                pytest.approx(won / len(margins), abs=5.1e-4) if margins else None
            )
        else:
            assert row["next_opponent_team_abbr"] is row["next_game_days_rest"] is None


NIGHTS = (date(2021, 10, 21), date(2021, 12, 19), date(2022, 2, 25), date(2022, 4, 12))


@pytest.mark.parametrize("day", NIGHTS)
def test_results_of_the_night_and_later_change_nothing(recorded, season, day):
    past = recorded.before(day, *RESULTS)
    schedule = past.tables["nbac_schedule"]
    told = pc.or_(pc.less(schedule["game_date"], pa.scalar(day)), pc.equal(schedule["revision"], 1))
    # When tonight's games begin is known; how they end is not.
    tips = schedule["scheduled_start"].combine_chunks()
    actual = recorded.tables["nbac_schedule"]["actual_tip_off"].combine_chunks()
    following = pa.concat_arrays([actual[1:], actual[:1]])
    place = schedule.column_names.index("scheduled_start")
    schedule = schedule.set_column(
        place, schedule.schema.field(place), pc.coalesce(tips, actual, following)
    ).filter(told)
    seen = past.having(nbac_schedule=schedule).context(TABLE, day)
    assert seen == [row for row in season if row["game_date"] == day]


@pytest.mark.parametrize("day", NIGHTS)
def test_a_night_is_the_same_alone_as_among_the_season(recorded, season, day):
    assert recorded.context(TABLE, day) == [row for row in season if row["game_date"] == day]
