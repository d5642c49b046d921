from __future__ import annotations

import math

import numpy as np
import pytest

from nba_pipeline.domain.matchup import (
    expected_pace_above_league,
    opponent_strength,
    pace_factor,
    referee_favorability,
    shot_zone_mismatch,
    usage_factor,
)
from nba_pipeline.domain.rounding import rounded


def stat(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def mismatch(zone: str | None, **known: float) -> float:
    """Of one player: ``paint=(rate, defence)`` for each zone he or the opponent is known in."""
    zones = ("paint", "mid_range", "perimeter")
    pairs = {name: known.get(name, (math.nan, math.nan)) for name in zones}
    return float(
        shot_zone_mismatch(
            np.array([zone], dtype=object),
            {name: stat(pair[0]) for name, pair in pairs.items()},
            {name: stat(pair[1]) for name, pair in pairs.items()},
        )[0]
    )


@pytest.mark.parametrize(
    ("zone", "rate", "defense", "points"),
    [
        ("paint", 45.0, 4.2, 3.78),
        ("paint", 60.0, 7.0, 8.4),
        ("paint", 80.0, 9.0, 10.0),
        ("perimeter", 25.0, -4.0, -2.0),
        ("mid_range", 56.76, -4.18, -4.18),
        ("paint", 80.0, -12.0, -10.0),
        ("paint", 50.0, 5.0, 5.0),
        ("paint", math.nan, 4.0, 4.0),
        ("paint", 45.0, math.nan, 0.0),
    ],
)
def test_a_weak_defence_helps_who_lives_on_that_zone(zone, rate, defense, points):
    assert mismatch(zone, **{zone: (rate, defense)}) == pytest.approx(points, abs=1e-12)


def test_other_zones_do_not_count_for_a_player_with_one_home():
    assert mismatch("paint", paint=(50.0, 2.0), mid_range=(10.0, 9.0)) == 2.0


def test_a_balanced_player_meets_the_whole_defence():
    zones = {"paint": (39.9, 4.0), "mid_range": (25.0, -2.0), "perimeter": (35.1, 1.0)}
    assert mismatch("balanced", **zones) == pytest.approx(0.399 * 4 - 0.25 * 2 + 0.351, abs=1e-12)


def test_a_player_without_a_known_shot_profile_has_no_mismatch():
    assert mismatch(None, paint=(50.0, 9.0)) == 0.0


@pytest.mark.parametrize(
    ("above", "points"), [(3.0, 1.5), (-0.2, -0.1), (8.0, 3.0), (-8.0, -3.0), (math.nan, 0.0)]
)
def test_a_fast_game_gives_more_chances(above, points):
    assert pace_factor(stat(above))[0] == points


def test_a_game_is_expected_at_the_mean_of_both_paces():
    above = expected_pace_above_league(stat(102.86), stat(99.35 - 102.86), stat(101.3))
    assert above[0] == pytest.approx((99.35 + 102.86) / 2 - 101.3, abs=1e-9)


@pytest.mark.parametrize(
    ("projected", "recent", "stars", "points"),
    [
        (27.0, 25.0, 0.0, 0.6),
        (27.0, 25.0, math.nan, 0.6),
        (30.0, 25.0, 2.0, 1.95),
        (30.0, 25.0, 1.0, 1.725),
        (22.0, 25.0, 2.0, -0.9),
        (45.0, 25.0, 3.0, 3.0),
        (5.0, 30.0, 0.0, -3.0),
        (25.0, 0.0, 0.0, 0.0),
        (math.nan, 25.0, 2.0, 0.0),
        (25.0, math.nan, 2.0, 0.0),
    ],
)
def test_who_takes_over_a_role_scores_more(projected, recent, stars, points):
    factor = usage_factor(stat(projected), stat(recent), stat(stars))
    assert factor[0] == pytest.approx(points, abs=1e-12)


def test_a_boosted_role_is_stored_with_one_decimal():
    assert rounded(usage_factor(stat(30.0), stat(25.0), stat(1.0)), 1)[0] == 1.7


@pytest.mark.parametrize(
    ("rating", "league", "points"),
    [(112.0, 109.0, 1.0), (100.0, 110.0, -3.0), (125.0, 110.0, 3.0), (112.0, math.nan, 0.0)],
)
def test_a_weak_opponent_is_worth_points(rating, league, points):
    assert opponent_strength(stat(rating), stat(league))[0] == points


@pytest.mark.parametrize(
    ("total", "fouls", "points"),
    [
        (220, 38, 0.0),
        (225, 38, 0.6),
        (220, 40, 0.4),
        (215, 36, -1.0),
        (300, 38, 5.0),
        (100, 38, -5.0),
        (math.nan, 40, 0.0),
    ],
)
def test_officials_are_worth_what_their_games_were_like(total, fouls, points):
    assert referee_favorability(stat(total), stat(fouls)).tolist() == pytest.approx([points])
