"""Chance that repeats: streams of numbers decided by a seed, a purpose and an index.

Every purpose has streams of its own, so a game comes out the same whichever games were made
before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import accumulate
from typing import TypeVar

import numpy as np

_Option = TypeVar("_Option")
_BATCH = 2048


class Purpose(IntEnum):
    """What a stream is for. A number, once given, keeps its meaning."""

    NAMES = 1
    CLUBS = 2
    FIXTURES = 3
    POSTPONEMENT = 4
    TRADES = 5
    INJURIES = 6
    GAME = 7
    LINES = 8
    CREWS = 9
    PROPS = 10
    FREE_DAY = 11
    QUOTAS = 12
    CORRECTIONS = 13
    SUMMER = 14
    REPORTS = 15


class Dice:
    """One stream of chance.

    Only the raw output of PCG64 is used, which numpy promises never to change, and only
    arithmetic that is exact to the bit on every machine: no logarithms, no sines, and no ``sum``,
    which adds floats in another way since Python 3.12.
    """

    def __init__(self, seed: int, purpose: Purpose, index: int = 0, season: int = 0) -> None:
        """Open a stream.

        Args:
            seed: Which league.
            purpose: What for.
            index: Which game, club or attempt.
            season: Seasons since the league's first.
        """
        entropy = [seed, int(purpose), index, season]
        self._bits = np.random.PCG64(np.random.SeedSequence(entropy))
        self._numbers: Iterator[float] = iter(())

    def roll(self) -> float:
        """A number from 0 up to but not including 1."""
        number = next(self._numbers, None)
        if number is None:
            raw = self._bits.random_raw(_BATCH)
            self._numbers = iter(((raw >> np.uint64(11)) * 2.0**-53).tolist())
            number = next(self._numbers)
        return number

    def between(self, low: float, high: float) -> float:
        """A number from low up to high, all alike."""
        return low + (high - low) * self.roll()

    def bell(self, mean: float, deviation: float) -> float:
        """A number near the mean and never more than three deviations from it."""
        return mean + deviation * 2 * (self.roll() + self.roll() + self.roll() - 1.5)

    def below(self, count: int) -> int:
        """A whole number from 0 to count - 1."""
        return int(self.roll() * count)

    def pick(self, options: Sequence[_Option], weights: Sequence[float]) -> _Option:
        """One of the options, each as likely as its weight says."""
        marks = list(accumulate(weights))
        return options[min(bisect_right(marks, self.roll() * marks[-1]), len(options) - 1)]

    def shuffled(self, options: Sequence[_Option]) -> list[_Option]:
        """The options in a random order."""
        mixed = list(options)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
