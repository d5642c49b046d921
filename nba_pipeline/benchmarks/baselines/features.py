"""What the baselines compute: columns of three tables, and from which files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.precompute.player_daily_cache import SHOT_PROFILE, WORKLOAD

#: Games a player or a team needs for a row.
FEWEST_GAMES = 5

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

#: The columns of each table, in the order the baselines write them.
FEATURES = {
    "player_daily_cache": (
        "player_lookup",
        "cache_date",
        *(name for name, *_ in FORM),
        "points_std_last_10",
        "games_played_season",
        "team_pace_last_10",
        "team_off_rating_last_10",
        *WORKLOAD,
        *SHOT_PROFILE,
        "assisted_rate_last_10",
    ),
    "player_shot_zone_analysis": (
        "player_lookup",
        "analysis_date",
        *(f"{zone}_rate_last_10" for zone in ZONES),
        "total_shots_last_10",
        "games_in_sample_10",
        "games_with_zone_data_10",
        *(f"{zone}_pct_last_10" for zone in ZONES),
        *(f"{zone}_attempts_per_game" for zone in ZONES),
        "paint_rate_last_20",
        "paint_pct_last_20",
        "games_in_sample_20",
        "assisted_rate_last_10",
        "unassisted_rate_last_10",
        "primary_scoring_zone",
    ),
    "team_defense_zone_analysis": (
        "team_abbr",
        "analysis_date",
        *(f"{zone}_pct_allowed_last_15" for zone in ZONES),
        *(f"{zone}_defense_vs_league_avg" for zone in ZONES),
        *(name for name, *_ in ALLOWED),
        "games_in_sample",
        "games_with_zone_data",
        "strongest_zone",
        "weakest_zone",
    ),
}

_SHOTS = tuple(f"{zone}_{what}" for zone in ZONES for what in ("attempts", "makes"))
_CREATED = ("assisted_fg_makes", "unassisted_fg_makes", "fg_makes")
_SCHEDULE = ("game_date", "season_year", "is_current", "is_retracted")

#: The tables each reads, with the columns.
READS = {
    "player_daily_cache": {
        "upcoming_player_game_context": (
            "game_date",
            "player_lookup",
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
        "team_offense_game_summary": (
            "game_date",
            "team_abbr",
            "season_year",
            "pace",
            "offensive_rating",
        ),
        "player_shot_zone_analysis": ("game_date", "player_lookup", *SHOT_PROFILE),
    },
    "player_shot_zone_analysis": {
        "nbac_schedule": _SCHEDULE,
        "nbac_player_boxscores": (*_SCHEDULE, "player_lookup"),
        "player_game_summary": ("game_date", "player_lookup", "season_year", *_SHOTS, *_CREATED),
    },
    "team_defense_zone_analysis": {
        "nbac_schedule": _SCHEDULE,
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

#: Columns that stand in quotes where they are hashed.
QUOTED = frozenset(
    {
        "player_lookup",
        "team_abbr",
        "cache_date",
        "analysis_date",
        "primary_scoring_zone",
        "strongest_zone",
        "weakest_zone",
    }
)


def files(warehouse: Path, table: str, last: date) -> list[str]:
    """The stored files of a table up to a date, oldest first."""
    folder = warehouse / REGISTRY[table].dataset / table
    return sorted(str(path) for path in folder.glob("*.parquet") if path.stem <= last.isoformat())


def day_column(table: str) -> str:
    """The column with a row's date; the partition's."""
    return next(name for name in FEATURES[table] if name.endswith("_date"))
