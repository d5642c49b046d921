"""Alerts on a real instance: runs that really fail, a server that really listens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from three_tables import DAYS, SCORES, SmallWorld, scores

from nba_pipeline.engine import logs
from nba_pipeline.engine.errors import AlertError
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.writer import Writer
from nba_pipeline.orchestration.alerts import NIGHTS, RUN_FAILED, WebhookResource
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.nights import NIGHT
from nba_pipeline.orchestration.resources import WarehouseResource
from nba_pipeline.orchestration.slate import SLATE
from nba_pipeline.tables import REGISTRY
from nba_pipeline_tests.listening import SECRETS, Listener, listening

FIRST, SECOND, THIRD = THREE = DAYS[:3]
SCHEDULE = REGISTRY["nbac_schedule"]
TWICE = "scores.parquet: two rows for ann on 2021-10-20"

pytestmark = [
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Where the environment says that alerts go."""
    with listening() as found:
        monkeypatch.setenv("NBA_ALERT_WEBHOOK", found.address)
        monkeypatch.setattr("nba_pipeline.alerting.webhook._FIRST_WAIT", 0.01)
        monkeypatch.setattr("nba_pipeline.alerting.webhook._LONGEST_WAIT", 0.01)
        yield found


@pytest.fixture
def world(tmp_path: Path, fake_source: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Three days built; today is the last of them."""
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("NBA_FIRST_DAY", FIRST.isoformat())
    monkeypatch.delenv("NBA_ALERT_WEBHOOK", raising=False)
    monkeypatch.setattr("nba_pipeline.orchestration.alerts.today", lambda: THIRD)
    with dg.DagsterInstance.ephemeral() as instance:
        made = SmallWorld(fake_source(SCORES, scores=scores(THREE)), instance, tmp_path)
        made.bring(THREE)
        look(made, RUN_FAILED)
        yield made


def look(world: SmallWorld, name: str) -> Any:
    """What a sensor answers now, as its daemon would ask it; its cursor is kept."""
    sensor = world.defs.get_repository_def().get_sensor_def(name)
    context = dg.build_sensor_context(
        instance=world.instance,
        cursor=world.cursors.get(name),
        resources={"warehouse": WarehouseResource(), "webhook": WebhookResource()},
    )
    answer = sensor.evaluate_tick(context)
    world.cursors[name] = answer.cursor
    return answer


def fail(world: SmallWorld, sentence: str = TWICE, points: int = 11) -> None:
    """A real run of the second day that fails."""
    world.source.breaks("scores", SECOND, sentence)
    world.correct(SECOND, points)
    world.bring([SECOND])


def mend(world: SmallWorld) -> None:
    """A real run of the second day that works again."""
    world.source.breaks("scores", SECOND, "")
    world.correct(SECOND, 16)
    world.bring([SECOND])


# Runs that fail ----------------------------------------------------------------------------------


def test_a_run_that_fails_is_told_in_one_message(world: SmallWorld, listener: Listener) -> None:
    fail(world)
    look(world, RUN_FAILED)
    (text,) = listener.texts
    assert text.startswith(f":red_circle: *NBA {SECOND}* critical: NBA_days of {SECOND} failed at ")
    assert f"nba_raw.marks: {TWICE}" in text
    assert f"Fix: `nba-pipeline run --date {SECOND}`" in text


def test_the_same_cause_on_the_same_date_is_told_once(
    world: SmallWorld, listener: Listener
) -> None:
    for points in (11, 12):
        fail(world, points=points)
        look(world, RUN_FAILED)
    failed = world.instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert (failed, len(listener.bodies)) == (2, 1)


def test_it_is_told_once_also_by_a_sensor_that_lost_its_cursor(
    world: SmallWorld, listener: Listener
) -> None:
    before = world.cursors[RUN_FAILED]
    fail(world)
    look(world, RUN_FAILED)
    world.cursors[RUN_FAILED] = before
    look(world, RUN_FAILED)
    assert len(listener.bodies) == 1


def test_another_cause_on_the_same_date_is_told_too(world: SmallWorld, listener: Listener) -> None:
    fail(world)
    fail(world, "scores.parquet: no points for bob on 2021-10-20", points=12)
    look(world, RUN_FAILED)
    assert len(listener.bodies) == 2


def test_a_run_that_works_again_is_told_as_over(world: SmallWorld, listener: Listener) -> None:
    fail(world)
    look(world, RUN_FAILED)
    assert look(world, NIGHTS).skip_message == "told of 0 causes, 1 told before are open"
    mend(world)
    look(world, NIGHTS)
    look(world, NIGHTS)
    assert [text.split()[3] for text in listener.texts] == ["critical:", "resolved:"]


def test_what_the_webhook_did_not_take_is_told_by_the_next_look(
    world: SmallWorld, listener: Listener
) -> None:
    listener.answers = [500] * 3
    fail(world)
    look(world, RUN_FAILED)
    assert listener.bodies == []
    look(world, NIGHTS)
    look(world, NIGHTS)
    assert len(listener.bodies) == 1
    assert TWICE in listener.texts[0]


# Nights ------------------------------------------------------------------------------------------


def test_a_night_that_stands_still_in_the_season_is_told_once_and_when_it_is_over(
    world: SmallWorld, listener: Listener
) -> None:
    # The schedule of the first day has a game; of the others nothing is there.
    store = WarehouseResource().open()
    store.replace(SCHEDULE, {FIRST: one_game()})
    look(world, NIGHTS)
    look(world, NIGHTS)
    days = sorted(text.split("*")[1] for text in listener.texts)
    assert days == [f"NBA {SECOND}", f"NBA {THIRD}"]
    assert "phase 2 (raw)" in listener.texts[0]
    known = store.query("SELECT DISTINCT cause FROM nba_processing.alerts")["cause"].to_pylist()
    assert {"phase_2_complete", "phase_5_complete"} <= set(known)


def one_game() -> tuple[pa.Table, Stored]:
    """A stored schedule of one game."""
    row = {
        "game_id": f"{FIRST:%Y%m%d}_AAA_BBB",
        "nba_game_id": "0022100001",
        "game_date": FIRST,
        "season_year": 2021,
        "season_first_day": FIRST - timedelta(days=30),
        "season_type": "regular_season",
        "game_status": 3,
        "away_team_abbr": "AAA",
        "home_team_abbr": "BBB",
        "is_current": True,
        "is_retracted": False,
    }
    empty = {"string": "", "int64": 0, "bool": False, "double": 0.0}
    filled = {
        entry.name: row.get(
            entry.name,
            None
            if entry.nullable
            else empty.get(str(entry.type), datetime(2021, 1, 1, tzinfo=UTC)),
        )
        for entry in SCHEDULE.schema
    }
    rows = pa.Table.from_pylist([filled], schema=SCHEDULE.schema)
    return rows, Stored("f", "v", 1, 1, SCHEDULE.version, {})


@pytest.mark.parametrize("name", [RUN_FAILED, NIGHTS])
def test_without_a_webhook_a_sensor_says_so(world: SmallWorld, name: str) -> None:
    fail(world)
    answer = look(world, name)
    assert answer.skip_message == "nobody to tell: NBA_ALERT_WEBHOOK names no webhook"


@pytest.mark.parametrize("name", [RUN_FAILED, NIGHTS])
def test_a_sensor_that_alerts_is_off_until_a_person_switches_it_on(
    world: SmallWorld, name: str
) -> None:
    assert (
        world.defs.get_repository_def().get_sensor_def(name).default_status
        is dg.DefaultSensorStatus.STOPPED
    )


# Secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [[], [500] * 99, [403] * 99])
def test_the_address_is_in_nothing_that_is_kept_or_shown(
    world: SmallWorld, listener: Listener, caplog: pytest.LogCaptureFixture, answers: list[int]
) -> None:
    listener.answers = answers
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        fail(world)
        for name in (RUN_FAILED, NIGHTS):
            try:
                said.append(repr(look(world, name)))
            except (dg.DagsterError, AlertError) as error:
                told: BaseException | None = error
                while told is not None:
                    said.append(repr(told))
                    told = told.__cause__ or told.__context__
    said.append(caplog.text)
    for run in world.instance.get_runs():
        said += [str(entry) for entry in world.instance.all_logs(run.run_id)]
    said += [repr(world.defs.resources), str(world.cursors)]
    files = b"".join(path.read_bytes() for path in world.folder.rglob("*.parquet"))
    assert listener.paths, "something was posted"
    whole = "\n".join(said)
    assert [s for s in SECRETS if s in whole or s.encode() in files] == []


# The check beside the page -----------------------------------------------------------------------


def test_the_check_of_a_night_says_what_validate_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path))
    day = DAYS[0]
    broke = {
        "processor_name": "player_game_summary",
        "run_id": "told",
        "analysis_date": day,
        "entity_id": "someone",
        "failure_category": "PROCESSING_ERROR",
        "failure_reason": "ZeroDivisionError",
        "can_retry": False,
        "resolution_status": "UNRESOLVED",
        "created_at": datetime.now(UTC),
    }
    Writer(WarehouseResource().open(), "told", datetime.now(UTC)).append(
        logs.ANALYTICS_FAILURES, [broke]
    )
    check = dg.AssetCheckKey(SLATE, NIGHT)
    defs = build_definitions()
    job = defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(), asset_check_selection={check}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, tags={"dagster/partition": day.isoformat()}
        )
    (told,) = result.get_asset_check_evaluations()
    assert (told.passed, told.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert told.metadata["date"].value == day.isoformat()
    assert "1 entity of 2021-10-19 broke, 1 in player_game_summary" in str(
        told.metadata["findings"].value
    )
    assert str(told.metadata["cascade"].value).startswith("![cascade](data:image/png;base64,")
