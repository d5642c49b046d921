"""How each claim turned out, once the game is over.

One row per player, system and line rule: graded, a push, void because he did not play, or pending
until the game is final and summarised. A box score corrected later grades the claim again and says
so: ``is_regraded``, with what he had been credited with on the morning after.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.clocks import results_known_at
from nba_pipeline.domain.games import GameStatus
from nba_pipeline.domain.grading import (
    GRADED,
    PUSH,
    decile,
    is_correct,
    outcome,
)
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns

_COPIED = (
    "team_abbr",
    "opponent_team_abbr",
    "predicted_points",
    "interval_low",
    "interval_high",
    "over_probability",
    "confidence_score",
    "recommendation",
    "has_prop_line",
    "line_value",
    "line_source",
    "estimated_line_value",
    "pace_adjustment",
    "model_version",
    "scoring_tier",
    "adjusted_points",
)

INPUTS = {
    "games": reads("nbac_schedule", "game_id game_status", on="game_id"),
    "claims": reads(
        "player_prop_predictions",
        "game_id player_lookup system_id line_rule similar_games_count " + " ".join(_COPIED),
        on="game_id player_lookup system_id line_rule",
    ),
    "actual": reads(
        "player_game_summary",
        "points minutes_played",
        on="game_id player_lookup",
    ),
    "summarised": reads("player_game_summary", "game_id", on="game_id"),
    "first": reads(
        "nbac_player_boxscores",
        "points minutes",
        on="game_id player_lookup",
        known_by="first_graded_at",
    ),
}


def _points(name: str, what: str = "", decimals: int = 2) -> Column:
    return Column(name, float, what, unit="points", decimals=decimals)


COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("system_id", str, nullable=False),
    Column("line_rule", str, nullable=False),
    Column("team_abbr", str),
    Column("opponent_team_abbr", str),
    Column("outcome", str, "graded, push, void or pending", nullable=False),
    _points("predicted_points", "", 1),
    _points("interval_low", "", 1),
    _points("interval_high", "", 1),
    Column("over_probability", float, "of going over the line", decimals=4),
    Column("confidence_score", float, "0 to 1", decimals=2),
    Column("confidence_decile", int, "1 to 10", minimum=1, maximum=10),
    Column("recommendation", str, nullable=False),
    Column("has_prop_line", bool, nullable=False),
    _points("line_value", "the line it was held against", 1),
    Column("line_source", str),
    _points("estimated_line_value", "", 1),
    _points("pace_adjustment"),
    Column("similarity_sample_size", int, "similar games", minimum=0),
    Column("actual_points", int, "NULL while pending, and of who did not play", unit="points"),
    Column("first_actual_points", int, "as known on the morning after", unit="points"),
    Column("is_regraded", bool, "whether that has been corrected since", nullable=False),
    Column("minutes_played", float, unit="minutes", decimals=1),
    _points("absolute_error"),
    _points("signed_error", "predicted less actual"),
    Column("prediction_correct", bool, "of a side taken; NULL for a push, a pass or no line"),
    _points("predicted_margin", "predicted less the line"),
    _points("actual_margin", "actual less the line"),
    Column("within_3_points", bool),
    Column("within_5_points", bool),
    Column("within_interval", bool),
    Column("model_version", str),
    Column("scoring_tier", str),
    _points("adjusted_points", "with the tier's adjustment", 1),
    _points("adjusted_absolute_error", "of the adjusted points"),
)


def compute(cells: Cells) -> Columns:
    """The claim beside what happened."""
    claim, actual, game = cells.one("claims"), cells.one("actual"), cells.one("games")
    line, minutes = claim["line_value"], actual["minutes_played"]
    final = game["game_status"] == float(GameStatus.FINAL)
    final &= cells.window("summarised").count() > 0
    became = outcome(actual["points"], minutes, line, final)
    points = np.where(_is_graded(became), actual["points"], np.nan)
    predicted = claim["predicted_points"]
    error = rounded(predicted - points, 2)
    size = np.abs(error)
    first = np.where(final, cells.one("first")["points"], np.nan)
    inside = (points >= claim["interval_low"]) & (points <= claim["interval_high"])
    return {
        **{name: cells[name] for name in _KEY},
        **{name: claim[name] for name in _COPIED},
        "outcome": became,
        "confidence_decile": decile(claim["confidence_score"]),
        "similarity_sample_size": claim["similar_games_count"],
        "actual_points": points,
        "first_actual_points": first,
        "is_regraded": ~np.isnan(first) & ~(first == actual["points"]),
        "minutes_played": np.where(final, minutes, np.nan),
        "absolute_error": size,
        "signed_error": error,
        "prediction_correct": is_correct(claim["recommendation"], points, line),
        "predicted_margin": rounded(predicted - line, 2),
        "actual_margin": rounded(points - line, 2),
        "within_3_points": _of_known(points, size <= 3.0),
        "within_5_points": _of_known(points, size <= 5.0),
        "within_interval": _of_known(points, inside),
        "adjusted_absolute_error": rounded(np.abs(claim["adjusted_points"] - points), 2),
    }


_KEY = ("game_id", "player_lookup", "system_id", "line_rule", "game_date")


def _is_graded(became: Array) -> Array:
    return np.asarray((became == GRADED) | (became == PUSH))


def _of_known(points: Array, holds: Array) -> Array:
    """1 or 0 where there is a result, NaN elsewhere."""
    return np.where(np.isnan(points), np.nan, holds.astype(np.float64))


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every claim, with the morning on which it can first be graded."""
    claims = each("claims", "game_id", "player_lookup", "system_id", "line_rule")(inputs)
    return {**claims, "first_graded_at": results_known_at(claims["game_date"])}


TABLE = Table(
    name="prediction_accuracy",
    dataset="nba_predictions",
    description=__doc__,
    entity=("game_id", "player_lookup", "system_id", "line_rule"),
    key=("game_id", "player_lookup", "system_id", "line_rule"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("player", "GRADING_WORKERS", default_workers=4),
    clustering=("system_id", "player_lookup"),
    plot=("player_lookup", "absolute_error"),
)
