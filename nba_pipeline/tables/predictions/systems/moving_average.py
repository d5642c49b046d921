"""Recent averages, with small corrections for how rested a player is and whom he meets.

Tired players lose points here; the system this one replaces took them from the rested ones.
"""

from __future__ import annotations

import numpy as np

from nba_pipeline.tables.predictions.systems.slate import (
    Forecast,
    Slate,
    SoFar,
    System,
    answer,
    shared_confidence,
    venue,
)


def predict(slate: Slate, so_far: SoFar) -> Forecast:
    """Half the last five games, a third the last ten, the rest the season."""
    del so_far
    base = (
        0.50 * slate["points_avg_last_5"]
        + 0.30 * slate["points_avg_last_10"]
        + 0.20 * slate["points_avg_season"]
    )
    fatigue = slate["fatigue_score"]
    adjustments = {
        "fatigue_adjustment": np.select([fatigue < 50, fatigue < 70], [-2.5, -1.0], 0.0),
        "shot_zone_adjustment": 0.3 * slate["shot_zone_mismatch_score"],
        "pace_adjustment": 0.3 * slate["pace_score"],
        "usage_spike_adjustment": 0.4 * slate["usage_spike_score"],
        "home_away_adjustment": venue(slate, 0.5, -0.5),
        "other_adjustments": np.where(slate["back_to_back"] == 1, -1.5, 0.0),
    }
    return answer(base, adjustments, shared_confidence(slate), "recent average")


SYSTEM = System(
    "moving_average", "baseline", predict, edge=2.0, least_confidence=0.45, is_strict=True
)
