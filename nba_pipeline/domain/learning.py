"""Gradient-boosted trees that learn points from examples: the same rows give the same bytes.

One thread, one seed and the order of the examples as given: with the same library a model's bytes
follow from its examples. A prediction is made row by row in single precision, so it does not depend
on which rows are predicted beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xgboost

Floats = npt.NDArray[np.float64]

#: Small steps, leaves of many games, half of the columns at a time. Some thirty settings differed
#: by no more than 0.002 in the ratio of their error to the line's, which is noise.
PARAMETERS: dict[str, float | str] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "max_depth": 4,
    "eta": 0.03,
    "min_child_weight": 200,
    "reg_lambda": 100.0,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "base_score": 0.0,
    "seed": 20241115,
    "nthread": 1,
}

#: Trees: one for so many examples, within bounds. A season's first weeks bear only a few.
EXAMPLES_A_TREE, FEWEST_TREES, MOST_TREES = 80, 30, 150

#: Reasons given for a forecast.
REASONS = 4


@dataclass(frozen=True)
class Examples:
    """Games to learn from, or to foretell.

    Attributes:
        features: One row per player and game.
        start: What is forecast before anything was learned; trees add to it.
        points: What he scored; empty of games to foretell.
    """

    features: Floats
    start: Floats
    points: Floats


def learn(examples: Examples) -> str:
    """A model as JSON text."""
    import xgboost

    rows = xgboost.DMatrix(
        examples.features.astype(np.float32),
        label=examples.points,
        base_margin=examples.start,
        nthread=1,
    )
    booster = xgboost.train(PARAMETERS, rows, trees(len(examples.start)))
    return bytes(booster.save_raw("json")).decode()


def trees(examples: int) -> int:
    """How many trees so many examples bear."""
    return min(max(examples // EXAMPLES_A_TREE, FEWEST_TREES), MOST_TREES)


def foretell(model: str, examples: Examples) -> Floats:
    """Expected points of each row."""
    rows = _matrix(examples)
    return np.asarray(_loaded(model).predict(rows), dtype=np.float64)


def drivers(model: str, examples: Examples, names: Sequence[str]) -> list[list[str]]:
    """For each row the features that moved its forecast most, with the points each added."""
    parts = np.asarray(_loaded(model).predict(_matrix(examples), pred_contribs=True))[:, :-1]
    told = []
    for row in np.round(parts.astype(np.float64), 1):
        largest = np.argsort(-np.abs(row), kind="stable")[:REASONS]
        told.append([f"{names[at]} {row[at]:+.1f}" for at in largest.tolist() if row[at]])
    return told


def _matrix(examples: Examples) -> xgboost.DMatrix:
    import xgboost

    features = examples.features.astype(np.float32)
    return xgboost.DMatrix(features, base_margin=examples.start, nthread=1)


@lru_cache(maxsize=8)
def _loaded(model: str) -> xgboost.Booster:
    """A slate is predicted in chunks, all of them with one model."""
    import xgboost

    booster = xgboost.Booster(params={"nthread": 1})
    booster.load_model(bytearray(model.encode()))
    booster.set_param({"nthread": 1})
    return booster


def forget_models() -> None:
    """Drop the models that were loaded; the next forecast loads its own anew."""
    _loaded.cache_clear()
