"""The features as SQL by hand: window sums per game, joined to each row as of its date.

Sums run on whole numbers and halves are rounded to the even neighbour, as in our tables, so that
rows hash as ours do. The hash is made in SQL, too.
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
    READS,
    files,
    is_quoted,
    key_columns,
    nothing,
)
from nba_pipeline.engine.machine import usable_cpus

_MACROS = """
CREATE MACRO mean(total, n, scale, decimals) AS
    round_even(total / nullif(n * scale, 0) * 10 ** decimals, 0) / 10 ** decimals + 0.0;
CREATE MACRO part(above, below, decimals) AS
    CASE WHEN below > 0
    THEN round_even(above / below * 10 ** decimals, 0) / 10 ** decimals END;
CREATE MACRO whole(x, scale) AS CAST(round(x * scale) AS BIGINT);
CREATE MACRO complete(there, gaps) AS coalesce(part(100 * there, there + gaps, 1), 100.0);
CREATE MACRO enough(pct) AS pct >= 90;
"""

# Completeness -------------------------------------------------------------------------------------

# What is scheduled, and what each team has played.
_PLAYED = """
schedule AS (
    SELECT season_year, game_date, game_status, season_type, home_team_abbr, away_team_abbr
    FROM nbac_schedule WHERE is_current AND NOT is_retracted
), finals AS (
    SELECT unnest([home_team_abbr, away_team_abbr]) AS team_abbr, season_year, game_date,
        season_type
    FROM schedule WHERE game_status = 3
)"""

# Who appeared for which team, and on which day he joined it.
_APPEARED = """
lines AS (
    SELECT player_lookup, season_year, game_date, team_abbr, universal_player_id,
        CASE WHEN lag(team_abbr) OVER player IS DISTINCT FROM team_abbr THEN game_date END AS begun
    FROM nbac_player_boxscores WHERE is_current AND NOT is_retracted
    WINDOW player AS (PARTITION BY player_lookup, season_year ORDER BY game_date)
), appeared AS (
    SELECT * EXCLUDE (begun), max(begun) OVER (
        PARTITION BY player_lookup, season_year ORDER BY game_date ROWS UNBOUNDED PRECEDING)
        AS joined
    FROM lines
)"""

# Of each cell's player, by the day he joined his team, the games that count: his own, and his
# team's since. Of each window how many are there and how many are missing; the rest are nights off.
_COUNTED = """
stints AS (
    SELECT player_lookup, season_year, joined, team_abbr, max(game_date) AS last_day
    FROM cells GROUP BY ALL
), own AS (
    SELECT player_lookup, season_year, game_date, true AS played, false AS there
    FROM appeared
    UNION ALL
    SELECT player_lookup, season_year, game_date, false, true FROM player_game_summary
), theirs AS (
    SELECT team_abbr, season_year, game_date,
        season_type = 'play_in' OR coalesce(player_lines, 0) > 0 AS told
    FROM finals
    LEFT JOIN team_offense_game_summary USING (team_abbr, season_year, game_date)
), counted AS (
    SELECT player_lookup, season_year, joined, game_date, bool_or(there) AS there,
        NOT bool_or(there) AND (bool_or(played) OR NOT bool_or(told)) AS gap
    FROM (
        SELECT player_lookup, season_year, joined, own.game_date, played, there, false AS told
        FROM stints JOIN own USING (player_lookup, season_year)
        WHERE own.game_date < last_day
        UNION ALL
        SELECT player_lookup, season_year, joined, theirs.game_date, false, false, told
        FROM stints JOIN theirs USING (team_abbr, season_year)
        WHERE theirs.game_date >= joined AND theirs.game_date < last_day
    ) GROUP BY ALL
), tallied AS (
    SELECT player_lookup, season_year, joined, game_date,
        count_if(there) OVER l5 AS there_5, count_if(gap) OVER l5 AS gaps_5,
        count_if(there) OVER l10 AS there_10, count_if(gap) OVER l10 AS gaps_10,
        count_if(there) OVER season AS there_all, count_if(gap) OVER season AS gaps_all
    FROM counted
    WINDOW stint AS (PARTITION BY player_lookup, season_year, joined ORDER BY game_date),
        season AS (stint ROWS UNBOUNDED PRECEDING),
        l10 AS (stint ROWS 9 PRECEDING), l5 AS (stint ROWS 4 PRECEDING)
)"""

# Tables -------------------------------------------------------------------------------------------

_EXPECTED = """
cells AS (
    SELECT tonight.*, appeared.joined
    FROM upcoming_player_game_context tonight
    ASOF JOIN appeared ON appeared.player_lookup = tonight.player_lookup
        AND appeared.season_year = tonight.season_year AND appeared.game_date < tonight.game_date
)"""

# Over days: the tally before the cell, less the tally before its window.
_PLAYER_DAILY_CACHE = """
complete AS (
    SELECT cells.player_lookup, cells.game_date,
        complete(now.there_5, now.gaps_5) AS cache_quality_score,
        enough(cache_quality_score) AND enough(complete(now.there_10, now.gaps_10))
            AND enough(complete(now.there_all - coalesce(week.there_all, 0),
                now.gaps_all - coalesce(week.gaps_all, 0)))
            AND enough(complete(now.there_all - coalesce(fortnight.there_all, 0),
                now.gaps_all - coalesce(fortnight.gaps_all, 0))) AS is_production_ready
    FROM cells
    ASOF LEFT JOIN tallied now ON now.player_lookup = cells.player_lookup
        AND now.season_year = cells.season_year AND now.joined = cells.joined
        AND now.game_date < cells.game_date
    ASOF LEFT JOIN tallied week ON week.player_lookup = cells.player_lookup
        AND week.season_year = cells.season_year AND week.joined = cells.joined
        AND week.game_date < cells.game_date - 7
    ASOF LEFT JOIN tallied fortnight ON fortnight.player_lookup = cells.player_lookup
        AND fortnight.season_year = cells.season_year AND fortnight.joined = cells.joined
        AND fortnight.game_date < cells.game_date - 14
), games AS (
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
)
SELECT cells.* EXCLUDE joined, cells.game_date AS cache_date, 'v1' AS cache_version,
    complete.* EXCLUDE (player_lookup, game_date), games_played_season < 10 AS early_season_flag,
    form.* EXCLUDE (player_lookup, season_year, game_date),
    team.* EXCLUDE (team_abbr, season_year, game_date),
    shots.primary_scoring_zone, shots.paint_rate_last_10, shots.three_pt_rate_last_10
FROM cells
JOIN complete ON complete.player_lookup = cells.player_lookup
    AND complete.game_date = cells.game_date
LEFT JOIN player_shot_zone_analysis shots ON shots.player_lookup = cells.player_lookup
    AND shots.game_date = cells.game_date
ASOF JOIN form ON form.player_lookup = cells.player_lookup
    AND form.season_year = cells.season_year AND form.game_date < cells.game_date
ASOF LEFT JOIN team ON team.team_abbr = cells.team_abbr
    AND team.season_year = cells.season_year AND team.game_date < cells.game_date
WHERE games_played_season >= 5
"""

_SEEN = """
cells AS (
    SELECT tonight.game_date, appeared.* EXCLUDE game_date
    FROM (
        SELECT DISTINCT player_lookup, season_year, schedule.game_date
        FROM schedule SEMI JOIN days ON game_date = day
        JOIN (SELECT DISTINCT player_lookup, season_year FROM appeared) USING (season_year)
    ) tonight
    ASOF JOIN appeared ON appeared.player_lookup = tonight.player_lookup
        AND appeared.season_year = tonight.season_year AND appeared.game_date < tonight.game_date
)"""

_PLAYER_SHOT_ZONES = """
positions AS (
    SELECT universal_player_id, season_year, game_date,
        nullif(left(position, 1), '') AS player_position
    FROM nbac_player_list WHERE is_current AND NOT is_retracted
), games AS (
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
)
SELECT cells.player_lookup, cells.universal_player_id, cells.game_date,
    cells.game_date AS analysis_date, player_position,
    zones.* EXCLUDE (player_lookup, season_year, game_date),
    CASE WHEN games >= 10 THEN 'excellent' WHEN games >= 7 THEN 'good' ELSE 'limited' END
        AS sample_quality_10,
    CASE WHEN games >= 20 THEN 'excellent' WHEN games >= 14 THEN 'good'
        WHEN games >= 10 THEN 'limited' ELSE 'insufficient' END AS sample_quality_20,
    games < 10 AS early_season_flag,
    enough(complete(there_10, gaps_10)) AS is_production_ready
FROM cells
ASOF JOIN zones ON zones.player_lookup = cells.player_lookup
    AND zones.season_year = cells.season_year AND zones.game_date < cells.game_date
ASOF LEFT JOIN tallied ON tallied.player_lookup = cells.player_lookup
    AND tallied.season_year = cells.season_year AND tallied.joined = cells.joined
    AND tallied.game_date < cells.game_date
ASOF LEFT JOIN positions ON positions.universal_player_id = cells.universal_player_id
    AND positions.season_year = cells.season_year AND positions.game_date < cells.game_date
WHERE games >= 5
"""

_TEAM_DEFENSE_ZONES = """
counted AS (
    SELECT team_abbr, season_year, game_date, bool_or(there) AS there
    FROM (
        SELECT team_abbr, season_year, game_date, false AS there FROM finals
        UNION ALL
        SELECT defending_team_abbr, season_year, game_date, true FROM team_defense_game_summary
    ) GROUP BY ALL
), tallied AS (
    SELECT team_abbr, season_year, game_date,
        count_if(there) OVER l15 AS there_15, count_if(NOT there) OVER l15 AS gaps_15
    FROM counted WINDOW l15 AS (
        PARTITION BY team_abbr, season_year ORDER BY game_date ROWS 14 PRECEDING)
), sums AS (
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
    SELECT DISTINCT season_year, game_date, game_date AS analysis_date,
        league.paint_pct, league.mid_range_pct, league.three_pt_pct, team_abbr
    FROM schedule SEMI JOIN days ON game_date = day
    JOIN league_daily_averages league USING (game_date)
    CROSS JOIN (SELECT DISTINCT defending_team_abbr AS team_abbr FROM team_defense_game_summary)
)
SELECT cells.*, sums.* EXCLUDE (team_abbr, season_year, game_date),
    games_in_sample < 15 AS early_season_flag,
    enough(complete(there_15, gaps_15)) AS is_production_ready,
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
ASOF JOIN tallied ON tallied.team_abbr = cells.team_abbr
    AND tallied.season_year = cells.season_year AND tallied.game_date < cells.game_date
WHERE games >= 5
"""

# Of each query the named steps, with the rows themselves at the end.
_QUERIES = {
    "player_daily_cache": (_PLAYED, _APPEARED, _EXPECTED, _COUNTED, _PLAYER_DAILY_CACHE),
    "player_shot_zone_analysis": (_PLAYED, _APPEARED, _SEEN, _COUNTED, _PLAYER_SHOT_ZONES),
    "team_defense_zone_analysis": (_PLAYED, _TEAM_DEFENSE_ZONES),
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
        # Taken for a few rows, the cells would be joined by comparing each with every game.
        connection.execute("SET asof_loop_join_threshold = 0")
        days = pa.table({"day": pa.array(sorted(dates), pa.date32())})
        connection.from_arrow(days).create("days")
        for name, columns in READS[table].items():
            found = files(warehouse, name, dates)
            stored = (
                connection.read_parquet(found) if found else connection.from_arrow(nothing(name))
            )
            stored.project(", ".join(columns)).create(name)
        plain = ", ".join(FEATURES[table])
        key, day = key_columns(table)
        yield (
            connection.sql(f"WITH {', '.join(_QUERIES[table])}")
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
        quote = '"' if is_quoted(table, name) else ""
        value = f"coalesce('{quote}' || CAST({name} AS VARCHAR) || '{quote}', 'null')"
        pieces.append(f"'{opening}\"{name}\": ' || {value}")
    return f"left(sha256({' || '.join(pieces)} || '}}'), 16)"
