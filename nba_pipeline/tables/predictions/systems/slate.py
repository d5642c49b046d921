"""What every prediction system is handed, and what it answers: one signature for all of them.

A system foretells every player of a slate at once, as columns. It may look at the answers of the
systems before it. Where it has nothing to say of a player it abstains and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.windows import Array, Columns

#: No forecast leaves these bounds.
FEWEST_POINTS, MOST_POINTS = 0.0, 60.0

#: What a system adds to or takes from its base, by the column it is stored in.
ADJUSTMENTS = {
    "fatigue_adjustment": "fatigue",
    "shot_zone_adjustment": "match-up",
    "pace_adjustment": "pace",
    "usage_spike_adjustment": "usage",
    "home_away_adjustment": "venue",
    "other_adjustments": "rest",
}


@dataclass(frozen=True)
class Games:
    """Earlier games of a slate's players, each player's oldest first.

    Attributes:
        player: Number of the player in the slate.
        columns: points, minutes, is_home, days_rest and opponent_def_rating, the last two as known
            before the game; NaN where not known.
    """

    player: Array
    columns: Columns


@dataclass(frozen=True)
class Slate:
    """Players to foretell.

    Attributes:
        features: The 25 features by name.
        quality: Quality score of the features, 0 to 100.
        days_rest: Full days off before tonight, by the games' own convention.
        games: What each player has played of late.
        learned: The columns a learned model reads.
        model: Text of the model that serves each player, None without one.
        model_version: Its version.
        line: The line, for systems that may know it; NaN without one.
        line_weight: How much a forecast of ours counts against the line.
    """

    features: Columns
    quality: Array
    days_rest: Array
    games: Games
    learned: Columns = field(default_factory=dict)
    model: Array = field(default_factory=lambda: np.empty(0, dtype=object))
    model_version: Array = field(default_factory=lambda: np.empty(0, dtype=object))
    line: Array = field(default_factory=lambda: np.empty(0))
    line_weight: Array = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.quality)

    def __getitem__(self, name: str) -> Array:
        return self.features[name]

    def part(self, first: int, last: int) -> Slate:
        """The players ``first`` to ``last``."""
        cut = slice(first, last)
        theirs = (self.games.player >= first) & (self.games.player < last)
        games = {name: values[theirs] for name, values in self.games.columns.items()}
        return replace(
            self,
            features={name: values[cut] for name, values in self.features.items()},
            quality=self.quality[cut],
            days_rest=self.days_rest[cut],
            games=Games(self.games.player[theirs] - first, games),
            learned={name: values[cut] for name, values in self.learned.items()},
            model=self.model[cut],
            model_version=self.model_version[cut],
            line=self.line[cut],
            line_weight=self.line_weight[cut],
        )


@dataclass(frozen=True)
class Forecast:
    """A system's answer.

    Attributes:
        points: Expected points; NaN where it abstains.
        confidence: 0 to 1; 0 where it abstains.
        reasons: A list of short texts for each player: what drove it.
        silence: Why it abstains; None where it does not.
        details: Further columns of the stored row.
    """

    points: Array
    confidence: Array
    reasons: Array
    silence: Array
    details: Columns = field(default_factory=dict)

    def part(self, first: int, last: int) -> Forecast:
        """The players ``first`` to ``last``."""
        cut = slice(first, last)
        return Forecast(
            self.points[cut],
            self.confidence[cut],
            self.reasons[cut],
            self.silence[cut],
            {name: values[cut] for name, values in self.details.items()},
        )


SoFar = Mapping[str, Forecast]


@dataclass(frozen=True)
class System:
    """One way to foretell points.

    Attributes:
        id: What rows call it.
        family: ``baseline``, ``rule``, ``learned``, ``ensemble`` or ``market``.
        predict: From a slate and the answers of the systems before it.
        edge: Points between forecast and line from which it takes a side.
        least_confidence: Confidence from which it does.
        is_strict: Whether edge and confidence have to be exceeded rather than reached.
    """

    id: str
    family: str
    predict: Callable[[Slate, SoFar], Forecast]
    edge: float
    least_confidence: float
    is_strict: bool = False


def answer(
    base: Array,
    adjustments: Columns,
    confidence: Array,
    base_name: str,
    details: Columns | None = None,
) -> Forecast:
    """A base with adjustments, within bounds; silence where anything needed is unknown.

    Args:
        base: Points before adjustments.
        adjustments: Points by the columns of ``ADJUSTMENTS``; those left out are 0.
        confidence: 0 to 1.
        base_name: What the base is, for the reasons.
        details: Further columns.
    """
    total = base
    for name in ADJUSTMENTS:
        total = total + adjustments.get(name, 0.0)
    points = rounded(np.clip(total, FEWEST_POINTS, MOST_POINTS), 2)
    unknown = np.isnan(points)
    stored = {name: rounded(values, 2) for name, values in adjustments.items()}
    return Forecast(
        points,
        np.where(unknown, 0.0, rounded(confidence, 4)),
        _reasons(base_name, base, stored),
        texts("a feature it needs is unknown", unknown),
        {**stored, **(details or {})},
    )


def _reasons(base_name: str, base: Array, adjustments: Columns) -> Array:
    told = np.empty(len(base), dtype=object)
    for at, level in enumerate(base.tolist()):
        moved = [
            f"{ADJUSTMENTS[name]} {values[at]:+.2f}"
            for name, values in adjustments.items()
            if values[at] and not np.isnan(values[at])
        ]
        told[at] = [f"{base_name} {level:.1f}", *moved]
    return told


def texts(text: str, where: Array) -> Array:
    """A text where it holds, None elsewhere."""
    told = np.full(len(where), None, dtype=object)
    told[where] = text
    return told


def venue(slate: Slate, home: float, away: float) -> Array:
    """Points for playing at home or away."""
    return np.where(slate["home_away"] == 1, home, away)


def shared_confidence(slate: Slate) -> Array:
    """Confidence of the two systems that only weigh averages, 0.2 to 0.8."""
    spread, games = slate["points_std_last_10"], slate["games_in_last_7_days"]
    of_spread = np.select([spread > 6, spread > 4], [-0.15, -0.08], 0.0)
    of_games = np.select([games >= 3, games == 2], [0.10, 0.05], -0.10)
    return rounded(np.clip(0.5 + of_spread + of_games, 0.2, 0.8), 4)
