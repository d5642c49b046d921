"""A range of dates: from nothing, again unchanged, after one correction, and in every executor."""

from __future__ import annotations

from typing import Any

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.measuring import apart
from nba_pipeline.benchmarks.rescrapes import correction
from nba_pipeline.benchmarks.working import PROCESSORS, Done, Work, do
from nba_pipeline.engine.errors import RowError


def backfill(bench: Bench) -> Figures:
    """Where the time of building a range goes, by phase and by table."""
    _, done, spent = bench.built
    found = Figures()
    found.add("from nothing", spent, dates=len(bench.dates), **done.record())
    for name, about in done.tables.items():
        found.add("table", table=name, **about)
    everything = sum(done.phases.values())
    for phase, seconds in done.phases.items():
        found.compare(f"{phase} of all phases", seconds, everything)
    processors = done.cpu_seconds(PROCESSORS)
    found.compare("ten processors of all tables", processors, done.cpu_seconds(done.tables))
    return found


def unchanged(bench: Bench) -> Figures:
    """The same range again, when nothing has changed."""
    folder, first, built = bench.built
    bench.say("building them again unchanged")
    done, spent, _ = apart(do, Work(bench.world, folder, bench.dates))
    _refuse_others(first, done, "an unchanged rerun")
    found = Figures()
    found.add("unchanged", spent, **done.record())
    found.compare("CPU of an unchanged rerun of a build", spent.cpu_seconds, built.cpu_seconds)
    return found


def corrected(bench: Bench) -> Figures:
    """The same range again, after one box score in the middle of it was corrected by a turnover."""
    _, first, built = bench.built
    bench.say("building them again after one correction")
    source = bench.world.open()
    middle = bench.dates[len(bench.dates) // 2 :]
    work = Work(
        bench.world,
        bench.copy("corrected"),
        bench.dates,
        amendments=tuple(correction(source, middle, "tov")),
    )
    done, spent, _ = apart(do, work)
    found = Figures()
    found.add("one correction", spent, amended=_told(work), **done.record())
    for name, about in done.tables.items():
        if about["computed"]:
            computed = {"computed": about["computed"], "of": first.tables[name]["computed"]}
            found.add("table", table=name, **computed)
    found.compare("entities computed for one correction", done.computed, first.computed)
    found.compare("CPU of one correction of a build", spent.cpu_seconds, built.cpu_seconds)
    return found


def executors(bench: Bench) -> Figures:
    """The ten processors of the range in every executor, from the same raw rows."""
    found, serial = Figures(), None
    for name in bench.executors:
        bench.say(f"building the ten processors with {name}")
        folder = bench.copy(f"with_{name}", without=PROCESSORS)
        work = Work(bench.world, folder, bench.dates, name, PROCESSORS)
        done, spent, _ = apart(do, work)
        serial = serial or (done, spent)
        _refuse_others(serial[0], done, f"the executor {name}")
        found.add("ten processors", spent, executor=name, **done.record())
        found.compare(f"{name}: wall of serial", spent.wall_seconds, serial[1].wall_seconds)
        found.compare(f"{name}: CPU of serial", spent.cpu_seconds, serial[1].cpu_seconds)
    return found


def _refuse_others(first: Done, second: Done, what: str) -> None:
    """Check that two ways led to the same rows: a time of something else means nothing.

    Raises:
        RowError: When they did not.
    """
    if first.versions != second.versions:
        raise RowError(f"{what} gave other data versions than building from nothing")


def _told(work: Work) -> list[dict[str, Any]]:
    return [
        {"feed": a.feed, **a.key, "column": a.column, "value": a.value} for a in work.amendments
    ]
