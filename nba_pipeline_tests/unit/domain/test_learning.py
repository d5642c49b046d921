"""Learning: the same examples give the same bytes, and there is something to be learned."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from nba_pipeline.domain.learning import Examples, drivers, foretell, learn, trees

LEARN = """
import hashlib, numpy
from nba_pipeline.domain.learning import Examples, learn
draw = numpy.random.default_rng(5)
features = draw.normal(size=(3000, 6)).round(4)
points = (10 + 4 * features[:, 2] + draw.normal(size=3000)).round()
model = learn(Examples(features, numpy.full(3000, 10.0), points))
print(hashlib.sha256(model.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def examples():
    draw = np.random.default_rng(5)
    features = draw.normal(size=(3000, 6)).round(4)
    points = (10 + 4 * features[:, 2] + draw.normal(size=3000)).round()
    return Examples(features, np.full(3000, 10.0), points)


def test_another_process_with_more_threads_learns_the_same_bytes():
    digests = {
        subprocess.run(
            [sys.executable, "-c", LEARN],
            check=True,
            capture_output=True,
            text=True,
            env={"OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1


def test_other_examples_give_another_model(examples):
    fewer = Examples(examples.features[1:], examples.start[1:], examples.points[1:])
    assert learn(fewer) != learn(examples)


def test_it_learns_what_moves_the_points(examples):
    model = learn(examples)
    error = np.abs(foretell(model, examples) - examples.points).mean()
    assert error < 0.8 * np.abs(examples.start - examples.points).mean()
    told = drivers(model, examples, [f"feature_{n}" for n in range(6)])
    first = [reasons[0].split()[0] for reasons in told if reasons]
    assert first.count("feature_2") > 0.95 * len(first)


def test_unknown_features_are_no_obstacle(examples):
    unknown = Examples(np.full((2, 6), np.nan), np.array([10.0, 12.0]), np.empty(0))
    assert np.isfinite(foretell(learn(examples), unknown)).all()


@pytest.mark.parametrize(("count", "expected"), [(500, 30), (8000, 100), (60_000, 150)])
def test_more_examples_bear_more_trees(count, expected):
    assert trees(count) == expected
