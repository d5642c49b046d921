"""Sensors that tell people: of a run that failed, and of what the checks of a night find.

Both are off until a person switches them on, and do nothing without a webhook. What was told is
kept in the warehouse, so a restart, a new instance or a lost cursor tells nothing twice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from nba_pipeline.alerting.alerts import Alert, Severity, of_night
from nba_pipeline.alerting.telling import tell, told_so_far
from nba_pipeline.alerting.webhook import ADDRESS, Webhook
from nba_pipeline.domain.calendar import nba_day
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.wording import counted
from nba_pipeline.orchestration.clock import today
from nba_pipeline.orchestration.partitions import dates_of
from nba_pipeline.orchestration.problems import step_problem
from nba_pipeline.orchestration.resources import WarehouseResource
from nba_pipeline.orchestration.workflows import job_name
from nba_pipeline.sources.secrets import text_without_secrets
from nba_pipeline.validation.judge import judge
from nba_pipeline.validation.night import read_night

RUN_FAILED, NIGHTS = "alert_on_run_failure", "alert_on_findings"

#: How long ago a date may lie for what was wrong with it to be told as over.
_REMEMBERED = timedelta(days=7)
_LOOK_SECONDS = 900
_NO_WEBHOOK = f"nobody to tell: {ADDRESS.name} names no webhook"
_FETCHES = job_name("")


class WebhookResource(dg.ConfigurableResource[Any]):
    """Where alerts go. The address is a secret: it comes from the environment alone."""

    template: str = Field(
        default="",
        description="File of the Jinja template of the JSON body; empty means as the environment "
        "says, else a message for Slack.",
    )

    def open(self) -> Webhook | None:
        """The webhook; None where the environment names none."""
        return Webhook.from_environment(os.environ, self.template)


def alert_sensors() -> list[dg.SensorDefinition]:
    """The sensors that alert."""
    return [_run_failure_sensor(), _night_sensor()]


def _run_failure_sensor() -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name=RUN_FAILED,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Tells a webhook of a run that failed, once for each cause and date.",
    )
    def run_failed(
        context: dg.RunFailureSensorContext,
        warehouse: WarehouseResource,
        webhook: WebhookResource,
    ) -> dg.SkipReason | None:
        told_to = webhook.open()
        if told_to is None:
            return dg.SkipReason(_NO_WEBHOOK)
        store, now = warehouse.open(), datetime.now(UTC)
        before = told_so_far(store, now - _REMEMBERED, now)
        tell([_of_run(context, now)], (), before, store, told_to, now)
        return None

    return run_failed


def _of_run(context: dg.RunFailureSensorContext, now: datetime) -> Alert:
    """A failed run as one cause: its first step that failed, and what that said."""
    run = context.dagster_run
    steps = context.get_step_failure_events()
    where = ((steps[0].step_key if steps else None) or run.job_name).replace("__", ".")
    said = step_problem(steps[0]) if steps else context.failure_event.message or "the run failed"
    # An unexpected error may hold anything, for example an address with a key.
    said = " ".join(text_without_secrets(said).replace(run.run_id, "").split())
    dates = sorted(dates_of(run.tags)) or [nba_day(now)]
    day = f"{dates[0]}" if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    fetches = run.job_name.startswith(_FETCHES)
    return Alert(
        f"run:{where}:{text_digest(said)[:12]}",
        dates[0],
        Severity.CRITICAL,
        f"{run.job_name} of {day} failed at {where}: {said}",
        f"nba-pipeline {'ingest' if fetches else 'run'} --date {dates[0]}",
        run.run_id,
    )


def _night_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name=NIGHTS,
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Asks the checks of nba-pipeline validate about last night and tonight, and "
        "tells a webhook what is new, what got worse and what is over.",
    )
    def findings(
        context: dg.SensorEvaluationContext,
        warehouse: WarehouseResource,
        webhook: WebhookResource,
    ) -> dg.SkipReason:
        told_to = webhook.open()
        if told_to is None:
            return dg.SkipReason(_NO_WEBHOOK)
        store, now = warehouse.open(), datetime.now(UTC)
        before = told_so_far(store, now - _REMEMBERED, now)
        found, looked_for = _nights(store, now, before)
        looked_for |= _runs_that_work_again(before, context.instance)
        done = tell(found, looked_for, before, store, told_to, now)
        still = sum(1 for alert in before.values() if alert.is_open and alert not in done)
        return dg.SkipReason(
            f"told of {counted(len(done), 'cause')}, {still} told before are open"
            if done or still
            else "nothing to tell"
        )

    return findings


def _nights(
    warehouse: Warehouse, now: datetime, before: Mapping[tuple[str, date], Alert]
) -> tuple[list[Alert], set[tuple[str, date]]]:
    """What is wrong with last night, tonight and dates that have something open; what was asked."""
    last = today()
    days = {last - timedelta(days=1), last}
    days |= {alert.day for alert in before.values() if alert.is_open and not alert.run_id}
    found: list[Alert] = []
    looked_for: set[tuple[str, date]] = set()
    for day in sorted(days):
        night = read_night(warehouse, day, now, os.environ)
        checks = judge(night)
        found += of_night(night, checks)
        looked_for |= {(check.name, day) for check in checks}
    return found, looked_for


def _runs_that_work_again(
    before: Mapping[tuple[str, date], Alert], instance: dg.DagsterInstance
) -> set[tuple[str, date]]:
    """Failed runs that were told of and after which the same job succeeded for the same date."""
    again = set()
    for subject, alert in before.items():
        failed = instance.get_run_record_by_id(alert.run_id) if alert.run_id else None
        if failed is None or not alert.is_open:
            continue
        run = failed.dagster_run
        later = instance.get_run_records(
            dg.RunsFilter(
                job_name=run.job_name,
                statuses=[dg.DagsterRunStatus.SUCCESS],
                created_after=failed.create_timestamp,
            )
        )
        dates = dates_of(run.tags)
        if any(dates_of(record.dagster_run.tags) >= dates for record in later):
            again.add(subject)
    return again
