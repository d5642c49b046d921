"""Every table is a Dagster pool: free on a laptop, two writers of a table at once in production."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from three_tables import DAYS, SCORES, TABLES, SmallWorld, scores

CONFIG = Path(__file__).parents[2] / "deploy" / "dagster.yaml"
TWO = DAYS[:2]

pytestmark = [
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    monkeypatch.setenv("NBA_FIRST_DAY", TWO[0].isoformat())
    return tmp_path


def slots_after_a_run(home: Path, source: Any, limits: dict[str, Any]) -> dict[str, Any]:
    """Bring two days up to date; of each pool its slots, and those in use afterwards."""
    with dg.instance_for_test(temp_dir=str(home), overrides=limits) as running:
        assert SmallWorld(source, running, home).bring(TWO)
        storage = running.event_log_storage
        found = {key: storage.get_concurrency_info(key) for key in storage.get_concurrency_keys()}
        return {key: (told.slot_count, told.active_slot_count) for key, told in found.items()}


def test_on_a_laptop_a_pool_is_a_name_and_nobody_waits(home, fake_source):
    assert slots_after_a_run(home, fake_source(SCORES, scores=scores(TWO)), {}) == {}


def test_in_production_a_run_takes_a_slot_of_each_table_and_gives_it_back(home, fake_source):
    limits = {"concurrency": yaml.safe_load(CONFIG.read_text())["concurrency"]}
    slots = slots_after_a_run(home, fake_source(SCORES, scores=scores(TWO)), limits)
    assert slots == {table.full_name: (2, 0) for table in TABLES.values()}
