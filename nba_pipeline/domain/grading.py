"""How a forecast turned out, and what a night of forecasts is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rounding import rounded

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

OVER, UNDER, PASS, NO_LINE = "OVER", "UNDER", "PASS", "NO_LINE"

#: Outcomes of a forecast: the game was played and graded, its points equal the line, he did not
#: play, or the game is not over.
GRADED, PUSH, VOID, PENDING = "graded", "push", "void", "pending"

#: Scoring tiers with the season's average each begins at, the highest first, and the share of what
#: was learned about a tier that is applied to it.
TIERS = (
    ("STAR_30PLUS", 30.0, 1.0),
    ("STARTER_20_29", 20.0, 0.75),
    ("ROTATION_10_19", 10.0, 0.5),
    ("BENCH_0_9", -np.inf, 0.5),
)
TIER_NAMES = tuple(name for name, _, _ in TIERS)


def recommend(
    points: Floats,
    line: Floats,
    confidence: Floats,
    edge: Floats,
    least_confidence: Floats,
    is_strict: Array,
) -> Array:
    """Which side to take, if any.

    Args:
        points: Forecast points.
        line: The line; NaN gives NO_LINE.
        confidence: 0 to 1.
        edge: Points between forecast and line that are needed.
        least_confidence: Confidence that is needed.
        is_strict: Whether both have to be exceeded rather than reached.
    """
    apart = rounded(points - line, 2)
    far = (np.abs(apart) > edge) | (~is_strict & (np.abs(apart) == edge))
    sure = (confidence > least_confidence) | (~is_strict & (confidence == least_confidence))
    sides = np.where(apart > 0, OVER, UNDER)
    return np.where(np.isnan(line), NO_LINE, np.where(far & sure, sides, PASS)).astype(object)


def outcome(points: Floats, minutes: Floats, line: Floats, is_final: Array) -> Array:
    """What became of each forecast.

    Args:
        points: What was scored; NaN of who has no summary.
        minutes: What was played; NaN of who has no summary.
        line: The line; NaN without one.
        is_final: Whether the game is over.
    """
    played = minutes > 0
    return np.select([~is_final, ~played, points == line], [PENDING, VOID, PUSH], GRADED).astype(
        object
    )


def is_correct(recommendation: Array, points: Floats, line: Floats) -> Floats:
    """1 where the side taken won, 0 where it lost, NaN where none was taken or nobody won."""
    taken = (recommendation == OVER) | (recommendation == UNDER)
    decided = taken & ~np.isnan(line) & ~np.isnan(points) & (points != line)
    won = (points > line) == (recommendation == OVER)
    return np.where(decided, won.astype(np.float64), np.nan)


def decile(confidence: Floats) -> Floats:
    """1 to 10, by a confidence of 0 to 1."""
    # On the grid of confidences: 0.7 times ten is a little less than seven.
    return np.asarray(np.minimum(10.0, np.floor(rounded(confidence * 10, 3)) + 1))


def tier_of(season_average: Floats) -> Array:
    """The scoring tier of a season's average; who has none is on the bench."""
    average = np.where(np.isnan(season_average), 0.0, season_average)
    return np.select(
        [average >= least for _, least, _ in TIERS], TIER_NAMES, TIER_NAMES[-1]
    ).astype(object)


def tier_factor(tier: Array) -> Floats:
    """The share of a tier's adjustment that is applied."""
    factors = {name: factor for name, _, factor in TIERS}
    return np.array([factors[name] for name in tier.tolist()], dtype=np.float64)
