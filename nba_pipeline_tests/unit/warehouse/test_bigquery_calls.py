"""Jobs are begun once, however often their answers are lost, as BigQuery itself keeps them.

The emulator takes the same job id twice, which BigQuery does not; so a service that keeps jobs as
BigQuery does stands in for it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.bigquery import QueryJobConfig

from nba_pipeline.engine.errors import WarehouseError, WarehouseUnavailableError, is_transient
from nba_pipeline.warehouse.bigquery import BigQuerySettings
from nba_pipeline.warehouse.bigquery.calls import operation


@dataclass
class Job:
    """A job as the service keeps it, done after so many looks."""

    job_id: str
    error: Exception | None = None
    looks: int = 0
    num_dml_affected_rows: int = 1

    @property
    def error_result(self) -> dict[str, str] | None:
        return {"reason": "it failed"} if self.error else None

    def done(self, **_: Any) -> bool:
        self.looks -= 1
        return self.looks < 0

    def exception(self, **_: Any) -> Exception | None:
        return self.error


@dataclass
class Service:
    """Keeps every job, refuses an id it has; what ``befalls`` each call happens after it."""

    befalls: list[Exception | None] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    looks: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)

    def query(self, sql: str, config: QueryJobConfig, *, job_id: str, **_: Any) -> Job:
        assert sql
        assert config.job_timeout_ms
        if job_id in self.jobs:
            raise exceptions.Conflict("there is such a job")
        error = self.fails.pop(0) if self.fails else None
        self.jobs[job_id] = Job(job_id, error, self.looks)
        return self._answer(self.jobs[job_id])

    def get_job(self, job_id: str, **_: Any) -> Job:
        if job_id not in self.jobs:
            raise exceptions.NotFound("no such job")
        return self._answer(self.jobs[job_id])

    def _answer(self, job: Job) -> Job:
        happens = self.befalls.pop(0) if self.befalls else None
        if happens:
            raise happens
        return job


@dataclass
class Connected:
    client: Service
    settings: BigQuerySettings


Run = Callable[[Service], Job]


@pytest.fixture
def run() -> Run:
    """Runs one statement within five seconds."""

    def begin(service: Service) -> Job:
        patient = BigQuerySettings("p", call_seconds=1, job_seconds=5)
        with operation(Connected(service, patient), "cannot do it") as calls:  # type: ignore[arg-type]
            return calls.query("SELECT 1", about="test")

    return begin


def lost() -> Exception:
    return ConnectionResetError("lost")


def test_a_job_whose_answer_was_lost_is_found_and_not_begun_twice(run):
    service = Service(befalls=[lost(), lost(), None])
    job = run(service)
    assert list(service.jobs) == [job.job_id]


def test_a_job_that_is_refused_as_known_is_the_one_that_was_begun(run):
    class Forgetful(Service):
        """Says of a job that there is none, until it is begun again."""

        asked = 0

        def get_job(self, job_id: str, **known: Any) -> Job:
            self.asked += 1
            if self.asked == 1:
                raise exceptions.NotFound("not yet")
            return super().get_job(job_id, **known)

    service = Forgetful(befalls=[lost()])
    assert run(service).job_id in service.jobs
    assert len(service.jobs) == 1


def test_a_job_that_failed_in_passing_is_begun_anew_under_another_id(run):
    service = Service(fails=[exceptions.ServiceUnavailable("backend")])
    job = run(service)
    assert len(service.jobs) == 2
    assert job.error is None


def test_a_job_that_failed_for_good_fails_at_once_with_a_sentence(run):
    service = Service(fails=[exceptions.BadRequest("no such column\nLocation: US")])
    with pytest.raises(
        WarehouseError, match=r"cannot do it: BigQuery says 400 no such column$"
    ) as e:
        run(service)
    assert len(service.jobs) == 1
    assert not is_transient(e.value)


def test_a_job_that_takes_its_time_is_waited_for(run):
    assert run(Service(looks=2)).error is None


def test_a_job_that_never_ends_is_given_up_at_the_limit(run):
    with pytest.raises(WarehouseUnavailableError, match="cannot do it within 5 seconds") as told:
        run(Service(looks=10**9))
    assert is_transient(told.value)


def test_a_service_that_stays_away_is_given_up_at_the_limit(run):
    away = [exceptions.ServiceUnavailable("away")] * 10**4
    with pytest.raises(WarehouseUnavailableError, match="BigQuery says 503 away"):
        run(Service(befalls=list(away)))
