"""Numbers worked out by hand and by other means, against what the engine stores.

Four nights of two seasons: one with everything, one in March, a Finals game, and one without
play-by-play. A fifth has players whose whole minutes are zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.session import Session
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY

NOVEMBER, MARCH, FINALS, NO_PLAYS = (
    date(2021, 11, 15),
    date(2022, 3, 15),
    date(2022, 6, 16),
    date(2024, 12, 1),
)
SHORT_STAYS = date(2021, 11, 17)
NIGHTS = [NOVEMBER, SHORT_STAYS, MARCH, FINALS, NO_PLAYS]

PGS, TOGS, TDGS = (
    "player_game_summary",
    "team_offense_game_summary",
    "team_defense_game_summary",
)

Row = dict[str, Any]
Rows = Callable[[str, date], list[Row]]


@pytest.fixture(scope="module")
def session(season_files: Path, session_in: Any, tmp_path_factory: Any) -> Session:
    """The nights in a warehouse, every table of them, built once."""
    folder = tmp_path_factory.mktemp("nights") / "warehouse"
    built: Session = session_in(folder, Archive(season_files), REGISTRY)
    for table in REGISTRY.values():
        refuse_problems(list(materialize(table, NIGHTS, built)))
    return built


@pytest.fixture(scope="module")
def table(session: Session) -> Callable[[str, date], pa.Table]:
    """Reads a table of a night."""
    return lambda name, day: session.warehouse.read(REGISTRY[name], [day])


@pytest.fixture(scope="module")
def rows(table: Callable[[str, date], pa.Table]) -> Rows:
    """Reads the rows of a table of a night."""
    return lambda name, day: table(name, day).to_pylist()


# Row counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nbac_schedule", {NOVEMBER: 11, MARCH: 4, FINALS: 1, NO_PLAYS: 10}),
        ("nbac_play_by_play", {NOVEMBER: 4994, MARCH: 1875, FINALS: 443, NO_PLAYS: 0}),
        (PGS, {NOVEMBER: 241, MARCH: 87, FINALS: 22, NO_PLAYS: 207}),
        (TOGS, {NOVEMBER: 22, MARCH: 8, FINALS: 2, NO_PLAYS: 20}),
        (TDGS, {NOVEMBER: 22, MARCH: 8, FINALS: 2, NO_PLAYS: 20}),
    ],
)
def test_a_table_has_as_many_rows_as_counted(rows, name, expected):
    assert {day: len(rows(name, day)) for day in expected} == expected


@pytest.mark.parametrize(
    ("day", "starters"), [(NOVEMBER, 110), (MARCH, 40), (FINALS, 10), (NO_PLAYS, 100)]
)
def test_five_players_of_each_team_started(rows, day, starters):
    assert sum(row["starter_flag"] for row in rows(PGS, day)) == starters


@pytest.mark.parametrize(("day", "attempts"), [(NOVEMBER, 1904), (MARCH, 714), (FINALS, 172)])
@pytest.mark.parametrize("name", [PGS, TOGS])
def test_shots_taken_add_up(rows, name, day, attempts):
    assert sum(row["fg_attempts"] for row in rows(name, day)) == attempts


@pytest.mark.parametrize(
    ("column", "total"), [("points", 2340), ("fg_attempts", 1904), ("turnovers", 290)]
)
def test_a_night_s_totals_add_up(rows, column, total):
    assert sum(row[column] for row in rows(PGS, NOVEMBER)) == total


def test_three_players_with_no_whole_minute_are_kept_as_played(rows):
    whole = {
        row["player_lookup"]: row["minutes"] for row in rows("nbac_player_boxscores", SHORT_STAYS)
    }
    short = [row for row in rows(PGS, SHORT_STAYS) if whole[row["player_lookup"]] == 0]
    assert [row["is_active"] for row in short] == [True] * 3


def test_players_with_no_whole_minute_are_kept_without_plays(rows):
    short = [row for row in rows(PGS, NO_PLAYS) if row["minutes_played"] == 0]
    assert [row["is_active"] for row in short] == [True] * 3


# Players -----------------------------------------------------------------------------------------

PLAYERS = {
    # seconds, minutes, points, paint made and taken, mid-range made and taken, makes assisted
    # and not, usage, true shooting
    (NOVEMBER, "demarderozan"): (2107, 35.1, 38, 6, 6, 7, 12, 5, 10, 35.64, 0.741),
    (NOVEMBER, "nikolajokic"): (2212, 36.9, 35, 11, 16, 2, 4, 7, 8, 40.20, 0.611),
    (NOVEMBER, "lonzoball"): (2255, 37.6, 27, 2, 2, 1, 1, 7, 3, 19.77, 1.038),
    # Nine makes: four in the paint, three threes, two between.
    (NOVEMBER, "traeyoung"): (1825, 30.4, 23, 4, 7, 2, 7, 2, 7, 39.80, 0.505),
    (NOVEMBER, "anthonydavis"): (1679, 28.0, 20, 2, 3, 4, 6, 5, 1, 26.53, 0.772),
    (MARCH, "kyrieirving"): (2096, 34.9, 60, 7, 12, 5, 7, 8, 12, 45.08, 0.817),
    (FINALS, "stephencurry"): (2396, 39.9, 34, 5, 8, 1, 2, 5, 7, 26.93, 0.747),
    (FINALS, "jaysontatum"): (2413, 40.2, 13, 3, 9, 2, 5, 5, 1, 25.59, 0.361),
}
PLAYER_COLUMNS = (
    "seconds_played",
    "minutes_played",
    "points",
    "paint_makes",
    "paint_attempts",
    "mid_range_makes",
    "mid_range_attempts",
    "assisted_fg_makes",
    "unassisted_fg_makes",
    "usage_rate",
    "ts_pct",
)


@pytest.mark.parametrize(("day", "player"), PLAYERS, ids=lambda value: str(value))
def test_a_player_s_game_is_as_worked_out(rows, day, player):
    row = next(row for row in rows(PGS, day) if row["player_lookup"] == player)
    assert tuple(row[name] for name in PLAYER_COLUMNS) == PLAYERS[day, player]


def test_players_who_scored_while_fouled_more_than_once(rows):
    several = {
        row["player_lookup"]: row["and1_count"]
        for row in rows(PGS, NOVEMBER)
        if row["and1_count"] > 1
    }
    assert several == {
        "derrickjonesjr": 3,
        "coleanthony": 2,
        "dwightpowell": 2,
        "jalengreen": 2,
        "normanpowell": 2,
        "richaunholmes": 2,
        "scottiebarnes": 2,
    }


@pytest.mark.parametrize(("player", "count"), [("johncollins", 1), ("enesfreedom", 0)])
def test_one_free_throw_alone_is_not_always_earned_by_scoring(rows, player, count):
    row = next(row for row in rows(PGS, NOVEMBER) if row["player_lookup"] == player)
    assert row["and1_count"] == count


def test_a_blocker_is_credited_where_the_shot_was_taken(rows):
    row = next(row for row in rows(PGS, NOVEMBER) if row["player_lookup"] == "mylesturner")
    assert (row["paint_blocks"], row["mid_range_blocks"], row["three_pt_blocks"]) == (2, 0, 0)


# Teams -------------------------------------------------------------------------------------------

TEAMS = {
    # points, possessions, pace, rating, true shooting, paint made and taken, mid-range made and
    # taken, second-chance points, turnovers with and without the team's own
    "CHI": (121, 106.8, 106.8, 113.25, 0.645, 22, 31, 12, 24, 0, 17, 16),
    "LAL": (103, 103.6, 103.6, 99.38, 0.556, 19, 29, 11, 18, 8, 19, 17),
    "BOS": (98, 94.8, 94.8, 103.38, 0.565, 20, 32, 6, 17, 11, 14, 14),
    "ORL": (111, 105.2, 105.2, 105.55, 0.549, 16, 28, 11, 24, 24, 16, 16),
    "HOU": (102, 110.4, 110.4, 92.36, 0.479, 24, 47, 1, 10, 14, 18, 17),
    "MIN": (96, 104.9, 104.9, 91.53, 0.495, 13, 24, 5, 17, 6, 21, 18),
}
TEAM_COLUMNS = (
    "points_scored",
    "possessions",
    "pace",
    "offensive_rating",
    "ts_pct",
    "team_paint_makes",
    "team_paint_attempts",
    "team_mid_range_makes",
    "team_mid_range_attempts",
    "second_chance_points_scored",
    "turnovers",
    "individual_turnovers",
)
MIRRORED = (
    "points_allowed",
    "opp_possessions",
    "opponent_pace",
    "defensive_rating",
    "opponent_ts_pct",
    "opp_paint_makes",
    "opp_paint_attempts",
    "opp_mid_range_makes",
    "opp_mid_range_attempts",
    "second_chance_points_allowed",
    "turnovers_forced",
)


@pytest.mark.parametrize("team", TEAMS)
def test_a_team_s_game_is_as_worked_out(rows, team):
    row = next(row for row in rows(TOGS, NOVEMBER) if row["team_abbr"] == team)
    assert tuple(row[name] for name in TEAM_COLUMNS) == TEAMS[team]


@pytest.mark.parametrize("team", TEAMS)
def test_what_a_team_did_is_what_its_opponent_allowed(rows, team):
    row = next(row for row in rows(TDGS, NOVEMBER) if row["opponent_team_abbr"] == team)
    assert tuple(row[name] for name in MIRRORED) == TEAMS[team][:-1]


@pytest.mark.parametrize(
    ("team", "blocks"), [("OKC", (7, 1, 2)), ("MEM", (8, 0, 0)), ("ORL", (3, 1, 1))]
)
def test_a_team_s_blocks_are_told_by_zone(rows, team, blocks):
    row = next(row for row in rows(TDGS, NOVEMBER) if row["defending_team_abbr"] == team)
    assert (row["blocks_paint"], row["blocks_mid_range"], row["blocks_three_pt"]) == blocks


@pytest.mark.parametrize(
    ("game", "crew"),
    [
        ("20211115_CHI_LAL", "B.Adams-P.Fraher-S.Wall"),
        ("20211115_BOS_CLE", "M.Kogut-P.Ransom-T.Brothers"),
    ],
)
@pytest.mark.parametrize("name", [TOGS, TDGS])
def test_a_crew_is_its_three_officials(rows, name, game, crew):
    found = [row["referee_crew_id"] for row in rows(name, NOVEMBER) if row["game_id"] == game]
    assert found == [crew, crew]


# The same by other means -------------------------------------------------------------------------

FROM_PLAYS = {
    "points": """
        SELECT player1_id, sum(CASE WHEN event_type = 1 AND d_is_three THEN 3
                                    WHEN event_type = 1 THEN 2 ELSE 1 END)
        FROM plays
        WHERE event_type = 1 OR (event_type = 3 AND NOT starts_with(
            coalesce(home_description, visitor_description), 'MISS'))
        GROUP BY 1""",
    "fg_attempts": "SELECT player1_id, count(*) FROM plays WHERE event_type IN (1, 2) GROUP BY 1",
    "fg_makes": "SELECT player1_id, count(*) FROM plays WHERE event_type = 1 GROUP BY 1",
    "assists": """
        SELECT player2_id, count(*) FROM plays
        WHERE event_type = 1 AND player2_id > 0 GROUP BY 1""",
    "blocks": """
        SELECT player3_id, count(*) FROM plays
        WHERE event_type = 2 AND player3_id > 0 GROUP BY 1""",
}


@pytest.fixture(scope="module")
def plays(season_files: Path) -> duckdb.DuckDBPyConnection:
    """The night's plays as published, in a database that knows nothing of the pipeline."""
    connection = duckdb.connect()
    for name in ("schedule", "play_by_play"):
        file = season_files / f"{name}_2021_22.parquet"
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{file}')")
    connection.execute(
        "CREATE TABLE plays AS SELECT p.* FROM play_by_play p JOIN schedule s USING (game_id) "
        "WHERE s.game_date = ?",
        [NOVEMBER],
    )
    return connection


@pytest.mark.parametrize("column", FROM_PLAYS)
def test_every_player_s_line_follows_from_the_plays(rows, plays, column):
    counted = dict(plays.execute(FROM_PLAYS[column]).fetchall())
    stored = {row["nba_player_id"]: row[column] for row in rows(PGS, NOVEMBER)}
    assert stored == {player: counted.get(player, 0) for player in stored}


# Fill rates --------------------------------------------------------------------------------------

# No points props were found for 2021-22, and some players of 2024-25 have none.
LINES = {
    "points_line",
    "over_under_result",
    "margin",
    "opening_line",
    "line_movement",
    "points_line_source",
    "opening_line_source",
}
FROM_PLAYS_ONLY = {
    "seconds_played",
    "paint_blocks",
    "mid_range_blocks",
    "three_pt_blocks",
    "and1_count",
    "assisted_fg_makes",
    "unassisted_fg_makes",
    "fourth_quarter_points",
    "fourth_quarter_seconds",
    "clutch_seconds",
}
# What can only be said of some rows.
APPLIES: dict[str, Callable[[Row], bool]] = {
    "ts_pct": lambda row: row["fg_attempts"] + row["ft_attempts"] > 0,
    "efg_pct": lambda row: row["fg_attempts"] > 0,
    "usage_rate": lambda row: row["minutes_played"] > 0,
}
COLUMNS = {column.name for column in REGISTRY[PGS].columns}


def fill_rate(found: list[Row], column: str) -> float:
    applies = APPLIES.get(column, lambda _: True)
    values = [row[column] for row in found if applies(row)]
    return sum(value is not None for value in values) / len(values)


@pytest.mark.parametrize("column", sorted(COLUMNS - LINES))
def test_a_column_is_filled_where_there_are_plays(rows, column):
    found = [row for day in (NOVEMBER, SHORT_STAYS, MARCH, FINALS) for row in rows(PGS, day)]
    assert fill_rate(found, column) >= 0.99


@pytest.mark.parametrize("column", sorted(COLUMNS - LINES - FROM_PLAYS_ONLY))
def test_a_column_is_filled_where_there_are_no_plays(rows, column):
    assert fill_rate(rows(PGS, NO_PLAYS), column) >= 0.99


@pytest.mark.parametrize("column", sorted(LINES))
def test_a_line_nobody_published_stays_null(rows, column):
    found = [row for day in (NOVEMBER, SHORT_STAYS, MARCH, FINALS) for row in rows(PGS, day)]
    assert fill_rate(found, column) == 0.0


# Points props ------------------------------------------------------------------------------------

SETTLED = {
    "donovanmitchell": (26.5, 35, "OVER", 8.5),
    "jalenbrunson": (26.5, 16, "UNDER", -10.5),
    "jaysontatum": (27.5, 33, "OVER", 5.5),
    "lebronjames": (23.5, 27, "OVER", 3.5),
}


@pytest.mark.parametrize("player", SETTLED)
def test_a_points_prop_is_settled_as_worked_out(rows, player):
    row = next(row for row in rows(PGS, NO_PLAYS) if row["player_lookup"] == player)
    names = ("points_line", "points", "over_under_result", "margin")
    assert tuple(row[name] for name in names) == SETTLED[player]


def test_as_many_props_are_offered_and_settled_as_counted(rows):
    offered = rows("odds_api_player_points_props", NO_PLAYS)
    published = {row["nba_player_id"] for row in offered if row["resolution_rule"] == "source_id"}
    lined = [row for row in rows(PGS, NO_PLAYS) if row["points_line"] is not None]
    settled = [row for row in lined if row["nba_player_id"] in published]
    assert (len(published), len(settled)) == (90, 86)
    assert sum(row["minutes_played"] >= 15 for row in settled) == 85
    results = Counter(row["over_under_result"] for row in settled)
    assert results == {"OVER": 46, "UNDER": 38, "PUSH": 2}


def test_a_pick_em_site_s_placeholder_is_no_price(rows):
    offered = rows("odds_api_player_points_props", NO_PLAYS)
    assert {row["over_price_american"] for row in offered} == {None}
    assert {row["bookmaker"] for row in offered} == {"prizepicks", "underdog"}


@pytest.mark.parametrize("column", sorted(FROM_PLAYS_ONLY))
def test_what_only_plays_tell_stays_null_without_them(rows, column):
    assert fill_rate(rows(PGS, NO_PLAYS), column) == 0.0
