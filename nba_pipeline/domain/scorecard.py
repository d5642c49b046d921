"""What a set of graded forecasts is worth: errors, sides taken, chances, intervals.

Sums of declared decimals run on whole numbers, so that no order of rows changes a bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Confidence from which a side counts as taken with high confidence.
HIGH = 0.70


@dataclass(frozen=True)
class Sides:
    """Sides taken and how they came out; a push is neither right nor wrong.

    Attributes:
        taken: Sides taken.
        correct: Those that won.
        incorrect: Those that lost.
    """

    taken: int
    correct: int
    incorrect: int

    @property
    def win_rate(self) -> float:
        """Correct of those decided; NaN without one."""
        decided = self.correct + self.incorrect
        return self.correct / decided if decided else np.nan


def sides(taken: Array, is_correct: Floats) -> Sides:
    """Counts over the rows of a mask."""
    won = is_correct[taken]
    return Sides(int(taken.sum()), int((won == 1).sum()), int((won == 0).sum()))


def mean(values: Floats, decimals: int) -> float:
    """Mean of what is known, summed in whole units of the last decimal; NaN of nothing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan
    return float(np.rint(known * 10**decimals).astype(np.int64).sum() / (10**decimals * len(known)))


def share(flags: Floats) -> float:
    """Share of ones among what is known; NaN of nothing."""
    return mean(flags, 0)
