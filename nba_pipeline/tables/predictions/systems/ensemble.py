"""The four other systems together, weighted by confidence; more trusted when they agree."""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.engine.windows import Array
from nba_pipeline.tables.predictions.systems.slate import Forecast, Slate, SoFar, System

#: Systems that make up the ensemble, and how many have to have spoken.
COMPONENTS = ("moving_average", "zone_matchup_v1", "similarity_balanced_v1", "xgboost_v1")
LEAST_COMPONENTS = 2


def predict(slate: Slate, so_far: SoFar) -> Forecast:
    """The weighted mean of those who spoke."""
    parts = [so_far[name] for name in COMPONENTS if name in so_far]
    count, total, weight, sure = (np.zeros(len(slate)) for _ in range(4))
    for part in parts:
        spoke = ~np.isnan(part.points)
        count += spoke
        weight += np.where(spoke, part.confidence * 100, 0.0)
        total += np.where(spoke, part.points * part.confidence * 100, 0.0)
        sure += np.where(spoke, part.confidence * 100, 0.0)
    enough = count >= LEAST_COMPONENTS
    points = rounded(np.where(enough, ratio(total, weight), np.nan), 2)
    spread = _spread(parts, count)
    mean = ratio(sure, count) + agreement(spread)[0] + np.where(count == len(COMPONENTS), 5.0, 0.0)
    return Forecast(
        points,
        np.where(enough, rounded(np.clip(mean, 20.0, 95.0) / 100, 4), 0.0),
        _reasons(so_far, len(slate)),
        _silence(count),
        {
            "prediction_variance": rounded(spread, 2),
            "system_agreement_score": rounded(agreement(spread)[1], 2),
            "contributing_systems": count,
        },
    )


def agreement(spread: Array) -> tuple[Array, Array]:
    """What the components' spread does to the confidence, and their agreement in percent."""
    close = [spread < 2.0, spread < 3.0, spread < 6.0]
    change = np.select(close, [10.0, 5.0, -5.0], -10.0)
    return change, np.select(close, [95.0, 85.0, 70.0], np.maximum(50.0, 100.0 - 5.0 * spread))


def _spread(parts: list[Forecast], count: Array) -> Array:
    """Population standard deviation of the components."""
    mean = ratio(sum((np.nan_to_num(part.points) for part in parts), np.zeros(len(count))), count)
    squares = np.zeros(len(count))
    for part in parts:
        squares += np.where(np.isnan(part.points), 0.0, (part.points - mean) ** 2)
    return np.sqrt(ratio(squares, count))


def _reasons(so_far: SoFar, size: int) -> Array:
    told = np.empty(size, dtype=object)
    for at in range(size):
        told[at] = [
            f"{name} {so_far[name].points[at]:.1f}"
            for name in COMPONENTS
            if name in so_far and not np.isnan(so_far[name].points[at])
        ]
    return told


def _silence(count: Array) -> Array:
    said = np.full(len(count), None, dtype=object)
    few = count < LEAST_COMPONENTS
    said[few] = [f"{n:.0f} systems spoke, {LEAST_COMPONENTS} are needed" for n in count[few]]
    return said


SYSTEM = System("ensemble_v1", "ensemble", predict, edge=1.5, least_confidence=0.65)
