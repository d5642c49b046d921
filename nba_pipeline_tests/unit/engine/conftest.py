"""The small world, built once for each test."""

from __future__ import annotations

from typing import Any

import pytest
from small_world import A_SEASON, SCORES, World, rows_of


@pytest.fixture
def world(fake_source: Any, session: Any) -> World:
    return World(fake_source(SCORES, scores=rows_of(A_SEASON)), session)
