"""Three weeks of a real season: who gets a row, who does not and why, and numbers in plain SQL."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

OPENING, THIRTEENTH_DAY, FIFTEENTH_DAY = date(2021, 10, 19), date(2021, 11, 1), date(2021, 11, 3)
NIGHT = date(2021, 11, 15)

PRECOMPUTED = (
    "league_daily_averages",
    "team_defense_zone_analysis",
    "player_shot_zone_analysis",
    "player_daily_cache",
    "player_composite_factors",
)

# Rows, and entities without one by category ------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows", "away"),
    [
        ("upcoming_team_game_context", 22, {}),
        ("upcoming_player_game_context", 329, {}),
        ("team_defense_zone_analysis", 30, {}),
        ("player_shot_zone_analysis", 375, {"EXPECTED_INCOMPLETE": 79}),
        ("player_daily_cache", 276, {"INSUFFICIENT_DATA": 53}),
        ("player_composite_factors", 329, {}),
        ("ml_feature_store_v2", 329, {}),
    ],
)
def test_everybody_expected_has_a_row_or_a_reason(autumn, name, rows, away):
    assert (len(autumn.rows(name, NIGHT)), Counter(autumn.outcomes(name, NIGHT).values())) == (
        rows,
        away,
    )


def test_thirty_one_of_those_expected_are_out(autumn):
    statuses = Counter(
        row["player_status"] for row in autumn.rows("upcoming_player_game_context", NIGHT)
    )
    # Of the fourteen of one team no source says anything, which is not the same as available.
    assert statuses == {"available": 284, "out": 31, None: 14}


def test_whoever_has_a_cached_row_is_ready_for_production(autumn):
    cached = {row["player_lookup"] for row in autumn.rows("player_daily_cache", NIGHT)}
    ready = {
        row["player_lookup"]
        for row in autumn.rows("ml_feature_store_v2", NIGHT)
        if row["is_production_ready"]
    }
    assert (len(ready), ready) == (276, cached)


# The first two weeks -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRECOMPUTED)
def test_in_the_first_two_weeks_nothing_is_precomputed(autumn, name):
    assert autumn.rows(name, THIRTEENTH_DAY) == []


def test_in_the_first_two_weeks_everybody_expected_has_a_placeholder(autumn):
    expected = {
        row["player_lookup"] for row in autumn.rows("upcoming_player_game_context", THIRTEENTH_DAY)
    }
    rows = autumn.rows("ml_feature_store_v2", THIRTEENTH_DAY)
    assert {row["player_lookup"] for row in rows} == expected
    assert {row["processing_decision_reason"] for row in rows} == {"early_season_placeholder"}
    assert {value for row in rows for value in row["features"]} == {None}


def test_on_the_fifteenth_day_those_with_five_games_are_precomputed(autumn):
    counts = {name: len(autumn.rows(name, FIFTEENTH_DAY)) for name in PRECOMPUTED}
    assert counts == {
        "league_daily_averages": 1,
        "team_defense_zone_analysis": 30,
        "player_shot_zone_analysis": 311,
        "player_daily_cache": 225,
        "player_composite_factors": 319,
    }


@pytest.mark.parametrize(
    ("day", "at_the_boundary", "in_bootstrap"),
    [(THIRTEENTH_DAY, True, True), (NIGHT, True, True)],
)
def test_rows_of_the_first_month_say_so(autumn, day, at_the_boundary, in_bootstrap):
    rows = autumn.rows("ml_feature_store_v2", day)
    marks = {(row["season_boundary_detected"], row["backfill_bootstrap_mode"]) for row in rows}
    assert marks == {(at_the_boundary, in_bootstrap)}


# Three players, counted in plain SQL over their box scores ---------------------------------------

THEIR_GAMES = """
with mine as (
    select game_date, points, row_number() over (order by game_date desc) as newest
    from nba_analytics.player_game_summary
    where player_lookup = '{player}' and game_date < date '{night}' and is_active
)
select {answer} as answer from mine
"""


@pytest.fixture
def in_sql(autumn):
    """``in_sql("demarderozan", "avg(points)")``: an answer about his games before the night."""

    def ask(player, answer):
        sql = THEIR_GAMES.format(player=player, night=NIGHT, answer=answer)
        ((found,),) = (row.values() for row in autumn.session.warehouse.query(sql).to_pylist())
        return found

    return ask


@pytest.fixture
def tonight(autumn):
    """``tonight("demarderozan")``: his rows of the night, cached and context, as one."""

    def find(player):
        rows = {}
        for name in ("upcoming_player_game_context", "player_daily_cache"):
            rows |= next(r for r in autumn.rows(name, NIGHT) if r["player_lookup"] == player)
        return rows

    return find


STARS = pytest.mark.parametrize("player", ["demarderozan", "nikolajokic", "jaysontatum"])


@STARS
def test_his_last_five_games_average_what_sql_says(tonight, in_sql, player):
    expected = in_sql(player, "avg(points) filter (newest <= 5)")
    assert tonight(player)["points_avg_last_5"] == pytest.approx(expected, abs=5e-5)


@STARS
def test_his_last_ten_games_average_what_sql_says(tonight, in_sql, player):
    expected = in_sql(player, "avg(points) filter (newest <= 10)")
    assert tonight(player)["points_avg_last_10"] == pytest.approx(expected, abs=5e-5)


@STARS
def test_his_season_averages_what_sql_says(tonight, in_sql, player):
    expected = in_sql(player, "avg(points)")
    assert tonight(player)["points_avg_season"] == pytest.approx(expected, abs=5e-5)


@STARS
def test_he_has_rested_the_days_since_his_last_game(tonight, in_sql, player):
    days_off = in_sql(player, f"date '{NIGHT}' - max(game_date) - 1")
    assert tonight(player)["days_rest"] == days_off


@STARS
def test_he_plays_back_to_back_when_he_played_last_night(tonight, in_sql, player):
    played_last_night = in_sql(player, f"bool_or(game_date = date '{NIGHT}' - 1)")
    assert tonight(player)["back_to_back"] is played_last_night


@STARS
def test_he_has_played_this_week_what_sql_counts(tonight, in_sql, player):
    games = in_sql(player, f"count(*) filter (game_date >= date '{NIGHT}' - 7)")
    assert tonight(player)["games_in_last_7_days"] == games


def test_chicago_played_last_night_and_boston_did_not(tonight):
    found = [tonight(player)["back_to_back"] for player in ("demarderozan", "jaysontatum")]
    assert found == [True, False]
