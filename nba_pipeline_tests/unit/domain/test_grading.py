"""Grading: sides, outcomes, deciles and tiers at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.domain.grading import (
    decile,
    is_correct,
    outcome,
    recommend,
    tier_factor,
    tier_of,
)

NAN = float("nan")


def side(points, line, confidence=0.9, edge=2.0, least=0.65, strict=False):
    numbers = (np.array([value], dtype=float) for value in (points, line, confidence, edge, least))
    return recommend(*numbers, np.array([strict]))[0]


@pytest.mark.parametrize(
    ("points", "line", "strict", "taken"),
    [
        (25.0, 23.0, False, "OVER"),
        (25.0, 23.0, True, "PASS"),
        (21.0, 23.0, False, "UNDER"),
        (24.9, 23.0, False, "PASS"),
        (25.0, NAN, False, "NO_LINE"),
        # As floats 25.1 - 23.1 is a little more than 2.
        (25.1, 23.1, True, "PASS"),
    ],
)
def test_a_side_needs_its_edge(points, line, strict, taken):
    assert side(points, line, strict=strict) == taken


@pytest.mark.parametrize(("confidence", "taken"), [(0.65, "OVER"), (0.6499, "PASS")])
def test_a_side_needs_confidence(confidence, taken):
    assert side(30.0, 23.0, confidence=confidence) == taken


@pytest.mark.parametrize(
    ("points", "minutes", "line", "final", "became"),
    [
        (20.0, 30.0, 20.5, True, "graded"),
        (20.0, 30.0, 20.0, True, "push"),
        (20.0, 30.0, NAN, True, "graded"),
        (NAN, NAN, 20.5, True, "void"),
        (0.0, 0.0, 20.5, True, "void"),
        (NAN, NAN, 20.5, False, "pending"),
    ],
)
def test_what_becomes_of_a_claim(points, minutes, line, final, became):
    numbers = (np.array([value], dtype=float) for value in (points, minutes, line))
    assert outcome(*numbers, np.array([final])).tolist() == [became]


@pytest.mark.parametrize(
    ("taken", "points", "line", "right"),
    [
        ("OVER", 21.0, 20.5, 1.0),
        ("UNDER", 21.0, 20.5, 0.0),
        ("UNDER", 20.0, 20.5, 1.0),
        ("OVER", 20.0, 20.0, NAN),
        ("PASS", 21.0, 20.5, NAN),
        ("NO_LINE", 21.0, NAN, NAN),
        ("OVER", NAN, 20.5, NAN),
    ],
)
def test_only_a_side_that_was_decided_is_right_or_wrong(taken, points, line, right):
    found = is_correct(np.array([taken], dtype=object), np.array([points]), np.array([line]))
    assert found.tolist() == pytest.approx([right], nan_ok=True)


@pytest.mark.parametrize(
    ("confidence", "number"), [(0.0, 1), (0.09, 1), (0.1, 2), (0.7, 8), (0.95, 10), (1.0, 10)]
)
def test_deciles_begin_at_their_tenth(confidence, number):
    assert decile(np.array([confidence])).tolist() == [number]


@pytest.mark.parametrize(
    ("average", "tier", "factor"),
    [
        (30.0, "STAR_30PLUS", 1.0),
        (29.99, "STARTER_20_29", 0.75),
        (10.0, "ROTATION_10_19", 0.5),
        (9.9, "BENCH_0_9", 0.5),
        (NAN, "BENCH_0_9", 0.5),
    ],
)
def test_tiers_follow_the_season_s_average(average, tier, factor):
    found = tier_of(np.array([average]))
    assert (found.tolist(), tier_factor(found).tolist()) == ([tier], [factor])
