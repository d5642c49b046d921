"""How large a sample a row stands on, said the same way in every table that writes thin rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.windows import Array, Columns

EARLY = (
    Column("early_season_flag", bool, "fewer games than the window holds", nullable=False),
    Column("insufficient_data_reason", str, "how many games there are", in_hash=False),
)


def early_season(games: Array, needed: int) -> Columns:
    """The columns of ``EARLY``.

    Args:
        games: Games each row stands on.
        needed: Games of a full window.
    """
    few = games < needed
    reasons = np.full(len(games), None, dtype=object)
    reasons[few] = [f"Only {n:.0f} games available, need {needed}" for n in games[few].tolist()]
    return {"early_season_flag": few, "insufficient_data_reason": reasons}


def graded(games: Array, steps: Sequence[tuple[str, float]]) -> Array:
    """The grade of each sample.

    Args:
        games: Games each row stands on.
        steps: Grades with the fewest games of each, the best first.
    """
    grades = np.full(len(games), None, dtype=object)
    for name, fewest in reversed(steps):
        grades[games >= fewest] = name
    return grades


def notes(remarks: Mapping[str, Array]) -> Array:
    """What is to be said of each row, joined by semicolons; NULL where that is nothing.

    Args:
        remarks: For each remark the rows it holds for.
    """
    told = np.full(len(next(iter(remarks.values()))), None, dtype=object)
    for text, rows in remarks.items():
        told[rows] = [f"{before}; {text}" if before else text for before in told[rows].tolist()]
    return told


def share_known(known: Array, games: Array, what: str) -> dict[str, Array]:
    """Remarks such as ``zone data in 9/10 games``, for rows that do not know all their games."""
    pairs = sorted({*zip(known.tolist(), games.tolist(), strict=True)})
    return {
        f"{what} in {few}/{all_games} games": (known == few) & (games == all_games)
        for few, all_games in pairs
        if few < all_games
    }
