"""The columns a learned points model reads, in order: for their table, training and forecasts."""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.learning import Examples
from nba_pipeline.engine.windows import Array, Columns

DECIMALS = 4

#: Games after which a game counts half in the means that fade.
HALF_LIVES = (3, 8, 20)

#: Name = unit and meaning, in the order models read them.
FEATURES = {
    "games_played": "games this season",
    "points_mean_season": "points",
    "points_mean_last_5": "points",
    "points_mean_last_10": "points",
    **{f"points_fading_{games}": f"points, halved every {games} games" for games in HALF_LIVES},
    "points_std_last_10": "points",
    "minutes_mean_season": "minutes",
    "minutes_mean_last_5": "minutes",
    **{f"minutes_fading_{games}": f"minutes, halved every {games} games" for games in HALF_LIVES},
    "minutes_last_game": "minutes",
    "shots_mean_season": "field-goal attempts",
    "shots_fading_8": "field-goal attempts",
    "free_throws_fading_8": "free-throw attempts",
    "threes_fading_8": "three-point attempts",
    "turnovers_fading_8": "turnovers",
    "assists_fading_8": "assists",
    "rebounds_fading_8": "rebounds",
    "plus_minus_fading_8": "points",
    "starts_fading_3": "share of games begun",
    "starts_fading_8": "share of games begun",
    "started_last_game": "1 where he did",
    "points_per_minute": "points, season",
    "plays_per_minute": "shots, free throws and turnovers",
    "is_home": "1 at home",
    "days_rest": "full days off",
    "team_games_missed": "team games since he last played",
    "team_pace": "possessions, last 15",
    "team_off_rating": "points per 100 possessions, last 15",
    "opponent_pace": "possessions, last 15",
    "opponent_def_rating": "points per 100 possessions, last 15",
    "missing_minutes": "minutes of team-mates expected to be out",
    "missing_minutes_change": "those less the mean of his last ten games",
    "missing_points_change": "points, likewise",
    "missing_shots_change": "field-goal attempts, likewise",
}

NAMES = tuple(FEATURES)

#: What a model starts from: this share of the season's mean, the rest of the two that fade.
_START = {"points_mean_season": 0.5, "points_fading_8": 0.3, "points_fading_20": 0.2}


def examples_of(columns: Columns, points: Array) -> Examples:
    """Rows of ``player_points_features`` as a model takes them.

    Args:
        columns: With at least ``NAMES``.
        points: What was scored; empty of games to foretell.
    """
    start = np.zeros(len(columns[NAMES[0]]))
    for name, share in _START.items():
        start = start + share * columns[name]
    return Examples(np.column_stack([columns[name] for name in NAMES]), start, points)
