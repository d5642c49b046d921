"""The scenarios by name, and a run of some of them."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nba_pipeline.benchmarks import beside, dates, growth, histories, overhead, ranges, rescrapes
from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.working import World
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.machine import usable_cpus


def _rescraped(bench: Bench) -> Figures:
    """A week scraped again night after night: what of it was skipped."""
    bench.say("scraping the last week again night after night")
    told = rescrapes.measure(bench.world.open(), bench.dates, bench.executors[0])
    found = Figures()
    for night in told["nights"]:
        found.add("night", **night)
    for layer in told["layers"]:
        found.add("layer", **layer)
    found.ratios["avoided of a week"] = round(told["all"]["avoided_pct"] / 100, 4)
    return found


SCENARIOS: dict[str, Callable[[Bench], Figures]] = {
    "backfill": ranges.backfill,
    "unchanged": ranges.unchanged,
    "correction": ranges.corrected,
    "date": dates.one_date,
    "executors": ranges.executors,
    "dagster": overhead.dagster,
    "predictions": histories.predictions,
    "rescrapes": _rescraped,
    "baselines": beside.baselines,
    "growth": growth.growth,
}


def run(
    scenarios: Sequence[str],
    archive: str,
    days: Sequence[date],
    executors: Sequence[str],
    say: Callable[[str], None],
    times: int = Bench.times,
) -> dict[str, Any]:
    """Run scenarios one after another, in folders that are gone afterwards.

    Args:
        scenarios: Names of ``SCENARIOS``; none means all.
        archive: Folder of season files; empty means the simulated league.
        days: The dates.
        executors: Those to compare.
        say: Told in one line what is being done.
        times: How often what is measured warm is done.

    Returns:
        ``machine``, what was measured on; ``scenarios``, for each its ``records`` and ``ratios``.

    Raises:
        ConfigurationError: When there is no such scenario.
        PipelineError: When something cannot be built, or two ways of building differ.
    """
    unknown = [name for name in scenarios if name not in SCENARIOS]
    if unknown:
        raise ConfigurationError(
            f"there is no scenario {unknown[0]}: choose of {', '.join(SCENARIOS)}"
        )
    found = {}
    with tempfile.TemporaryDirectory(prefix="nba_bench_") as scratch:
        bench = Bench(World(archive), tuple(days), Path(scratch), tuple(executors), say, times)
        for name in scenarios or SCENARIOS:
            figures = SCENARIOS[name](bench)
            found[name] = {"ratios": figures.ratios, "records": figures.records}
    return {"machine": _machine(), "from": days[0], "to": days[-1], "scenarios": found}


def _machine() -> dict[str, Any]:
    packages = ("nba-pipeline", "dagster", "numpy", "pyarrow", "duckdb")
    return {
        "usable_cpus": usable_cpus(),
        "cpus": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        **{name: version(name) for name in packages},
    }
