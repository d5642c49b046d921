"""The scenarios of the benchmark."""

from __future__ import annotations

import inspect

from nba_pipeline.benchmarks.suite import SCENARIOS
from nba_pipeline_docs.markdown import code, grid, prose

_HEAD = """\
# Benchmark scenarios

What `nba-pipeline bench --scenario …` measures. [Benchmark](../how-to/benchmark.md) shows how.

"""


def page() -> str:
    """The page."""
    rows = (
        [code(name), prose(inspect.getdoc(measure) or "").split("\n\n")[0]]
        for name, measure in SCENARIOS.items()
    )
    return _HEAD + grid(("Scenario", "What it measures"), rows)
