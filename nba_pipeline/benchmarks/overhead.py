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

    What the graph costs besides its own work is held against the same number of events: as Dagster
    comes, which keeps its events in files of its own, and in the event log that this program uses.
    """
    _, alone, built = bench.built
    home, found = bench.scratch / "dagster", Figures()
    bench.say("building them in one run of Dagster")
    first, again = apart(_through_dagster, bench.world, bench.dates, home)[0]
    found.add("from nothing, engine alone", built, **alone.record())
    found.add("from nothing, with Dagster", first[0], events=first[1], computed=first[2])
    found.add("unchanged, with Dagster", again[0], events=again[1], computed=again[2])
    for log in ("as Dagster comes", "in our event log"):
        bench.say(f"recording as many events of assets that do nothing, {log}")
        folder = bench.scratch / f"idle {log}"
        count, idle, _ = apart(_idle, bench.dates, folder, log == "as Dagster comes")
        found.add(f"assets that do nothing, {log}", idle, events=count)
        for what, run in (("from nothing", first[0]), ("unchanged", again[0])):
            pair = f"{what} of doing nothing {log}"
            found.compare(f"{pair}, wall", run.wall_seconds, idle.wall_seconds)
            found.compare(f"{pair}, CPU", run.cpu_seconds, idle.cpu_seconds)
    added = first[0].cpu_seconds - built.cpu_seconds
    found.compare("CPU added by Dagster of the engine's", added, built.cpu_seconds)
    return found


Run = tuple[Spent, int, int]


def _through_dagster(world: World, dates: tuple[date, ...], home: Path) -> tuple[Run, Run]:
    """Two runs of the same range on one instance: cost, events and entities computed."""
    from nba_pipeline.orchestration.idle import instance_in

    os.environ["NBA_WAREHOUSE"] = "local"
    os.environ["NBA_WAREHOUSE_DIR"] = str(home / "warehouse")
    os.environ["NBA_FIRST_DAY"] = min(dates).isoformat()
    os.environ.pop("NBA_LANDING_ROOT", None)
    with instance_in(home) as instance:
        return _once(world, dates, instance), _once(world, dates, instance)


def _once(world: World, dates: tuple[date, ...], instance: Any) -> Run:
    from nba_pipeline.orchestration.idle import recorded
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
    return spent, recorded(instance, told.run_ids), computed


def _idle(dates: tuple[date, ...], home: Path, as_dagster_comes: bool) -> int:
    from nba_pipeline.orchestration import idle

    opened = idle.instance_as_dagster_makes_it if as_dagster_comes else idle.instance_in
    with opened(home) as instance:
        return idle.run_idle(REGISTRY, dates, instance)
