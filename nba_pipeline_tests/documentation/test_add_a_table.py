"""The guide to adding a table: its example is a table like every other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from example import NAME, followed


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the guide was followed."""
    return followed(tmp_path_factory.mktemp("checkout"))


def python(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the copy's package."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(
            [f"nba_pipeline_tests/unit/tables/precompute/test_{NAME}.py"], id="its own test"
        ),
        pytest.param(
            ["nba_pipeline_tests/contracts/test_every_table.py", "-k", NAME],
            id="what every table keeps",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_example_passes(copy: Path, words: Sequence[str]) -> None:
    told = python(copy, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *words)
    assert told.returncode == 0, told.stdout
    assert " passed" in told.stdout


def test_the_example_is_in_the_graph_and_its_variable_in_the_catalogue(copy: Path) -> None:
    told = python(
        copy,
        "-c",
        "from nba_pipeline.catalogue import VARIABLES\n"
        "from nba_pipeline.tables import REGISTRY\n"
        "print(REGISTRY['player_free_throw_form'].full_name)\n"
        "print(*(v.name for group in VARIABLES.values() for v in group))",
    )
    full_name, names = told.stdout.splitlines()
    assert full_name == f"nba_precompute.{NAME}"
    assert "PFTF_WORKERS" in names.split()
