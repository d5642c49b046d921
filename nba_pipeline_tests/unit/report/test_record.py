"""The systems' record: errors beside the line's, sides, and chances beside what happened."""

from __future__ import annotations

import pytest
from one_evening import grade

from nba_pipeline.report.record import reliability, score, systems


def test_errors_are_means_over_what_was_graded():
    rows = [grade(signed_error=-3.0), grade(signed_error=1.0), grade(outcome="void")]
    told = score(rows)
    assert (told.n, told.mae, told.bias) == (2, 2.0, -1.0)


def test_the_line_is_judged_on_the_same_rows():
    rows = [grade(line_value=19.5, actual_points=25), grade(line_value=None, signed_error=9.0)]
    told = score(rows)
    assert (told.lined_mae, told.line_mae) == (3.0, 5.5)


def test_passes_win_and_lose_nothing():
    rows = [grade(), grade(prediction_correct=False), grade(prediction_correct=None)]
    told = score(rows)
    assert (told.won, told.lost) == (1, 1)


def test_nothing_graded_is_no_score():
    assert score([grade(outcome="pending")]) is None


def test_systems_stand_in_one_order_with_strangers_last():
    rows = [grade("new_v9"), grade("xgboost_v1"), grade("ensemble_v1")]
    assert [one.title for one in systems(rows, [])] == ["Ensemble", "Boosted trees", "new_v9"]


def test_chances_are_cut_into_fifths_of_equal_size():
    rows = [grade(over_probability=at / 10, actual_points=30 * (at >= 5)) for at in range(10)]
    told = list(reliability(rows, "ensemble_v1"))
    assert [part.n for part in told] == [2] * 5
    assert [part.happened for part in told] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert told[0].stated == pytest.approx(0.05)


def test_a_push_is_neither_over_nor_under():
    assert list(reliability([grade(outcome="push")], "ensemble_v1")) == []
