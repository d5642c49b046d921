"""Why entities are computed: which rows of which inputs changed, from what to what.

Taken when the change passes, for afterwards the old rows are gone. An entity's causes are the
changed rows that lie in its windows, in columns it reads; nothing else is named.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from nba_pipeline.domain.calendar import season_reach
from nba_pipeline.engine.changes import RowChange
from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.inputs import PlannedCells
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.windows import STRIDE
from nba_pipeline.engine.wording import counted, some_of

#: Rows named for one entity, newest first; the others are counted.
ROWS_NAMED = 3

# Entities named together, where the same rows made them compute.
_NAMES_SHOWN = 6

# Values shown of one changed row.
_VALUES_SHOWN = 4
_LONGEST_VALUE = 40


class Kind(StrEnum):
    """What happened."""

    FIRST_BUILD = "first_build"
    FORCED = "forced"
    VERSION = "version"
    SETTINGS = "settings"
    DAMAGED = "damaged"
    FAILED = "failed"
    ROW_ADDED = "row_added"
    ROW_CHANGED = "row_changed"
    ROW_REMOVED = "row_removed"
    PARTITION_ADDED = "partition_added"
    #: What it reads differs, but no record says in which row.
    INPUTS = "inputs"


@dataclass(frozen=True)
class Cause:
    """One reason why an entity, or a whole partition, is computed.

    Attributes:
        kind: What happened.
        sentence: In words.
        entity: The entity; empty for the whole partition.
        decision: What was decided about it.
        table: The table or feed it happened in.
        date: On which day of it.
        row_key: To which row.
        old_hash: The row's hash before.
        new_hash: The row's hash now.
        further: Rows that changed, too, and are not named.
    """

    kind: Kind
    sentence: str
    entity: str = ""
    decision: str = ""
    table: str = ""
    date: date | None = None
    row_key: str = ""
    old_hash: str = ""
    new_hash: str = ""
    further: int = 0


# From changed rows to causes ----------------------------------------------------------------------


def of_rows(changes: Sequence[RowChange]) -> list[Cause]:
    """The newest of some changed rows as causes, the last of them with the count of the rest."""
    newest = sorted(changes, key=lambda change: (change.date, change.table, change.key))[::-1]
    named = [_of_row(change) for change in newest[:ROWS_NAMED]]
    further = len(newest) - len(named)
    if further:
        last = named[-1]
        sentence = f"{last.sentence}, and so did {counted(further, 'further row')}"
        named[-1] = replace(last, further=further, sentence=sentence)
    return named


def sentences(causes: Sequence[Cause]) -> list[str]:
    """Causes in words, entities with the same ones together: who, then why."""
    by_entity: dict[str, list[Cause]] = {}
    for cause in causes:
        by_entity.setdefault(cause.entity, []).append(cause)
    together: dict[str, list[str]] = {}
    for entity, why in by_entity.items():
        together.setdefault("; ".join(cause.sentence for cause in why), []).append(entity)
    return [
        f"{some_of(who, _NAMES_SHOWN)}: {why}" if any(who) else why for why, who in together.items()
    ]


def _of_row(change: RowChange) -> Cause:
    where = f"{change.table} of {change.date}"
    if change.is_partition:
        kind, text = Kind.PARTITION_ADDED, f"{where} was not there before"
    elif not change.old_hash:
        kind, text = Kind.ROW_ADDED, f"{where}: row {change.key} is new ({change.new_hash})"
    elif not change.new_hash:
        kind, text = Kind.ROW_REMOVED, f"{where}: row {change.key} is gone (was {change.old_hash})"
    else:
        kind = Kind.ROW_CHANGED
        text = f"{where}: row {change.key} changed from {change.old_hash} to {change.new_hash}"
        text += f" ({_differences(change)})"
    return Cause(
        kind,
        text,
        table=change.table,
        date=change.date,
        row_key=change.key,
        old_hash=change.old_hash,
        new_hash=change.new_hash,
    )


def _differences(change: RowChange) -> str:
    names = sorted(change.columns)
    shown = [
        f"{name} {_value(change.new.get(name))}, was {_value(change.old.get(name))}"
        for name in names[:_VALUES_SHOWN]
    ]
    more = len(names) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _value(value: Any) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


# From cells to the changed rows in their windows --------------------------------------------------


@dataclass(frozen=True)
class Seer:
    """One entity as its windows see it.

    Attributes:
        day: Its date.
        value: From the name of a cell column to the entity's value; raises KeyError for a column
            that is not known of it.
        at: Its place among the planned cells; -1 for an entity that is gone.
    """

    day: date
    value: Callable[[str], Any]
    at: int = -1


@dataclass
class InWindows:
    """Finds the changed rows that lie in an entity's windows, in columns it reads.

    Attributes:
        table: The table.
        planned: Its cells.
        changes: What is different since the partition was last computed, by table.
    """

    table: Table
    planned: PlannedCells
    changes: Mapping[str, Sequence[RowChange]]
    _indexed: dict[str, _Index] = field(default_factory=dict)

    def of(self, seer: Seer) -> list[RowChange]:
        """Every one of them, each once."""
        found: dict[tuple[str, date, str], RowChange] = {}
        for name, declared in self.table.inputs.items():
            if not declared.is_feed:
                for change in self.of_input(name, seer):
                    found[change.table, change.date, change.key] = change
        return list(found.values())

    def of_input(self, name: str, seer: Seer) -> list[RowChange]:
        """Those of one input."""
        declared = self.table.inputs[name]
        if name not in self._indexed:
            self._indexed[name] = _Index(declared, self.changes.get(declared.table, ()))
        index = self._indexed[name]
        if not index:
            return []
        try:
            values = tuple(comparable(seer.value(ours)) for _, ours in declared.on)
            cutoff = _instant(seer.value(declared.known_by)) if declared.known_by else None
        except KeyError:
            return []
        first, last = reach(declared, seer.day)
        return [
            change
            for change in index.between(values, first, last)
            if _is_visible(change, cutoff) and self._holds(name, change, seer)
        ]

    def _holds(self, name: str, change: RowChange, seer: Seer) -> bool:
        """Of a whole partition that came: whether the window has any row of it."""
        if not change.is_partition or seer.at < 0:
            return True
        window = self.planned.cells.windows[name]
        held = window.buffer.position[window.start[seer.at] : window.stop[seer.at]] % STRIDE
        return bool((held == np.datetime64(change.date, "D").astype(np.int64)).any())


class _Index:
    """The changes one input can see, by the values of its match columns and in order of dates."""

    def __init__(self, declared: Input, changes: Sequence[RowChange]) -> None:
        self._partitions: list[RowChange] = []
        self._rows: dict[tuple[Any, ...], list[RowChange]] = defaultdict(list)
        read = {*declared.columns, *(theirs for theirs, _ in declared.on)}
        for change in sorted(changes, key=lambda change: change.date):
            if change.is_partition:
                self._partitions.append(change)
            elif not (change.old_hash and change.new_hash) or change.columns & read:
                for values in _matched(declared, change):
                    self._rows[values].append(change)
        self._dates = {values: [c.date for c in found] for values, found in self._rows.items()}

    def __bool__(self) -> bool:
        return bool(self._partitions or self._rows)

    def between(self, values: tuple[Any, ...], first: date, last: date) -> list[RowChange]:
        """Changes of rows with those values, and whole partitions, from one day to another."""
        dates = self._dates.get(values, [])
        found = self._rows.get(values, [])[bisect_left(dates, first) : bisect_right(dates, last)]
        return found + [change for change in self._partitions if first <= change.date <= last]


def _matched(declared: Input, change: RowChange) -> set[tuple[Any, ...]]:
    """The values by which the row is found: those it had, and those it has."""
    sides = ([change.old] if change.old_hash else []) + ([change.new] if change.new_hash else [])
    return {tuple(comparable(side.get(theirs)) for theirs, _ in declared.on) for side in sides}


def comparable(value: Any) -> Any:
    """A cell's or a row's value such that equal ones compare equal."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float):
        return None if value != value else float(value)
    return value if value is None or isinstance(value, str) else str(value)


def reach(declared: Input, day: date) -> tuple[date, date]:
    """The first and the last day an input's window touches."""
    window = declared.window
    first = (
        season_reach(day) if window.first_day is None else day + timedelta(days=window.first_day)
    )
    return first, day + timedelta(days=window.last_day)


def _instant(value: Any) -> np.datetime64:
    return np.datetime64(value, "us")


def _is_visible(change: RowChange, cutoff: np.datetime64 | None) -> bool:
    """Whether a snapshot's change was known by the cutoff."""
    if cutoff is None or change.known_at is None:
        return True
    return bool(np.datetime64(change.known_at.replace(tzinfo=None), "us") <= cutoff)
