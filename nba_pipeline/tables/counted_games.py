"""Which games count for a cell: told by their days, for many cells and windows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nba_pipeline.engine.windows import STRIDE, Array, Ints, Slices


@dataclass(frozen=True)
class Span:
    """How far back a window reaches: so many games, or so many days before the date."""

    games: int = 0
    days: int = 0

    @property
    def words(self) -> str:
        """The window in words."""
        return f"the last {self.games} games" if self.games else f"the {self.days} days before"


def recent(window: Slices, spans: Sequence[Span]) -> Slices:
    """The part of a window that the spans can reach into."""
    start = window.last(max(span.games for span in spans)).start
    days = max(span.days for span in spans)
    return replace(window, start=np.minimum(start, window.days(days).start) if days else start)


@dataclass(frozen=True)
class Days:
    """Every day that windows of some cells reach to, as a matrix of a row for each cell.

    Attributes:
        today: The day of each cell.
        days: The days of a row, without a gap.
    """

    today: Ints
    days: Ints

    @classmethod
    def of(cls, today: Ints, *windows: Slices) -> Days:
        """The days of all rows in some windows."""
        oldest = [
            window.buffer.position[window.start[window.count() > 0]] % STRIDE for window in windows
        ]
        known = np.concatenate([today, *oldest])
        last = known.max(initial=0)
        return cls(today, np.arange(known.min(initial=last), last + 1))

    def with_rows(self, *windows: Slices) -> Array:
        """The days that have a row in a cell's windows."""
        width = len(self.days)
        marked = np.zeros(len(self.today) * width, dtype=bool)
        for window in windows:
            cell, row = window.every()
            marked[cell * width + window.buffer.position[row] % STRIDE - self.days[0]] = True
        return marked.reshape(-1, width)

    def games(self, expected: Array, there: Array, gap: Array, unpublished: Array) -> Games:
        """The games that are expected, each told by the day it is on."""
        at = np.flatnonzero(expected)
        cell, day = np.divmod(at, len(self.days))
        newest = np.cumsum(np.bincount(cell, minlength=len(self.today)))
        return Games(
            cell=cell,
            day=self.days[day],
            back=newest[cell] - np.arange(len(cell)),
            there=there.ravel()[at],
            gap=gap.ravel()[at],
            unpublished=unpublished.ravel()[at],
            today=self.today,
        )


@dataclass(frozen=True)
class Games:
    """Games that count for some cells, cell after cell and oldest first.

    Attributes:
        cell: The cell each game belongs to.
        day: The day it was played.
        back: Its number counted back from the cell's newest, which is 1.
        there: Whether the game has a summary.
        gap: Whether it should have one and has none.
        unpublished: Whether the source leaves such games out. None of the three is a night off.
        today: The day of each cell.
    """

    cell: Ints
    day: Ints
    back: Ints
    there: Array
    gap: Array
    unpublished: Array
    today: Ints

    def inside(self, span: Span) -> Array:
        """The games of a window."""
        if span.days:
            return np.asarray(self.today[self.cell] - self.day <= span.days)
        return np.asarray(self.back <= span.games)

    def count(self, games: Array) -> Ints:
        """Games of a mask, per cell."""
        return np.bincount(self.cell[games], minlength=len(self.today))
