"""What tonight's opponent and company are worth to a player, as points more or less.

Each factor is zero where one of its inputs is unknown (NaN): a gap in the data moves no forecast.
Factors come unrounded, so that a sum of them is rounded once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rounding import FloatArray

Texts = npt.NDArray[np.object_]

LARGEST_MISMATCH = 10.0
LARGEST_PACE = 3.0
LARGEST_USAGE = 3.0
LARGEST_STRENGTH = 3.0
LARGEST_REFEREE = 5.0

# An ordinary game: points and personal fouls of both teams.
_USUAL_TOTAL, _USUAL_FOULS = 220.0, 38.0

BALANCED = "balanced"

# A zone that takes half of a player's shots or more counts in full.
_FULL_WEIGHT_RATE = 50.0
_DECISIVE_MISMATCH, _DECISIVE_BOOST = 5.0, 1.2
_POINTS_PER_USAGE_POINT = 0.3


def shot_zone_mismatch(
    primary_zone: Texts, rates: dict[str, FloatArray], defenses: dict[str, FloatArray]
) -> FloatArray:
    """How far the opponent's defence suits a player's shots.

    The weakness of the opponent in the player's primary zone, weighted by how much he lives on it;
    a balanced player meets the whole defence, each zone by its share of his shots. Decisive
    mismatches weigh 1.2 times.

    Args:
        primary_zone: A zone of ``rates``, ``balanced`` or None.
        rates: By zone, its share of the player's shots in percent; unknown counts as 50.
        defenses: By zone, what the opponent allows above the league's percentage, in percentage
            points; positive is weak, unknown counts as 0.

    Returns:
        Points from -10 to 10; 0 where the primary zone is None.
    """
    mismatch = np.zeros(len(primary_zone))
    blend = np.zeros(len(primary_zone))
    for zone, rate in rates.items():
        weakness = np.nan_to_num(defenses[zone])
        known_rate = np.where(np.isnan(rate), _FULL_WEIGHT_RATE, rate)
        weight = np.minimum(known_rate / _FULL_WEIGHT_RATE, 1.0)
        mismatch = np.where(primary_zone == zone, weakness * weight, mismatch)
        blend = blend + np.nan_to_num(rate) / 100.0 * weakness
    mismatch = np.where(primary_zone == BALANCED, blend, mismatch)
    boost = np.where(np.abs(mismatch) > _DECISIVE_MISMATCH, _DECISIVE_BOOST, 1.0)
    return np.clip(mismatch * boost, -LARGEST_MISMATCH, LARGEST_MISMATCH)


def expected_pace_above_league(
    opponent_pace: FloatArray, pace_differential: FloatArray, league_pace: FloatArray
) -> FloatArray:
    """Possessions by which tonight's game should be faster than the league's.

    Args:
        opponent_pace: The opponent's recent mean.
        pace_differential: The team's recent mean less the opponent's.
        league_pace: The league's recent mean.

    Returns:
        The mean of both teams' pace less the league's; NaN where an input is.
    """
    return opponent_pace + pace_differential / 2 - league_pace


def pace_factor(above_league: FloatArray) -> FloatArray:
    """Half a point for every possession above the league's, -3 to 3."""
    return _within(above_league / 2, LARGEST_PACE)


def usage_factor(projected: FloatArray, recent: FloatArray, stars_out: FloatArray) -> FloatArray:
    """What a change of role is worth.

    Args:
        projected: Usage expected tonight, in percent.
        recent: Mean usage of late; 0 means that there is nothing to compare with.
        stars_out: Star teammates out; unknown counts as none.

    Returns:
        0.3 points per point of usage gained, -3 to 3; a gain counts 1.15 times with one star out
        and 1.30 times with several.
    """
    gained = np.where(recent == 0, 0.0, _POINTS_PER_USAGE_POINT * (projected - recent))
    boost = np.where(stars_out >= 2, 1.30, np.where(stars_out == 1, 1.15, 1.0))
    return _within(np.where(gained > 0, gained * boost, gained), LARGEST_USAGE)


def opponent_strength(def_rating: FloatArray, league_rating: FloatArray) -> FloatArray:
    """A third of a point for every point per 100 possessions the opponent allows above the league.

    Args:
        def_rating: What the opponent allowed of late per 100 possessions.
        league_rating: The league's mean.

    Returns:
        Points from -3 to 3, positive against a weak defence.
    """
    return _within((def_rating - league_rating) / 3, LARGEST_STRENGTH)


def referee_favorability(crew_total: FloatArray, crew_fouls: FloatArray) -> FloatArray:
    """What a crew whose games are rich in points and fouls is worth.

    Args:
        crew_total: Mean points of both teams in the games of tonight's officials.
        crew_fouls: Mean personal fouls of both teams in them.

    Returns:
        Points from -5 to 5: 0.6 for every five points above 220, 0.4 for every two fouls above 38.
    """
    points = 0.6 * (crew_total - _USUAL_TOTAL) / 5 + 0.4 * (crew_fouls - _USUAL_FOULS) / 2
    return _within(points, LARGEST_REFEREE)


def _within(points: FloatArray, largest: float) -> FloatArray:
    """Kept between minus and plus the largest; 0 where unknown."""
    return np.clip(np.nan_to_num(points), -largest, largest)
