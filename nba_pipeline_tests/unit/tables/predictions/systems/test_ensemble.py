"""The ensemble: weights by confidence, and what agreement is worth."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.tables.predictions.systems.ensemble import COMPONENTS, SYSTEM, agreement

NAN = float("nan")


def of(slate_of, said, points, confidence):
    parts = {
        name: said([p], [c]) for name, p, c in zip(COMPONENTS, points, confidence, strict=True)
    }
    return SYSTEM.predict(slate_of({}), parts)


def test_four_that_agree_are_weighted_by_confidence(slate_of, said):
    told = of(slate_of, said, [24, 25, 26, 25], [0.60, 0.60, 0.80, 0.80])
    assert told.points.tolist() == [25.07]
    assert told.details["prediction_variance"].tolist() == [0.71]
    assert told.confidence.tolist() == [0.85]


def test_three_that_agree_lose_the_bonus_of_four(slate_of, said):
    told = of(slate_of, said, [24, 25, NAN, 25], [0.60, 0.60, 0.0, 0.80])
    assert told.points.tolist() == [pytest.approx(24.7)]
    assert told.confidence.tolist() == [pytest.approx((200 / 3 + 10) / 100, abs=1e-4)]
    assert told.details["contributing_systems"].tolist() == [3.0]


def test_one_alone_is_no_ensemble(slate_of, said):
    told = of(slate_of, said, [24, NAN, NAN, NAN], [0.6, 0, 0, 0])
    assert np.isnan(told.points[0])
    assert told.silence.tolist() == ["1 systems spoke, 2 are needed"]


@pytest.mark.parametrize(
    ("spread", "change", "percent"),
    [(1.9, 10, 95), (2.0, 5, 85), (3.0, -5, 70), (6.0, -10, 70), (9.0, -10, 55), (12.0, -10, 50)],
)
def test_agreement_follows_the_spread(spread, change, percent):
    found = agreement(np.array([spread]))
    assert [part.tolist() for part in found] == [[change], [percent]]
