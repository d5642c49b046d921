"""The learned model: what speaks where, and that nobody's answer depends on his neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nba_pipeline.domain import learning
from nba_pipeline.tables.points_features import NAMES, examples_of
from nba_pipeline.tables.predictions.systems.boosted_trees import SYSTEM

PLAYERS = 40


@pytest.fixture(scope="module")
def learned():
    draw = np.random.default_rng(7)
    return {name: np.round(draw.gamma(4.0, 3.0, PLAYERS), 4) for name in NAMES}


@pytest.fixture(scope="module")
def model():
    draw = np.random.default_rng(8)
    columns = {name: np.round(draw.gamma(4.0, 3.0, 2000), 4) for name in NAMES}
    points = np.round(columns["points_fading_8"] + draw.normal(0, 5, 2000))
    return learning.learn(examples_of(columns, points))


@pytest.fixture
def slate(slate_of, learned, model):
    whole = slate_of(*[{}] * PLAYERS)
    return replace(
        whole,
        learned=learned,
        model=np.full(PLAYERS, model, dtype=object),
        model_version=np.full(PLAYERS, "xgb_v1_20241118", dtype=object),
    )


def test_without_a_model_the_formula_speaks(slate_of):
    told = SYSTEM.predict(slate_of({}), {})
    # 0.35 x 25 + 0.40 x 24 + 0.25 x 23, rested, at home
    assert told.points.tolist() == [pytest.approx(24.1 + 0.5 + 1.0)]
    assert told.details["model_version"].tolist() == ["xgb_heuristic_v1"]


def test_with_a_model_it_speaks_and_is_named(slate):
    told = SYSTEM.predict(slate, {})
    assert set(told.details["model_version"]) == {"xgb_v1_20241118"}


@pytest.mark.parametrize("size", [1, 7, 13])
def test_chunks_of_any_size_give_the_same_bits(slate, size):
    whole = SYSTEM.predict(slate, {})
    parts = [SYSTEM.predict(slate.part(at, at + size), {}) for at in range(0, PLAYERS, size)]
    assert np.concatenate([part.points for part in parts]).tobytes() == whole.points.tobytes()
    assert [r for part in parts for r in part.reasons] == whole.reasons.tolist()


def test_reasons_name_features(slate):
    reasons = SYSTEM.predict(slate, {}).reasons[0]
    assert {text.split()[0] for text in reasons} <= set(NAMES)


@pytest.mark.parametrize(
    ("quality", "spread", "sure"), [(95, 3, 0.90), (85, 5, 0.84), (70, 7, 0.80), (50, 9, 0.72)]
)
def test_confidence_follows_quality_and_spread(slate_of, quality, spread, sure):
    told = SYSTEM.predict(slate_of({"quality": quality, "points_std_last_10": spread}), {})
    assert told.confidence.tolist() == [pytest.approx(sure)]
