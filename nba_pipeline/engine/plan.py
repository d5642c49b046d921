"""What has to be computed, and why: per partition by its fingerprint, then per entity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa

from nba_pipeline.engine import rows
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.engine.inputs import PlannedCells, days_of, window_dates
from nba_pipeline.engine.protocols import Outcome, Source, Stored, Versions
from nba_pipeline.engine.table import Table


class Decision(StrEnum):
    """What happens to one entity."""

    NEW = "new"
    INPUT_CHANGED = "input_changed"
    CODE_CHANGED = "code_changed"
    UNCHANGED = "unchanged"
    GONE = "gone"


@dataclass(frozen=True)
class Demand:
    """What a partition would be computed from, known without reading a row.

    Attributes:
        fingerprint: Table version, configuration and every upstream version read.
        inputs: For each input a digest of the upstream versions read.
        missing: What keeps it from being computed: every input's partition that is damaged, else
            the first that does not exist; empty when all are there.
    """

    fingerprint: str
    inputs: Mapping[str, str]
    missing: str = ""


class _Begins(NamedTuple):
    """What digests begin with, the same on every date: of a fingerprint, and of each input."""

    fingerprint: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]


def demands(
    table: Table,
    dates: Sequence[date],
    tables: Mapping[str, Table],
    warehouse: Versions,
    source: Source,
    environ: Mapping[str, str],
) -> dict[date, Demand]:
    """What each partition of ``dates`` would be computed from."""
    begins = _Begins(
        (table.full_name, table.meaning, repr(sorted(table.settings_in(environ).items()))),
        {name: (declared.table, repr(declared)) for name, declared in table.inputs.items()},
    )
    stored = {
        name: warehouse.versions(tables[name], sorted(days))
        for name, days in read_partitions(table, dates).items()
    }
    whole = {
        name: {day: about.data_version for day, about in known.items() if about.intact}
        for name, known in stored.items()
    }
    versions = {
        name: source.versions(declared.table, window_dates(declared.window, dates))
        if declared.is_feed
        else whole[declared.table]
        for name, declared in table.inputs.items()
    }
    told = {name: _lines(known) for name, known in whole.items()}
    lines = {
        name: _lines(versions[name]) if declared.is_feed else told[declared.table]
        for name, declared in table.inputs.items()
    }
    damaged = {
        (name, day): about.damage
        for name, known in stored.items()
        for day, about in known.items()
        if not about.intact
    }
    return {day: _demand(table, day, versions, lines, damaged, begins) for day in dates}


def _lines(versions: Mapping[date, str]) -> dict[date, str]:
    return {day: f"{day.isoformat()}={version}" for day, version in versions.items() if version}


def read_partitions(table: Table, dates: Sequence[date]) -> dict[str, set[date]]:
    """The partitions that some dates of a table may read, by the bare name of what is read."""
    reached: dict[str, set[date]] = {}
    for declared in table.inputs.values():
        if not declared.is_feed:
            wanted = window_dates(declared.window, dates)
            reached.setdefault(declared.table, set()).update(wanted)
    return reached


def _demand(
    table: Table,
    day: date,
    versions: Mapping[str, Mapping[date, str]],
    lines: Mapping[str, Mapping[date, str]],
    damaged: Mapping[tuple[str, date], str],
    begins: _Begins,
) -> Demand:
    digests, missing, broken = {}, "", {}
    for name, declared in table.inputs.items():
        read, known = days_of(declared.window, day), lines[name]
        digests[name] = text_digest(*begins.inputs[name], *filter(None, map(known.get, read)))
        if day in read and day not in versions[name]:
            broken[declared.table] = damaged.get((declared.table, day), "")
            missing = missing or (
                f"{table.name} of {day} reads {declared.table}, which has no partition for that "
                "date: build it first"
            )
    parts = [f"{name}={digest}" for name, digest in sorted(digests.items())]
    missing = "; ".join(filter(None, broken.values())) or missing
    return Demand(text_digest(*begins.fingerprint, *parts), digests, missing)


def is_up_to_date(stored: Stored | None, demand: Demand) -> bool:
    """Whether a stored partition may be reused as it is."""
    return (
        stored is not None
        and stored.intact
        and bool(stored.fingerprint)
        and stored.fingerprint == demand.fingerprint
    )


@dataclass
class EntityPlan:
    """The decisions of one partition.

    Attributes:
        decisions: By entity, in the order of the cells; ``gone`` ones last.
        carried: Outcomes without rows that stay as they are.
    """

    decisions: dict[str, Decision] = field(default_factory=dict)
    carried: list[Outcome] = field(default_factory=list)

    @property
    def changed(self) -> dict[str, Decision]:
        """The entities that are not ``unchanged``."""
        return {e: made for e, made in self.decisions.items() if made is not Decision.UNCHANGED}

    def count(self, decision: Decision) -> int:
        """Entities with that decision."""
        return list(self.decisions.values()).count(decision)


def decide(
    table: Table,
    planned: PlannedCells,
    stored: Mapping[date, Stored],
    kept: Mapping[date, Mapping[str, str]],
    *,
    force: bool,
) -> dict[date, EntityPlan]:
    """Decide for every entity of every planned date.

    Args:
        table: The table.
        planned: The cells and their input hashes.
        stored: What is known about the stored partitions.
        kept: For each date, the ``inputs_hash`` of each entity that has rows.
        force: Compute everything.
    """
    plans: dict[date, EntityPlan] = {}
    for day, cells in groupby(range(len(planned.days)), planned.days.__getitem__):
        if day in stored:
            plans[day] = _compared(table, planned, cells, stored[day], kept.get(day, {}), force)
        else:
            plans[day] = EntityPlan(
                dict.fromkeys([planned.entities[at] for at in cells], Decision.NEW)
            )
    for day, entities in kept.items():
        plan = plans.setdefault(day, EntityPlan())
        for entity in entities:
            plan.decisions.setdefault(entity, Decision.GONE)
    return plans


def _compared(
    table: Table,
    planned: PlannedCells,
    cells: Iterable[int],
    stored: Stored,
    kept: Mapping[str, str],
    force: bool,
) -> EntityPlan:
    """The plan of a partition that is there: what each entity was computed from, and is now."""
    plan = EntityPlan()
    turned_away = {each.entity: each for each in stored.outcomes if not each.is_broken}
    changed = (
        Decision.INPUT_CHANGED if stored.table_version == table.version else Decision.CODE_CHANGED
    )
    for at in cells:
        entity = planned.entities[at]
        outcome = turned_away.get(entity)
        before = kept.get(entity) or (outcome.inputs_hash if outcome else None)
        if not before:
            plan.decisions[entity] = Decision.NEW
        elif force or before != planned.inputs_hashes[at]:
            plan.decisions[entity] = changed
        else:
            plan.decisions[entity] = Decision.UNCHANGED
            if outcome:
                plan.carried.append(outcome)
    return plan


def kept_hashes(table: Table, before: pa.Table) -> dict[date, dict[str, str]]:
    """For each date, the ``inputs_hash`` of each entity that has rows."""
    kept: dict[date, dict[str, str]] = {}
    if not before.num_rows:
        return kept
    current = rows.current(table, before)
    owners = rows.entities(table, current)
    distinct = (
        pa.table(
            {"day": current["game_date"], "entity": owners, "inputs_hash": current["inputs_hash"]}
        )
        .group_by(["day", "entity", "inputs_hash"])
        .aggregate([])
    )
    for row in distinct.to_pylist():
        kept.setdefault(row["day"], {})[row["entity"]] = row["inputs_hash"]
    return kept
