"""One date of the ten processors: in a new process, and in one that has done it before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.measuring import Spent, apart, typical
from nba_pipeline.benchmarks.working import PROCESSORS, Done, Work, do
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse


def one_date(bench: Bench) -> Figures:
    """The newest date with features: read, plan, compute, hash and write, without its history."""
    found, day = Figures(), bench.newest_day("ml_feature_store_v2")
    folder = bench.copy("one_date")
    first: Spent | None = None
    for executor in bench.executors:
        bench.say(f"building the ten processors of {day} with {executor}, cold and warm")
        work = Work(bench.world, folder, (day,), executor, PROCESSORS)
        unbuild(folder, PROCESSORS, day)
        cold_done, _, cold = apart(do, work)
        (warm, done), _, _ = apart(repeated, work, bench.times)
        first = first or warm
        about = {"executor": executor, "date": day.isoformat()}
        found.add("cold", cold, **about, **cold_done.record())
        found.add("warm", warm, **about, **done.record(), tables=done.tables)
        found.compare(f"{executor}: warm wall of serial", warm.wall_seconds, first.wall_seconds)
        found.compare(f"{executor}: cold wall of warm", cold.wall_seconds, warm.wall_seconds)
    return found


def repeated(work: Work, times: int) -> tuple[Spent, Done]:
    """What one date's work typically costs in a process that has done it before.

    The source stays open and its rows are known; the date's partitions are taken away each time.

    Args:
        work: The date's.
        times: How often it is done.
    """
    source, last = work.world.open(), [Done()]
    (day,) = work.dates

    def once() -> None:
        last[0] = do(work, source)

    def ready() -> None:
        unbuild(work.folder, work.tables, day)

    return typical(once, times, ready), last[0]


def unbuild(folder: Path, tables: Iterable[str], day: date) -> None:
    """Take away what is stored of a date."""
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    for name in tables:
        warehouse.path(REGISTRY[name], day).unlink(missing_ok=True)
