"""Rows of one evening as the tables have them: one game, one player, two systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from nba_pipeline.engine.protocols import Outcome, Stored
from nba_pipeline.report.model import Page
from nba_pipeline.report.reading import INPUTS, Evening, tables_read
from nba_pipeline.report.slate import page_of

Row = dict[str, Any]

DAY = date(2024, 11, 20)
GAME = "20241120_CHI_MIL"
PLAYER = "nikolavucevic"


def stored(*outcomes: Outcome, rows: int = 1, skip_reason: str = "") -> Stored:
    return Stored("f", "v" * 64, rows, rows, 1, {}, outcomes, skip_reason)


def game(status: int = 1, **changed: Any) -> Row:
    return {
        "game_id": GAME,
        "game_status": status,
        "away_team_abbr": "CHI",
        "home_team_abbr": "MIL",
        "away_team_score": None,
        "home_team_score": None,
        "scheduled_start": datetime(2024, 11, 21, 1, tzinfo=UTC),
        "actual_tip_off": None,
        "arena_name": "Fiserv Forum",
        "arena_city": "Milwaukee",
        **changed,
    }


def team(code: str, **changed: Any) -> Row:
    return {
        "game_id": GAME,
        "team_abbr": code,
        "team_days_rest": 1,
        "team_back_to_back": False,
        "games_in_last_7_days": 3,
        "consecutive_road_games": 0,
        "travel_miles": 80,
        "time_zone_changes": 0,
        "starters_out_count": None,
        "game_spread": -6.5 if code == "MIL" else 6.5,
        "game_total": 228.0,
        **changed,
    }


def expected(player: str = PLAYER, **changed: Any) -> Row:
    return {
        "game_id": GAME,
        "player_lookup": player,
        "team_abbr": "CHI",
        "opponent_team_abbr": "MIL",
        "home_game": False,
        "player_status": None,
        "days_rest": 1,
        "back_to_back": False,
        "games_in_last_7_days": 3,
        "avg_minutes_per_game_last_7": 33.0,
        "points_avg_last_5": 21.4,
        "opening_points_line": None,
        "star_teammates_out": None,
        **changed,
    }


def claim(system: str = "ensemble_v1", **changed: Any) -> Row:
    return {
        "game_id": GAME,
        "player_lookup": PLAYER,
        "system_id": system,
        "line_rule": "closing",
        "team_abbr": "CHI",
        "opponent_team_abbr": "MIL",
        "is_home": False,
        "projected_minutes": 33.0,
        "predicted_points": 22.0,
        "interval_low": 13.0,
        "interval_high": 31.5,
        "interval_coverage": 0.8,
        "over_probability": 0.56,
        "confidence_score": 0.7,
        "recommendation": "OVER",
        "line_value": 19.5,
        "line_book": "prizepicks",
        "line_taken_at": datetime(2024, 11, 21, 0, 55, tzinfo=UTC),
        "estimated_line_value": None,
        "estimation_method": None,
        "key_factors": ["moving_average 21.0", "match-up -0.4"],
        "feature_quality_score": 95.2,
        "is_production_ready": True,
        **changed,
    }


def grade(system: str = "ensemble_v1", outcome: str = "graded", **changed: Any) -> Row:
    return {
        "game_id": GAME,
        "player_lookup": PLAYER,
        "system_id": system,
        "line_rule": "closing",
        "outcome": outcome,
        "actual_points": 25,
        "first_actual_points": 25,
        "is_regraded": False,
        "prediction_correct": True,
        "signed_error": -3.0,
        "within_interval": True,
        "line_value": 19.5,
        "over_probability": 0.56,
        **changed,
    }


def played(points: int, name: str | None = "Nikola Vučević", minutes: float = 33.0) -> Row:
    return {
        "player_lookup": PLAYER,
        "player_full_name": name,
        "game_id": "20241118_CHI_DET",
        "points": points,
        "minutes_played": minutes,
    }


def evening(
    partitions: Mapping[str, Stored] | None = None,
    failures: Mapping[str, str] | None = None,
    **rows: Sequence[Row],
) -> Evening:
    """An evening with every table built, except where ``partitions`` says otherwise."""
    built = {name: stored() for name in tables_read()} if partitions is None else partitions
    return Evening(DAY, {name: list(rows.get(name, ())) for name in INPUTS}, built, failures or {})


def page(**rows: Any) -> Page:
    """The page of one game and one player with a line."""
    usual = {
        "games": [game()],
        "teams": [team("CHI"), team("MIL")],
        "expected": [expected()],
        "claims": [claim()],
        "form": [played(18), played(24)],
        "earlier": [grade()],
    }
    return page_of(evening(**(usual | rows)))
