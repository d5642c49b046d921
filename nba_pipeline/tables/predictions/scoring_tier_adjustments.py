"""By how much the ensemble has lately missed each tier of scorers, as known before the date.

One row per tier and date with predictions, where the thirty days before it have enough graded
forecasts. A player's tier is that of his season's average before the game, here and where the
adjustment is applied: by what he then scored, stars would only seem to be forecast too low.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.grading import TIER_NAMES, TIERS, tier_of
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import days_before, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables.player_games import points_scored, rows_of
from nba_pipeline.tables.predictions.systems import ensemble

#: Days looked back, and graded forecasts a tier needs in them.
DAYS, LEAST = 30, 20

INPUTS = {
    # Matched on what no cell has: only that there are predictions on the date.
    "requests": reads("prediction_requests", "game_id", on={"game_id": "scoring_tier"}),
    "forecasts": reads(
        "system_forecasts",
        "game_id player_lookup predicted_points season_average",
        window=days_before(DAYS),
        on="system_id",
    ),
    "results": reads(
        "player_game_summary",
        "game_id player_lookup points minutes_played",
        window=days_before(DAYS),
    ),
}


def _points(name: str, what: str = "", decimals: int = 3) -> Column:
    return Column(name, float, what, unit="points", decimals=decimals)


COLUMNS = (
    Column("system_id", str, nullable=False),
    Column("scoring_tier", str, "by season average", nullable=False),
    Column("game_date", date, "the date it serves", nullable=False),
    Column("sample_size", int, "graded forecasts", nullable=False, minimum=LEAST),
    Column("lookback_days", int, "days of grades it is learned from", unit="days", nullable=False),
    _points("avg_signed_error", "forecast less actual"),
    _points("avg_absolute_error", "mean of |forecast less actual|"),
    _points("std_signed_error", "sample standard deviation"),
    _points("recommended_adjustment", "the signed error with its sign turned", 2),
    Column("adjustment_confidence", float, "0 to 1", decimals=3, minimum=0, maximum=1),
    _points("tier_min_points", "season average the tier begins at; NULL of the lowest", 1),
)  # fmt: skip


def compute(cells: Cells) -> Columns:
    """Mean errors, and how far to believe them."""
    errors = [*_errors(cells)]
    count = np.array([len(found) for found in errors])
    mean = np.array([found.mean() for found in errors])
    spread = np.array([found.std(ddof=1) for found in errors])
    believed = np.minimum(1.0, count / 100) * np.maximum(0.3, 1 - spread / 20)
    least = {name: start for name, start, _ in TIERS}
    starts = np.array([least[name] for name in cells["scoring_tier"].tolist()])
    return {
        **{name: cells[name] for name in ("system_id", "scoring_tier", "game_date")},
        "sample_size": count,
        "lookback_days": np.full(len(cells), DAYS),
        "avg_signed_error": rounded(mean, 3),
        "avg_absolute_error": rounded(np.array([np.abs(found).mean() for found in errors]), 3),
        "std_signed_error": rounded(spread, 3),
        "recommended_adjustment": rounded(-mean, 2),
        "adjustment_confidence": rounded(believed, 3),
        "tier_min_points": starts,
    }


def _errors(cells: Cells) -> Iterator[Array]:
    """Of each cell, signed errors of its tier's graded forecasts, in the order of the games."""
    for cell, scored in enumerate(points_scored(cells, "forecasts")):
        past = rows_of(cells, "forecasts", cell)
        of_tier = tier_of(past["season_average"]) == cells["scoring_tier"][cell]
        keep = of_tier & ~np.isnan(scored)
        yield past["predicted_points"][keep] - scored[keep]


def _too_few(cells: Cells) -> Array:
    return np.array([len(found) < LEAST for found in _errors(cells)], dtype=bool)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every tier on every date with predictions."""
    days = np.unique(inputs["requests"]["game_date"])
    size = len(days) * len(TIER_NAMES)
    return {
        "game_date": np.repeat(days, len(TIER_NAMES)),
        "system_id": np.full(size, ensemble.SYSTEM.id, dtype=object),
        "scoring_tier": np.array(TIER_NAMES * len(days), dtype=object),
    }


TABLE = Table(
    name="scoring_tier_adjustments",
    dataset="nba_predictions",
    description=__doc__,
    entity=("system_id", "scoring_tier"),
    key=("system_id", "scoring_tier"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("tier", "CALIBRATION_WORKERS", default_workers=4),
    gates=(
        Gate(
            FailureCategory.INSUFFICIENT_DATA,
            f"fewer than {LEAST} graded forecasts of {{scoring_tier}} in {DAYS} days",
            _too_few,
        ),
    ),
    clustering=("system_id", "scoring_tier"),
)
