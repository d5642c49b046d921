from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.rounding import ratio, rounded

numbers = st.floats(-1e9, 1e9)
decimals = st.integers(0, 5)


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (0.67777, 3, 0.678),
        (111.2436, 2, 111.24),
        (100.68, 1, 100.7),
        (-3.05, 0, -3.0),
        (0.5, 0, 0.0),
        (1.5, 0, 2.0),
        (2.5, 0, 2.0),
    ],
)
def test_a_number_is_rounded_to_its_decimals_with_halves_to_even(value, places, expected):
    assert rounded(np.array([value]), places).tolist() == [expected]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308])
def test_what_is_no_number_rounds_to_null(value):
    assert np.isnan(rounded(np.array([value]), 2)).all()


@given(numbers, decimals)
def test_rounding_moves_a_number_by_half_a_unit_at_most(value, places):
    (result,) = rounded(np.array([value]), places)
    assert abs(result - value) <= 0.5 * 10**-places * (1 + 1e-6) + abs(value) * 1e-15


@given(numbers, decimals)
def test_rounding_twice_is_rounding_once(value, places):
    once = rounded(np.array([value]), places)
    assert rounded(once, places).tobytes() == once.tobytes()


@given(st.floats(-0.4, 0.0))
def test_there_is_no_negative_zero(value):
    (result,) = rounded(np.array([value]), 0)
    assert math.copysign(1, result) == 1


@given(st.integers(-(10**9), 10**9), decimals)
def test_a_decimal_number_keeps_the_bits_of_its_text(units, places):
    value = float(f"{units}e-{places}") + 0.0
    assert rounded(np.array([value]), places).tolist() == [value]


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(1, 0), (0, 0), (5, -1), (math.nan, 2), (2, math.nan)]
)
def test_nothing_can_be_said_per_nothing(numerator, denominator):
    assert np.isnan(ratio(np.array([float(numerator)]), np.array([float(denominator)]))).all()


def test_nothing_per_something_is_zero_and_not_null():
    assert ratio(np.array([0.0, 3.0]), np.array([4.0, 4.0])).tolist() == [0.0, 0.75]
