"""The season's average, moved by how the opponent's defence meets the zones a player shoots from.

A defence that gives up more than 110 points per 100 possessions raises the forecast; the system
this one replaces had the sign the other way round.
"""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.windows import Array
from nba_pipeline.tables.predictions.systems.slate import (
    Forecast,
    Slate,
    SoFar,
    System,
    answer,
    shared_confidence,
    venue,
)

#: An average defence, in points per 100 possessions.
AVERAGE_DEFENCE = 110.0

#: By the share of a player's shots: how much each zone feels a defence.
ZONES = {"pct_paint": 1.2, "pct_mid_range": 1.0, "pct_three": 1.1, "pct_free_throw": 0.8}


def predict(slate: Slate, so_far: SoFar) -> Forecast:
    """The season's average, every zone's share of the match-up, pace, venue and fatigue."""
    del so_far
    fatigue = slate["fatigue_score"]
    adjustments = {
        "fatigue_adjustment": np.select([fatigue < 50, fatigue < 70], [-1.5, -0.8], 0.0),
        "shot_zone_adjustment": zone_sum(slate),
        "pace_adjustment": 0.4 * slate["pace_score"],
        "home_away_adjustment": venue(slate, 0.8, -0.8),
    }
    base = slate["points_avg_season"]
    return answer(base, adjustments, shared_confidence(slate), "season average")


def zone_sum(slate: Slate) -> Array:
    """Points the match-up is worth over all zones; at most three a zone."""
    beyond = slate["opponent_def_rating"] - AVERAGE_DEFENCE
    total = np.zeros(len(slate))
    for name, multiplier in ZONES.items():
        share = slate[name]
        weight = np.select([share >= 0.40, share >= 0.20], [1.0, 0.7], 0.4)
        total = total + np.clip(beyond * 0.3 * multiplier, -3.0, 3.0) * weight
    return rounded(total, 4)


SYSTEM = System("zone_matchup_v1", "rule", predict, edge=2.0, least_confidence=0.45, is_strict=True)
