"""How fresh a player is before tip-off: 100 when rested, less for every strain of late.

A strain that is unknown counts as the ordinary one, so nobody is penalised for a gap in the data.
What the workload was is the business of the tables; here it only gets its weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rounding import FloatArray

FRESH, EXHAUSTED = 100.0, 0.0

_POINTS_PER_ADJUSTED_POINT = 20.0


@dataclass(frozen=True)
class Workload:
    """A player's recent load, one value per player; NaN where unknown.

    Attributes:
        back_to_back: 1.0 when his team also played yesterday.
        days_rest: Full days off since his last game.
        games_in_last_7_days: Games he played.
        minutes_in_last_7_days: Minutes in them.
        avg_minutes_per_game_last_7: Their mean.
        back_to_backs_last_14_days: Pairs of games on consecutive days, tonight's left out.
        player_age: Completed years.
    """

    back_to_back: FloatArray
    days_rest: FloatArray
    games_in_last_7_days: FloatArray
    minutes_in_last_7_days: FloatArray
    avg_minutes_per_game_last_7: FloatArray
    back_to_backs_last_14_days: FloatArray
    player_age: FloatArray

    @property
    def is_back_to_back(self) -> npt.NDArray[np.bool_]:
        """As stated, else when there was no day off."""
        unstated = np.isnan(self.back_to_back)
        return np.asarray((self.back_to_back == 1) | (unstated & (self.days_rest == 0)))


@dataclass(frozen=True)
class Fatigue:
    """The score of each player and where it comes from.

    Attributes:
        score: 0 to 100.
        changes: What each rule took away or gave, 0 where it did not apply.
    """

    score: FloatArray
    changes: Mapping[str, FloatArray]

    @property
    def adjustment(self) -> FloatArray:
        """Points tonight: 0 when fresh, -5 when exhausted."""
        return (self.score - FRESH) / _POINTS_PER_ADJUSTED_POINT


def fatigue(load: Workload) -> Fatigue:
    """Weigh a workload.

    Comparisons with an unknown value are false, which is what the ordinary values would give.

    Args:
        load: One value per player.

    Returns:
        Scores within 0 and 100; the bonus for a long rest only ever offsets penalties.
    """
    tired = load.is_back_to_back
    pairs, age = load.back_to_backs_last_14_days, load.player_age
    rules = (
        ("back_to_back", tired, -15.0),
        ("three_or_more_days_rest", ~tired & (load.days_rest >= 3), 5.0),
        ("four_or_more_games_in_7_days", load.games_in_last_7_days >= 4, -10.0),
        ("over_240_minutes_in_7_days", load.minutes_in_last_7_days > 240, -10.0),
        ("over_35_minutes_per_game", load.avg_minutes_per_game_last_7 > 35, -8.0),
        ("several_back_to_backs_in_14_days", pairs >= 2, -12.0),
        ("one_back_to_back_in_14_days", pairs == 1, -5.0),
        ("aged_35_or_more", age >= 35, -10.0),
        ("aged_30_to_34", (age >= 30) & (age < 35), -5.0),
    )
    changes = {name: np.where(applies, points, 0.0) for name, applies, points in rules}
    score = np.full(len(tired), FRESH)
    for change in changes.values():
        score = score + change
    return Fatigue(np.clip(score, EXHAUSTED, FRESH), changes)
