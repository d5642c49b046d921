"""What a player is to his team, and what the others take over when he is out.

Minutes, points and usage are means per game for the team in question.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.boxscore import REGULATION_MINUTES
from nba_pipeline.domain.rounding import ratio

Mask = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Who plays less than this is outside the rotation: nobody takes over anything from him.
ROTATION_MINUTES = 10.0

#: Nobody takes over more than this, in percent of the team's plays while he is on court.
MOST_TAKEN_OVER = 6.0

_STAR_GAMES = 10
_STAR_POINTS = 18.0
_STAR_MINUTES, _STAR_POINTS_IN_THEM = 28.0, 12.0


def is_star(games: Floats, points: Floats, minutes: Floats) -> Mask:
    """Whether players are stars: 18 points a game, or 12 in at least 28 minutes, from 10 games on.

    Args:
        games: Games of the season.
        points: Points a game of late.
        minutes: Minutes a game of late.
    """
    scores = (points >= _STAR_POINTS) | (
        (minutes >= _STAR_MINUTES) & (points >= _STAR_POINTS_IN_THEM)
    )
    return (games >= _STAR_GAMES) & scores


def usage_taken_over(minutes: Floats, usage: Floats, is_out: Mask) -> Floats:
    """What each player of a team gains in usage because teammates are out.

    The plays of those who are out go to the others in proportion to usage times minutes:
    ``min(6, X * u_i * m_i / sum(u * m))`` with ``X = sum(u_j * m_j / 48)`` over the rotation
    players who are out. Sums are taken in the order given.

    Args:
        minutes: Minutes a game of each player; NaN where unknown, which counts as none.
        usage: Usage rate of each, in percent; NaN likewise.
        is_out: Who is out.

    Returns:
        Percentage points; 0 for everybody while nobody is out, NaN for those who are.
    """
    load = np.nan_to_num(minutes * usage)
    given_up = sum((load[is_out & (minutes >= ROTATION_MINUTES)] / REGULATION_MINUTES).tolist())
    carried = np.full(len(load), sum(load[~is_out].tolist()))
    gained = np.minimum(MOST_TAKEN_OVER, given_up * np.nan_to_num(ratio(load, carried)))
    return np.where(is_out, np.nan, gained)
