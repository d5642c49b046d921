"""What Dagster adds: a range through a real instance, beside assets that do nothing."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.measuring import Spent, apart, measured
from nba_pipeline.benchmarks.working import World
from nba_pipeline.engine.errors import RowError
from nba_pipeline.tables import REGISTRY


def dagster(bench: Bench) -> Figures:
    """The range in one run of Dagster, again unchanged, and as assets that do nothing.

    What the graph costs besides its own work is held against the same number of events.
    """
    _, alone, built = bench.built
    home, found = bench.scratch / "dagster", Figures()
    bench.say("building them in one run of Dagster")
    first, again = apart(_through_dagster, bench.world, bench.dates, home)[0]
    partitions = len(bench.dates) * len(REGISTRY)
    events = -(-first[1] // partitions)
    bench.say(f"recording {events} events of each of {partitions} partitions that do nothing")
    count, idle, _ = apart(_idle, bench.dates, bench.scratch / "idle", events)
    found.add("from nothing, engine alone", built, **alone.record())
    found.add("from nothing, with Dagster", first[0], events=first[1], computed=first[2])
    found.add("unchanged, with Dagster", again[0], events=again[1], computed=again[2])
    found.add("assets that do nothing", idle, events=count)
    found.compare("from nothing of doing nothing, wall", first[0].wall_seconds, idle.wall_seconds)
    found.compare("unchanged of doing nothing, wall", again[0].wall_seconds, idle.wall_seconds)
    added = first[0].cpu_seconds - built.cpu_seconds
    found.compare("CPU added by Dagster of doing nothing", added, idle.cpu_seconds)
    return found


Run = tuple[Spent, int, int]


def _through_dagster(world: World, dates: tuple[date, ...], home: Path) -> tuple[Run, Run]:
    """Two runs of the same range on one instance: cost, materializations and entities computed."""
    from nba_pipeline.orchestration.idle import instance_in

    os.environ["NBA_WAREHOUSE"] = "local"
    os.environ["NBA_WAREHOUSE_DIR"] = str(home / "warehouse")
    os.environ["NBA_FIRST_DAY"] = min(dates).isoformat()
    os.environ.pop("NBA_LANDING_ROOT", None)
    with instance_in(home) as instance:
        return _once(world, dates, instance), _once(world, dates, instance)


def _once(world: World, dates: tuple[date, ...], instance: Any) -> Run:
    from nba_pipeline.orchestration.idle import materializations
    from nba_pipeline.orchestration.launch import launch

    with measured() as spent:
        told = launch(
            list(REGISTRY.values()),
            dates,
            instance,
            archive=world.archive,
            executor="serial",
            force=False,
            reporter=lambda *_: None,
        )
    if told.problems:
        raise RowError("; ".join(told.problems))
    computed = sum(partition["computed"] for partition in told.partitions)
    return spent, materializations(instance, told.run_ids), computed


def _idle(dates: tuple[date, ...], home: Path, events: int) -> int:
    from nba_pipeline.orchestration.idle import instance_in, run_idle

    with instance_in(home) as instance:
        return run_idle(REGISTRY, dates, instance, events)
