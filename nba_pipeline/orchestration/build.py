"""The definitions, built fresh each time so that a test or the terminal can swap any part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from nba_pipeline import settings
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.alerts import WebhookResource, alert_sensors
from nba_pipeline.orchestration.assets import asset_for, edges
from nba_pipeline.orchestration.automation import automation_sensor, condition_for
from nba_pipeline.orchestration.checks import check_for, freshness_check_for
from nba_pipeline.orchestration.jobs import jobs_for
from nba_pipeline.orchestration.nights import night_check_for
from nba_pipeline.orchestration.partitions import betas_on_purpose, daily
from nba_pipeline.orchestration.resources import (
    FanOutResource,
    LandingResource,
    LogReporter,
    ReadsResource,
    SourceResource,
    WarehouseResource,
)
from nba_pipeline.orchestration.schedules import schedules_for
from nba_pipeline.orchestration.sensors import sensors_for
from nba_pipeline.orchestration.slate import pages_for
from nba_pipeline.orchestration.workflows import workflow_jobs
from nba_pipeline.tables import REGISTRY


def build_definitions(
    *, tables: Mapping[str, Table] = REGISTRY, resources: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """Everything Dagster shows and runs.

    Args:
        tables: The tables, by name in data-flow order.
        resources: Replacements for ``warehouse``, ``reads``, ``source``, ``landing``,
            ``fan_out``, ``reporter`` or ``webhook``.
    """
    days, recent = daily(settings.first_day(os.environ)), settings.recent_days(os.environ)
    with betas_on_purpose():
        assets = [
            asset_for(table, tables, days, condition_for(edges(table), tables, recent))
            for table in tables.values()
        ]
        pages = pages_for(tables, days, recent)
        checks = [check_for(table, tables, days) for table in tables.values()]
        checks += [freshness_check_for(table, tables) for table in tables.values()]
        checks += [night_check_for(page.key, tables) for page in pages]
    return dg.Definitions(
        assets=[*assets, *pages],
        asset_checks=checks,
        jobs=[*jobs_for(tables, [page.key for page in pages]), *workflow_jobs(days)],
        schedules=schedules_for(),
        sensors=[*sensors_for(tables), automation_sensor(), *alert_sensors()],
        resources={
            "warehouse": WarehouseResource(),
            "reads": ReadsResource(),
            "source": SourceResource(),
            "landing": LandingResource(),
            "fan_out": FanOutResource(),
            "reporter": LogReporter(),
            "webhook": WebhookResource(),
            **(resources or {}),
        },
        executor=_in_process_unless_asked,
    )


@dg.configured(
    dg.multi_or_in_process_executor,
    config_schema={
        "multiprocess": dg.Field(
            bool,
            default_value=False,
            description="Run tables side by side in processes of their own. A process costs 3-5 "
            "seconds a table; the default runs them one after another in the run's own process "
            "and lets compute fan out inside.",
        ),
        "max_concurrent": dg.Field(int, default_value=2, description="Tables at once."),
    },
)
def _in_process_unless_asked(config: Mapping[str, Any]) -> dict[str, Any]:
    if config["multiprocess"]:
        return {"multiprocess": {"max_concurrent": config["max_concurrent"]}}
    return {"in_process": {}}
