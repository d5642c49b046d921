"""The live evening, built once; each test that breaks something has a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from live_night import Kept, build

from nba_pipeline.benchmarks.working import copied
from nba_pipeline.validation.finding import Finding
from nba_pipeline.validation.night import Night
from nba_pipeline_tests.once import built_once


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The evening as it was run; nobody changes it."""
    folder = built_once(tmp_path_factory, "live_night", build)
    return Kept(copied(folder, tmp_path_factory.mktemp("whole") / "warehouse"))


@pytest.fixture(scope="session")
def night(whole: Kept) -> Night:
    """What is read of it the morning after."""
    return whole.night()


@pytest.fixture(scope="session")
def found(whole: Kept) -> Mapping[str, Finding]:
    """What the checks find of it the morning after."""
    return whole.found()


@pytest.fixture
def kept(whole: Kept, tmp_path: Path) -> Kept:
    """A copy that may be broken."""
    return Kept(Path(shutil.copytree(whole.folder, tmp_path / "warehouse")))
