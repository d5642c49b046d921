"""What two daemons watch at once: the real code location, and a schedule due every minute.

It is due for one and the same night, told by ``WATCHED_NIGHT``, and the recent ones before it.
"""

from __future__ import annotations

import os
from datetime import date

import dagster as dg

from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.clock import today
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.orchestration.schedules import Cadence, schedules_for

EVERY_MINUTE = "every_minute"

_ago = today() - date.fromisoformat(os.environ["WATCHED_NIGHT"])
_due = Cadence(
    EVERY_MINUTE,
    NBA_DAYS,
    ("* * * * *",),
    -_ago.days,
    "The same nights over and over.",
    is_sweep=True,
)

defs = dg.Definitions.merge(
    build_definitions(), dg.Definitions(schedules=schedules_for([_due], []))
)
