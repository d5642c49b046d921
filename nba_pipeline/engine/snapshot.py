"""What a warehouse knows of many partitions at one moment, each table asked once.

Whoever decides about a whole season asks for the same versions many times over, and a warehouse far
away takes a second for each answer. A snapshot serves one decision and is then forgotten: what is
kept longer could be overtaken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from nba_pipeline.engine.protocols import Stored, Versions
from nba_pipeline.engine.table import Table


class Snapshot:
    """The versions of some partitions; of others it knows nothing and must not be asked."""

    def __init__(
        self, wanted: Mapping[str, Iterable[date]], tables: Mapping[str, Table], warehouse: Versions
    ) -> None:
        """Ask ``warehouse`` for the ``wanted`` dates of tables, given by their bare names."""
        self._known = {
            name: warehouse.stored(tables[name], sorted(days)) for name, days in wanted.items()
        }

    def stored(self, table: Table, dates: Sequence[date]) -> dict[date, Stored]:
        """What was known about each stored partition among ``dates``."""
        known = self._known[table.name]
        return {day: known[day] for day in dates if day in known}
