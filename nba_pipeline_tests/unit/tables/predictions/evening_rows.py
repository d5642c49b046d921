"""Rows of one evening in November 2024, of every table predictions are made from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from nba_pipeline.domain.features import NAMES
from nba_pipeline.tables.points_features import NAMES as LEARNED

Row = dict[str, Any]

DAY = date(2024, 11, 20)
GAME = "20241120_CHI_MIL"
NOON = datetime(2024, 11, 20, 17, tzinfo=UTC)


def tonight(player: str) -> Row:
    return {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        "nba_player_id": 201942,
        "team_abbr": "CHI",
        "opponent_team_abbr": "MIL",
        "home_game": False,
        "days_rest": 1,
        "back_to_back": False,
        "avg_minutes_per_game_last_7": 34.0,
        "player_status": None,
        "is_production_ready": True,
        "points_avg_last_5": 21.3,
        "points_avg_last_10": 22.0,
        "l10_games_used": 10,
    }


def features(player: str) -> Row:
    return {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        "features": [20.0] * len(NAMES),
        "feature_quality_score": 95.0,
        "is_production_ready": True,
        "early_season_flag": False,
    }


def line(points: float, at: datetime = NOON, **changed: Any) -> Row:
    """A main line of a bookmaker on the player of ``tonight``."""
    return {
        "game_date": DAY,
        "game_id": GAME,
        "nba_player_id": 201942,
        "bookmaker": "prizepicks",
        "snapshot_timestamp": at,
        "snapshot_tag": "",
        "points_line": points,
        "is_main_line": True,
        **changed,
    }


def request(player: str = "demarderozan", points_line: float | None = 20.5) -> Row:
    """A row of ``prediction_requests``."""
    return {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        "team_abbr": "CHI",
        "opponent_team_abbr": "MIL",
        "is_home": False,
        "days_rest": 1,
        "projected_minutes": 34.0,
        "has_prop_line": points_line is not None,
        "line_rule": "closing",
        "points_line": points_line,
        "line_source": "ACTUAL_PROP" if points_line is not None else "ESTIMATED_AVG",
        "estimated_line_value": None if points_line is not None else 21.5,
        "feature_quality_score": 95.0,
        "is_production_ready": True,
    }


def forecast(system: str, points: float, player: str = "demarderozan", sure: float = 0.8) -> Row:
    """A row of ``system_forecasts``."""
    return {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        "system_id": system,
        "predicted_points": points,
        "confidence_score": sure,
        "season_average": 22.0,
        "key_factors": ["season average 22.0"],
        "historical_games_count": 14,
    }


def learned(player: str) -> Row:
    """A row of ``player_points_features``."""
    return {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        **dict.fromkeys(LEARNED, 12.0),
    }
