"""Players before their games: a small team by hand, and recorded nights and seasons."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from nba_pipeline.domain.players import player_lookup
from nba_pipeline.tables.analytics import upcoming_team_game_context
from nba_pipeline.tables.analytics.upcoming_player_game_context import TABLE

NIGHT = date(2021, 11, 15)
TEAM = upcoming_team_game_context.TABLE

Row = dict[str, Any]


def november(day: int) -> date:
    return date(2021, 11, day)


def game(day: date, away: str = "CHI", home: str = "LAL", **known: Any) -> Row:
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


def played(day: date, name: str, team: str = "CHI", **line: Any) -> Row:
    return {
        "game_date": day,
        "game_id": f"{day:%Y%m%d}_{team}",
        "season_year": 2021,
        "player_lookup": name,
        "nba_player_id": sum(map(ord, name)),
        "team_abbr": team,
        "points": 20,
        "minutes_played": 30.0,
        "minutes": 30,
        "usage_rate": 20.0,
        **line,
    }


def out(name: str, team: str = "CHI", status: str = "out", **known: Any) -> Row:
    return {
        "game_id": f"{NIGHT:%Y%m%d}_CHI_LAL",
        "game_date": NIGHT,
        "team_abbr": team,
        "player_lookup": name,
        "player_match_key": name,
        "injury_status": status,
        "is_out": status == "out",
        "is_regular_starter": True,
        "reason": "placed on IL with a bad cold",
        **known,
    }


@pytest.fixture
def chicago(league_of):
    """Makes the rows of Chicago's players on a night at the Lakers', by name."""

    def build(
        *games: Row,
        tonight: Row | None = None,
        absent: tuple[Row, ...] = (),
        said: bool = True,
        props: tuple[Row, ...] = (),
        reports: tuple[Row, ...] = (),
        fixtures: tuple[Row, ...] = (),
    ) -> dict[str, Row]:
        lines = sorted(games, key=lambda row: (row["game_date"], row["player_lookup"]))
        moves = [{"game_date": november(1), "team_abbr": "CHI", "entry_kind": "move"}]
        tonight = tonight or game(NIGHT)
        league = league_of(
            nbac_schedule=[tonight, *fixtures],
            nbac_player_boxscores=lines,
            player_game_summary=lines,
            player_availability=absent,
            nbac_injury_report=[*(moves if said else []), *reports],
            odds_api_player_points_props=props,
        )
        day = tonight["game_date"]
        teams = league.context(TEAM, day)
        rows = league.having(upcoming_team_game_context=teams).context(TABLE, day)
        return {row["player_lookup"]: row for row in rows if row["team_abbr"] == "CHI"}

    return build


# Who is expected ---------------------------------------------------------------------------------


def test_nobody_is_expected_at_a_season_s_first_game(chicago):
    assert chicago() == {}


def test_who_plays_tonight_for_the_first_time_is_not_expected(chicago):
    assert set(chicago(played(november(14), "anna"), played(NIGHT, "berta"))) == {"anna"}


def test_a_player_is_with_the_team_of_his_last_game(chicago):
    rows = chicago(
        played(november(10), "anna"),
        played(november(12), "anna", "BOS"),
        played(november(10), "berta", "BOS"),
        played(november(12), "berta"),
    )
    assert set(rows) == {"berta"}


@pytest.mark.parametrize(("missed", "expected"), [(9, True), (10, False)])
def test_a_player_is_expected_until_he_misses_ten_games(chicago, missed, expected):
    since = [played(november(2 + number), "anna") for number in range(missed)]
    assert ("berta" in chicago(played(november(1), "berta"), *since)) is expected


def test_who_is_out_keeps_his_row(chicago):
    rows = chicago(
        played(november(14), "anna"), played(november(14), "berta"), absent=(out("anna"),)
    )
    told = {name: (row["player_status"], row["injury_report"]) for name, row in rows.items()}
    assert told == {
        "anna": ("out", "placed on IL with a bad cold"),
        "berta": ("available", None),
    }


def test_who_has_come_back_is_available(chicago):
    row = chicago(played(november(14), "anna"), absent=(out("anna", status="available"),))["anna"]
    assert (row["player_status"], row["injury_report"]) == ("available", None)


def test_without_a_source_nobody_is_called_available(chicago):
    row = chicago(played(november(14), "anna"), said=False)["anna"]
    assert row["player_status"] is row["star_teammates_out"] is row["projected_usage_rate"] is None


def report(at: datetime) -> Row:
    """A line of the league's report on tonight's game, about somebody of Chicago's."""
    moment = {"reported_at": at, "known_at": at, "game_date": NIGHT}
    return {**moment, "team_abbr": "CHI", "entry_kind": "report"}


AT_NOON = datetime(2021, 11, 15, 17, tzinfo=UTC)
AT_MIDNIGHT = datetime(2021, 11, 16, 5, tzinfo=UTC)

TEAMMATES = tuple(played(november(14), name) for name in ("anna", "berta", "clara", "dora"))


def test_a_status_of_the_report_is_told_with_its_reason(chicago):
    doubtful = out("anna", status="doubtful", reason="Injury/Illness - Left Knee; Soreness")
    row = chicago(*TEAMMATES, absent=(doubtful,), reports=(report(AT_NOON),))["anna"]
    assert row["player_status"] == "doubtful"
    assert row["injury_report"] == "Injury/Illness - Left Knee; Soreness"


def test_teammates_in_doubt_are_counted_without_himself(chicago):
    listed = (
        out("anna", status="questionable"),
        out("berta", status="questionable"),
        out("clara", status="probable"),
    )
    rows = chicago(*TEAMMATES, absent=listed, reports=(report(AT_NOON),))
    told = {n: (r["questionable_teammates"], r["probable_teammates"]) for n, r in rows.items()}
    assert told == {"anna": (1, 1), "berta": (1, 1), "clara": (2, 0), "dora": (2, 1)}


def test_moves_say_nothing_of_doubts(chicago):
    row = chicago(*TEAMMATES, absent=(out("anna"),))["berta"]
    assert row["questionable_teammates"] is row["probable_teammates"] is None


def test_a_report_after_tip_off_is_no_word_on_the_team(chicago):
    row = chicago(*TEAMMATES, said=False, reports=(report(AT_MIDNIGHT),))["anna"]
    assert row["player_status"] is row["questionable_teammates"] is None


@pytest.mark.parametrize(
    ("status", "stars"), [("out", 1), ("doubtful", 1), ("questionable", 0), ("available", 0)]
)
def test_a_star_who_is_doubtful_counts_as_missing(chicago, status, stars):
    games = [played(november(day), name) for day in range(1, 13) for name in ("anna", "berta")]
    listed = (out("anna", status=status),)
    row = chicago(*games, absent=listed, reports=(report(AT_NOON),))["berta"]
    assert row["star_teammates_out"] == stars


# What comes next ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [True, False, None])
def test_the_next_game_s_broadcast_is_known_with_the_fixture(chicago, shown):
    following = game(november(17), away="LAL", home="CHI", has_national_tv=shown)
    rows = chicago(played(november(14), "anna"), fixtures=(following,))
    assert rows["anna"]["next_game_is_primetime"] is shown


# Rest and load -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "rest", "back_to_back"), [(14, 0, True), (13, 1, False)])
def test_rest_is_counted_in_full_days_off(chicago, last, rest, back_to_back):
    row = chicago(played(november(last), "anna"))["anna"]
    assert (row["days_rest"], row["back_to_back"]) == (rest, back_to_back)


def test_rest_before_earlier_games_is_remembered(chicago):
    days = (1, 4, 6, 7, 13)
    row = chicago(*(played(november(day), "anna") for day in days))["anna"]
    assert (row["days_rest_before_last_game"], row["days_since_2_plus_days_rest"]) == (5, 2)
    row = chicago(*(played(november(day), "anna") for day in days[:4]))["anna"]
    assert (row["days_rest_before_last_game"], row["days_since_2_plus_days_rest"]) == (0, 11)


def test_nothing_is_said_of_rest_before_a_first_game(chicago):
    row = chicago(played(november(13), "anna"))["anna"]
    assert row["days_rest_before_last_game"] is row["days_since_2_plus_days_rest"] is None


@pytest.mark.parametrize(("days", "pairs"), [((1, 2), 1), ((2, 3, 4), 2), ((13, 14), 1)])
def test_back_to_backs_are_counted_over_two_weeks_without_tonight(chicago, days, pairs):
    row = chicago(
        played(date(2021, 10, 31), "anna"), *(played(november(day), "anna") for day in days)
    )["anna"]
    assert row["back_to_backs_last_14_days"] == pairs


def test_minutes_of_the_last_week_begin_seven_days_ago(chicago):
    row = chicago(
        played(november(1), "anna", minutes_played=10.5),
        played(november(7), "anna", minutes_played=20.2),
        played(november(8), "anna", minutes_played=30.1),
        played(november(13), "anna", minutes_played=33.4),
    )["anna"]
    assert (row["games_in_last_7_days"], row["games_in_last_14_days"]) == (2, 4)
    assert (row["minutes_in_last_7_days"], row["minutes_in_last_14_days"]) == (63.5, 94.2)
    assert row["avg_minutes_per_game_last_7"] == 31.75


def test_a_week_off_has_no_minutes_and_no_mean(chicago):
    row = chicago(played(november(7), "anna"))["anna"]
    assert (row["minutes_in_last_7_days"], row["avg_minutes_per_game_last_7"]) == (0.0, None)


def test_fourth_quarters_are_unknown_when_one_game_has_no_plays(chicago):
    known = [played(november(d), "anna", fourth_quarter_seconds=400 + d) for d in (11, 12)]
    assert chicago(*known)["anna"]["fourth_quarter_minutes_last_7"] == 13.72
    row = chicago(*known, played(november(13), "anna"))["anna"]
    assert row["fourth_quarter_minutes_last_7"] is None


def test_a_week_off_has_no_fourth_quarters_unless_nobody_counts_them(chicago):
    counted = chicago(played(november(1), "anna", fourth_quarter_seconds=400))["anna"]
    uncounted = chicago(played(november(1), "anna"))["anna"]
    assert counted["fourth_quarter_minutes_last_7"] == 0.0
    assert uncounted["fourth_quarter_minutes_last_7"] is None


# Form and role -----------------------------------------------------------------------------------


def test_a_game_without_a_point_is_an_average_of_zero(chicago):
    assert chicago(played(november(13), "anna", points=0))["anna"]["points_avg_last_5"] == 0.0


def test_averages_run_over_the_games_he_played(chicago):
    points = [50, 10, 11, 12, 13, 14]
    row = chicago(
        *(played(november(day), "anna", points=p) for day, p in enumerate(points, start=1))
    )["anna"]
    assert (row["points_avg_last_5"], row["points_avg_last_10"]) == (12.0, 18.3)
    assert (row["l5_games_used"], row["l10_games_used"]) == (5, 6)
    assert (row["l5_sample_quality"], row["l10_sample_quality"]) == ("excellent", "limited")


def test_shooting_of_late_is_held_against_the_season_s(chicago):
    lines = [(8, 10), *[(4, 10)] * 5]
    row = chicago(
        *(
            played(november(day), "anna", fg_makes=makes, fg_attempts=attempts)
            for day, (makes, attempts) in enumerate(lines, start=1)
        )
    )["anna"]
    assert row["shooting_pct_decline_last_5"] == -0.067


def test_usage_is_the_mean_of_seven_games_where_it_is_known(chicago):
    usage = [40.0, *[20.0] * 5, None, 26.0]
    row = chicago(
        *(played(november(day), "anna", usage_rate=u) for day, u in enumerate(usage, start=1))
    )["anna"]
    assert row["avg_usage_rate_last_7_games"] == 21.0


@pytest.fixture
def five():
    """A week of games of five players: (usage, minutes, points) each."""
    lines = {
        "anna": (30.0, 36.0, 25),
        "berta": (20.0, 30.0, 12),
        "clara": (20.0, 24.0, 8),
        "dora": (15.0, 12.0, 4),
        "emma": (25.0, 8.0, 3),
    }
    return [
        played(november(day), name, usage_rate=usage, minutes_played=minutes, points=points)
        for name, (usage, minutes, points) in lines.items()
        for day in range(1, 11)
    ]


def test_usage_stays_as_it_is_while_everybody_plays(chicago, five):
    rows = chicago(*five).values()
    assert {row["projected_usage_rate"] - row["avg_usage_rate_last_7_games"] for row in rows} == {0}


def test_usage_of_who_is_out_goes_to_the_others_by_their_share(chicago, five):
    rows = chicago(*five, absent=(out("clara"),))
    given_up, others = 20 * 24 / 48, 30 * 36 + 20 * 30 + 15 * 12 + 25 * 8
    expected = {
        "anna": round(30 + given_up * 30 * 36 / others, 2),
        "berta": round(20 + given_up * 20 * 30 / others, 2),
        "clara": None,
        "dora": round(15 + given_up * 15 * 12 / others, 2),
        "emma": round(25 + given_up * 25 * 8 / others, 2),
    }
    assert {name: row["projected_usage_rate"] for name, row in rows.items()} == expected


def test_nobody_takes_over_more_than_six_points(chicago, five):
    row = chicago(*five, absent=(out("berta"), out("clara"), out("dora")))["anna"]
    assert row["projected_usage_rate"] == 36.0


def test_who_hardly_plays_leaves_nothing_behind(chicago, five):
    row = chicago(*five, absent=(out("emma"),))["anna"]
    assert row["projected_usage_rate"] == 30.0


def test_a_teammate_who_has_left_for_another_team_is_no_teammate(chicago, five):
    row = chicago(*five, played(november(12), "berta", "BOS"), absent=(out("dora"),))["anna"]
    given_up, others = 15 * 12 / 48, 30 * 36 + 20 * 24 + 25 * 8
    assert row["projected_usage_rate"] == round(30 + given_up * 30 * 36 / others, 2)


def test_a_star_is_missed_by_his_teammates_and_not_by_himself(chicago, five):
    rows = chicago(*five, absent=(out("anna"), out("berta"), out("clara")))
    stars = {name: row["star_teammates_out"] for name, row in rows.items()}
    assert stars == {"anna": 1, "berta": 1, "clara": 2, "dora": 2, "emma": 2}


def test_a_star_has_ten_games_behind_him(chicago, five):
    nine = [row for row in five if row["game_date"] > november(1)]
    assert chicago(*nine, absent=(out("anna"),))["dora"]["star_teammates_out"] == 0


def test_a_star_s_form_is_that_of_ten_days(chicago, five):
    cold = [
        {**row, "points": 5}
        if row["player_lookup"] == "anna" and row["game_date"] >= november(5)
        else row
        for row in five
    ]
    assert chicago(*cold, absent=(out("anna"),))["dora"]["star_teammates_out"] == 0


# Occasion ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "kind", "phase"),
    [
        (11, "regular_season", "early"),
        (12, "cup_final", "mid"),
        (3, "regular_season", "late"),
        (4, "play_in", "late"),
        (4, "playoffs", "playoffs"),
    ],
)
def test_the_schedule_says_what_phase_it_is(chicago, month, kind, phase):
    day = date(2021 if month > 9 else 2022, month, 15)
    line = played(date(2021, 11, 1), "anna")
    row = chicago(line, tonight=game(day, season_type=kind))["anna"]
    assert row["season_phase"] == phase


@pytest.mark.parametrize(
    ("home", "known", "text"),
    [
        ("LAL", {}, "7:30 PM PT"),
        ("PHX", {}, "8:30 PM MT"),
        ("BOS", {}, "10:30 PM ET"),
        ("SAS", {"arena_city": "Paris", "is_neutral_site": True}, "4:30 AM CET"),
    ],
)
def test_a_game_starts_by_the_clock_of_its_venue(chicago, home, known, text):
    tonight = game(NIGHT, home=home, scheduled_start=datetime(2021, 11, 16, 3, 30, tzinfo=UTC))
    row = chicago(played(november(14), "anna"), tonight={**tonight, **known})["anna"]
    assert row["game_start_time_local"] == text


def test_a_start_that_was_not_scheduled_is_not_invented(chicago):
    assert chicago(played(november(14), "anna"))["anna"]["game_start_time_local"] is None


def test_what_no_source_tells_is_null(chicago):
    row = chicago(played(november(14), "anna"))["anna"]
    unknown = (
        "current_points_line",
        "opening_points_line",
        "prop_over_streak",
        "player_age",
        "questionable_teammates",
        "spread_public_betting_pct",
        "next_game_is_primetime",
    )
    assert {row[name] for name in unknown} == {None}


# Points props ------------------------------------------------------------------------------------


def prop(line: float, hours: float = 1, name: str = "anna", **known: Any) -> Row:
    """A bookmaker's line, so many hours before tip-off at 19:00 Eastern."""
    moment = datetime(2021, 11, 16, tzinfo=UTC) - timedelta(hours=hours)
    return {
        "game_id": f"{NIGHT:%Y%m%d}_CHI_LAL",
        "game_date": NIGHT,
        "player_lookup": name,
        "bookmaker": "draftkings",
        "snapshot_timestamp": moment,
        "snapshot_tag": moment.isoformat(),
        "points_line": line,
        "is_main_line": True,
        "known_at": moment,
        **known,
    }


def test_a_line_is_the_newest_and_moved_since_the_oldest_of_the_same_book(chicago):
    props = prop(22.5, 5), prop(20.5, 9), prop(24.5, 2), prop(30.5, 1, bookmaker="zebra")
    row = chicago(played(november(14), "anna"), props=props)["anna"]
    assert row["has_prop_line"]
    assert (row["current_points_line"], row["opening_points_line"]) == (24.5, 20.5)
    assert row["line_movement"] == 4.0
    assert {row["current_points_line_source"], row["opening_points_line_source"]} == {"draftkings"}


def test_one_look_at_a_line_has_no_opening(chicago):
    row = chicago(played(november(14), "anna"), props=(prop(22.5),))["anna"]
    assert row["current_points_line"] == 22.5
    assert {row["opening_points_line"], row["line_movement"]} == {None}
    assert row["opening_points_line_source"] is None


@pytest.mark.parametrize(("hours", "line"), [(-0.1, 20.5), (0, 30.5)])
def test_a_line_counts_until_tip_off_itself_and_no_longer(chicago, hours, line):
    row = chicago(played(november(14), "anna"), props=(prop(20.5, 3), prop(30.5, hours)))["anna"]
    assert row["current_points_line"] == line


def test_alternate_lines_are_left_alone(chicago):
    props = (prop(20.5), prop(10.5, is_main_line=False))
    assert chicago(played(november(14), "anna"), props=props)["anna"]["current_points_line"] == 20.5


def test_a_line_finds_its_player_by_id_before_name(chicago):
    props = prop(20.5, name="annie", nba_player_id=7), prop(30.5)
    row = chicago(played(november(14), "anna", nba_player_id=7), props=props)["anna"]
    assert row["current_points_line"] == 20.5


def test_who_has_no_line_is_told_apart_from_zero(chicago):
    row = chicago(played(november(14), "anna"), props=(prop(20.5, name="berta"),))["anna"]
    assert not row["has_prop_line"]
    assert (row["prop_over_streak"], row["prop_under_streak"]) == (None, None)


@pytest.mark.parametrize(
    ("points", "over", "under"),
    [
        ((10, 25, 30), 2, 0),
        ((30, 10, 12), 0, 2),
        ((10, 25, 20, 30), 2, 0),
        ((20, 20), 0, 0),
    ],
)
def test_games_on_the_line_neither_count_nor_end_a_streak(chicago, points, over, under):
    games = [played(november(5 + at), "anna", points=each) for at, each in enumerate(points)]
    row = chicago(*games, props=(prop(20.0),))["anna"]
    assert (row["prop_over_streak"], row["prop_under_streak"]) == (over, under)


# A recorded night --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def night(autumn):
    """The engine's rows of 2021-11-15, by name."""
    return {row["player_lookup"]: row for row in autumn.rows(TABLE.name, NIGHT)}


def test_the_night_has_as_many_players_as_counted(night):
    assert len(night) == 329
    assert sum(row["player_status"] == "out" for row in night.values()) == 31


#: Games in 7 and 14 days, minutes in them (means of stored minutes differ by the rounding of
#: halves), points of 5 and 10 games, fourth quarter and clutch minutes.
RECORDED = {
    "demarderozan": (4, 7, 145.0, 250.2, 24.6, 27.5, 36.27, 6.87),
    "traeyoung": (4, 8, 131.7, 278.0, 31.6, 25.4, 27.92, 4.38),
    "anthonydavis": (4, 7, 158.8, 236.1, 22.8, 23.1, 27.83, 24.40),
    "nikolajokic": (3, 6, 96.9, 201.4, 27.4, 24.5, 13.65, 14.87),
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_night_is_as_recorded(night, name):
    row, (week, fortnight, minutes_7, minutes_14, *form) = night[name], RECORDED[name]
    assert (row["games_in_last_7_days"], row["games_in_last_14_days"]) == (week, fortnight)
    assert row["minutes_in_last_7_days"] == pytest.approx(minutes_7, abs=0.21)
    assert row["minutes_in_last_14_days"] == pytest.approx(minutes_14, abs=0.21)
    assert form == [
        row["points_avg_last_5"],
        row["points_avg_last_10"],
        row["fourth_quarter_minutes_last_7"],
        row["clutch_minutes_last_7_games"],
    ]


def test_de_rozan_carries_more_without_two_starters(night):
    row = night["demarderozan"]
    assert row["avg_usage_rate_last_7_games"] == 29.59
    assert row["projected_usage_rate"] > 32
    assert (row["back_to_back"], row["days_rest"], row["star_teammates_out"]) == (True, 0, 1)


def test_the_pace_of_both_teams_is_compared(night):
    row = night["demarderozan"]
    assert (row["opponent_pace_last_10"], row["pace_differential"]) == (102.86, -3.51)


def test_a_player_s_lines_are_those_of_his_team(autumn, night):
    teams = {row["team_abbr"]: row for row in autumn.rows(TEAM.name, NIGHT)}
    shared = ("game_spread", "opening_total", "travel_miles", "games_in_next_7_days")
    for row in night.values():
        own, other = teams[row["team_abbr"]], teams[row["opponent_team_abbr"]]
        assert [row[name] for name in shared] == [own[name] for name in shared]
        assert row["opponent_def_rating_last_10"] == other["def_rating_last_10"]
        assert row["opponent_ft_rate_allowed"] == other["ft_rate_allowed_last_10"]
        assert row["opponent_days_rest"] == other["team_days_rest"]


def test_everybody_of_the_night_is_complete(night):
    assert {row["is_production_ready"] for row in night.values()} == {True}


# A recorded season -------------------------------------------------------------------------------

#: Dates looked at: the first and second nights, postponements, before, at and after the trade of
#: James Harden, the All-Star break, the play-in and the play-offs.
DATES = (
    date(2021, 10, 19),
    date(2021, 10, 22),
    date(2021, 12, 19),
    date(2022, 2, 8),
    date(2022, 2, 12),
    date(2022, 2, 24),
    date(2022, 2, 26),
    date(2022, 2, 27),
    date(2022, 3, 15),
    date(2022, 4, 12),
    date(2022, 6, 16),
)


@pytest.fixture(scope="module")
def league(recorded):
    """The recorded season with its team contexts of those dates."""
    teams = recorded.context(TEAM, *DATES)
    return recorded.having(upcoming_team_game_context=teams)


@pytest.fixture(scope="module")
def season(league):
    """Rows of those dates, by date and name."""
    return {(row["game_date"], row["player_lookup"]): row for row in league.context(TABLE, *DATES)}


@pytest.fixture(scope="module")
def box(recorded):
    """Each player's games of the season: day, team, minutes, points; oldest first."""
    games = defaultdict(list)
    for name, *line in recorded.sql(
        "select player_name, game_date, team_abbr, minutes, pts from box order by game_date"
    ):
        games[player_lookup(name)].append(line)
    return games


def _by_hand(games: list[list[Any]], today: date) -> Row:
    past = [line for line in games if line[0] < today]
    days, points = [line[0] for line in past], [line[3] for line in past]
    week = [line[2] for line in past if (today - line[0]).days <= 7]
    fortnight = [line for line in past if (today - line[0]).days <= 14]
    gaps = [(later - first).days - 1 for first, later in itertools.pairwise(days)]
    recent = [line[0] for line in fortnight]
    rested = [day for day, gap in zip(days[1:], gaps, strict=True) if gap >= 2]
    return {
        "team_abbr": past[-1][1],
        "days_rest": (today - days[-1]).days - 1,
        "back_to_back": (today - days[-1]).days == 1,
        "days_rest_before_last_game": gaps[-1] if gaps else None,
        "days_since_2_plus_days_rest": (today - rested[-1]).days if rested else None,
        "games_in_last_7_days": len(week),
        "games_in_last_14_days": len(fortnight),
        "minutes_in_last_7_days": float(sum(week)),
        "minutes_in_last_14_days": float(sum(line[2] for line in fortnight)),
        "avg_minutes_per_game_last_7": round(sum(week) / len(week), 2) if week else None,
        "back_to_backs_last_14_days": sum(
            (later - first).days == 1 for first, later in itertools.pairwise(recent)
        ),
        "points_avg_last_5": round(sum(points[-5:]) / len(points[-5:]), 1),
        "points_avg_last_10": round(sum(points[-10:]) / len(points[-10:]), 1),
        "l10_games_used": min(len(points), 10),
    }


def test_every_row_is_what_a_loop_over_a_player_s_games_gives(season, box):
    for (day, name), row in season.items():
        expected = _by_hand(box[name], day)
        assert {column: row[column] for column in expected} == expected, (day, name)


@pytest.mark.parametrize("day", DATES)
def test_a_date_has_everybody_who_played_for_a_team_of_late(recorded, season, box, day):
    lines = defaultdict(set)
    for games in box.values():
        for when, team, *_ in games:
            if when < day:
                lines[team].add(when)
    tonight = {
        team
        for row in recorded.sql(
            "select home_team_abbr, away_team_abbr from games where game_date = $day", day=day
        )
        for team in row
    }
    expected = set()
    for name, games in box.items():
        past = [line for line in games if line[0] < day]
        if past and past[-1][1] in tonight:
            since = sorted(lines[past[-1][1]])[-10:]
            if past[-1][0] >= since[0]:
                expected.add(name)
    assert {name for when, name in season if when == day} == expected


@pytest.mark.parametrize("name", ["stephencurry", "jaysontatum", "alhorford"])
def test_three_players_of_the_finals_are_as_the_files_have_them(recorded, season, name):
    found = {
        player_lookup(player): figures
        for player, *figures in recorded.sql(
            """
            with past as (
                select *, row_number() over (partition by player_id order by game_date desc) as back
                from box where game_date < $day
            )
            select player_name, count(*) filter ($day - game_date <= 7),
                count(*) filter ($day - game_date <= 14),
                sum(minutes) filter ($day - game_date <= 7),
                $day - max(game_date) - 1, avg(pts) filter (back <= 5), avg(pts) filter (back <= 10)
            from past group by all
            """,
            day=date(2022, 6, 16),
        )
    }[name]
    row = season[date(2022, 6, 16), name]
    assert [
        row["games_in_last_7_days"],
        row["games_in_last_14_days"],
        row["minutes_in_last_7_days"],
        row["days_rest"],
        row["points_avg_last_5"],
        row["points_avg_last_10"],
    ] == pytest.approx(found, abs=1e-9)


def test_harden_is_brooklyn_s_until_he_plays_for_philadelphia(season):
    teams = {day: row["team_abbr"] for (day, name), row in season.items() if name == "jamesharden"}
    assert teams == {
        date(2021, 10, 22): "BKN",
        date(2022, 2, 8): "BKN",
        date(2022, 2, 12): "BKN",
        date(2022, 2, 24): "BKN",
        date(2022, 2, 27): "PHI",
    }
    assert season[date(2022, 2, 24), "jamesharden"]["days_rest"] == 21
    assert season[date(2022, 2, 27), "jamesharden"]["days_rest"] == 1


def test_nobody_is_expected_on_opening_night(season):
    assert not [name for day, name in season if day == date(2021, 10, 19)]


def test_nobody_has_played_in_the_week_of_the_all_star_break(season):
    rows = [row for (day, _), row in season.items() if day == date(2022, 2, 24)]
    assert not any(row["back_to_back"] for row in rows)
    assert max(row["games_in_last_7_days"] for row in rows) == 1


@pytest.mark.parametrize("day", [date(2021, 12, 19), date(2022, 2, 27), date(2022, 4, 12)])
def test_results_of_the_night_and_later_change_nothing(league, season, day):
    past = league.before(day, "nbac_player_boxscores", "player_game_summary")
    past = past.before(day, "team_offense_game_summary", "team_defense_game_summary")
    seen = past.context(TABLE, day)
    assert seen == [row for (when, _), row in season.items() if when == day]


@pytest.mark.parametrize(
    ("season_file", "day", "players"),
    [
        ("2021_22", date(2021, 11, 15), 329),
        ("2021_22", date(2022, 3, 15), 115),
        ("2021_22", date(2022, 6, 16), 29),
        ("2024_25", date(2024, 12, 1), 302),
    ],
)
def test_as_many_are_expected_as_counted(season_files, season_file, day, players):
    year = int(season_file[:4])
    games = duckdb.sql(
        f"select game_date, {year} as season_year, game_id, game_id as nba_game_id, "
        f"away_team_abbr, home_team_abbr, 1 as game_status, "
        f"null::timestamp as scheduled_start, null::timestamp as actual_tip_off "
        f"from '{season_files}/schedule_{season_file}.parquet' where game_date = '{day}'"
    ).fetchnumpy()
    lines = duckdb.sql(
        f"select game_date, {year} as season_year, team_abbr, player_name as player_lookup, "
        f"player_id as nba_player_id "
        f"from '{season_files}/player_box_{season_file}*.parquet'"
    ).fetchnumpy()
    inputs = {"games": games, "raw": lines}
    for found in inputs.values():
        found["game_date"] = found["game_date"].astype("datetime64[D]")
    expected = TABLE.cells({name: dict(found) for name, found in inputs.items()})
    assert len(set(expected["player_lookup"].tolist())) == len(expected["roster"]) == players
