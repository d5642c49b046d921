"""Rest between games, and runs of equal results: one convention for players and teams.

Rest is counted in full days off: 0 after a game the day before, which is a back-to-back. Games are
handed over as columns, those of one team or player next to each other, oldest first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def days_rest(day: Days, previous: Days) -> Floats:
    """Full days off before a game.

    Args:
        day: The day of the game.
        previous: The day of the game before it, NaT where there is none.

    Returns:
        Days between the two; NaN where there is no earlier game.
    """
    return days_between(previous, day) - 1.0


def days_between(first: Days, last: Days) -> Floats:
    """Calendar days from one day to another, NaN where one of them is missing."""
    known = ~(np.isnat(first) | np.isnat(last))
    apart = (last - first).astype("timedelta64[D]").astype(np.float64)
    return np.where(known, apart, np.nan)


def rest_before_each(owner: Ints, days: Days) -> Floats:
    """Full days off before each game of a column; NaN before an owner's first.

    Args:
        owner: Whose game it is, as a number.
        days: The day of each game.
    """
    previous = np.append(np.datetime64("NaT", "D"), days[:-1])[: len(days)]
    return np.where(_is_first(owner), np.nan, days_rest(days, previous))


def newest(wanted: Array, start: Ints, stop: Ints) -> Ints:
    """The newest wanted row of each window.

    Args:
        wanted: A mask over all rows.
        start: First row of each window.
        stop: Row after the last one of each window.

    Returns:
        Its position among all rows; -1 where a window has none.
    """
    rows = np.append(np.maximum.accumulate(np.where(wanted, np.arange(len(wanted)), -1)), -1)
    found = rows[np.where(stop > start, stop, 0) - 1]
    return np.where((stop > start) & (found >= start), found, -1)


def streaks(results: Array, owner: Ints, start: Ints, stop: Ints) -> Ints:
    """How many of a window's newest rows have the same result.

    Args:
        results: The result of every row.
        owner: Whose it is, as a number.
        start: First row of each window.
        stop: Row after the last one of each window.
    """
    turned = _is_first(owner)
    turned[1:] |= results[1:] != results[:-1]
    return stop - np.maximum(newest(turned, start, stop), start)


def _is_first(owner: Ints) -> Array:
    return np.append(True, owner[1:] != owner[:-1])[: len(owner)]
