"""Every check fails when what it is about is broken, in a real warehouse, and says what it is.

One copy of the evening is broken in many places at once, another in places that have been mended.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from live_night import (
    CLAIMS,
    CONTEXT,
    DAY,
    FEATURES,
    IDLE,
    MORNING_AFTER,
    Kept,
    by_name,
    first_row,
    news,
)

from nba_pipeline.engine import logs
from nba_pipeline.tables import REGISTRY
from nba_pipeline.validation.finding import Finding, Outcome
from nba_pipeline.validation.judge import validate

Found = Mapping[str, Finding]

FAIL, PARTIAL, PASS = Outcome.FAIL, Outcome.PARTIAL, Outcome.PASS
CACHE, ZONES = "player_daily_cache", "player_shot_zone_analysis"
FACTORS = "player_composite_factors"
SOMEONE = "20251107_AAA_BBB|someone"


def test_a_night_that_was_run_live_and_whole_is_no_news(found: Found) -> None:
    assert news(found) == {}


def test_only_what_needs_a_month_of_grades_does_not_apply(found: Found) -> None:
    not_judged = {name for name, each in found.items() if each.outcome is Outcome.NOT_APPLICABLE}
    assert not_judged == {"error_drift"}


def test_every_check_says_which_date_it_is_about(found: Found) -> None:
    assert [each.name for each in found.values() if str(DAY) not in each.sentence] == []


def test_validating_changes_nothing(whole: Kept) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*")}
    whole.found()
    assert {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*")} == before


# A night broken in many places -------------------------------------------------------------------


def failure(category: str, entity: str = SOMEONE, **changed: object) -> dict[str, object]:
    return {
        "processor_name": CONTEXT,
        "run_id": "told",
        "analysis_date": DAY,
        "entity_id": entity,
        "failure_category": category,
        "failure_reason": "ZeroDivisionError: division by zero",
        "can_retry": False,
        "resolution_status": "UNRESOLVED",
        "created_at": MORNING_AFTER,
        **changed,
    }


def run_of(table: str, **changed: object) -> dict[str, object]:
    return {
        "processor_name": table,
        "run_id": "told",
        "run_date": MORNING_AFTER,
        "success": True,
        "duration_seconds": 1.0,
        "analysis_date": DAY,
        "errors_json": "[]",
        "created_at": MORNING_AFTER,
        **changed,
    }


def breaker(table: str, state: str, minutes: int = 0) -> dict[str, object]:
    moment = MORNING_AFTER + timedelta(minutes=minutes)
    return {
        "processor_name": f"{table}:{DAY}",
        "state": state,
        "failure_count": 5,
        "opened_at": moment,
        "updated_at": moment,
    }


def attempt(entity: str, locked_for: int) -> dict[str, object]:
    return {
        "processor_name": CONTEXT,
        "entity_id": entity,
        "analysis_date": DAY,
        "attempt_number": 3,
        "attempted_at": MORNING_AFTER - timedelta(hours=2),
        "circuit_breaker_tripped": True,
        "circuit_breaker_until": MORNING_AFTER + timedelta(hours=locked_for),
        "manual_override_applied": False,
        "created_at": MORNING_AFTER,
    }


@pytest.fixture(scope="module")
def broken(whole: Kept, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What is found of an evening with a fault for every check of what is stored and recorded."""
    folder = tmp_path_factory.mktemp("broken") / "warehouse"
    kept = Kept(Path(shutil.copytree(whole.folder, folder)))
    kept.path("nbac_shots").unlink()
    truncated = kept.path("team_offense_game_summary")
    truncated.write_bytes(truncated.read_bytes()[:-100])
    for back in range(4):
        kept.warehouse.path(REGISTRY[CACHE], DAY - timedelta(days=back)).unlink()
    kept.rewrite(ZONES, first_row("data_hash", None))
    kept.rewrite(FEATURES, first_row("data_hash", "0" * 16))
    kept.rewrite(CLAIMS, lambda rows: pa.concat_tables([rows.slice(0, 1), rows]))
    kept.rewrite(FACTORS, first_row("fatigue_score", 1))
    kept.tell(logs.ANALYTICS_FAILURES, **failure("PROCESSING_ERROR"))
    kept.tell(logs.ANALYTICS_FAILURES, **failure("UNKNOWN", "someone else"))
    kept.tell(logs.CIRCUIT_BREAKER_STATE, **breaker(CONTEXT, "OPEN"))
    kept.tell(logs.ANALYTICS_RUNS, **run_of("upcoming_team_game_context", duration_seconds=700.0))
    kept.tell(logs.PRECOMPUTE_RUNS, **run_of(ZONES, duration_seconds=1300.0))
    kept.tell(
        logs.PRECOMPUTE_RUNS,
        **run_of(CLAIMS, success=False, duration_seconds=0.0, errors_json='["two lines for ann"]'),
    )
    return kept.found()


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("phase_2_complete", "1 of 12 tables have no partition, nbac_shots"),
        ("phase_3_complete", "is damaged"),
        ("phase_4_complete", f"1 of 7 tables have no partition, {CACHE}"),
        ("phase_5_complete", f"the newest run of {CLAIMS} failed, two lines for ann"),
        ("table_lag", f"{CACHE} lie 4 days behind the last game day, {DAY}"),
        ("hash_population", f"{ZONES}, {FACTORS}, {FEATURES} of {DAY}: 1 of"),
        ("hash_population", "rows have none"),
        ("unique_keys", f"{CLAIMS} has two rows for"),
        ("sound_partitions", FACTORS),
        ("failures", f"2 entities of {DAY} broke, 2 in {CONTEXT}: "),
        ("circuit_breakers", f"{CONTEXT} of {DAY} failed too often in a row"),
        ("run_time", f"phase 4 (precompute) of {DAY} took 1,30"),
    ],
)
def test_what_is_broken_fails_its_check_and_is_named(broken: Found, check: str, words: str) -> None:
    assert broken[check].outcome is FAIL
    assert words in broken[check].sentence


def test_what_is_whole_beside_it_is_no_news(broken: Found) -> None:
    clock = {"feature_store_time", "first_prediction_time", "cascade_delay", "props_age"}
    rows = {name for name in broken if name.startswith("rows_")} - {
        "rows_team_offense_game_summary"
    }
    assert {name for name in clock | rows if broken[name].is_news} == set()


@pytest.mark.parametrize(
    ("check", "fix"),
    [
        ("phase_2_complete", f"nba-pipeline run --date {DAY}"),
        ("hash_population", f"nba-pipeline run --date {DAY} --select {ZONES} --force"),
        ("failures", f"nba-pipeline explain {CONTEXT} --date {DAY}"),
        ("circuit_breakers", f"nba-pipeline run --date {DAY} --select {CONTEXT} --force"),
    ],
)
def test_what_is_broken_comes_with_the_command_that_helps(
    broken: Found, check: str, fix: str
) -> None:
    assert broken[check].fix == fix


# A night whose faults are over, or are another's -------------------------------------------------


@pytest.fixture(scope="module")
def mended(whole: Kept, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What is found of an evening that has failures on record, none of which is one now."""
    folder = tmp_path_factory.mktemp("mended") / "warehouse"
    kept = Kept(Path(shutil.copytree(whole.folder, folder)))
    later = MORNING_AFTER + timedelta(minutes=5)
    cured = failure("PROCESSING_ERROR", resolution_status="RESOLVED", created_at=later)
    told: list[dict[str, Any]] = [
        failure("PROCESSING_ERROR"),
        cured,
        failure("EXPECTED_INCOMPLETE", "turned away"),
        failure("UNKNOWN", "of the day before", analysis_date=IDLE),
        failure("MISSING_DATA", "DATE_LEVEL"),
    ]
    for row in told:
        kept.tell(logs.ANALYTICS_FAILURES, **row)
    kept.tell(logs.CIRCUIT_BREAKER_STATE, **breaker(CONTEXT, "OPEN"))
    kept.tell(logs.CIRCUIT_BREAKER_STATE, **breaker(CONTEXT, "CLOSED", minutes=5))
    kept.tell(logs.REPROCESS_ATTEMPTS, **attempt("someone", locked_for=-1))
    broke = run_of(CONTEXT, success=False, duration_seconds=0.0, run_id="first")
    kept.tell(logs.ANALYTICS_RUNS, **broke)
    kept.tell(logs.ANALYTICS_RUNS, **run_of(CONTEXT, run_date=later, run_id="second"))
    return kept.found(later)


def test_what_works_again_is_no_news(mended: Found) -> None:
    assert news(mended) == {}


# One at a time -----------------------------------------------------------------------------------


def test_an_entity_that_is_locked_out_is_named_with_the_way_out(kept: Kept) -> None:
    kept.tell(logs.REPROCESS_ATTEMPTS, **attempt("someone", locked_for=1))
    kept.tell(logs.ANALYTICS_FAILURES, **failure("MISSING_DEPENDENCY"))
    found = kept.found()
    assert found["circuit_breakers"].outcome is FAIL
    assert f"override {CONTEXT} --date {DAY} --entity 'someone'" in found["circuit_breakers"].fix
    assert found["failures"].outcome is PARTIAL, "a missing dependency is worth a look"
    assert f"{CONTEXT} (MISSING_DEPENDENCY)" in found["failures"].sentence


def test_breakers_of_a_clock_that_was_ahead_are_no_news(kept: Kept) -> None:
    next_year = timedelta(days=365)
    ahead = attempt("someone", locked_for=24) | {"attempted_at": MORNING_AFTER + next_year}
    ahead["circuit_breaker_until"] = MORNING_AFTER + next_year + timedelta(hours=24)
    kept.tell(logs.REPROCESS_ATTEMPTS, **ahead)
    kept.tell(logs.CIRCUIT_BREAKER_STATE, **breaker(CONTEXT, "OPEN", minutes=365 * 24 * 60))
    assert kept.found()["circuit_breakers"].outcome is PASS


def test_a_date_nobody_ever_ran_did_not_do_its_job(whole: Kept) -> None:
    found = by_name(validate(whole.warehouse, DAY - timedelta(days=100), MORNING_AFTER, {}))
    failed = {name for name, finding in found.items() if finding.outcome is FAIL}
    assert failed == {f"phase_{number}_complete" for number in (2, 3, 4, 5)}


def test_of_a_date_without_games_nothing_is_counted(whole: Kept) -> None:
    found = by_name(validate(whole.warehouse, IDLE, MORNING_AFTER, {}))
    applied = {name for name, each in found.items() if each.outcome is not Outcome.NOT_APPLICABLE}
    assert {name for name in applied if name.startswith(("rows_", "grading", "prediction"))} == (
        set()
    )
