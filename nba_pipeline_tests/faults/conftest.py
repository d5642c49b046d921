"""The world that faults are injected into, made once for all who inject them."""

from __future__ import annotations

import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nba_pipeline_tests.faults.tally import Tally
from nba_pipeline_tests.faults.victims import Executioner
from nba_pipeline_tests.faults.world import World, days_of, make_world
from nba_pipeline_tests.once import built_once

#: Whatever happens at random happens again with the same seed.
SEED = 20251102


@pytest.fixture(
    scope="session",
    params=[
        "few faults",
        pytest.param("many faults", marks=[pytest.mark.slow, pytest.mark.timeout(7200)]),
        pytest.param("large world", marks=[pytest.mark.slow, pytest.mark.timeout(7200)]),
    ],
)
def scale(request: pytest.FixtureRequest) -> str:
    """How much is done: a little in every test run, the rest in the campaign."""
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="session")
def world(scale: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Season files and what is true of them."""
    size = "large" if scale == "large world" else "small"

    def build(folder: Path) -> None:
        made = make_world(folder, days_of(size))
        (folder / "world.pickle").write_bytes(pickle.dumps(made))

    kept = built_once(tmp_path_factory, f"faults-{size}", build) / "world.pickle"
    made: World = pickle.loads(kept.read_bytes())  # noqa: S301 - our own, of this test run
    return made


@pytest.fixture
def times(scale: str) -> Callable[[int, int, int], int]:
    """How often: ``times(few, many, on the large world)``."""

    def chosen(few: int, many: int, large: int) -> int:
        return {"few faults": few, "many faults": many, "large world": large}[scale]

    return chosen


@pytest.fixture
def warehouse(world: World, tmp_path: Path) -> Path:
    """A whole warehouse of the early files, for one test to harm."""
    return Path(shutil.copytree(world.whole, tmp_path / "warehouse"))


@pytest.fixture(scope="module")
def executioner() -> Iterator[Executioner]:
    """Lets runs loose, and kills them."""
    with Executioner() as process:
        yield process


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counts what is injected and survived."""
    return Tally(request.node)


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance that repeats, test by test."""
    return random.Random(f"{SEED} {request.node.name}")  # noqa: S311 - any moments will do
