"""Tables of one date side by side: what one failing table stops, and what it does not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.tables import REGISTRY
from nba_pipeline_tests.integration.stuck_tables import ANALYTICS, DYING, STUCK, UNLUCKY, job

DAY = date(2021, 11, 15)
RAW = [table.name for table in REGISTRY.values() if table.layer in ("raw", "reference")]
BEFORE = [*RAW, "player_availability"]


@pytest.fixture(scope="module")
def before(lab: Any, archive: Path) -> None:
    """What the analytics tables of the day stand on."""
    assert lab.bring(archive, DAY, tables=BEFORE).succeeded


@pytest.fixture(scope="module")
def unlucky(lab: Any, archive: Path, before: None) -> Any:
    """A run in which every table has a process of its own and a minute."""
    del before
    keys = [key_of(REGISTRY[name]) for name in ANALYTICS]
    with dg.execute_job(
        dg.reconstructable(job),
        instance=lab.instance,
        asset_selection=keys,
        raise_on_error=False,
        tags={"dagster/partition": DAY.isoformat()},
        run_config={
            "execution": {"config": {"multiprocess": True, "max_concurrent": 2}},
            "resources": {
                "source": {"config": {"archive": str(archive)}},
                "fan_out": {"config": {"executor": "processes", "deadline_seconds": 60.0}},
            },
        },
    ) as result:
        yield result


def _steps(result: Any, kind: dg.DagsterEventType) -> set[str]:
    keys = {"__".join(key_of(REGISTRY[name]).path): name for name in ANALYTICS}
    return {
        keys[e.step_key] for e in result.all_events if e.event_type is kind if e.step_key in keys
    }


@pytest.mark.slow
def test_a_table_that_hangs_fails_at_its_time_limit_with_a_sentence(unlucky: Any) -> None:
    (failure,) = [
        event.step_failure_data.user_failure_data.description
        for event in unlucky.all_events
        if event.is_step_failure and STUCK in event.step_key
    ]
    assert "ran out of time" in failure


@pytest.mark.slow
def test_what_it_had_is_left_as_it_was(lab: Any, unlucky: Any) -> None:
    assert not unlucky.success
    assert lab.warehouse.stored(REGISTRY[STUCK], [DAY]) == {}


@pytest.mark.slow
def test_a_dying_worker_costs_one_player_and_no_other(lab: Any, unlucky: Any) -> None:
    assert unlucky.run_id
    (outcome,) = lab.warehouse.stored(REGISTRY[DYING], [DAY])[DAY].outcomes
    assert UNLUCKY in outcome.entity
    assert outcome.category == "PROCESSING_ERROR"
    assert lab.warehouse.read(REGISTRY[DYING], [DAY]).num_rows == 240


@pytest.mark.slow
def test_tables_that_do_not_stand_on_it_are_built_beside_it(unlucky: Any) -> None:
    done = _steps(unlucky, dg.DagsterEventType.STEP_SUCCESS)
    assert {"team_offense_game_summary", DYING} <= done


@pytest.fixture(scope="module")
def after(lab: Any, archive: Path, before: None) -> Any:
    """A run of the terminal in which one table's setting is wrong."""
    del before
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TDGS_WORKERS", "many")
        return lab.bring(archive, DAY, tables=ANALYTICS)


def test_only_the_table_that_failed_is_told_of(after: Any) -> None:
    assert after.problems == ["TDGS_WORKERS=many is not a number of workers: give a whole number"]


def test_tables_below_it_that_read_nothing_of_it_today_are_built_after_it(after: Any) -> None:
    built = {part["table"].partition(".")[2] for part in after.partitions}
    assert built == {*ANALYTICS} - {STUCK}
    assert len(after.run_ids) == 2
