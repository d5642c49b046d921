"""The day's cadence: which NBA day is launched when, by the clock on the US East Coast."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.partitions import dates_of
from nba_pipeline.orchestration.resources import LandingResource, SourceResource
from nba_pipeline.orchestration.schedules import CADENCE, FETCHING
from nba_pipeline.sources.landing import LandingZone

BY_NAME = {entry.name: entry for entry in CADENCE}
# The simulated league plays from 2025-10-21 to 2025-11-17.
NOW = datetime(2025, 11, 5, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return build_definitions().get_repository_def()


def due(repository: dg.RepositoryDefinition, name: str, moment: datetime) -> Any:
    """What a schedule answers at a moment."""
    context = dg.build_schedule_context(
        scheduled_execution_time=moment,
        repository_def=repository,
        resources={"source": SourceResource(), "landing": LandingResource()},
    )
    return repository.get_schedule_def(name).evaluate_tick(context)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBA_ARCHIVE_DIR", raising=False)
    monkeypatch.setattr("nba_pipeline.orchestration.schedules.today", lambda: NOW.date())


@pytest.mark.parametrize("entry", CADENCE + FETCHING, ids=lambda entry: entry.name)
def test_a_schedule_runs_on_eastern_time_and_is_off(
    repository: dg.RepositoryDefinition, entry: Any
) -> None:
    schedule = repository.get_schedule_def(entry.name)
    assert schedule.execution_timezone == "America/New_York"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


@pytest.mark.parametrize(
    ("name", "moment", "day"),
    [
        # 04:30 in New York is 08:30 in UTC while daylight is saved, 09:30 from 2 November on.
        ("post_game", datetime(2025, 10, 30, 8, 30, tzinfo=UTC), "2025-10-29"),
        ("post_game", datetime(2025, 11, 4, 9, 30, tzinfo=UTC), "2025-11-03"),
        ("features", datetime(2025, 11, 4, 11, tzinfo=UTC), "2025-11-04"),
        ("morning", datetime(2025, 11, 4, 12, tzinfo=UTC), "2025-11-04"),
        # At 20:00 in New York it is tomorrow in UTC already.
        ("line_moves", datetime(2025, 11, 5, 1, tzinfo=UTC), "2025-11-04"),
        # What is over at 22:00 is today's; at 01:00 and 04:00 it is yesterday's.
        ("fetch_tonight", datetime(2025, 11, 5, 3, tzinfo=UTC), "2025-11-04"),
        ("fetch_last_night", datetime(2025, 11, 5, 6, tzinfo=UTC), "2025-11-04"),
        ("fetch_last_night", datetime(2025, 11, 5, 9, tzinfo=UTC), "2025-11-04"),
        ("fetch_lines", datetime(2025, 11, 5, 1, tzinfo=UTC), "2025-11-04"),
    ],
)
def test_a_schedule_launches_the_eastern_day(
    repository: dg.RepositoryDefinition, name: str, moment: datetime, day: str
) -> None:
    (request,) = due(repository, name, moment).run_requests
    assert request.partition_key == day


def test_results_are_fetched_at_22_and_at_1_and_4() -> None:
    at = {entry.name: entry.at for entry in FETCHING}
    assert at["fetch_tonight"] + at["fetch_last_night"] == (
        "0 22 * * *",
        "0 1 * * *",
        "0 4 * * *",
    )


def test_officials_are_asked_for_until_they_have_landed(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NBA_LANDING_ROOT", str(tmp_path))
    at_nine, at_ten = (datetime(2025, 11, 4, hour, tzinfo=UTC) for hour in (14, 15))
    (request,) = due(repository, "fetch_officials", at_nine).run_requests
    assert request.partition_key == "2025-11-04"
    LandingZone(tmp_path).put(
        *("nbac", "referee", date(2025, 11, 4), "all", b"{}"),
        fetched_at=at_nine,
        request={},
        extension="json",
    )
    answer = due(repository, "fetch_officials", at_ten)
    assert answer.run_requests == []
    assert answer.skip_message == "landed: nbac.referee of 2025-11-04 is there"


def test_corrections_look_back_over_recent_days_in_one_run(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_RECENT_DAYS", "7")
    (request,) = due(
        repository, "corrections", datetime(2025, 11, 4, 10, 15, tzinfo=UTC)
    ).run_requests
    assert sorted(dates_of(request.tags)) == [
        *(date(2025, 10, day) for day in (28, 29, 30, 31)),
        *(date(2025, 11, day) for day in (1, 2, 3)),
    ]


def test_corrections_do_not_reach_before_the_first_partition(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_FIRST_DAY", "2025-11-03")
    (request,) = due(
        repository, "corrections", datetime(2025, 11, 4, 10, 15, tzinfo=UTC)
    ).run_requests
    assert request.partition_key == "2025-11-03"


def test_out_of_season_nothing_is_launched(repository: dg.RepositoryDefinition) -> None:
    answer = due(repository, "morning", datetime(2025, 9, 1, 11, tzinfo=UTC))
    assert answer.run_requests == []
    assert answer.skip_message.startswith("offseason: 2025-09-01 lies in no season")


def test_what_was_missed_long_ago_is_too_historical(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nba_pipeline.orchestration.schedules.today", lambda: date(2026, 2, 14))
    answer = due(repository, "morning", datetime(2025, 11, 4, 12, tzinfo=UTC))
    assert answer.run_requests == []
    assert answer.skip_message == "too_historical: 2025-11-04 was 102 days ago, more than 90"


def test_an_archive_that_is_gone_fails_the_tick_and_says_so(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NBA_ARCHIVE_DIR", str(tmp_path / "gone"))
    with pytest.raises(dg.DagsterError) as caught:
        due(repository, "morning", datetime(2025, 11, 4, 12, tzinfo=UTC))
    assert "there is no archive folder" in str(caught.value.__cause__)
