"""The learned model that serves on the date; without one, a formula of fixed weights.

Which of the two spoke is in ``model_version``.
"""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain import learning
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.windows import Array, Columns
from nba_pipeline.tables.points_features import NAMES, examples_of
from nba_pipeline.tables.predictions.systems.slate import (
    FEWEST_POINTS,
    MOST_POINTS,
    Forecast,
    Slate,
    SoFar,
    System,
    answer,
    venue,
)

#: What speaks where no model serves.
FORMULA = "xgb_heuristic_v1"


def predict(slate: Slate, so_far: SoFar) -> Forecast:
    """Each player by the model that serves his date."""
    del so_far
    told = _by_formula(slate)
    points, silence = told.points.copy(), told.silence.copy()
    version = np.where(slate.model == None, FORMULA, slate.model_version)  # noqa: E711
    for model in dict.fromkeys(text for text in slate.model.tolist() if text):
        mine = np.flatnonzero(slate.model == model)
        learned = {name: values[mine] for name, values in slate.learned.items()}
        examples = examples_of(learned, np.empty(0))
        points[mine] = learning.foretell(model, examples)
        told.reasons[mine] = learning.drivers(model, examples, NAMES)
        silence[mine] = None
    points = rounded(np.clip(points, FEWEST_POINTS, MOST_POINTS), 2)
    silence[np.isnan(points)] = "a feature it needs is unknown"
    sure = np.where(np.isnan(points), 0.0, confidence(slate))
    details: Columns = {"model_version": version.astype(object)}
    return Forecast(points, sure, told.reasons, silence, details)


def confidence(slate: Slate) -> Array:
    """0 to 1, from the features' quality and how far apart a player's games lie."""
    quality, spread = slate.quality, slate["points_std_last_10"]
    of_quality = np.select(
        [quality >= 90, quality >= 80, quality >= 70, quality >= 60], [10, 7, 5, 2], 0
    )
    of_spread = np.select([spread < 4, spread < 6, spread < 8], [10, 7, 5], 2)
    return np.asarray(np.clip(70 + of_quality + of_spread, 0, 100) / 100)


def _by_formula(slate: Slate) -> Forecast:
    """Averages with fixed corrections; what it needs beyond the 25 features it does without."""
    base = (
        0.35 * slate["points_avg_last_5"]
        + 0.40 * slate["points_avg_last_10"]
        + 0.25 * slate["points_avg_season"]
    )
    fatigue, defence = slate["fatigue_score"], slate["opponent_def_rating"]
    rested = np.select([fatigue < 50, fatigue < 70, fatigue > 85], [-2.5, -1.0, 0.5], 0.0)
    profile = np.select(
        [
            (slate["pct_paint"] > 0.45) & (defence > 115),
            (slate["pct_three"] > 0.40) & (defence < 110),
        ],
        [0.8, -0.5],
        0.0,
    )
    adjustments = {
        "fatigue_adjustment": rested,
        "shot_zone_adjustment": 0.35 * slate["shot_zone_mismatch_score"] + profile,
        "pace_adjustment": 0.08 * slate["pace_score"],
        "usage_spike_adjustment": 0.25 * slate["usage_spike_score"],
        "home_away_adjustment": venue(slate, 1.0, -0.6),
        "other_adjustments": np.where(slate["back_to_back"] == 1, -2.2, 0.0)
        + np.select([defence < 108, defence > 118], [-1.5, 1.0], 0.0),
    }
    return answer(base, adjustments, confidence(slate), "recent average")


SYSTEM = System("xgboost_v1", "learned", predict, edge=1.5, least_confidence=0.60)
