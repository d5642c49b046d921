"""What was done to the pipeline and what came of it, summed up at the end of a test run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline_tests.faults.world import Differences

CHECKOUT = Path(__file__).resolve().parents[2]
REPORT = CHECKOUT / "test-artefacts" / "faults.json"

#: How often something is done by default, in the campaign, and in the campaign on the large world.
Times = Callable[[int, int, int], int]

_COUNTED = ("injected", "survived", "rows", "lost", "wrong")
_TITLES = ("injected", "survived", "rows compared", "lost", "wrong")


class Tally:
    """Counts the faults of one test; its counts travel with the test's report."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self._counts: dict[str, dict[str, int]] = {}

    def _of(self, fault: str) -> dict[str, int]:
        if fault not in self._counts:
            self._counts[fault] = dict.fromkeys(_COUNTED, 0)
            self._item.user_properties.append(("fault", {fault: self._counts[fault]}))
        return self._counts[fault]

    def injects(self, fault: str, times: int = 1) -> None:
        """A fault was injected; what comes of it is not known yet."""
        self._of(fault)["injected"] += times

    def survives(self, fault: str, found: Differences, times: int = 1) -> None:
        """What the warehouse holds afterwards: nothing lost, nothing wrong, or the test fails."""
        counts = self._of(fault)
        counts["rows"] += found.rows
        counts["lost"] += len(found.lost)
        counts["wrong"] += len(found.wrong)
        assert found.lost[:5] == ()
        assert found.wrong[:5] == ()
        counts["survived"] += times


def summed(properties: Iterable[tuple[str, Any]]) -> dict[str, dict[str, int]]:
    """Counts by fault, of every test's together."""
    whole: dict[str, dict[str, int]] = {}
    for name, counts in properties:
        if name == "fault":
            for fault, each in counts.items():
                into = whole.setdefault(fault, dict.fromkeys(_COUNTED, 0))
                for what in _COUNTED:
                    into[what] += each[what]
    return whole


def table_of(whole: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The counts as lines of text, with all of them together at the end."""
    total = {what: sum(each[what] for each in whole.values()) for what in _COUNTED}
    lines = [("fault", *_TITLES)]
    for fault, each in [*sorted(whole.items()), ("in all", total)]:
        lines.append((fault, *(f"{each[what]:,}" for what in _COUNTED)))
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in lines
    ]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the counts of the faults that were injected, and keep them beside the pictures."""
    whole = summed(
        each
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for each in report.user_properties
    )
    if not whole:
        return
    terminalreporter.section("faults survived")
    for line in table_of(whole):
        terminalreporter.line(line)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
