"""What each system's claims of a date were worth: errors, sides won and lost, intervals held.

One row per system and line rule on a date with claims. Those that were void or are pending count
apart and nowhere else; pushes are neither won nor lost.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.grading import OVER, PASS, PENDING, PUSH, UNDER, VOID
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.domain.scorecard import HIGH, Sides, mean, share, sides
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables.player_games import rows_of

INPUTS = {
    "claims": reads(
        "prediction_accuracy",
        "system_id line_rule outcome recommendation confidence_score prediction_correct "
        "absolute_error signed_error within_3_points within_5_points within_interval "
        "adjusted_absolute_error is_regraded",
        on="system_id line_rule",
    ),
}


def _count(name: str, what: str = "") -> Column:
    return Column(name, int, what, nullable=False, minimum=0)


def _rate(name: str, what: str = "") -> Column:
    return Column(name, float, what, unit="fraction", decimals=3, minimum=0, maximum=1)


def _points(name: str, what: str = "") -> Column:
    return Column(name, float, what, unit="points", decimals=2)


COLUMNS = (
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("system_id", str, nullable=False),
    Column("line_rule", str, nullable=False),
    _count("predictions_count", "graded, pushes among them"),
    _count("voided_count", "of players who did not play"),
    _count("pending_count", "of games that are not over"),
    _count("regraded_count", "graded again after a correction"),
    _count("recommendations_count", "sides taken"),
    _count("correct_count", "sides taken that were right"),
    _count("incorrect_count", "sides taken that were wrong"),
    _count("push_count", "sides taken on a line that was hit exactly"),
    _count("pass_count", "claims against a line that took no side"),
    _rate("win_rate", "correct of correct and incorrect"),
    _points("mae", "mean absolute error"),
    _points("avg_bias", "mean of predicted less actual"),
    _points("adjusted_mae", "with the tiers' adjustments, where there are any"),
    _count("over_count", "sides taken over the line"),
    _count("over_correct", "those that were right"),
    _rate("over_win_rate", "right of right and wrong, over the line"),
    _count("under_count", "sides taken under the line"),
    _count("under_correct", "those that were right"),
    _rate("under_win_rate", "right of right and wrong, under the line"),
    _count("within_3_count", "forecasts off by 3 points or less"),
    _rate("within_3_pct", "their share of all graded"),
    _count("within_5_count", "forecasts off by 5 points or less"),
    _rate("within_5_pct", "their share of all graded"),
    _rate("interval_coverage", "share of games inside the stated interval"),
    _rate("avg_confidence", "mean confidence of the claims"),
    _count("high_confidence_count", f"sides taken with a confidence of {HIGH} or more"),
    _count("high_confidence_correct", "those that were right"),
    _rate("high_confidence_win_rate", "right of right and wrong, of those"),
)


def compute(cells: Cells) -> Columns:
    """One scorecard per system."""
    cards = [_card(cells, cell) for cell in range(len(cells))]
    decimals = {column.name: column.decimals for column in COLUMNS}
    columns = {name: np.array([card[name] for card in cards]) for name in (cards or [{}])[0]}
    return {
        **{name: cells[name] for name in ("game_date", "system_id", "line_rule")},
        **{
            name: rounded(values, decimals[name] or 0) if values.dtype.kind == "f" else values
            for name, values in columns.items()
        },
    }


def _card(cells: Cells, cell: int) -> dict[str, float]:
    """Everything but the voids and the pending is of graded claims alone."""
    asked = rows_of(cells, "claims", cell)
    graded = ~np.isnan(asked["absolute_error"])
    claims = {name: values[graded] for name, values in asked.items()}
    side, right = claims["recommendation"], claims["prediction_correct"]
    taken = {name: side == name for name in (OVER, UNDER)}
    either = taken[OVER] | taken[UNDER]
    both, sure = sides(either, right), sides(either & (claims["confidence_score"] >= HIGH), right)
    return {
        "predictions_count": int(graded.sum()),
        "voided_count": int((asked["outcome"] == VOID).sum()),
        "pending_count": int((asked["outcome"] == PENDING).sum()),
        "regraded_count": int((claims["is_regraded"] == 1).sum()),
        "recommendations_count": both.taken,
        "correct_count": both.correct,
        "incorrect_count": both.incorrect,
        "push_count": int((either & (claims["outcome"] == PUSH)).sum()),
        "pass_count": int((side == PASS).sum()),
        "win_rate": both.win_rate,
        "mae": mean(claims["absolute_error"], 2),
        "avg_bias": mean(claims["signed_error"], 2),
        "adjusted_mae": mean(claims["adjusted_absolute_error"], 2),
        **_per_side({name: sides(rows, right) for name, rows in taken.items()}),
        **_within(claims),
        "avg_confidence": mean(claims["confidence_score"], 2),
        "high_confidence_count": sure.taken,
        "high_confidence_correct": sure.correct,
        "high_confidence_win_rate": sure.win_rate,
    }


def _per_side(taken: dict[str, Sides]) -> dict[str, float]:
    return {
        f"{side.lower()}_{name}": value
        for side, counted in taken.items()
        for name, value in (
            ("count", counted.taken),
            ("correct", counted.correct),
            ("win_rate", counted.win_rate),
        )
    }


def _within(claims: Columns) -> dict[str, float]:
    return {
        **{
            f"within_{points}_count": int((claims[f"within_{points}_points"] == 1).sum())
            for points in (3, 5)
        },
        **{f"within_{points}_pct": share(claims[f"within_{points}_points"]) for points in (3, 5)},
        "interval_coverage": share(claims["within_interval"]),
    }


TABLE = Table(
    name="system_daily_performance",
    dataset="nba_predictions",
    description=__doc__,
    entity=("system_id", "line_rule"),
    key=("system_id", "line_rule"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("claims", "system_id", "line_rule"),
    compute=compute,
    version=2,
    fan_out=FanOut("system", "GRADING_WORKERS", default_workers=4),
    clustering=("system_id",),
    plot=("system_id", "mae"),
)
