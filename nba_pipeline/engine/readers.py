"""Who reads what of a table: told by what all tables declare, and worked out once a session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.table import Table

# What tells which revision of a row was known when.
_KNOWN_WHEN = {"known_at", "revision", "is_retracted"}


def columns_read(table: Table, name: str) -> set[str]:
    """The columns that a table reads for its input ``name``."""
    declared = table.inputs[name]
    wanted = {*declared.columns, *(theirs for theirs, _ in declared.on), "game_date"}
    if any(tracked.input == name for tracked in table.tracked):
        wanted.add("known_at")
    return wanted | _KNOWN_WHEN if declared.known_by else wanted


def whence(declared: Input) -> tuple[str, bool]:
    """The table an input is read from, and whether with every revision."""
    return declared.table, bool(declared.known_by)


class Readers:
    """What other tables read of each."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        """Of every one of some tables, given by their bare names."""
        self._columns: dict[str, set[str]] = defaultdict(set)
        self._found_by: dict[str, set[str]] = defaultdict(set)
        self._reads: set[tuple[str, bool]] = set()
        for table in tables.values():
            for name, declared in table.inputs.items():
                if not declared.is_feed:
                    self._columns[declared.table] |= columns_read(table, name)
                    self._found_by[declared.table] |= {theirs for theirs, _ in declared.on}
                    self._reads.add(whence(declared))

    def columns(self, table: Table) -> set[str]:
        """The columns that any table reads of another, with those that say what was known when."""
        return self._columns[table.name] | (_KNOWN_WHEN & set(table.schema.names))

    def found_by(self, table: Table) -> set[str]:
        """The columns by which other tables find a table's rows."""
        return self._found_by[table.name]

    def read(self, table: Table, *, every_revision: bool) -> bool:
        """Whether any table reads another's rows so: the current ones, or every revision."""
        return (table.name, every_revision) in self._reads
