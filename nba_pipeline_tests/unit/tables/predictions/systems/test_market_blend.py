"""The market blend: the line, moved a little towards our forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nba_pipeline.tables.predictions.systems.market_blend import OURS, SYSTEM


def test_it_lies_between_the_line_and_our_forecast(slate_of, said):
    slate = replace(slate_of({}), line=np.array([20.5]), line_weight=np.array([0.2]))
    assert SYSTEM.predict(slate, {OURS: said([25.5], [0.8])}).points.tolist() == [21.5]


def test_without_a_line_it_is_silent(slate_of, said):
    slate = replace(slate_of({}), line_weight=np.array([0.2]))
    told = SYSTEM.predict(slate, {OURS: said([25.5], [0.8])})
    assert (np.isnan(told.points[0]), told.confidence[0]) == (True, 0.0)
