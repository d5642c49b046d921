"""The 25 numbers a points model sees: their order, what stands in for each, how far to trust them.

Every value comes with where it was taken from: the precomputed tables (``phase4``), the analytics
tables behind them (``phase3``), arithmetic of its own (``calculated``), or nothing (``default``).
A calculation without its inputs gives NaN, and NaN is never a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rounding import FloatArray, ratio, rounded

Texts = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]

FEATURE_VERSION = "v1_baseline_25"

PHASE4, PHASE3, CALCULATED, DEFAULT = "phase4", "phase3", "calculated", "default"

#: What a value of each source adds to the quality score.
_WEIGHTS = {PHASE4: 100.0, CALCULATED: 100.0, PHASE3: 75.0, DEFAULT: 40.0}

DECIMALS = 9


@dataclass(frozen=True)
class Feature:
    """One place in the vector.

    Attributes:
        name: What it is called, here and in stored models.
        default: What stands in for it where nothing is known.
        minimum: Smallest value that can be true.
        maximum: Largest value that can be true.
        is_context: Whether tonight's context is its only source, which is then no second best.
    """

    name: str
    default: float
    minimum: float
    maximum: float
    is_context: bool = False


FEATURES = (
    Feature("points_avg_last_5", 10.0, 0, 80),
    Feature("points_avg_last_10", 10.0, 0, 80),
    Feature("points_avg_season", 10.0, 0, 60),
    Feature("points_std_last_10", 5.0, 0, 40),
    Feature("games_in_last_7_days", 3.0, 0, 7),
    Feature("fatigue_score", 50.0, 0, 100),
    Feature("shot_zone_mismatch_score", 0.0, -10, 10),
    Feature("pace_score", 0.0, -3, 3),
    Feature("usage_spike_score", 0.0, -3, 3),
    Feature("rest_advantage", 0.0, -2, 2),
    Feature("injury_risk", 0.0, 0, 3),
    Feature("recent_trend", 0.0, -2, 2),
    Feature("minutes_change", 0.0, -2, 2),
    Feature("opponent_def_rating", 112.0, 70, 150),
    Feature("opponent_pace", 100.0, 80, 130),
    Feature("home_away", 0.0, 0, 1, is_context=True),
    Feature("back_to_back", 0.0, 0, 1, is_context=True),
    Feature("playoff_game", 0.0, 0, 1, is_context=True),
    # What the league shot in the two recorded seasons: .406/.194/.400 and .416/.161/.423.
    Feature("pct_paint", 0.41, 0, 1),
    Feature("pct_mid_range", 0.18, 0, 1),
    Feature("pct_three", 0.41, 0, 1),
    Feature("pct_free_throw", 0.15, 0, 0.5),
    Feature("team_pace", 100.0, 80, 130),
    Feature("team_off_rating", 112.0, 70, 150),
    Feature("team_win_pct", 0.5, 0, 1),
)

NAMES = tuple(feature.name for feature in FEATURES)

#: Together these are all of a player's shots.
SHARES = ("pct_paint", "pct_mid_range", "pct_three")
SHARES_TOLERANCE = 0.02

_DEFAULTS = {feature.name: feature.default for feature in FEATURES}
_IS_CONTEXT = np.array([feature.is_context for feature in FEATURES])


@dataclass(frozen=True)
class Sourced:
    """A feature's value for each player, and where each was taken from."""

    values: FloatArray
    sources: Texts


def first_known(name: str, *candidates: tuple[str, FloatArray]) -> Sourced:
    """The first candidate that is known, player by player, else the feature's default.

    Args:
        name: The feature.
        candidates: Pairs (source, values), best first; NaN is not known. A better default than the
            feature's own may be the last of them.
    """
    size = len(candidates[0][1])
    values, sources = np.full(size, _DEFAULTS[name]), np.full(size, DEFAULT, dtype=object)
    for source, candidate in reversed(candidates):
        known = np.isfinite(candidate)
        values[known], sources[known] = candidate[known], source
    return Sourced(values, sources)


def vectors(features: Mapping[str, Sourced]) -> tuple[FloatArray, Texts]:
    """Values and sources of every player as matrices, one row per player.

    Args:
        features: By name, in the order of ``NAMES``.

    Raises:
        ValueError: If a feature is missing, unknown or out of order.
    """
    if tuple(features) != NAMES:
        wrong = [pair for pair in zip(features, NAMES, strict=False) if pair[0] != pair[1]]
        raise ValueError(
            f"The features are not the {len(NAMES)} of {FEATURE_VERSION} in their order: "
            + (f"{wrong[0][0]} stands where {wrong[0][1]} belongs" if wrong else f"{len(features)}")
        )
    values = np.column_stack([feature.values for feature in features.values()])
    sources = np.column_stack([feature.sources for feature in features.values()])
    return rounded(values, DECIMALS), sources


# Calculated features -------------------------------------------------------------------------


def rest_advantage(days_rest: FloatArray, opponent_days_rest: FloatArray) -> FloatArray:
    """Days of rest more than the opponent, at most two either way."""
    return np.clip(days_rest - opponent_days_rest, -2.0, 2.0)


_RISKS = {"probable": 1.0, "questionable": 2.0, "doubtful": 3.0, "out": 3.0}


def injury_risk(statuses: Texts) -> FloatArray:
    """From 0, available, to 3, doubtful or out; NaN where no status is known."""
    return np.array(
        [
            np.nan if status is None else _RISKS.get(status.strip().lower(), 0.0)
            for status in statuses.tolist()
        ],
        dtype=np.float64,
    )


def recent_trend(newest_three: FloatArray, two_before: FloatArray) -> FloatArray:
    """Whether a player is on the rise: the mean of his newest games less that of the ones before.

    Args:
        newest_three: Mean points of his last three games.
        two_before: Mean points of the two games before those; NaN where there are fewer.

    Returns:
        2 from five points up, 1 from two points up, the same below zero, else 0.
    """
    return _steps(newest_three - two_before, 2.0, 5.0)


def minutes_change(recent: FloatArray, season: FloatArray) -> FloatArray:
    """Whether a player's minutes have grown: his recent mean against his season's.

    Args:
        recent: Mean minutes of late.
        season: Mean minutes of the season; nothing can be said where either is 0.

    Returns:
        2 from a fifth more, 1 from a tenth more, the same for less, else 0.
    """
    change = rounded(ratio(recent - season, season), DECIMALS)
    return _steps(np.where(recent == 0, np.nan, change), 0.10, 0.20)


def _steps(change: FloatArray, notable: float, large: float) -> FloatArray:
    size = np.abs(change)
    steps = np.sign(change) * (1.0 * (size >= notable) + 1.0 * (size >= large))
    return np.where(np.isnan(change), np.nan, steps)


#: Fewer games than this say nothing about a share.
FEWEST_GAMES = 5


def free_throw_share(free_throws: FloatArray, points: FloatArray, games: FloatArray) -> FloatArray:
    """Share of a player's points made at the line, at most a half; NaN below five games."""
    share = np.minimum(ratio(free_throws, points), 0.5)
    return np.where(games >= FEWEST_GAMES, share, np.nan)


def win_share(wins: FloatArray, games: FloatArray) -> FloatArray:
    """Share of games won; NaN below five games."""
    return np.where(games >= FEWEST_GAMES, ratio(wins, games), np.nan)


# How far a vector can be trusted -----------------------------------------------------------------


def quality_score(sources: Texts) -> FloatArray:
    """Mean weight of a vector's sources, 40 to 100.

    Args:
        sources: A matrix with a row for each player and a column for each feature.
    """
    total = np.zeros(len(sources))
    for number, is_context in enumerate(_IS_CONTEXT.tolist()):
        for source, weight in _WEIGHTS.items():
            full = is_context and source == PHASE3
            total += np.where(sources[:, number] == source, 100.0 if full else weight, 0.0)
    return rounded(total / len(FEATURES), 2)


def default_count(sources: Texts) -> npt.NDArray[np.int64]:
    """Features of each player for which nothing was known."""
    return np.asarray(np.count_nonzero(sources == DEFAULT, axis=1))


def data_source(sources: Texts) -> Texts:
    """What a vector mostly stands on.

    Args:
        sources: A matrix with a row for each player and a column for each feature.

    Returns:
        ``phase4`` where nothing is second best, ``phase4_partial`` or ``phase3`` where half of the
        features are that, else ``mixed``.
    """
    second_best = (sources == DEFAULT) | ((sources == PHASE3) & ~_IS_CONTEXT)
    half = len(FEATURES) / 2
    choices: Texts = np.select(
        [
            ~second_best.any(axis=1),
            np.count_nonzero(sources == PHASE4, axis=1) >= half,
            np.count_nonzero(sources == PHASE3, axis=1) >= half,
        ],
        ["phase4", "phase4_partial", "phase3"],
        "mixed",
    ).astype(object)
    return choices
