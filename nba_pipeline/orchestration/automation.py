"""When Dagster itself launches a table: what it reads has another data version, or its code has.

This spares runs, it does not decide what is computed; the planner inside the run does. A condition
sees changes go by. What it misses (a change before its first tick, a run that failed) is left to
the sweep in ``sensors``, which looks at how things are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import key_of

AUTOMATION = "launch_what_changed"

_TICK_SECONDS = 30

Condition = dg.AutomationCondition[Any]


def condition_for(
    read: Mapping[str, Sequence[Input]], tables: Mapping[str, Table], recent_days: int
) -> Condition | None:
    """The automation condition of an asset; None where it reads no table.

    Launched are the recent partitions whose windows contain one that changed, once nothing that
    they read of their own date is missing and nothing they read is being worked on. A gap further
    back is no reason to wait: it shows as incompleteness, and filling it is a change.

    Args:
        read: The tables it reads, each with all the ways it is read.
        tables: Every table by its bare name.
        recent_days: How many days back partitions are launched; Dagster by itself looks at the
            latest only.
    """
    if not read:
        return None
    own_date = [
        key_of(tables[name])
        for name, inputs in read.items()
        if {(one.window.first_day, one.window.last_day) for one in inputs} == {(0, 0)}
    ]
    when = dg.AutomationCondition
    changed = when.any_deps_match(when.data_version_changed()).with_label("data version changed")
    wanted: Condition = changed | when.code_version_changed()
    missing = when.any_deps_match(when.missing()).allow(dg.AssetSelection.assets(*own_date))
    return (
        when.in_latest_time_window(timedelta(days=recent_days + 1))
        & wanted.since_last_handled()
        & ~missing.with_label("own date missing")
        & ~when.any_deps_in_progress()
        & ~when.in_progress()
    ).with_label(AUTOMATION)


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that looks at every table's condition; off until a person switches it on."""
    return dg.AutomationConditionSensorDefinition(
        AUTOMATION,
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=_TICK_SECONDS,
        description="Launches the recent partitions whose inputs have another data version.",
    )
