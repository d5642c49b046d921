"""What Dagster launches without a click, and the jobs that are launched."""

from __future__ import annotations

import dagster as dg

from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline_docs.markdown import code, codes, grid, plain

_HEAD = """\
# Automation

What Dagster can launch without a click. Everything is off until a person switches it on, on the
page Automation of the UI. Schedules follow US Eastern time, daylight saving observed.
[Run daily without a click](../how-to/run-daily.md) says what to switch on.

"""


def page() -> str:
    """The page."""
    definitions = build_definitions()
    graph = definitions.get_repository_def()
    schedules = (
        [code(one.name), codes(_crons(one)), code(one.job_name), plain(one.description or "")]
        for one in graph.schedule_defs
    )
    sensors = (
        [code(one.name), str(one.minimum_interval_seconds or ""), plain(one.description or "")]
        for one in graph.sensor_defs
    )
    jobs = (
        [code(job.name), plain(job.description or "")]
        for job in graph.get_all_jobs()
        if not job.name.startswith("__")
    )
    return "\n".join(
        [
            _HEAD,
            "## Schedules\n",
            grid(("Name", "Cron", "Launches", "Why"), schedules),
            "## Sensors\n",
            grid(("Name", "Looks every, s", "What it does"), sensors),
            "## Jobs\n",
            grid(("Name", "What it does"), jobs),
        ]
    )


def _crons(schedule: dg.ScheduleDefinition) -> list[str]:
    cron = schedule.cron_schedule
    return [cron] if isinstance(cron, str) else list(cron)
