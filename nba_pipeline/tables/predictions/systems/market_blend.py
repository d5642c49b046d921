"""The line, moved a little towards our own forecast: the one system that knows the line.

How far is learned from earlier dates. It is never compared with systems that do not know the line
without being named.
"""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.rounding import rounded
from nba_pipeline.tables.predictions.systems.slate import Forecast, Slate, SoFar, System, texts

#: Whose forecast is blended with the line.
OURS = "xgboost_v1"


def predict(slate: Slate, so_far: SoFar) -> Forecast:
    """Line plus a share of the distance to our forecast; silent without a line."""
    ours = so_far[OURS]
    points = rounded(slate.line + slate.line_weight * (ours.points - slate.line), 2)
    reasons = np.empty(len(slate), dtype=object)
    for at in range(len(slate)):
        reasons[at] = [
            f"line {slate.line[at]:.1f}",
            f"{OURS} {ours.points[at]:.1f}, counting {slate.line_weight[at]:.2f}",
        ]
    unknown = np.isnan(points)
    return Forecast(
        points,
        np.where(unknown, 0.0, ours.confidence),
        reasons,
        texts(f"no line, or no forecast of {OURS}", unknown),
    )


SYSTEM = System("market_blend_v1", "market", predict, edge=0.5, least_confidence=0.60)
