"""Who is predicted tonight, and against which line.

One row per player who is expected to play enough, is not known to be out and whose features can be
trusted; everybody else is turned away by a rule that is named. The line is the one the setting
``NBA_LINE_RULE`` names: the newest by tip-off, the first, or the newest when predictions are made.
Without a line the player's recent average stands in, and says so; nothing is graded against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np

from nba_pipeline.domain.calendar import instant
from nba_pipeline.domain.line_snapshots import PREDICTION_HOUR, RULES, line_by_rule
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.variables import Variable
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables import prop_lines

MIN_MINUTES = Variable(
    "PREDICTION_MIN_MINUTES",
    "minutes a game in the last seven days from which a player is predicted",
    default="15",
    unit="minutes",
    whole=False,
    minimum=0,
    maximum=60,
)
LINE_RULE = Variable(
    "NBA_LINE_RULE",
    "the line claims are held against: closing is the newest by tip-off, first the first, "
    f"at_prediction the newest by {PREDICTION_HOUR:02}:00 Eastern",
    default=RULES[0],
    words=RULES,
)

#: Statuses of players who are not predicted.
NOT_PLAYING = ("out", "doubtful")

#: Fewest quality of features, 0 to 100, and fewest games behind an estimated line.
LEAST_QUALITY, LEAST_GAMES = 50.0, 3

ACTUAL, ESTIMATED = "ACTUAL_PROP", "ESTIMATED_AVG"

INPUTS = {
    "games": reads(
        "nbac_schedule",
        "game_id game_status scheduled_start actual_tip_off",
        on={"nba_game_id": "game_id"},
    ),
    "tonight": reads(
        "upcoming_player_game_context",
        "player_lookup universal_player_id nba_player_id game_id team_abbr opponent_team_abbr "
        "home_game days_rest back_to_back avg_minutes_per_game_last_7 player_status "
        "is_production_ready points_avg_last_5 points_avg_last_10 l10_games_used",
        on="game_id player_lookup",
    ),
    "features": reads(
        "ml_feature_store_v2",
        "feature_quality_score is_production_ready early_season_flag",
        on="game_id player_lookup",
    ),
    **prop_lines.INPUTS,
}

COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person"),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("is_home", bool, nullable=False),
    Column("days_rest", int, "full days off: 0 after a game yesterday", minimum=0),
    Column("back_to_back", bool),
    Column(
        "projected_minutes",
        float,
        "mean of the last seven days",
        unit="minutes",
        nullable=False,
        decimals=2,
        minimum=0,
    ),
    Column("player_status", str, "available, questionable, probable; NULL where nobody says"),
    Column("has_prop_line", bool, "whether the rule finds a line", nullable=False),
    Column("line_rule", str, "closing, first or at_prediction", nullable=False),
    Column("points_line", float, "the line", unit="points", decimals=1, minimum=0),
    Column("line_book", str, "bookmaker"),
    Column("line_taken_at", datetime, "when the line stood"),
    Column("line_source", str, "ACTUAL_PROP or ESTIMATED_AVG", nullable=False),
    Column(
        "estimated_line_value",
        float,
        "recent average to the half, where there is no line",
        unit="points",
        decimals=1,
        minimum=0,
    ),
    Column("estimation_method", str, "points_avg_last_5 or points_avg_last_10"),
    Column("feature_quality_score", float, unit="of 100", nullable=False, decimals=2),
    Column("is_production_ready", bool, "of the features", nullable=False),
)


def compute(cells: Cells) -> Columns:
    """Tonight's context with the line the rule names."""
    tonight, features = cells.one("tonight"), cells.one("features")
    rule = RULES[int(cells.settings[LINE_RULE.name])]
    snapshots, owner = prop_lines.main_lines(cells)
    line = line_by_rule(snapshots, owner, len(cells), rule, _mornings(cells["game_date"]))
    has_line = ~np.isnan(line.current)
    return {
        **{name: cells[name] for name in ("player_lookup", "game_id", "game_date", "team_abbr")},
        **{name: tonight[name] for name in _OF_TONIGHT},
        "is_home": tonight["home_game"],
        "projected_minutes": tonight["avg_minutes_per_game_last_7"],
        "has_prop_line": has_line,
        "line_rule": np.full(len(cells), rule, dtype=object),
        "points_line": line.current,
        "line_book": line.book,
        "line_taken_at": line.current_at,
        "line_source": np.where(has_line, ACTUAL, ESTIMATED).astype(object),
        **_estimated(tonight.columns, has_line),
        **{name: features[name] for name in _OF_FEATURES},
    }


_OF_TONIGHT = (
    "universal_player_id",
    "opponent_team_abbr",
    "days_rest",
    "back_to_back",
    "player_status",
)
_OF_FEATURES = (
    "feature_quality_score",
    "is_production_ready",
)


def _mornings(days: Array) -> Array:
    """When forecasts of those days are made."""
    moments = [instant(day, PREDICTION_HOUR).replace(tzinfo=None) for day in days.tolist()]
    return np.array(moments, dtype="datetime64[us]")


def _estimated(tonight: Columns, has_line: Array) -> Columns:
    """The average of five games, else of ten, to the nearest half."""
    five, ten = tonight["points_avg_last_5"], tonight["points_avg_last_10"]
    method = np.where(np.isnan(five), "points_avg_last_10", "points_avg_last_5").astype(object)
    method[has_line] = None
    value = rounded(np.rint(np.where(np.isnan(five), ten, five) * 2) / 2, 1)
    return {
        "estimated_line_value": np.where(has_line, np.nan, value),
        "estimation_method": method,
    }


# Who is turned away ------------------------------------------------------------------------------


def _plays_too_little(cells: Cells) -> Array:
    minutes = cells.one("tonight")["avg_minutes_per_game_last_7"]
    return np.asarray(~(minutes >= cells.settings[MIN_MINUTES.name]))


def _does_not_play(cells: Cells) -> Array:
    statuses = cells.one("tonight")["player_status"].tolist()
    return np.array([(s or "").strip().lower() in NOT_PLAYING for s in statuses], dtype=bool)


def _too_new(cells: Cells) -> Array:
    games = cells.one("tonight")["l10_games_used"]
    is_early = cells.one("features")["early_season_flag"] == 1
    return np.asarray(~(games >= LEAST_GAMES) | is_early)


def _no_features(cells: Cells) -> Array:
    return ~cells.one("features").found


def _poor(cells: Cells) -> Array:
    return np.asarray(~(cells.one("features")["feature_quality_score"] >= LEAST_QUALITY))


def _not_ready(cells: Cells) -> Array:
    return np.asarray(cells.one("tonight")["is_production_ready"] != 1)


def _gate(category: FailureCategory, reason: str, rule: object) -> Gate:
    return Gate(category, "{player_lookup} " + reason, rule)  # type: ignore[arg-type]


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Everybody expected tonight, with the moment his line is final."""
    tonight = each("tonight", "game_id", "player_lookup", "nba_player_id", "team_abbr")(inputs)
    return {**tonight, "tip_off": prop_lines.tip_offs(inputs["games"], tonight["game_id"])}


TABLE = Table(
    name="prediction_requests",
    dataset="nba_predictions",
    description=__doc__,
    entity=("game_id", "player_lookup"),
    key=("game_id", "player_lookup"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    settings=(MIN_MINUTES, LINE_RULE),
    fan_out=FanOut("player", "PREDICTION_WORKERS", default_workers=10),
    gates=(
        _gate(FailureCategory.EXPECTED_INCOMPLETE, "is listed as not playing", _does_not_play),
        _gate(
            FailureCategory.EXPECTED_INCOMPLETE,
            "has not played enough in the last seven days",
            _plays_too_little,
        ),
        _gate(FailureCategory.MISSING_DEPENDENCY, "has no features (no_features)", _no_features),
        _gate(
            FailureCategory.INSUFFICIENT_DATA,
            f"has fewer than {LEAST_GAMES} games, or the season has just begun (needs_bootstrap)",
            _too_new,
        ),
        _gate(
            FailureCategory.UPSTREAM_INCOMPLETE,
            f"has features of a quality below {LEAST_QUALITY:g} (quality_too_low)",
            _poor,
        ),
        _gate(
            FailureCategory.UPSTREAM_INCOMPLETE,
            "has a context that is not ready (features_not_production_ready)",
            _not_ready,
        ),
    ),
    clustering=("player_lookup",),
    plot=("player_lookup", "points_line"),
)
