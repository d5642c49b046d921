"""Who may import whom: the rules of setup.cfg, and nothing below orchestration needs Dagster."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import nba_pipeline

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "engine", "report", "sources", "tables", "warehouse")

IMPORT_WITHOUT_DAGSTER = """
import importlib, json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0].startswith("dagster"):
            raise ImportError(f"{name} is not to be imported here")

def refusal(name):
    try:
        importlib.import_module(name)
    except ImportError as error:
        return str(error)

sys.meta_path.insert(0, Refuse())
told = {name: refusal(name) for name in sys.argv[1:]}
print(json.dumps({name: said for name, said in told.items() if said}))
"""


def modules_of(room: str) -> list[str]:
    """Every module of a folder, by its dotted name."""
    package = f"nba_pipeline.{room}"
    places = [str(Path(place) / room) for place in nba_pipeline.__path__]
    return [package, *(found.name for found in pkgutil.walk_packages(places, f"{package}."))]


@pytest.fixture(scope="module")
def refused() -> dict[str, str]:
    """Of every module that is asked of one process without Dagster, why it does not import."""
    modules = [name for room in (*ROOMS, "orchestration") for name in modules_of(room)]
    told = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT_DAGSTER, *modules],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, str] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_below_orchestration_imports_without_dagster(refused, room):
    assert refused.keys() & set(modules_of(room)) == set()


def test_a_module_that_imports_dagster_would_be_noticed(refused):
    told = refused["nba_pipeline.orchestration.assets"]
    assert "dagster is not to be imported here" in told


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
