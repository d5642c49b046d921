"""The features as SQL by hand: window sums per game, joined to each row as of its date.

Sums run on whole numbers and halves are rounded to the even neighbour, as in our tables, so that
values can be held to ours. The hash is made in SQL, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from nba_pipeline.benchmarks.baselines.features import (
    FEATURES,
    QUOTED,
    READS,
    day_column,
    files,
)
from nba_pipeline.engine.machine import usable_cpus

_MACROS = """
CREATE MACRO mean(total, n, scale, decimals) AS
    round_even(total / nullif(n * scale, 0) * 10 ** decimals, 0) / 10 ** decimals + 0.0;
CREATE MACRO part(above, below, decimals) AS
    CASE WHEN below > 0
    THEN round_even(above / below * 10 ** decimals, 0) / 10 ** decimals END;
CREATE MACRO whole(x, scale) AS CAST(round(x * scale) AS BIGINT);
"""

_PLAYER_DAILY_CACHE = """
WITH games AS (
    SELECT player_lookup, season_year, game_date, points,
        whole(minutes_played, 10) AS minutes, whole(usage_rate, 100) AS usage,
        whole(ts_pct, 1000) AS ts, assisted_fg_makes AS assisted,
        CASE WHEN assisted_fg_makes IS NOT NULL THEN fg_makes END AS makes
    FROM player_game_summary WHERE is_active
), form AS (
    SELECT player_lookup, season_year, game_date,
        mean(sum(points) OVER l5, count(points) OVER l5, 1, 4) AS points_avg_last_5,
        mean(sum(points) OVER l10, count(points) OVER l10, 1, 4) AS points_avg_last_10,
        mean(sum(points) OVER season, count(points) OVER season, 1, 4) AS points_avg_season,
        mean(sum(minutes) OVER l10, count(minutes) OVER l10, 10, 4) AS minutes_avg_last_10,
        mean(sum(minutes) OVER season, count(minutes) OVER season, 10, 4) AS minutes_avg_season,
        mean(sum(usage) OVER l10, count(usage) OVER l10, 100, 4) AS usage_rate_last_10,
        mean(sum(ts) OVER l10, count(ts) OVER l10, 1000, 4) AS ts_pct_last_10,
        mean(sum(usage) OVER season, count(usage) OVER season, 100, 4)
            AS player_usage_rate_season,
        mean(sqrt((count(points) OVER l10 * sum(points * points) OVER l10
            - (sum(points) OVER l10) * (sum(points) OVER l10))
            / nullif(count(points) OVER l10 * (count(points) OVER l10 - 1), 0)), 1, 1, 4)
            AS points_std_last_10,
        count(*) OVER season AS games_played_season,
        part(100 * sum(assisted) OVER l10, sum(makes) OVER l10, 2) AS assisted_rate_last_10
    FROM games
    WINDOW player AS (PARTITION BY player_lookup, season_year ORDER BY game_date),
        season AS (player ROWS UNBOUNDED PRECEDING),
        l10 AS (player ROWS 9 PRECEDING), l5 AS (player ROWS 4 PRECEDING)
), team AS (
    SELECT team_abbr, season_year, game_date,
        mean(sum(whole(pace, 10)) OVER l10, count(pace) OVER l10, 10, 4) AS team_pace_last_10,
        mean(sum(whole(offensive_rating, 100)) OVER l10, count(offensive_rating) OVER l10, 100, 4)
            AS team_off_rating_last_10
    FROM team_offense_game_summary
    WINDOW l10 AS (
        PARTITION BY team_abbr, season_year ORDER BY game_date ROWS 9 PRECEDING)
), tonight AS (
    SELECT t.player_lookup, t.team_abbr, t.season_year, t.game_date, t.game_date AS cache_date,
        t.games_in_last_7_days, t.games_in_last_14_days, t.minutes_in_last_7_days,
        t.minutes_in_last_14_days, t.back_to_backs_last_14_days, t.avg_minutes_per_game_last_7,
        t.fourth_quarter_minutes_last_7, t.player_age,
        s.primary_scoring_zone, s.paint_rate_last_10, s.three_pt_rate_last_10
    FROM upcoming_player_game_context t SEMI JOIN days ON t.game_date = days.day
    LEFT JOIN player_shot_zone_analysis s
        ON s.player_lookup = t.player_lookup AND s.game_date = t.game_date
)
SELECT tonight.*, form.* EXCLUDE (player_lookup, season_year, game_date),
    team.* EXCLUDE (team_abbr, season_year, game_date)
FROM tonight
ASOF JOIN form ON form.player_lookup = tonight.player_lookup
    AND form.season_year = tonight.season_year AND form.game_date < tonight.game_date
ASOF LEFT JOIN team ON team.team_abbr = tonight.team_abbr
    AND team.season_year = tonight.season_year AND team.game_date < tonight.game_date
WHERE games_played_season >= 5
"""

_PLAYER_SHOT_ZONES = """
WITH games AS (
    SELECT player_lookup, season_year, game_date,
        paint_attempts IS NOT NULL AND mid_range_attempts IS NOT NULL AS zoned,
        zoned AND assisted_fg_makes IS NOT NULL AND unassisted_fg_makes IS NOT NULL AS told,
        CASE WHEN zoned THEN paint_attempts END AS paint,
        CASE WHEN zoned THEN mid_range_attempts END AS mid,
        CASE WHEN zoned THEN three_pt_attempts END AS three,
        CASE WHEN zoned THEN paint_makes END AS paint_in,
        CASE WHEN zoned THEN mid_range_makes END AS mid_in,
        CASE WHEN zoned THEN three_pt_makes END AS three_in,
        CASE WHEN told THEN assisted_fg_makes END AS assisted,
        CASE WHEN told THEN unassisted_fg_makes END AS unassisted,
        CASE WHEN told THEN fg_makes END AS makes
    FROM player_game_summary
), sums AS (
    SELECT player_lookup, season_year, game_date,
        count(*) OVER season AS games, count(*) OVER l10 AS games_10, count(*) OVER l20 AS games_20,
        count_if(zoned) OVER l10 AS zoned_10, count_if(zoned) OVER l20 AS zoned_20,
        count_if(told) OVER l10 AS told_10,
        sum(paint) OVER l10 AS paint, sum(mid) OVER l10 AS mid, sum(three) OVER l10 AS three,
        sum(paint) OVER l10 + sum(mid) OVER l10 + sum(three) OVER l10 AS shots,
        count(paint) OVER l10 AS n_paint, count(mid) OVER l10 AS n_mid,
        count(three) OVER l10 AS n_three,
        sum(paint_in) OVER l10 AS paint_in, sum(mid_in) OVER l10 AS mid_in,
        sum(three_in) OVER l10 AS three_in,
        sum(paint) OVER l20 AS paint_20, sum(paint_in) OVER l20 AS paint_in_20,
        sum(paint) OVER l20 + sum(mid) OVER l20 + sum(three) OVER l20 AS shots_20,
        sum(assisted) OVER l10 AS assisted, sum(unassisted) OVER l10 AS unassisted,
        sum(makes) OVER l10 AS makes
    FROM games
    WINDOW player AS (PARTITION BY player_lookup, season_year ORDER BY game_date),
        season AS (player ROWS UNBOUNDED PRECEDING),
        l10 AS (player ROWS 9 PRECEDING), l20 AS (player ROWS 19 PRECEDING)
), zones AS (
    SELECT player_lookup, season_year, game_date, games,
        CASE WHEN zoned_10 >= 5 THEN part(100 * paint, shots, 2) END AS paint_rate_last_10,
        CASE WHEN zoned_10 >= 5 THEN part(100 * mid, shots, 2) END AS mid_range_rate_last_10,
        CASE WHEN zoned_10 >= 5 THEN part(100 * three, shots, 2) END AS three_pt_rate_last_10,
        nullif(CAST(shots AS BIGINT), 0) AS total_shots_last_10,
        games_10 AS games_in_sample_10, zoned_10 AS games_with_zone_data_10,
        part(paint_in, paint, 3) AS paint_pct_last_10,
        part(mid_in, mid, 3) AS mid_range_pct_last_10,
        part(three_in, three, 3) AS three_pt_pct_last_10,
        mean(paint, n_paint, 1, 1) AS paint_attempts_per_game,
        mean(mid, n_mid, 1, 1) AS mid_range_attempts_per_game,
        mean(three, n_three, 1, 1) AS three_pt_attempts_per_game,
        CASE WHEN zoned_20 >= 15 THEN part(100 * paint_20, shots_20, 2) END AS paint_rate_last_20,
        CASE WHEN zoned_20 >= 15 THEN part(paint_in_20, paint_20, 3) END AS paint_pct_last_20,
        games_20 AS games_in_sample_20,
        CASE WHEN told_10 >= 5 THEN part(100 * assisted, makes, 2) END AS assisted_rate_last_10,
        CASE WHEN told_10 >= 5 THEN part(100 * unassisted, makes, 2) END
            AS unassisted_rate_last_10,
        CASE WHEN paint_rate_last_10 >= 40 THEN paint_rate_last_10 ELSE -1 END AS p,
        CASE WHEN three_pt_rate_last_10 >= 40 THEN three_pt_rate_last_10 ELSE -1 END AS t,
        CASE WHEN mid_range_rate_last_10 >= 35 THEN mid_range_rate_last_10 ELSE -1 END AS m,
        CASE WHEN coalesce(paint_rate_last_10, 0) = 0 AND coalesce(three_pt_rate_last_10, 0) = 0
                AND coalesce(mid_range_rate_last_10, 0) = 0 THEN NULL
            WHEN greatest(p, t, m) < 0 THEN 'balanced'
            WHEN p >= t AND p >= m THEN 'paint'
            WHEN t >= m THEN 'perimeter' ELSE 'mid_range' END AS primary_scoring_zone
    FROM sums
), seen AS (
    SELECT player_lookup, season_year, min(game_date) AS first_day
    FROM nbac_player_boxscores WHERE is_current AND NOT is_retracted GROUP BY ALL
), cells AS (
    SELECT DISTINCT seen.player_lookup, seen.season_year, games.game_date,
        games.game_date AS analysis_date
    FROM nbac_schedule games SEMI JOIN days ON games.game_date = days.day
    JOIN seen ON seen.season_year = games.season_year AND seen.first_day < games.game_date
    WHERE games.is_current AND NOT games.is_retracted
)
SELECT cells.*, zones.* EXCLUDE (player_lookup, season_year, game_date)
FROM cells
ASOF JOIN zones ON zones.player_lookup = cells.player_lookup
    AND zones.season_year = cells.season_year AND zones.game_date < cells.game_date
WHERE games >= 5
"""

_TEAM_DEFENSE_ZONES = """
WITH sums AS (
    SELECT defending_team_abbr AS team_abbr, season_year, game_date,
        count(*) OVER season AS games, count(*) OVER l15 AS games_in_sample,
        count(opp_paint_attempts) OVER l15 AS games_with_zone_data,
        sum(opp_paint_makes) OVER l15 / nullif(sum(opp_paint_attempts) OVER l15, 0) AS paint,
        sum(opp_mid_range_makes) OVER l15 / nullif(sum(opp_mid_range_attempts) OVER l15, 0) AS mid,
        sum(opp_three_pt_makes) OVER l15 / nullif(sum(opp_three_pt_attempts) OVER l15, 0) AS three,
        mean(sum(points_in_paint_allowed) OVER l15, count(points_in_paint_allowed) OVER l15, 1, 1)
            AS paint_points_allowed_per_game,
        mean(sum(opp_paint_attempts) OVER l15, count(opp_paint_attempts) OVER l15, 1, 1)
            AS paint_attempts_allowed_per_game,
        mean(sum(opp_mid_range_attempts) OVER l15, count(opp_mid_range_attempts) OVER l15, 1, 1)
            AS mid_range_attempts_allowed_per_game,
        mean(sum(opp_three_pt_attempts) OVER l15, count(opp_three_pt_attempts) OVER l15, 1, 1)
            AS three_pt_attempts_allowed_per_game,
        mean(sum(blocks_paint) OVER l15, count(blocks_paint) OVER l15, 1, 1)
            AS paint_blocks_per_game,
        mean(sum(blocks_mid_range) OVER l15, count(blocks_mid_range) OVER l15, 1, 1)
            AS mid_range_blocks_per_game,
        mean(sum(blocks_three_pt) OVER l15, count(blocks_three_pt) OVER l15, 1, 1)
            AS three_pt_blocks_per_game,
        mean(sum(whole(defensive_rating, 100)) OVER l15, count(defensive_rating) OVER l15, 100, 4)
            AS defensive_rating_last_15,
        mean(sum(points_allowed) OVER l15, count(points_allowed) OVER l15, 1, 1)
            AS opponent_points_per_game,
        mean(sum(whole(opponent_pace, 10)) OVER l15, count(opponent_pace) OVER l15, 10, 4)
            AS opponent_pace
    FROM team_defense_game_summary
    WINDOW team AS (PARTITION BY defending_team_abbr, season_year ORDER BY game_date),
        season AS (team ROWS UNBOUNDED PRECEDING), l15 AS (team ROWS 14 PRECEDING)
), cells AS (
    SELECT DISTINCT games.season_year, games.game_date, games.game_date AS analysis_date,
        league.paint_pct, league.mid_range_pct, league.three_pt_pct, team_abbr
    FROM nbac_schedule games SEMI JOIN days ON games.game_date = days.day
    JOIN league_daily_averages league ON league.game_date = games.game_date
    CROSS JOIN (SELECT DISTINCT defending_team_abbr AS team_abbr FROM team_defense_game_summary)
    WHERE games.is_current AND NOT games.is_retracted
)
SELECT cells.*, sums.* EXCLUDE (team_abbr, season_year, game_date),
    mean(paint, 1, 1, 3) AS paint_pct_allowed_last_15,
    mean(mid, 1, 1, 3) AS mid_range_pct_allowed_last_15,
    mean(three, 1, 1, 3) AS three_pt_pct_allowed_last_15,
    mean(100 * (paint - paint_pct), 1, 1, 2) AS paint_defense_vs_league_avg,
    mean(100 * (mid - mid_range_pct), 1, 1, 2) AS mid_range_defense_vs_league_avg,
    mean(100 * (three - three_pt_pct), 1, 1, 2) AS three_pt_defense_vs_league_avg,
    CASE least(paint_defense_vs_league_avg, mid_range_defense_vs_league_avg,
            three_pt_defense_vs_league_avg)
        WHEN paint_defense_vs_league_avg THEN 'paint'
        WHEN mid_range_defense_vs_league_avg THEN 'mid_range'
        WHEN three_pt_defense_vs_league_avg THEN 'perimeter' END AS strongest_zone,
    CASE greatest(paint_defense_vs_league_avg, mid_range_defense_vs_league_avg,
            three_pt_defense_vs_league_avg)
        WHEN paint_defense_vs_league_avg THEN 'paint'
        WHEN mid_range_defense_vs_league_avg THEN 'mid_range'
        WHEN three_pt_defense_vs_league_avg THEN 'perimeter' END AS weakest_zone
FROM cells
ASOF JOIN sums ON sums.team_abbr = cells.team_abbr
    AND sums.season_year = cells.season_year AND sums.game_date < cells.game_date
WHERE games >= 5
"""

_QUERIES = {
    "player_daily_cache": _PLAYER_DAILY_CACHE,
    "player_shot_zone_analysis": _PLAYER_SHOT_ZONES,
    "team_defense_zone_analysis": _TEAM_DEFENSE_ZONES,
}


def build(table: str, warehouse: Path, dates: Sequence[date], target: Path) -> None:
    """Compute, hash and write a file a date.

    Args:
        table: One of ``FEATURES``.
        warehouse: Where the tables it reads are stored.
        dates: Which dates.
        target: Folder to write to.
    """
    with _hashed(table, warehouse, dates) as found:
        found.write_parquet(
            str(target), partition_by=["partition_day"], compression="zstd", overwrite=True
        )


def rows(table: str, warehouse: Path, dates: Sequence[date]) -> pa.Table:
    """The hashed rows alone, for holding them to others."""
    with _hashed(table, warehouse, dates) as found:
        return found.to_arrow_table()


@contextmanager
def _hashed(
    table: str, warehouse: Path, dates: Sequence[date]
) -> Iterator[duckdb.DuckDBPyRelation]:
    connection = duckdb.connect(config={"threads": usable_cpus()})
    try:
        connection.execute(_MACROS)
        days = pa.table({"day": pa.array(sorted(dates), pa.date32())})
        connection.from_arrow(days).create_view("days")
        for name in READS[table]:
            connection.read_parquet(files(warehouse, name, max(dates))).create_view(name)
        plain = ", ".join(FEATURES[table])
        key, day = FEATURES[table][0], day_column(table)
        yield (
            connection.sql(_QUERIES[table])
            .order(f"{day}, {key}")
            .project(f"{plain}, {_hash(table)} AS data_hash, {day} AS partition_day")
        )
    finally:
        connection.close()


def _hash(table: str) -> str:
    """The contract's hash as an expression: of the row's JSON text, whose names are sorted."""
    pieces = []
    for number, name in enumerate(sorted(FEATURES[table])):
        opening = "{" if number == 0 else ", "
        quote = '"' if name in QUOTED else ""
        value = f"coalesce('{quote}' || CAST({name} AS VARCHAR) || '{quote}', 'null')"
        pieces.append(f"'{opening}\"{name}\": ' || {value}")
    return f"left(sha256({' || '.join(pieces)} || '}}'), 16)"
