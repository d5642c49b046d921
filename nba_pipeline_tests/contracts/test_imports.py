"""Who may import whom: the rules of setup.cfg, and nothing below orchestration needs Dagster."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import nba_pipeline

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "engine", "report", "sources", "tables", "warehouse")

IMPORT_WITHOUT_DAGSTER = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0].startswith("dagster"):
            raise ImportError(f"{name} is not to be imported here")

sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def modules_of(room: str) -> list[str]:
    """Every module of a folder, by its dotted name."""
    package = f"nba_pipeline.{room}"
    places = [str(Path(place) / room) for place in nba_pipeline.__path__]
    return [package, *(found.name for found in pkgutil.walk_packages(places, f"{package}."))]


def imported_without_dagster(*modules: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IMPORT_WITHOUT_DAGSTER, *modules]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_below_orchestration_imports_without_dagster(room):
    assert imported_without_dagster(*modules_of(room)).stderr == ""


def test_a_module_that_imports_dagster_would_be_noticed():
    told = imported_without_dagster("nba_pipeline.orchestration.assets")
    assert "dagster is not to be imported here" in told.stderr


@pytest.mark.parametrize(
    ("room", "module"),
    [("tables", "nba_pipeline.tables.raw.nbac_schedule"), ("engine", "nba_pipeline.engine.rows")],
)
def test_modules_in_deeper_folders_are_looked_at(room, module):
    assert module in modules_of(room)


def test_the_import_rules_hold():
    command = [Path(sys.executable).with_name("lint-imports"), "--config", ROOT / "setup.cfg"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
