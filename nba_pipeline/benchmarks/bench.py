"""What scenarios share: where facts come from, which dates, and what was built of them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from nba_pipeline.benchmarks.measuring import Spent, apart
from nba_pipeline.benchmarks.working import Done, Work, World, copied, do
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse


@dataclass
class Figures:
    """What a scenario found.

    Attributes:
        records: What was measured, as plain values; each says what it is of in ``what``.
        ratios: What to look at: numbers that mean the same on another machine, by a name that
            says what of what.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)

    def add(self, what: str, spent: Spent | None = None, **more: Any) -> None:
        """Add a record."""
        self.records.append({"what": what, **(spent.record() if spent else {}), **more})

    def compare(self, name: str, this: float, that: float) -> None:
        """Add a ratio; of nothing there is none."""
        if that:
            self.ratios[name] = round(this / that, 4)


@dataclass
class Bench:
    """A run of scenarios.

    Attributes:
        world: Where facts come from.
        dates: What is built.
        scratch: A folder for everything that is written.
        executors: Those to compare.
        say: Told in one line what is being done.
        times: How often what is measured warm is done.
    """

    world: World
    dates: tuple[date, ...]
    scratch: Path
    executors: tuple[str, ...] = ("serial", "threads", "processes")
    say: Callable[[str], None] = lambda _: None
    times: int = 7

    @cached_property
    def built(self) -> tuple[Path, Done, Spent]:
        """The warehouse of every date and table, what building it came to, and what it cost."""
        self.say(f"building {len(self.dates)} dates of {len(REGISTRY)} tables from nothing")
        folder = self.scratch / "built"
        done, spent, _ = apart(do, Work(self.world, folder, self.dates))
        return folder, done, spent

    def copy(self, name: str, without: Sequence[str] = ()) -> Path:
        """A warehouse of a scenario's own that begins as the built one, without some tables."""
        return copied(self.built[0], self.scratch / name, without)

    def newest_day(self, table: str) -> date:
        """The last of the dates that a table has rows of."""
        return self.days_with_rows(table)[-1]

    def days_with_rows(self, table: str) -> tuple[date, ...]:
        """The dates that a table has rows of.

        Raises:
            ConfigurationError: When it has none at all, so that there is nothing to measure.
        """
        folder, declared = self.built[0], REGISTRY[table]
        stored = LocalWarehouse(folder, list(REGISTRY.values())).stored(declared, self.dates)
        days = sorted(day for day, about in stored.items() if about.rows)
        if not days:
            raise ConfigurationError(
                f"{table} has no rows from {self.dates[0]} to {self.dates[-1]}: take a range that "
                "goes beyond the season's first two weeks"
            )
        return tuple(days)


def range_of(first: date, days: int) -> tuple[date, ...]:
    """Days in a row."""
    return tuple(first + timedelta(days=step) for step in range(days))
