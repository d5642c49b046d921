"""What the baselines compute: the hashed columns of three tables, and from which files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.completeness import THRESHOLD
from nba_pipeline.tables.precompute.player_daily_cache import SHOT_PROFILE, WORKLOAD

#: Games a player or a team needs for a row.
FEWEST_GAMES = 5

#: Percentage of its expected games from which a row is ready for production.
COMPLETE = float(THRESHOLD.default)

ZONES = ("paint", "mid_range", "three_pt")

#: Zones of the defense by the names they go by as the strongest and the weakest.
DEFENDED = {"paint": "paint", "mid_range": "mid_range", "three_pt": "perimeter"}

#: Means of a player's games: name, column, games back (0 for the season), decimals of the column.
FORM = (
    ("points_avg_last_5", "points", 5, 0),
    ("points_avg_last_10", "points", 10, 0),
    ("points_avg_season", "points", 0, 0),
    ("minutes_avg_last_10", "minutes_played", 10, 1),
    ("minutes_avg_season", "minutes_played", 0, 1),
    ("usage_rate_last_10", "usage_rate", 10, 2),
    ("ts_pct_last_10", "ts_pct", 10, 3),
    ("player_usage_rate_season", "usage_rate", 0, 2),
)

#: Means of what a team allowed in 15 games: name, column, its decimals, those of the mean.
ALLOWED = (
    ("paint_points_allowed_per_game", "points_in_paint_allowed", 0, 1),
    *((f"{zone}_attempts_allowed_per_game", f"opp_{zone}_attempts", 0, 1) for zone in ZONES),
    *((f"{zone}_blocks_per_game", f"blocks_{zone}", 0, 1) for zone in ZONES),
    ("defensive_rating_last_15", "defensive_rating", 2, 4),
    ("opponent_points_per_game", "points_allowed", 0, 1),
    ("opponent_pace", "opponent_pace", 1, 4),
)

#: The columns of each table: all that are hashed.
FEATURES = {
    name: REGISTRY[name].hash_fields
    for name in (
        "player_daily_cache",
        "player_shot_zone_analysis",
        "team_defense_zone_analysis",
    )
}

_SHOTS = tuple(f"{zone}_{what}" for zone in ZONES for what in ("attempts", "makes"))
_CREATED = ("assisted_fg_makes", "unassisted_fg_makes", "fg_makes")
_CURRENT = ("is_current", "is_retracted")
_GAMES = ("game_date", "season_year", *_CURRENT)
_FINALS = (*_GAMES, "home_team_abbr", "away_team_abbr", "game_status", "season_type")
_LINES = (*_GAMES, "player_lookup", "team_abbr", "universal_player_id")
_TEAM_GAMES = ("game_date", "team_abbr", "season_year", "player_lines")

#: The tables each reads, with the columns.
READS = {
    "player_daily_cache": {
        "upcoming_player_game_context": (
            "game_date",
            "player_lookup",
            "universal_player_id",
            "team_abbr",
            "season_year",
            *WORKLOAD,
        ),
        "player_game_summary": (
            "game_date",
            "player_lookup",
            "season_year",
            "is_active",
            *dict.fromkeys(column for _, column, *_ in FORM),
            "fg_makes",
            "assisted_fg_makes",
        ),
        "team_offense_game_summary": (*_TEAM_GAMES, "pace", "offensive_rating"),
        "player_shot_zone_analysis": ("game_date", "player_lookup", *SHOT_PROFILE),
        "nbac_schedule": _FINALS,
        "nbac_player_boxscores": _LINES,
    },
    "player_shot_zone_analysis": {
        "nbac_schedule": _FINALS,
        "nbac_player_boxscores": _LINES,
        "nbac_player_list": (*_GAMES, "universal_player_id", "position"),
        "player_game_summary": ("game_date", "player_lookup", "season_year", *_SHOTS, *_CREATED),
        "team_offense_game_summary": _TEAM_GAMES,
    },
    "team_defense_zone_analysis": {
        "nbac_schedule": _FINALS,
        "league_daily_averages": ("game_date", *(f"{zone}_pct" for zone in ZONES)),
        "team_defense_game_summary": (
            "game_date",
            "defending_team_abbr",
            "season_year",
            *(f"opp_{zone}_makes" for zone in ZONES),
            *(column for _, column, *_ in ALLOWED),
        ),
    },
}


#: Of these a row reads its own date alone, of the others every date up to it.
SAME_DAY = frozenset(
    {"upcoming_player_game_context", "player_shot_zone_analysis", "league_daily_averages"}
)


def files(warehouse: Path, table: str, dates: Sequence[date]) -> list[str]:
    """The stored files of a table that rows of some dates read, oldest first."""
    folder = warehouse / REGISTRY[table].dataset / table
    days, last = {day.isoformat() for day in dates}, max(dates).isoformat()
    return sorted(
        str(path)
        for path in folder.glob("*.parquet")
        if (path.stem in days if table in SAME_DAY else path.stem <= last)
    )


def nothing(table: str) -> pa.Table:
    """No row of a table, which is what is read of one that has no file."""
    return REGISTRY[table].schema.empty_table()


def key_columns(table: str) -> tuple[str, str]:
    """The columns that name a row: its player's or team's, and the one with its date."""
    entity, day = REGISTRY[table].key
    return entity, day


def is_quoted(table: str, column: str) -> bool:
    """Whether a column stands in quotes where it is hashed."""
    return REGISTRY[table].column(column).type in (str, date)
