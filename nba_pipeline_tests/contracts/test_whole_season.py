"""A whole real season: what every date gives, and the days that are unlike others.

The season is built once, by the engine alone.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

#: Everything up to the feature store; what is forecast from it has suites of its own.
TABLES = {
    name: table
    for name, table in REGISTRY.items()
    if table.layer != "predictions" or name == "ml_feature_store_v2"
}

FIRST, LAST = date(2021, 10, 1), date(2022, 6, 16)
DAYS = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]

CONTEXT, CACHE = "upcoming_player_game_context", "player_daily_cache"


@pytest.fixture(scope="module")
def season(season_files, session_in, tmp_path_factory):
    """The warehouse after every date of the season."""
    folder = tmp_path_factory.mktemp("season") / "warehouse"
    session = session_in(folder, Archive(season_files), REGISTRY)
    for table in TABLES.values():
        refuse_problems(list(materialize(table, DAYS, session)))
    return session.warehouse


@pytest.fixture(scope="module")
def ask(season):
    """``ask("select …")``: the rows of an answer as tuples."""

    def rows(sql):
        answer = season.query(sql)
        return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))

    return rows


# Every date --------------------------------------------------------------------------------------


def test_nobody_is_without_a_row_for_an_unexplained_reason(season):
    found = {
        name: Counter(
            outcome.category
            for stored in season.stored(table, DAYS).values()
            for outcome in stored.outcomes
        )
        for name, table in TABLES.items()
    }
    assert {name: dict(counts) for name, counts in found.items() if counts} == {
        "player_shot_zone_analysis": {"EXPECTED_INCOMPLETE": 15_048},
        "player_daily_cache": {"INSUFFICIENT_DATA": 2_663},
    }


def test_every_failure_on_record_has_a_category_and_a_sentence(ask):
    told = ask(
        "select processor_name, failure_category, count(*), min(length(failure_reason)) > 20 "
        "from (from nba_processing.analytics_failures union all by name "
        "from nba_processing.precompute_failures union all by name "
        "from nba_processing.prediction_failures) group by all order by all"
    )
    assert told == [
        ("ml_feature_store_v2", "UPSTREAM_INCOMPLETE", 2_663, True),
        ("player_composite_factors", "UPSTREAM_INCOMPLETE", 2_663, True),
        ("player_daily_cache", "INSUFFICIENT_DATA", 2_663, True),
        ("player_shot_zone_analysis", "EXPECTED_INCOMPLETE", 15_048, True),
    ]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("player_game_summary", 27_931),
        ("team_offense_game_summary", 2_646),
        ("team_defense_game_summary", 2_646),
        ("upcoming_team_game_context", 2_646),
        (CONTEXT, 39_406),
        ("team_defense_zone_analysis", 5_970),
        ("player_shot_zone_analysis", 96_655),
        (CACHE, 34_458),
        ("player_composite_factors", 37_121),
        ("ml_feature_store_v2", 39_406),
    ],
)
def test_the_season_has_as_many_rows_as_counted(season, name, rows):
    stored = season.stored(REGISTRY[name], DAYS).values()
    assert sum(about.rows for about in stored) == rows


def test_the_season_s_ends_are_its_first_month_and_last_two_weeks(ask):
    ((first, last),) = ask(
        "select min(game_date), max(game_date) from nba_precompute.player_daily_cache "
        "where not season_boundary_detected and game_date < date '2022-04-11'"
    )
    assert (first, last) == (date(2021, 11, 18), date(2022, 3, 27))


# Postponements -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("game", "planned", "played"),
    [
        ("0022100452", date(2021, 12, 19), date(2022, 3, 31)),
        ("0022100415", date(2021, 12, 14), date(2022, 1, 11)),
        ("0022100472", date(2021, 12, 22), date(2022, 1, 26)),
    ],
)
def test_a_game_that_was_moved_by_weeks_has_rows_on_its_new_day_only(ask, game, planned, played):
    found = ask(
        "select distinct game_date from nba_analytics.upcoming_team_game_context "
        f"where nba_game_id = '{game}' order by 1"
    )
    assert found == [(played,)]
    assert planned < played


def test_nobody_knew_of_a_moved_game_more_than_a_week_before(ask):
    ((known,),) = ask(
        "select min(known_at) from nba_raw.nbac_schedule_revisions where nba_game_id = '0022100452'"
    )
    assert known.date() == date(2022, 3, 24)


def test_a_team_whose_games_were_moved_has_rested_since_its_last_one(ask):
    wrong = ask(
        """
        with played as (
            select team_abbr, game_date,
                game_date - lag(game_date) over (partition by team_abbr order by game_date) as gap
            from nba_raw.nbac_team_boxscore
        )
        select c.team_abbr, c.game_date, c.team_days_rest, p.gap
        from nba_analytics.upcoming_team_game_context c
        join played p using (team_abbr, game_date)
        where c.game_date between date '2021-12-10' and date '2022-01-31'
            and c.team_days_rest is distinct from p.gap - 1
        """
    )
    assert wrong == []


# The All-Star break ------------------------------------------------------------------------------


def test_the_all_star_break_is_six_complete_and_empty_dates(season):
    break_ = [date(2022, 2, 18) + timedelta(n) for n in range(6)]
    for name in (CONTEXT, "team_defense_zone_analysis", CACHE, "ml_feature_store_v2"):
        stored = season.stored(REGISTRY[name], break_)
        assert [(about.rows, about.skip_reason) for about in stored.values()] == [
            (0, "no_games")
        ] * 6


def test_after_the_break_nobody_misses_a_game_of_the_week_before(ask):
    found = ask(
        "select min(l7d_completeness_pct), bool_and(is_production_ready), count(*) "
        "from nba_precompute.player_daily_cache where game_date = date '2022-02-24'"
    )
    assert found == [(100.0, True, 203)]


def test_after_the_break_teams_have_been_off_for_seven_to_nine_days(ask):
    found = ask(
        "select min(days_since_last_game), max(days_since_last_game), count(*) "
        "from nba_analytics.upcoming_team_game_context where game_date = date '2022-02-24'"
    )
    assert found == [(7, 9, 14)]


# The play-in -------------------------------------------------------------------------------------


def test_no_player_has_a_line_of_the_six_play_in_games(ask):
    found = ask(
        "select (select count(*) from nba_raw.nbac_schedule where season_type = 'play_in'), "
        "count(*) from nba_analytics.player_game_summary join nba_raw.nbac_schedule s "
        "using (game_id) where s.season_type = 'play_in'"
    )
    assert found == [(6, 0)]


def test_a_play_in_game_is_a_gap_in_the_data_and_no_night_off(ask):
    kinds = ask(
        "select distinct incomplete_data_type from nba_precompute.player_daily_cache "
        "where game_date = date '2022-04-17' and array_to_string(data_quality_issues, ' ') "
        "like '%unpublished_game_%' order by 1"
    )
    assert kinds == [("DATA_GAP",), ("MIXED",)]


def test_what_the_archive_leaves_out_makes_nobody_incomplete(ask):
    found = ask(
        "select min(completeness_percentage), bool_and(is_production_ready) "
        "from nba_precompute.player_daily_cache where game_date between date '2022-04-13' "
        "and date '2022-04-30'"
    )
    assert found == [(100.0, True)]


# A trade -----------------------------------------------------------------------------------------

# James Harden was traded on 10 February 2022 and first played for Philadelphia on the 25th. The
# files know a team by its games, so until then he is expected in Brooklyn, and out.


def test_a_traded_player_is_expected_by_his_old_team_until_he_plays_for_the_new_one(ask):
    found = ask(
        f"select game_date, team_abbr from nba_analytics.{CONTEXT} "
        "where player_lookup = 'jamesharden' and game_date between date '2022-02-08' "
        "and date '2022-03-02' order by 1"
    )
    assert found == [
        (date(2022, 2, 8), "BKN"),
        (date(2022, 2, 10), "BKN"),
        (date(2022, 2, 12), "BKN"),
        (date(2022, 2, 14), "BKN"),
        (date(2022, 2, 16), "BKN"),
        (date(2022, 2, 17), "BKN"),
        (date(2022, 2, 24), "BKN"),
        (date(2022, 2, 27), "PHI"),
        (date(2022, 3, 2), "PHI"),
    ]


def test_a_traded_player_takes_his_games_along(ask):
    ((games, average, complete),) = ask(
        "select games_played_season, points_avg_season, completeness_percentage "
        f"from nba_precompute.{CACHE} "
        "where player_lookup = 'jamesharden' and game_date = date '2022-03-02'"
    )
    ((played, mean),) = ask(
        "select count(*), round(avg(points), 4) from nba_analytics.player_game_summary "
        "where player_lookup = 'jamesharden' and game_date < date '2022-03-02'"
    )
    assert (games, average, complete) == (played, pytest.approx(mean), 100.0)


# NULL --------------------------------------------------------------------------------------------


def test_columns_that_are_often_null_are_those_the_page_explains(ask):
    page = Path(__file__).parents[2] / "docs" / "null_columns.md"
    explained = {
        (table, column)
        for table, columns in re.findall(r"^\| `(\w+)` \| (.*?) \|", page.read_text(), re.MULTILINE)
        for column in re.findall(r"`(\w+)`", columns)
    }
    often = set()
    for table in TABLES.values():
        names = table.schema.names
        counts = ", ".join(f"count({name})" for name in names)
        ((rows, *filled),) = ask(f"select count(*), {counts} from {table.full_name}")
        if table.layer != "reference":
            often |= {
                (table.name, name)
                for name, known in zip(names, filled, strict=True)
                if known < 0.99 * rows
            }
    assert often == explained


@pytest.mark.parametrize(
    ("name", "share", "of"),
    [
        ("player_game_summary", "efg_pct", "fg_attempts"),
        ("player_daily_cache", "avg_minutes_per_game_last_7", "games_in_last_7_days"),
    ],
)
def test_a_share_of_nothing_is_null_and_never_zero(ask, name, share, of):
    table = REGISTRY[name].full_name
    known_of_nothing = f"select count({share}) from {table} where {of} = 0"
    unknown_of_something = f"select count(*) - count({share}) from {table} where {of} > 0"
    assert (ask(known_of_nothing), ask(unknown_of_something)) == ([(0,)], [(0,)])
    assert ask(f"select count(*) > 100 from {table} where {of} = 0") == [(True,)]
