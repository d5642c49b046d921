"""Attributing what is computed to what changed, for a whole partition or entity by entity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import changes, rows
from nba_pipeline.engine.causes import Cause, InWindows, Kind, Seer, of_rows, reach
from nba_pipeline.engine.changes import RowChange
from nba_pipeline.engine.inputs import PlannedCells
from nba_pipeline.engine.plan import Demand, EntityPlan
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table


@dataclass(frozen=True)
class Looked:
    """What looking at some partitions found.

    Attributes:
        table: Whose partitions they are.
        planned: The cells.
        plans: The decisions, by date.
        stored: What was known about each partition.
        before: The stored rows of the entities that are not carried over.
        kept: For each date, the ``inputs_hash`` of each entity that had rows.
    """

    table: Table
    planned: PlannedCells
    plans: Mapping[date, EntityPlan]
    stored: Mapping[date, Stored]
    before: pa.Table
    kept: Mapping[date, Mapping[str, str]]

    def plan_of(self, day: date) -> EntityPlan:
        """The decisions of one partition, of which there are none where it has no entities."""
        return self.plans.get(day) or EntityPlan()


def attributed(
    looked: Looked, dates: Sequence[date], own: Iterable[RowChange], session: Session
) -> dict[date, tuple[Cause, ...]]:
    """Why each partition is computed: one cause for all of it, or one for each entity.

    Args:
        looked: What was found.
        dates: The partitions.
        own: How the rows of the table itself changed: a source's facts are known by them alone.
        session: What the run works with.
    """
    whole = {day: _of_partition(looked.table, looked.stored.get(day), session) for day in dates}
    found: dict[date, tuple[Cause, ...]] = {day: (why,) for day, why in whole.items() if why}
    one_by_one = [day for day in dates if not whole[day]]
    return found | _of_entities(looked, one_by_one, own, session)


def in_one_sentence(looked: Looked, day: date, demand: Demand, causes: Sequence[Cause]) -> str:
    """Why a partition is computed: the one cause of all of it, or what changed for how many."""
    if causes and not causes[0].entity:
        return causes[0].sentence
    table, stored = looked.table, looked.stored.get(day)
    plan = looked.plan_of(day)
    before: Mapping[str, str] = stored.inputs if stored else {}
    changed = [
        table.inputs[name].table
        for name, digest in demand.inputs.items()
        if before.get(name) != digest
    ]
    if not changed and stored and any(outcome.is_broken for outcome in stored.outcomes):
        return "an entity failed last time"
    what = ", ".join(dict.fromkeys(changed)) or "configuration"
    affected = f"{len(plan.changed)} of {len(plan.decisions)} {table.fan_out.unit}s affected"
    return f"{what} changed: {affected}"


def _of_partition(table: Table, stored: Stored | None, session: Session) -> Cause | None:
    """Why all of a partition is computed; None where each entity has a cause of its own."""
    if session.force:
        return Cause(Kind.FORCED, "forced: everything is computed again")
    if stored is None:
        return Cause(Kind.FIRST_BUILD, "first build of this partition")
    if not stored.intact:
        return Cause(Kind.DAMAGED, "the stored file is missing or damaged")
    was, now = stored.table_version, table.version
    if was != now:
        sentence = f"{table.name} is now version {now}, was {was}"
        return Cause(Kind.VERSION, sentence, old_hash=str(was), new_hash=str(now))
    settings = table.settings_in(session.environ)
    moved = [
        f"{name} is {settings[name]:g}, was {stored.settings[name]:g}"
        for name in sorted({*settings} & {*stored.settings})
        if settings[name] != stored.settings[name]
    ]
    return Cause(Kind.SETTINGS, "; ".join(moved)) if moved else None


def _of_entities(
    looked: Looked, dates: Sequence[date], own: Iterable[RowChange], session: Session
) -> dict[date, tuple[Cause, ...]]:
    """Why each changed entity of some partitions is computed, by date."""
    busy = [day for day in dates if day in looked.plans and looked.plans[day].changed]
    if not busy:
        return {}
    told = _told(looked, own)
    seers = _seers(looked, busy)
    windows = _windows(looked, busy, session)
    found = {}
    for day in busy:
        causes: list[Cause] = []
        for entity, decision in looked.plans[day].changed.items():
            seer = seers[day, entity]
            known = told.get((day, entity), []) + windows[day].of(seer)
            why = of_rows(known) or [_unexplained(looked, day, entity, seer)]
            causes += [replace(cause, entity=entity, decision=decision.value) for cause in why]
        found[day] = tuple(causes)
    return found


def _told(looked: Looked, own: Iterable[RowChange]) -> dict[tuple[date, str], list[RowChange]]:
    """How what a source tells of each entity changed, under the feed's name."""
    feed = next((i.table for i in looked.table.inputs.values() if i.is_feed), "")
    told: dict[tuple[date, str], list[RowChange]] = {}
    for change in own if feed else ():
        told.setdefault((change.date, change.entity), []).append(replace(change, table=feed))
    return told


def _seers(looked: Looked, days: Sequence[date]) -> dict[tuple[date, str], Seer]:
    """Every planned entity, and those that are gone as their last rows knew them."""
    columns = looked.planned.cells.columns
    seers: dict[tuple[date, str], Seer] = {}
    gone = looked.before.filter(pc.is_in(looked.before["game_date"], pa.array(days, pa.date32())))
    if gone.num_rows:
        owners = rows.entities(looked.table, gone).to_pylist()
        for entity, row in zip(owners, gone.to_pylist(), strict=True):
            seers[row["game_date"], entity] = Seer(row["game_date"], row.__getitem__)
    for at, where in enumerate(zip(looked.planned.days, looked.planned.entities, strict=True)):
        seers[where] = Seer(where[0], lambda name, at=at: columns[name][at], at)  # type: ignore[misc]
    return seers


def _windows(looked: Looked, days: Sequence[date], session: Session) -> dict[date, InWindows]:
    """For each date, what changed in the tables it reads since it was last computed."""
    moments = {day: looked.stored[day].computed_at for day in days}
    known = [moment for moment in moments.values() if moment]
    spans = reached(looked.table, days)
    every = changes.since(session.warehouse, spans, min(known)) if known else []
    made = {
        moment: in_windows(looked.table, looked.planned, every if moment else [], moment)
        for moment in set(moments.values())
    }
    return {day: made[moment] for day, moment in moments.items()}


def upstream_of(table: Table) -> set[str]:
    """The tables that a table reads."""
    return {declared.table for declared in table.inputs.values() if not declared.is_feed}


def reached(table: Table, days: Sequence[date]) -> dict[str, tuple[date, date]]:
    """The tables that a table reads, with the first and the last day its windows touch in each."""
    spans: dict[str, tuple[date, date]] = {}
    for declared in table.inputs.values():
        if not declared.is_feed:
            (first, _), (_, last) = reach(declared, min(days)), reach(declared, max(days))
            earliest, latest = spans.get(declared.table, (first, last))
            spans[declared.table] = min(first, earliest), max(last, latest)
    return spans


def in_windows(
    table: Table, planned: PlannedCells, every: Sequence[RowChange], moment: datetime | None
) -> InWindows:
    """What cells see of the changes after a moment."""
    by_table: dict[str, list[RowChange]] = {}
    for change in changes.net(every, moment) if moment else ():
        by_table.setdefault(change.table, []).append(change)
    return InWindows(table, planned, by_table)


def _unexplained(looked: Looked, day: date, entity: str, seer: Seer) -> Cause:
    """What can be said of an entity without a changed row in its windows."""
    now = looked.planned.inputs_hashes[seer.at] if seer.at >= 0 else ""
    outcomes = {outcome.entity: outcome for outcome in looked.stored[day].outcomes}
    outcome = outcomes.get(entity)
    was = looked.kept.get(day, {}).get(entity, "") or (outcome.inputs_hash if outcome else "")
    if outcome and outcome.is_broken:
        kind, sentence = Kind.FAILED, f"computing it failed last time: {outcome.reason}"
    elif not now:
        kind, sentence = Kind.INPUTS, "nothing names it any more"
    elif not was:
        kind, sentence = Kind.INPUTS, "it was not there before"
    else:
        kind, sentence = Kind.INPUTS, f"what it reads differs: inputs {now}, were {was}"
    return Cause(kind, sentence, old_hash=was, new_hash=now)
