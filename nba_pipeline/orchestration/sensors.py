"""Sensors: what was published, and what is out of date for whatever reason, is launched.

Both are thin. They ask the planner what is not true any more, ask Dagster what was tried and what
is running, and let ``engine.sweep`` decide. A tick that fails or comes at a bad time loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from nba_pipeline import settings
from nba_pipeline.engine.history import Late, out_of_date
from nba_pipeline.engine.protocols import Source, Warehouse
from nba_pipeline.engine.sweep import Sweep, days_watched, sweep
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.clock import today
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.orchestration.partitions import dates_of
from nba_pipeline.orchestration.resources import SourceResource, WarehouseResource

PAYLOADS, OUT_OF_DATE = "new_payloads", "out_of_date"

#: Run tag with the digest of what a run was launched for.
DEMAND_TAG = "nba/demand"

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# A run whose process was killed stays "started" for good; it must not be waited for so long.
_LOST_AFTER = timedelta(hours=3)
_LOOK_SECONDS, _SWEEP_SECONDS = 15, 600


def sensors_for(tables: Mapping[str, Table]) -> list[dg.SensorDefinition]:
    """The sensors; both are off until a person switches them on."""
    feeding = {
        name: table
        for name, table in tables.items()
        if any(declared.is_feed for declared in table.inputs.values())
    }
    return [_payload_sensor(feeding, tables), _sweep_sensor(tables)]


def _payload_sensor(
    feeding: Mapping[str, Table], tables: Mapping[str, Table]
) -> dg.SensorDefinition:
    @dg.sensor(
        name=PAYLOADS,
        job_name=NBA_DAYS,
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Looks at what the source has published and brings the dates it touches up to "
        "date, the oldest first. Nothing is read while no file has changed.",
    )
    def new_payloads(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource, source: SourceResource
    ) -> dg.SensorResult:
        published = source.open()
        mark = published.mark()
        if mark == context.cursor:
            return dg.SensorResult(skip_reason="nothing has been published since the last look")
        days = _days(settings.oldest_days(os.environ))
        late = _late(feeding, days, tables, warehouse.open(), published)
        decided = _decide(late, context.instance)
        # While a date is still to do, the next tick has to look again, published or not.
        settled = not (decided.launch or decided.waiting)
        return _answer(decided, mark if settled else context.cursor)

    return new_payloads


def _sweep_sensor(tables: Mapping[str, Table]) -> dg.SensorDefinition:
    @dg.sensor(
        name=OUT_OF_DATE,
        job_name=NBA_DAYS,
        minimum_interval_seconds=_SWEEP_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Asks the planner which recent dates are out of date in any table and brings "
        "them up to date, the oldest first: what no other sensor saw is found here.",
    )
    def out_of_date_sensor(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource, source: SourceResource
    ) -> dg.SensorResult:
        published = source.open()
        recent, oldest = settings.recent_days(os.environ), settings.oldest_days(os.environ)
        days = _days(min(recent, oldest))
        late = _late(tables, days, tables, warehouse.open(), published)
        return _answer(_decide(late, context.instance), context.cursor)

    return out_of_date_sensor


def _days(back: int) -> list[date]:
    return days_watched(today(), back, settings.first_day(os.environ))


def _late(
    asked: Mapping[str, Table],
    days: Sequence[date],
    tables: Mapping[str, Table],
    warehouse: Warehouse,
    source: Source,
) -> list[Late]:
    return out_of_date(dict.fromkeys(asked, days), tables, warehouse, source, os.environ)


def _decide(late: Sequence[Late], instance: dg.DagsterInstance) -> Sweep:
    attempts = {
        found.demand: instance.get_runs_count(dg.RunsFilter(tags={DEMAND_TAG: found.demand}))
        for found in late
    }
    return sweep(late, attempts, in_flight(instance, datetime.now(UTC)))


def in_flight(instance: dg.DagsterInstance, now: datetime) -> set[date]:
    """The dates that some run is working on or queued for."""
    dates: set[date] = set()
    for record in instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY)):
        if now - record.update_timestamp < _LOST_AFTER:
            dates |= dates_of(record.dagster_run.tags)
    return dates


def _answer(decided: Sweep, cursor: str | None) -> dg.SensorResult:
    if decided.launch:
        late = decided.launch.late
        request = dg.RunRequest(
            run_key=decided.launch.run_key,
            partition_key=late.day.isoformat(),
            tags={DEMAND_TAG: late.demand, "nba/attempt": str(decided.launch.attempt)},
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)
    return dg.SensorResult(skip_reason=_why_nothing(decided), cursor=cursor)


def _why_nothing(decided: Sweep) -> str:
    told = []
    if decided.waiting:
        told.append(f"waiting for runs before {_dates(decided.waiting)}")
    if decided.stuck:
        told.append(f"tried often enough, look at the runs of {_dates(decided.stuck)}")
    return "; ".join(told) or "every date looked at is up to date"


def _dates(late: Sequence[Late]) -> str:
    return ", ".join(found.day.isoformat() for found in late)
