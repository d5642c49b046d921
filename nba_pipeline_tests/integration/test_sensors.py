"""What the sensors ask for, on a real instance whose runs are really run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from three_tables import DAYS, SCORES, TABLES, SmallWorld, scores

from nba_pipeline.engine.errors import SourceError
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.jobs import NBA_DAYS

#: It is the fourth of five days; the fifth is tomorrow.
FIRST, SECOND, THIRD, TODAY, TOMORROW = FIVE = DAYS[:5]
PAYLOADS, OUT_OF_DATE = "new_payloads", "out_of_date"

pytestmark = [
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
]


@pytest.fixture
def world(
    tmp_path: Path, fake_source: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallWorld]:
    """Five days built, as the terminal would."""
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("NBA_FIRST_DAY", FIRST.isoformat())
    monkeypatch.setattr("nba_pipeline.orchestration.sensors.today", lambda: TODAY)
    monkeypatch.setattr("nba_pipeline.orchestration.checks.today", lambda: TODAY)
    with dg.DagsterInstance.ephemeral() as instance:
        made = SmallWorld(fake_source(SCORES, scores=scores(FIVE)), instance, tmp_path)
        made.bring(FIVE)
        yield made


def asked(answer: Any) -> list[str | None]:
    """The partitions a sensor asks for."""
    return [request.partition_key for request in answer.run_requests]


def republish(world: SmallWorld) -> None:
    """The same facts once more, as a file that is written again."""
    world.source.mark = lambda: "written again"


def test_nothing_new_asks_for_nothing(world: SmallWorld) -> None:
    answer = world.look(PAYLOADS)
    assert asked(answer) == []
    assert answer.skip_message == "every date looked at is up to date"


def test_what_is_published_is_not_read_while_its_mark_stays(world: SmallWorld) -> None:
    world.look(PAYLOADS)
    world.source.versions = None
    answer = world.look(PAYLOADS)
    assert answer.skip_message == "nothing has been published since the last look"


def test_the_same_content_published_again_asks_for_nothing(world: SmallWorld) -> None:
    world.look(PAYLOADS)
    republish(world)
    answer = world.look(PAYLOADS)
    assert asked(answer) == []
    assert answer.skip_message == "every date looked at is up to date"


def test_a_changed_payload_asks_for_its_date_and_no_other(world: SmallWorld) -> None:
    world.look(PAYLOADS)
    world.correct(SECOND, 11)
    (request,) = world.look(PAYLOADS).run_requests
    assert request.partition_key == SECOND.isoformat()
    assert request.run_key.startswith(f"{SECOND}:")
    assert request.run_key.endswith(":1")
    assert world.run(request)
    assert asked(world.look(PAYLOADS)) == []


def test_a_run_key_names_the_demand_so_that_a_second_correction_is_launched(
    world: SmallWorld,
) -> None:
    keys = []
    for points in (11, 16):
        world.correct(SECOND, points)
        (request,) = world.look(PAYLOADS).run_requests
        keys.append(request.run_key)
        assert world.run(request)
    assert keys[0] != keys[1]


def test_dates_are_asked_for_one_after_another_until_none_is_left(world: SmallWorld) -> None:
    for day in (THIRD, FIRST):
        world.correct(day, 11)
    order = []
    while requests := world.look(PAYLOADS).run_requests:
        order += [request.partition_key for request in requests]
        assert world.run(requests[0])
    assert order == [FIRST.isoformat(), THIRD.isoformat()]


def test_a_date_in_flight_is_waited_for(world: SmallWorld) -> None:
    world.correct(SECOND, 11)
    (request,) = world.look(PAYLOADS).run_requests
    run = world.instance.create_run_for_job(
        world.defs.resolve_job_def(NBA_DAYS),
        tags={**request.tags, "dagster/partition": SECOND.isoformat()},
        status=dg.DagsterRunStatus.STARTED,
    )
    answer = world.look(PAYLOADS)
    assert asked(answer) == []
    assert answer.skip_message == f"waiting for runs before {SECOND}"
    world.instance.report_run_failed(run)
    (again,) = world.look(PAYLOADS).run_requests
    assert again.run_key == f"{request.run_key.removesuffix(':1')}:2"


def test_a_payload_that_cannot_be_used_is_tried_three_times_and_holds_nobody_up(
    world: SmallWorld,
) -> None:
    world.source.breaks("scores", SECOND, "scores.parquet: two rows for ann on 2021-10-20")
    world.correct(SECOND, 11)
    keys = []
    for _ in range(3):
        (request,) = world.look(PAYLOADS).run_requests
        keys.append(request.run_key.rpartition(":")[2])
        assert not world.run(request)
    answer = world.look(PAYLOADS)
    assert keys == ["1", "2", "3"]
    assert asked(answer) == []
    assert answer.skip_message == f"tried often enough, look at the runs of {SECOND}"
    world.correct(THIRD, 11)
    assert asked(world.look(PAYLOADS)) == [THIRD.isoformat()]


def test_a_repaired_payload_is_tried_again(world: SmallWorld) -> None:
    world.source.breaks("scores", SECOND, "scores.parquet: two rows for ann on 2021-10-20")
    world.correct(SECOND, 11)
    for _ in range(3):
        world.run(world.look(PAYLOADS).run_requests[0])
    world.source.breaks("scores", SECOND, "")
    world.correct(SECOND, 16)
    (request,) = world.look(PAYLOADS).run_requests
    assert world.run(request)


def test_dates_too_long_ago_are_left_to_a_person(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_OLDEST_DAYS", "1")
    for day in (SECOND, THIRD):
        world.correct(day, 11)
    assert asked(world.look(PAYLOADS)) == [THIRD.isoformat()]


def test_the_sweep_finds_what_no_other_sensor_sees(world: SmallWorld) -> None:
    (world.folder / "nba_analytics" / "form" / f"{SECOND}.parquet").unlink()
    assert asked(world.look(PAYLOADS)) == []
    (request,) = world.look(OUT_OF_DATE).run_requests
    assert request.partition_key == SECOND.isoformat()
    assert world.run(request)
    assert asked(world.look(OUT_OF_DATE)) == []


def test_the_sweep_follows_a_correction_through_windows(world: SmallWorld) -> None:
    world.correct(SECOND, 11)
    swept = []
    while requests := world.look(OUT_OF_DATE).run_requests:
        swept += [request.partition_key for request in requests]
        assert world.run(requests[0])
    assert swept == [day.isoformat() for day in (SECOND, THIRD, TODAY, TOMORROW)]


def test_the_sweep_looks_at_recent_days(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBA_RECENT_DAYS", "1")
    world.correct(FIRST, 11)
    assert asked(world.look(OUT_OF_DATE)) == []


@pytest.mark.parametrize("name", [PAYLOADS, OUT_OF_DATE, "launch_what_changed"])
def test_a_sensor_is_off_until_a_person_switches_it_on(world: SmallWorld, name: str) -> None:
    sensor = world.defs.get_repository_def().get_sensor_def(name)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


# What a run tries again -------------------------------------------------------------------------


def reads_of(world: SmallWorld, monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> list[str]:
    """The feeds read while a corrected day is run; the first reads fail."""
    monkeypatch.setattr("nba_pipeline.orchestration.assets._RETRY_SECONDS", 0)
    read, tried, left = world.source.read, [], list(errors)

    def failing(feed: str, dates: Any) -> Any:
        tried.append(feed)
        if left:
            raise left.pop(0)
        return read(feed, dates)

    monkeypatch.setattr(world.source, "read", failing)
    world.correct(SECOND, 11)
    (request,) = world.look(PAYLOADS).run_requests
    tried.append("worked" if world.run(request) else "failed")
    return tried


def test_a_connection_that_fails_in_passing_is_tried_again(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [ConnectionResetError("reset by peer"), TimeoutError("no answer")]
    assert reads_of(world, monkeypatch, *errors) == ["scores"] * 3 + ["worked"]


def test_a_connection_that_stays_away_is_given_up(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [TimeoutError("no answer")] * 4
    assert reads_of(world, monkeypatch, *errors) == ["scores"] * 3 + ["failed"]


def test_bad_data_is_not_tried_again(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [SourceError("scores.parquet: two rows for ann")]
    assert reads_of(world, monkeypatch, *errors) == ["scores", "failed"]


# What a person is told -------------------------------------------------------------------------


def up_to_date(world: SmallWorld, name: str) -> dg.AssetCheckEvaluation:
    """The check of one table, run on its own as the browser's button does."""
    check = dg.AssetCheckKey(key_of(TABLES[name]), "partitions_are_up_to_date")
    job = world.defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(), asset_check_selection={check}
    )
    (told,) = job.execute_in_process(instance=world.instance).get_asset_check_evaluations()
    return told


def test_the_check_says_that_all_is_up_to_date(world: SmallWorld) -> None:
    told = up_to_date(world, "form")
    assert told.passed
    assert told.description == "5 stored partitions of the season, all up to date"


def test_the_check_names_the_partitions_that_are_out_of_date(world: SmallWorld) -> None:
    world.correct(THIRD, 11)
    world.bring([THIRD], "marks")
    told = up_to_date(world, "form")
    assert not told.passed
    assert told.severity is dg.AssetCheckSeverity.WARN
    assert told.description == (
        f"3 of 5 stored partitions out of date: {THIRD}, {TODAY}, {TOMORROW}"
    )


def test_the_check_counts_no_partition_that_was_never_built(world: SmallWorld) -> None:
    (world.folder / "nba_analytics" / "form" / f"{SECOND}.parquet").unlink()
    told = up_to_date(world, "form")
    assert told.passed
    assert told.metadata["stored"].value == 4
