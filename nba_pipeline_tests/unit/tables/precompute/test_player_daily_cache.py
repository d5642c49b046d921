"""The daily cache: what is known of a player's form, role and load before the day's games."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from statistics import stdev
from typing import Any

import pytest

from nba_pipeline.engine.materialize import materialize
from nba_pipeline.tables.precompute.player_daily_cache import TABLE

DAY = date(2021, 11, 15)
NIGHTS = (date(2021, 11, 3), date(2021, 11, 8), DAY)
SEASON = 2021

Row = dict[str, Any]

TONIGHT: Row = {
    "player_lookup": "demarderozan",
    "game_date": DAY,
    "team_abbr": "CHI",
    "season_year": SEASON,
}


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def games(*points: int, **known: Any) -> list[Row]:
    """His games of the last days, the newest first, one a day up to yesterday."""
    return [
        {
            "player_lookup": "demarderozan",
            "season_year": SEASON,
            "game_date": ago(number),
            "is_active": True,
            "points": scored,
            "minutes_played": 30.0,
            **known,
        }
        for number, scored in enumerate(points, start=1)
    ]


@pytest.fixture
def cached(seen_by: Callable[..., Any]) -> Callable[..., Row]:
    """The row of the only player of the night."""

    def row(*summaries: Row, **inputs: Any) -> Row:
        (found,) = seen_by(TABLE, tonight=[TONIGHT], summaries=list(summaries), **inputs).rows
        return found

    return row


# Form --------------------------------------------------------------------------------------------


def test_form_is_the_mean_of_the_newest_games(cached):
    row = cached(*games(30, 20, 25, 15, 10, 20, 20, 20, 20, 20))
    assert (row["points_avg_last_5"], row["points_avg_last_10"]) == (20.0, 20.0)
    assert row["points_std_last_10"] == 5.2705


def test_the_games_of_the_date_itself_change_nothing(cached):
    earlier = games(30, 20, 25, 15, 10, 20, 20, 20, 20, 20)
    tonight = {**earlier[0], "game_date": DAY, "points": 40}
    assert cached(tonight, *earlier) == cached(*earlier)


def test_the_season_mean_reaches_back_to_its_first_game(cached):
    row = cached(*games(10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 65))
    assert (row["points_avg_last_10"], row["points_avg_season"]) == (10.0, 15.0)
    assert row["games_played_season"] == 11


def test_last_season_does_not_count(cached):
    old = {**games(60)[0], "game_date": ago(200), "season_year": SEASON - 1}
    assert cached(old, *games(10, 10, 10, 10, 10))["points_avg_season"] == 10.0


def test_an_unknown_rate_is_left_out_of_the_mean(cached):
    known, unknown = games(10, 10, 10, 10, usage_rate=20.0), games(10, usage_rate=None)
    row = cached(*known, {**unknown[0], "game_date": ago(9)})
    assert (row["usage_rate_last_10"], row["player_usage_rate_season"]) == (20.0, 20.0)


def test_a_garbage_time_cameo_is_a_game(cached):
    row = cached(*games(10, 10, 10, 10), {**games(0, minutes_played=0.0)[0], "game_date": ago(8)})
    assert (row["games_played_season"], row["points_avg_season"]) == (5, 8.0)


def test_assisted_makes_count_only_where_somebody_counted_them(cached):
    told = games(10, 10, 10, 10, fg_makes=5, assisted_fg_makes=2)
    untold = {**games(10, fg_makes=5, assisted_fg_makes=None)[0], "game_date": ago(9)}
    assert cached(untold, *told)["assisted_rate_last_10"] == 40.0


def test_without_play_by_play_nobody_knows_who_assisted(cached):
    row = cached(*games(10, 10, 10, 10, 10, fg_makes=5, assisted_fg_makes=None))
    assert row["assisted_rate_last_10"] is None


# Sample ------------------------------------------------------------------------------------------


def test_four_games_are_too_few(seen_by):
    seen = seen_by(TABLE, tonight=[TONIGHT], summaries=games(10, 10, 10, 10))
    assert seen.rows == []
    assert seen.turned_away == {"demarderozan": "INSUFFICIENT_DATA"}


def test_five_games_are_a_row_that_says_so(cached):
    row = cached(*games(10, 10, 10, 10, 10))
    assert row["early_season_flag"] is True
    assert row["insufficient_data_reason"] == "Only 5 games available, need 10"


def test_ten_games_are_enough(cached):
    row = cached(*games(*[10] * 10))
    assert (row["early_season_flag"], row["insufficient_data_reason"]) == (False, None)


# Tonight -----------------------------------------------------------------------------------------


def test_the_team_is_the_one_he_plays_for_tonight(cached):
    both = [
        {"team_abbr": team, "season_year": SEASON, "game_date": ago(2), "pace": pace}
        for team, pace in (("CHI", 99.0), ("SAS", 104.0))
    ]
    assert cached(*games(*[10] * 5), team_games=both)["team_pace_last_10"] == 99.0


def test_a_team_without_games_has_no_pace(cached):
    assert cached(*games(*[10] * 5))["team_pace_last_10"] is None


def test_the_load_is_that_of_tonights_context(seen_by):
    tonight = {**TONIGHT, "games_in_last_7_days": 4, "minutes_in_last_7_days": 144.9}
    (row,) = seen_by(TABLE, tonight=[tonight], summaries=games(*[10] * 5)).rows
    assert (row["games_in_last_7_days"], row["minutes_in_last_7_days"]) == (4, 144.9)
    assert row["player_age"] is None


def test_a_player_without_a_shot_profile_keeps_his_row(cached):
    row = cached(*games(*[10] * 5))
    assert (row["shot_zone_data_available"], row["primary_scoring_zone"]) == (False, None)


def test_shots_are_those_of_the_date(cached):
    profile = {"player_lookup": "demarderozan", "primary_scoring_zone": "mid_range"}
    shots = [
        {**profile, "game_date": DAY, "paint_rate_last_10": 29.19},
        {**profile, "game_date": ago(1), "paint_rate_last_10": 50.0},
    ]
    row = cached(*games(*[10] * 5), shots=shots)
    assert (row["shot_zone_data_available"], row["paint_rate_last_10"]) == (True, 29.19)


def test_the_end_of_tonights_games_is_no_news(inputs_hashes):
    def digest(status: int) -> list[str]:
        game = {"game_id": "20211115_CHI_LAL", "game_date": DAY, "game_status": status}
        return inputs_hashes(TABLE, tonight=[TONIGHT], games=[game])

    assert digest(status=1) == digest(status=3)


# The real autumn ---------------------------------------------------------------------------------

# Worked out apart from this code, from stored minutes whose halves were rounded up.
KNOWN = {
    "demarderozan": (13, 24.6, 27.5, 26.0769, 7.6194, 35.60, 30.130, 0.6159, 4, 7, 145.0, 250.2),
    "traeyoung": (14, 31.6, 25.4, 25.7143, 8.4222, 34.45, 33.219, 0.5657, 4, 8, 131.7, 278.0),
    "nikolajokic": (12, 27.4, 24.5, 25.3333, 5.8547, 31.34, 30.671, 0.6838, 3, 6, 96.9, 201.4),
    "anthonydavis": (14, 22.8, 23.1, 24.5, 9.7690, 33.64, 29.041, 0.5340, 4, 7, 158.8, 236.1),
}
COLUMNS = (
    "games_played_season",
    "points_avg_last_5",
    "points_avg_last_10",
    "points_avg_season",
    "points_std_last_10",
    "minutes_avg_last_10",
    "usage_rate_last_10",
    "ts_pct_last_10",
    "games_in_last_7_days",
    "games_in_last_14_days",
    "minutes_in_last_7_days",
    "minutes_in_last_14_days",
)
#: Of two weeks' minutes, at most a few lie on a half.
TOLERANCES = {"minutes_avg_last_10": 0.021, "minutes_in_last_7_days": 0.11} | {
    "minutes_in_last_14_days": 0.21
}


@pytest.fixture(scope="module")
def november(autumn: Any) -> dict[str, Row]:
    """The rows of 15 November by player."""
    return {row["player_lookup"]: row for row in autumn.rows(TABLE.name, DAY)}


@pytest.mark.parametrize("player", KNOWN)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_known_player_has_the_numbers_he_had(november, player, column):
    expected = KNOWN[player][COLUMNS.index(column)]
    tolerance = TOLERANCES.get(column, 1e-9)
    assert november[player][column] == pytest.approx(expected, abs=tolerance + 1e-9)


@pytest.mark.parametrize(
    ("player", "pace", "rating"),
    [
        ("demarderozan", 99.35, 108.713),
        ("anthonydavis", 102.86, 102.812),
        ("nikolajokic", 98.15, 107.185),
        ("lukadoncic", 99.67, 106.875),
    ],
)
def test_a_known_team_has_the_pace_it_had(november, player, pace, rating):
    row = november[player]
    assert (row["team_pace_last_10"], row["team_off_rating_last_10"]) == (pace, rating)


@pytest.mark.parametrize(
    ("player", "minutes"), [("demarderozan", 36.27), ("traeyoung", 27.92), ("anthonydavis", 27.83)]
)
def test_fourth_quarter_minutes_are_known(november, player, minutes):
    assert november[player]["fourth_quarter_minutes_last_7"] == minutes


def test_everybody_expected_has_a_row_or_a_reason(autumn, november):
    expected = {row["player_lookup"] for row in autumn.rows("upcoming_player_game_context", DAY)}
    away = autumn.outcomes(TABLE.name, DAY)
    assert (len(expected), len(november)) == (329, 276)
    assert november.keys() | away.keys() == expected
    assert set(away.values()) == {"INSUFFICIENT_DATA"}


def _plainly(history: list[Row], team_games: list[Row]) -> dict[str, Fraction | None]:
    """One player's means by a plain loop, exactly; newest game first."""

    def mean(column: str, rows: list[Row]) -> Fraction | None:
        values = [Fraction(str(row[column])) for row in rows if row[column] is not None]
        return sum(values) / len(values) if values else None

    recent = history[:10]
    told = [row for row in recent if row["assisted_fg_makes"] is not None]
    makes = sum(row["fg_makes"] for row in told)
    assisted = Fraction(100 * sum(row["assisted_fg_makes"] for row in told), makes or 1)
    return {
        "points_avg_last_5": mean("points", history[:5]),
        "points_avg_last_10": mean("points", recent),
        "points_avg_season": mean("points", history),
        "points_std_last_10": Fraction(stdev(row["points"] for row in recent)),
        "minutes_avg_last_10": mean("minutes_played", recent),
        "minutes_avg_season": mean("minutes_played", history),
        "usage_rate_last_10": mean("usage_rate", recent),
        "ts_pct_last_10": mean("ts_pct", recent),
        "games_played_season": Fraction(len(history)),
        "player_usage_rate_season": mean("usage_rate", history),
        "team_pace_last_10": mean("pace", team_games[:10]),
        "team_off_rating_last_10": mean("offensive_rating", team_games[:10]),
        "assisted_rate_last_10": assisted if makes else None,
    }


@pytest.mark.parametrize("day", NIGHTS, ids=str)
def test_every_mean_is_that_of_a_plain_loop(autumn, day):
    players = _newest_first(autumn.before("player_game_summary", day), "player_lookup")
    teams = _newest_first(autumn.before("team_offense_game_summary", day), "team_abbr")
    expected = {
        row["player_lookup"]: _plainly(players[row["player_lookup"]], teams[row["team_abbr"]])
        for row in autumn.rows("upcoming_player_game_context", day)
        if len(players[row["player_lookup"]]) >= 5
    }
    found = {row["player_lookup"]: row for row in autumn.rows(TABLE.name, day)}
    assert found.keys() == expected.keys()
    wrong = [
        (player, column, found[player][column], float(value or 0))
        for player, row in expected.items()
        for column, value in row.items()
        if not _is_rounded(found[player][column], value, column)
    ]
    assert wrong == []


def _newest_first(rows: list[Row], key: str) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in reversed(rows):
        grouped.setdefault(row[key], []).append(row)
    return grouped


def _is_rounded(found: float | None, exact: Fraction | None, column: str) -> bool:
    """Whether a value is the exact one to its column's decimals; a half may go either way."""
    if found is None or exact is None:
        return found is exact
    unit = Fraction(1, 10 ** (TABLE.column(column).decimals or 0))
    return abs(Fraction(found) - exact) <= unit / 2 + Fraction(1, 10**9)


def test_results_from_the_date_on_change_nothing(autumn, tmp_path):
    blind = autumn.without_results_from(DAY, tmp_path)
    (report,) = materialize(TABLE, [DAY], blind)
    stored = autumn.session.warehouse.stored(TABLE, [DAY])[DAY]
    assert (report.rows, report.data_version) == (276, stored.data_version)


def test_the_first_two_weeks_have_no_rows(autumn):
    assert autumn.rows(TABLE.name, date(2021, 11, 1)) == []


def test_a_second_run_computes_nothing(autumn):
    reports = list(materialize(TABLE, NIGHTS, autumn.session))
    assert [report.computed for report in reports] == [0, 0, 0]
