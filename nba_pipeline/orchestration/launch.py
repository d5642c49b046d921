"""Launching runs from the terminal, on the same instance the UI shows."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg

from nba_pipeline import settings
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.session import Mode
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import DATA_VERSION_TAG, FORCE_TAG, MODE_TAG, key_of
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.checks import SOUND
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.orchestration.partitions import daily, range_tags
from nba_pipeline.orchestration.problems import innermost, is_interruption, step_problem
from nba_pipeline.orchestration.resources import Reporter
from nba_pipeline.tables import REGISTRY

_NUMBERS = ("rows", "computed", "reused", "rejected", "failed")


@dataclass
class Launched:
    """What some runs did.

    Attributes:
        run_ids: In the order they ran.
        partitions: One entry per table and date, as ``--json`` prints them.
        problems: What stopped a table, one sentence each.
        broken_promises: What the checks found, one sentence each.
        seconds: Wall seconds in all.
    """

    run_ids: list[str] = field(default_factory=list)
    partitions: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    broken_promises: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether nothing broke; entities that a rule turned away are normal."""
        failed = any(partition["failed"] for partition in self.partitions)
        return not (failed or self.problems or self.broken_promises)


def selected_tables(selection: str) -> list[Table]:
    """The tables a selection of bare names with ``+`` means, in data-flow order.

    Args:
        selection: For example ``player_game_summary+`` or ``nbac_schedule,+player_game_summary``;
            empty for all.

    Raises:
        ConfigurationError: When it names no table.
    """
    if not selection:
        return list(REGISTRY.values())
    graph = build_definitions().resolve_asset_graph()
    keys: set[dg.AssetKey] = set()
    for part in selection.split(","):
        name = part.strip().strip("+")
        if name not in REGISTRY:
            raise ConfigurationError(
                f"there is no table {name or part!r}: choose from {', '.join(REGISTRY)}"
            )
        query = part.strip().replace(name, f'key:"{REGISTRY[name].dataset}/{name}"', 1)
        keys |= dg.AssetSelection.from_string(query).resolve(graph)
    return [table for table in REGISTRY.values() if key_of(table) in keys]


def span() -> tuple[date, date]:
    """The first and the last partition there is."""
    first_day = settings.first_day(os.environ)
    return first_day, date.fromisoformat(daily(first_day).get_partition_keys()[-1])


def launch(
    tables: Sequence[Table],
    dates: Sequence[date],
    instance: dg.DagsterInstance,
    *,
    archive: str,
    executor: str,
    force: bool,
    reporter: Reporter,
    mode: Mode = Mode.DAILY,
) -> Launched:
    """Bring tables up to date for a range of dates, in one run.

    Dagster skips whatever lies below a table that failed. Of a single date, those of them that read
    nothing of that table on the date are run after it: a failure stops what stands on it, and
    nothing else.

    Args:
        tables: Which tables.
        dates: The dates; those between the first and the last are built too.
        instance: Where the run is recorded.
        archive: Folder of season files, or empty.
        executor: Name of the executor, or empty.
        force: Compute everything.
        reporter: Told how far each table has come.
        mode: Why this runs.
    """
    first, last = min(dates), max(dates)
    tags = {MODE_TAG: mode.value} | ({FORCE_TAG: "true"} if force else {})
    if first != last:
        tags |= range_tags(first, last)
    run_config = {
        "resources": {
            "source": {"config": {"archive": archive}},
            "fan_out": {"config": {"executor": executor}},
        },
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    told, waiting, stopped = Launched(), list(tables), set[str]()
    while waiting:
        started = time.perf_counter()
        result = _job(waiting, reporter).execute_in_process(
            partition_key=first.isoformat() if first == last else None,
            instance=instance,
            raise_on_error=False,
            tags=tags,
            run_config=run_config,
        )
        _add(told, _told(result), time.perf_counter() - started)
        failed = _names(result, waiting, lambda event: event.is_step_failure)
        done = failed | _names(result, waiting, lambda event: event.is_step_success)
        stopped |= failed
        # Of what it does not run because of a failure, Dagster records no event at all.
        left = [table for table in waiting if table.name not in done]
        whole = first != last or any(is_interruption(event) for event in result.all_events)
        waiting = _spared(left, stopped) if failed and not whole else []
    return told


def _job(tables: Sequence[Table], reporter: Reporter) -> dg.JobDefinition:
    """The job for some tables, each with the check of its stored rows."""
    keys = {key_of(table) for table in tables}
    # Left to itself, Dagster would add every check of these tables, the job's own or not.
    return (
        build_definitions(resources={"reporter": reporter})
        .resolve_job_def(NBA_DAYS)
        .get_subset(
            asset_selection=keys,
            asset_check_selection={dg.AssetCheckKey(key, SOUND) for key in keys},
        )
    )


def _names(
    result: dg.ExecuteInProcessResult,
    tables: Sequence[Table],
    holds: Callable[[dg.DagsterEvent], bool],
) -> set[str]:
    """The tables of whose step there is an event of a kind."""
    steps = {event.step_key for event in result.all_events if holds(event)}
    return {table.name for table in tables if "__".join(key_of(table).path) in steps}


def _spared(skipped: Sequence[Table], stopped: set[str]) -> list[Table]:
    """Those that read nothing of the date's stopped tables, not even through others."""
    blocked, spared = set(stopped), []
    for table in skipped:
        reads = {declared.table for declared in table.inputs.values() if declared.window.holds_date}
        if reads & blocked:
            blocked.add(table.name)
        else:
            spared.append(table)
    return spared


def _add(told: Launched, more: Launched, seconds: float) -> None:
    told.run_ids += more.run_ids
    told.partitions = sorted(
        told.partitions + more.partitions, key=lambda partition: str(partition["date"])
    )
    told.problems += more.problems
    told.broken_promises += more.broken_promises
    told.seconds = round(told.seconds + seconds, 3)


def _told(result: dg.ExecuteInProcessResult) -> Launched:
    told = Launched(run_ids=[result.run_id])
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.materialization
        # A range run's automatic events carry no numbers; ours follow them.
        if "rows" in materialization.metadata:
            entry = _entry(materialization)
            newest[entry["table"], entry["date"]] = entry
    told.partitions = sorted(newest.values(), key=lambda entry: entry["date"])
    told.problems = _problems(result)
    # Of a range, a table's last evaluation sums up those of its days.
    last = {evaluation.asset_key: evaluation for evaluation in result.get_asset_check_evaluations()}
    told.broken_promises = [
        f"{'.'.join(key.path)}: {evaluation.description}"
        for key, evaluation in last.items()
        if not evaluation.passed
    ]
    return told


def _entry(materialization: dg.AssetMaterialization) -> dict[str, Any]:
    metadata = materialization.metadata
    return {
        "table": ".".join(materialization.asset_key.path),
        "date": materialization.partition or "",
        **{name: metadata[name].value for name in _NUMBERS},
        "data_version": (materialization.tags or {}).get(DATA_VERSION_TAG, ""),
        "cause": metadata["cause"].value,
        "seconds": metadata["seconds"].value,
    }


def _problems(result: dg.ExecuteInProcessResult) -> list[str]:
    """What stopped the run, one sentence each."""
    told = [step_problem(event) for event in result.all_events if event.is_step_failure]
    if not told and not result.success:
        # The run never got as far as a table, or was stopped between two.
        found = (getattr(event.event_specific_data, "error", None) for event in result.all_events)
        told = [next((innermost(error) for error in found if error), "the run failed")]
    return told
