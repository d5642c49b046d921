"""Shots: how far from the hoop, and in which zone.

One classifier for every provider and table. Who shot and whether it went in is not needed to know
where a shot came from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rounding import FloatArray

PAINT = "paint"
MID_RANGE = "mid_range"
THREE = "three"

PAINT_LIMIT_FT = 8.5
"""First distance beyond the paint: 8 ft in play-by-play texts, which round halves up."""


def zone(
    is_three: npt.NDArray[np.bool_] | FloatArray, distance_ft: FloatArray
) -> npt.NDArray[np.object_]:
    """Sort shots into zones.

    The three-point flag decides before the distance: twos are taken from 24 ft and no distance
    separates them from threes. A two without a distance in its text is a tip, dunk or putback at
    the rim (3,928 of 3,928 such shots of 2021-22 that can be checked lie within half a foot).

    Args:
        is_three: Whether the shot was a three; NaN where that is unknown.
        distance_ft: Feet from the hoop, exact or rounded half up, never cut to whole feet; NaN
            where the text has none.

    Returns:
        `PAINT`, `MID_RANGE` or `THREE` per shot, None where it is unknown whether it was a three.
    """
    three = np.asarray(is_three == 1)
    close = np.nan_to_num(distance_ft) < PAINT_LIMIT_FT
    zones = np.where(three, THREE, np.where(close, PAINT, MID_RANGE)).astype(object)
    zones[np.isnan(np.asarray(is_three, dtype=np.float64))] = None
    return zones


def hoop_distance(x_ft: FloatArray, y_ft: FloatArray) -> FloatArray:
    """Straight distance to the hoop.

    Args:
        x_ft: Feet to the side of the hoop.
        y_ft: Feet from the hoop towards mid-court.

    Returns:
        Feet; NaN where a coordinate is NaN.
    """
    return np.hypot(x_ft, y_ft)
