"""Scorecards: what counts as won, and sums that no order changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.scorecard import mean, share, sides

NAN = float("nan")


def test_a_push_is_a_side_taken_and_neither_won_nor_lost():
    taken = np.array([True, True, True, False])
    found = sides(taken, np.array([1.0, 0.0, NAN, 1.0]))
    assert (found.taken, found.correct, found.incorrect, found.win_rate) == (3, 1, 1, 0.5)


def test_nothing_decided_has_no_rate():
    assert np.isnan(sides(np.array([True]), np.array([NAN])).win_rate)


def test_what_is_unknown_is_left_out():
    assert (mean(np.array([1.25, NAN, 0.25]), 2), share(np.array([1.0, NAN, 0.0]))) == (0.75, 0.5)


def test_a_mean_of_nothing_is_unknown():
    assert np.isnan(mean(np.array([NAN]), 2))


@given(st.permutations([0.1, 0.2, 0.3, 0.7, 1.1, 12.3]))
def test_no_order_changes_a_mean(values):
    assert mean(np.array(values), 1) == mean(np.sort(values), 1)
