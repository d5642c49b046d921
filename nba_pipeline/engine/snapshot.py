"""What a warehouse knows of many partitions at one moment, each table asked once.

Whoever decides about a whole season asks for the same versions many times over, and a warehouse far
away takes a second for each answer. A snapshot serves one decision and is then forgotten: what is
kept longer could be overtaken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Generic, TypeVar

from nba_pipeline.engine.protocols import Version
from nba_pipeline.engine.table import Table

V = TypeVar("V", bound=Version)


class Snapshot(Generic[V]):
    """The versions of some partitions; of others it knows nothing and must not be asked."""

    def __init__(
        self,
        wanted: Mapping[str, Iterable[date]],
        tables: Mapping[str, Table],
        ask: Callable[[Table, Sequence[date]], Mapping[date, V]],
    ) -> None:
        """Ask for the ``wanted`` dates of tables, given by their bare names."""
        self._known = {name: ask(tables[name], sorted(days)) for name, days in wanted.items()}

    def versions(self, table: Table, dates: Sequence[date]) -> dict[date, V]:
        """What was known about each stored partition among ``dates``."""
        known = self._known[table.name]
        return {day: known[day] for day in dates if day in known}
