"""What a player scored in earlier games that were like tonight's: opponent, rest, venue, form.

Each earlier game is judged by what was known before it: the defence he met, his days off, and his
form against what he had done until then, never by what came after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nba_pipeline.domain.rounding import FloatArray, ratio, rounded
from nba_pipeline.engine.windows import Array
from nba_pipeline.tables.predictions.systems.slate import (
    Forecast,
    Games,
    Slate,
    SoFar,
    System,
    answer,
    venue,
)

#: Games looked at, those taken at most, and those needed.
NEWEST_GAMES, MOST_MATCHES, LEAST_MATCHES = 30, 20, 5

#: A game is like tonight's from this score on.
LEAST_SCORE = 70.0

#: Below these ratings a defence is elite, or average.
ELITE, AVERAGE = 110.0, 115.0

#: Points between five games and all of them that make form hot, or cold.
FORM = 3.0


@dataclass(frozen=True)
class Context:
    """What games are compared by, as bucket numbers; NaN where nothing is known."""

    tier: Array
    rest: Array
    is_home: Array
    form: Array


def context(def_rating: Array, days_rest: Array, is_home: Array, form: Array) -> Context:
    """The buckets of some games.

    Args:
        def_rating: The opponent's, points per 100 possessions.
        days_rest: Full days off.
        is_home: 1 at home.
        form: Mean of the five games before less that of all before.
    """
    nothing = np.isnan(def_rating)
    tier = np.select([nothing, def_rating < ELITE, def_rating < AVERAGE], [np.nan, 0.0, 1.0], 2.0)
    bucket = np.select([np.isnan(form), form >= FORM, form <= -FORM], [np.nan, 1.0, -1.0], 0.0)
    return Context(tier, np.minimum(days_rest, 3.0), is_home, bucket)


def score(tonight: Context, then: Context) -> Array:
    """How like tonight's each game is, 0 to 100; nothing unknown counts as alike."""
    tier, rest = np.abs(tonight.tier - then.tier), np.abs(tonight.rest - then.rest)
    return np.asarray(
        np.select([tier == 0, tier == 1], [40.0, 20.0], 0.0)
        + np.select([rest == 0, rest == 1], [30.0, 15.0], 0.0)
        + np.where(tonight.is_home == then.is_home, 15.0, 0.0)
        + np.where(tonight.form == then.form, 15.0, 5.0)
    )


def predict(slate: Slate, so_far: SoFar) -> Forecast:
    """The mean of the most similar games, weighted by similarity, with small corrections."""
    del so_far
    player, points, likeness = _matches(slate)
    size = len(slate)
    count = np.bincount(player, minlength=size).astype(np.float64)
    weight = likeness / 100
    baseline = ratio(_summed(player, points * weight, size), _summed(player, weight, size))
    mean = ratio(_summed(player, likeness, size), count)
    enough = count >= LEAST_MATCHES
    least = np.full(size, np.inf)
    np.minimum.at(least, player, likeness)
    told = answer(
        np.where(enough, baseline, np.nan),
        _adjustments(slate),
        confidence(count, mean, _spread(player, points, count)),
        "similar games",
        {
            "similar_games_count": count,
            "avg_similarity_score": rounded(mean, 2),
            "min_similarity_score": rounded(np.where(count > 0, least, np.nan), 2),
            "similarity_baseline": rounded(baseline, 1),
        },
    )
    silence = told.silence.copy()
    silence[~enough] = [
        f"{n:.0f} games like tonight's, {LEAST_MATCHES} are needed" for n in count[~enough]
    ]
    return Forecast(told.points, told.confidence, told.reasons, silence, told.details)


def _adjustments(slate: Slate) -> dict[str, Array]:
    return {
        "fatigue_adjustment": (slate["fatigue_score"] - 70) * 0.015,
        "shot_zone_adjustment": 0.4 * slate["shot_zone_mismatch_score"],
        "pace_adjustment": 0.8 * slate["pace_score"],
        "usage_spike_adjustment": 0.8 * slate["usage_spike_score"],
        "home_away_adjustment": venue(slate, 0.8, -0.5),
    }


def confidence(matches: Array, mean: Array, spread: Array) -> Array:
    """0 to 1, from how many games are alike, how much, and how far apart their points lie."""
    of_matches = np.select([matches >= 15, matches >= 10, matches >= 7], [20, 15, 10], -15)
    of_mean = np.select([mean >= 85, mean >= 75, mean >= LEAST_SCORE], [20, 15, 10], 5)
    of_spread = np.select([spread < 4, spread < 6, spread < 8], [15, 8, 3], -5)
    return np.asarray(np.clip(50 + of_matches + of_mean + of_spread, 0, 100) / 100)


def _matches(slate: Slate) -> tuple[Array, Array, Array]:
    """Player, points and likeness of the games that count."""
    games = _newest(slate.games)
    player, points = games.player, games.columns["points"]
    then = context(
        games.columns["opponent_def_rating"],
        games.columns["days_rest"],
        games.columns["is_home"],
        form_before(player, points),
    )
    tonight = context(
        slate["opponent_def_rating"],
        slate.days_rest,
        slate["home_away"],
        slate["points_avg_last_5"] - slate["points_avg_season"],
    )
    at_home = Context(*(getattr(tonight, name)[player] for name in Context.__dataclass_fields__))
    likeness = score(at_home, then)
    order = np.lexsort([-np.arange(len(player)), -likeness, player])
    place = np.arange(len(order)) - np.searchsorted(player[order], player[order])
    best = order[(likeness[order] >= LEAST_SCORE) & (place < MOST_MATCHES)]
    return player[best], points[best], likeness[best]


def _newest(games: Games) -> Games:
    """The newest games a player took part in."""
    played = ~np.isnan(games.columns["points"]) & (games.columns["minutes"] > 0)
    player = games.player[played]
    until = np.searchsorted(player, player, side="right")
    recent = until - np.arange(len(player)) <= NEWEST_GAMES
    columns = {name: values[played][recent] for name, values in games.columns.items()}
    return Games(player[recent], columns)


def form_before(player: Array, points: Array) -> Array:
    """Mean of each player's five games before each game less that of all before; NaN at the first.

    Points are whole, so that running sums are exact.
    """
    at = np.arange(len(player))
    first = np.searchsorted(player, player)
    total = np.concatenate([[0.0], np.cumsum(points)])
    recent = np.maximum(first, at - 5)
    five = ratio(total[at] - total[recent], (at - recent).astype(np.float64))
    everything = ratio(total[at] - total[first], (at - first).astype(np.float64))
    return np.asarray(five - everything)


def _summed(player: Array, values: Array, size: int) -> FloatArray:
    """Sums by player, game after game: nobody's depends on who is beside him."""
    return np.bincount(player, weights=values, minlength=size).astype(np.float64)


def _spread(player: Array, points: Array, count: Array) -> Array:
    """Population standard deviation of each player's matches."""
    size = len(count)
    total, squares = _summed(player, points, size), _summed(player, points * points, size)
    return np.sqrt(ratio(count * squares - total * total, count * count))


SYSTEM = System("similarity_balanced_v1", "rule", predict, edge=2.0, least_confidence=0.65)
