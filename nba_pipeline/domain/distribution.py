"""From one number to a distribution: how far points fall from a forecast, learned from the past.

Errors grow with the forecast, so each is divided by a scale that depends on it alone; what is left
has one distribution for everybody. A distribution that is right at fixed numbers is not right
against a line, which knows more than we do: chances against a line are pulled to the base rate by
what earlier dates have shown. Numbers come from earlier dates only; until there are enough, from
the season 2021-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rounding import rounded

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Share of games that an interval is to hold.
COVERAGE = 0.80

#: Shares at which a distribution of scaled errors is kept.
SHARES = np.round(np.arange(0.01, 1.0, 0.02), 2)

#: Graded forecasts from which a system's own errors speak for themselves.
ENOUGH = 300

#: What is believed before any date has been graded: the weight of a forecast against the line, the
#: share of a chance's distance from the base rate that is kept, and the base rate; and with how
#: much evidence each is believed.
PRIOR_WEIGHT, PRIOR_KEPT, PRIOR_OVER = 0.2, 0.2, 0.495
_WEIGHT_GAMES, _KEPT_GAMES, _OVER_GAMES = 400, 2000, 1000

#: A chance is never closer to certainty than this.
_SURE = 0.001

# Scaled errors of season 2021-22 at SHARES: points less forecast, over the scale.
_USUAL = np.array(
    [-1.847, -1.559, -1.415, -1.306, -1.222, -1.143, -1.066, -0.993, -0.923, -0.863, -0.804,
     -0.745, -0.685, -0.628, -0.575, -0.519, -0.463, -0.413, -0.367, -0.319, -0.264, -0.211,
     -0.158, -0.107, -0.054, -0.003, 0.054, 0.107, 0.159, 0.215, 0.272, 0.33, 0.383, 0.439,
     0.5, 0.57, 0.641, 0.714, 0.785, 0.861, 0.941, 1.027, 1.135, 1.249, 1.384, 1.524, 1.686,
     1.94, 2.246, 2.971]
)  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """What earlier dates say about a system's forecasts.

    Attributes:
        errors: Scaled errors at ``SHARES``.
        offset: Points added to a forecast, after ``slope``, to have the middle of its games.
        slope: What a forecast is multiplied by for it: below 1 of a system that exaggerates.
        weight: Of a forecast against the line, 0 to 1.
        kept: Share of a chance's distance from the base rate that is kept.
        over: How often points exceed the line.
    """

    errors: Floats
    offset: float
    slope: float
    weight: float
    kept: float
    over: float


def scale(points: Floats) -> Floats:
    """How widely games spread around a forecast, in points."""
    return np.asarray(1.6 + 1.34 * np.sqrt(np.maximum(points, 0.0)))


def calibrate(forecast: Floats, points: Floats, line: Floats) -> Calibration:
    """What graded forecasts of earlier dates teach.

    Args:
        forecast: Forecast points.
        points: What was scored.
        line: The line, NaN without one.
    """
    errors, offset, slope = _USUAL, 0.0, 1.0
    if len(forecast) >= ENOUGH:
        offset, slope = _straight_line(forecast, points)
        middle = offset + slope * forecast
        errors = np.quantile((points - middle) / scale(middle), SHARES)
    decided = ~np.isnan(line) & (points != line)
    forecast, points, line = forecast[decided], points[decided], line[decided]
    went_over = (points > line).astype(np.float64)
    over = (went_over.sum() + _OVER_GAMES * PRIOR_OVER) / (len(line) + _OVER_GAMES)
    raw = chance_over(offset + slope * forecast, line, errors[None, :])
    return Calibration(
        rounded(errors, 4),
        offset,
        slope,
        _slope(forecast - line, points - line, PRIOR_WEIGHT, _WEIGHT_GAMES),
        _slope(raw - over, went_over - over, PRIOR_KEPT, _KEPT_GAMES),
        float(over),
    )


def _straight_line(forecast: Floats, points: Floats) -> tuple[float, float]:
    """Offset and slope of the least squared errors; the slope is kept within 0 and 1."""
    away, level = forecast - forecast.mean(), points - points.mean()
    size = float(np.sum(away * away))
    slope = float(np.clip(np.sum(away * level) / size, 0.0, 1.0)) if size else 1.0
    return float(points.mean() - slope * forecast.mean()), slope


def _slope(given: Floats, found: Floats, prior: float, games: int) -> float:
    """How much of ``given`` was found, through zero, beside ``games`` games that say ``prior``."""
    if not len(given):
        return prior
    size = float(np.sum(given * given))
    believed = games * size / len(given)
    if size + believed == 0:
        return prior
    return float(np.clip((np.sum(given * found) + believed * prior) / (size + believed), 0.0, 1.0))


def interval(middle: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Bounds that hold ``COVERAGE`` of games, never below 0.

    Args:
        middle: Forecast points, as calibrated.
        errors: Of each, scaled errors at ``SHARES``, as a matrix with a row each.
    """
    tail = (1 - COVERAGE) / 2
    spread = scale(middle)
    low, high = (middle + spread * _between(errors, share) for share in (tail, 1 - tail))
    return np.maximum(low, 0.0), high


def _between(errors: Floats, share: float) -> Floats:
    """Each row's error at a share, between its neighbours."""
    place = int(np.searchsorted(SHARES, share)) - 1
    part = (share - SHARES[place]) / (SHARES[place + 1] - SHARES[place])
    return np.asarray(errors[:, place] + part * (errors[:, place + 1] - errors[:, place]))


def chance_over(middle: Floats, line: Floats, errors: Floats) -> Floats:
    """How likely points exceed the line, given that they do not equal it.

    Points are whole: beyond a line of 20 lie 21 and more, below it 19 and less; beyond 20.5 lies
    everything from 21 on.

    Args:
        middle: Forecast points, as calibrated.
        line: The line.
        errors: Of each, scaled errors at ``SHARES``; one row serves all.
    """
    spread = scale(middle)
    beyond = 1.0 - _share_below((np.floor(line) + 0.5 - middle) / spread, errors)
    below = _share_below((np.ceil(line) - 0.5 - middle) / spread, errors)
    return np.clip(beyond / np.maximum(beyond + below, _SURE), _SURE, 1 - _SURE)


def share_below_number(middle: Floats, points: float, errors: Floats) -> Floats:
    """How likely fewer than a whole number of points are scored.

    Args:
        middle: Forecast points, as calibrated.
        points: The number.
        errors: Of each, scaled errors at ``SHARES``.
    """
    return _share_below((points - 0.5 - middle) / scale(middle), errors)


def _share_below(error: Floats, errors: Floats) -> Floats:
    """The share of scaled errors below each value; one by one, so that no row depends on others."""
    rows = np.broadcast_to(errors, (len(error), errors.shape[1]))
    place = np.sum(rows <= error[:, None], axis=1)
    at = np.clip(place, 1, len(SHARES) - 1)
    every = np.arange(len(error))
    low, high = rows[every, at - 1], rows[every, at]
    width = np.where(high > low, high - low, 1.0)
    step = SHARES[at] - SHARES[at - 1]
    return np.asarray(np.clip(SHARES[at - 1] + step * (error - low) / width, _SURE, 1 - _SURE))


def pulled(chance: Floats, kept: Floats, over: Floats) -> Floats:
    """A chance against the line, pulled to the base rate."""
    return np.asarray(over + kept * (chance - over))
