"""Rest between games, and runs of equal results: one convention for players and teams.

Rest is counted in full days off: 0 after a game the day before, which is a back-to-back. Games are
handed over as columns: those of one owner (a team, a player) next to each other, oldest first, and
owners as ascending numbers from 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def days_between(first: Days, last: Days) -> Floats:
    """Calendar days from one day to another, NaN where one of them is missing."""
    known = ~(np.isnat(first) | np.isnat(last))
    apart = (last - first).astype("timedelta64[D]").astype(np.float64)
    return np.where(known, apart, np.nan)


def days_rest(previous: Days, day: Days) -> Floats:
    """Full days off between two games, NaN where there was no earlier one."""
    return days_between(previous, day) - 1.0


def rest_before_each(owner: Ints, days: Days) -> Floats:
    """Full days off before each game; NaN before an owner's first."""
    previous = np.append(np.datetime64("NaT", "D"), days)[: len(days)]
    return np.where(_is_first(owner), np.nan, days_rest(previous, days))


def newest(wanted: Array, owner: Ints, owners: int) -> Ints:
    """The newest game of each owner for which the mask holds.

    Args:
        wanted: The mask.
        owner: Whose each game is.
        owners: How many owners there are.

    Returns:
        Its position among all games; -1 where an owner has none.
    """
    found = np.full(owners, -1, dtype=np.int64)
    at = np.flatnonzero(wanted)
    np.maximum.at(found, owner[at], at)
    return found


def streaks(results: Array, owner: Ints, owners: int) -> Ints:
    """How many of each owner's newest games had one and the same result.

    Args:
        results: Of each game.
        owner: Whose each game is.
        owners: How many owners there are.

    Returns:
        0 for an owner without a game.
    """
    begins = _is_first(owner)
    begins[1:] |= results[1:] != results[:-1]
    everything = np.ones(len(owner), dtype=bool)
    last = newest(everything, owner, owners)
    return np.where(last >= 0, last - newest(begins, owner, owners) + 1, 0)


def _is_first(owner: Ints) -> Array:
    return np.append(True, owner[1:] != owner[:-1])[: len(owner)]
