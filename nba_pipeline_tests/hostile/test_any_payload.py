"""Payloads that are made up at random, for every parser of JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_pipeline.sources.parsers import Kind
from nba_pipeline_tests.hostile.made_up import (
    HOLLOW,
    JSON_KINDS,
    NUMBERS,
    WORDS,
    oblige,
    problem_with,
)

VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(WORDS),
    st.integers(),
    st.floats(),
    st.sampled_from(NUMBERS),
    st.text(max_size=6),
    st.sampled_from(HOLLOW),
)


@pytest.mark.parametrize("kind", JSON_KINDS, ids=lambda kind: kind.title)
def test_whatever_is_made_up_is_rows_or_refused_by_name(kind: Kind) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(st.data())
    def make_up(data: st.DataObject) -> None:
        payload: dict[str, Any] = {}
        for _ in range(40):
            problem = problem_with(kind, payload)
            if not problem:
                return
            oblige(payload, problem, data.draw(VALUES))

    make_up()
