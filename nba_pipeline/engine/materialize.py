"""Bringing a table up to date: read, plan, compute, merge, check, write. The only path there is.

A daily run, a backfill, a click in the UI and a test all come through ``materialize``. A partition
whose fingerprint has not moved is reused without being read; in the others only the entities whose
inputs changed are computed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from nba_pipeline.engine import rows
from nba_pipeline.engine.attribution import Looked, attributed
from nba_pipeline.engine.causes import Cause
from nba_pipeline.engine.changes import of_partitions
from nba_pipeline.engine.errors import (
    DeadlineError,
    OutsideSeasonError,
    PipelineError,
    is_transient,
)
from nba_pipeline.engine.fanout import Computed, fan_out
from nba_pipeline.engine.finished import built, reused, to_store
from nba_pipeline.engine.held_back import blocked, locked_out, turned_away
from nba_pipeline.engine.inputs import PlannedCells
from nba_pipeline.engine.machine import usable_cpus
from nba_pipeline.engine.plan import (
    Decision,
    Demand,
    decide,
    demands,
    is_up_to_date,
    kept_hashes,
    read_partitions,
)
from nba_pipeline.engine.protocols import Outcome, Stored, Versions
from nba_pipeline.engine.reading import keep_written, lay_out, read_inputs
from nba_pipeline.engine.recording import Trail, record, record_changes
from nba_pipeline.engine.retelling import Said, retold
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.snapshot import Snapshot
from nba_pipeline.engine.table import FailureCategory, Table
from nba_pipeline.engine.windows import Array, Cells, Ints

#: Dates built together. A season's ten processors cost a quarter more with half of them; with twice
#: as many they cost little less, and a season of all tables holds half a gigabyte more.
BATCH_DATES = 56


class _Stopwatch:
    """Adds up wall seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._since
        self._since = now

    def share(self, parts: int) -> dict[str, float]:
        return {phase: seconds / parts for phase, seconds in self.seconds.items()}


def materialize(table: Table, dates: Sequence[date], session: Session) -> Iterator[Partition]:
    """Bring partitions of a table up to date, each committed as it is yielded.

    Args:
        table: What to bring up to date.
        dates: Which partitions, in any order.
        session: What to work with.

    Yields:
        One report per date, in date order. A partition that bad input keeps from being built
        carries a ``problem`` and is left as it was; the others are built.

    Raises:
        DeadlineError: When the table's time is up.
        PipelineError: When infrastructure fails in passing; the same call may work in a minute.
    """
    wanted = sorted(set(dates))
    for first in range(0, len(wanted), BATCH_DATES):
        yield from _materialize_batch(table, wanted[first : first + BATCH_DATES], session)


def _materialize_batch(
    table: Table, dates: Sequence[date], session: Session
) -> Iterator[Partition]:
    try:
        reports = _Batch(table, dates, session).run()
    except DeadlineError as error:
        late = [
            Partition(table.full_name, day, problem=str(error), cause="deadline") for day in dates
        ]
        record(table, late, Trail(), session)
        raise
    except PipelineError as error:
        if is_transient(error):
            raise
        if len(dates) == 1:
            stopped = Partition(table.full_name, dates[0], problem=str(error), cause="bad input")
            record(table, [stopped], Trail(), session)
            yield stopped
            return
        # Something is wrong with one of the dates; the others must not suffer for it.
        for day in dates:
            yield from _materialize_batch(table, [day], session)
    else:
        yield from reports


class _Batch:
    """One table's work for a few dates, step by step."""

    def __init__(self, table: Table, dates: Sequence[date], session: Session) -> None:
        self.table, self.dates, self.session = table, dates, session
        self.watch = _Stopwatch()
        self.trail = Trail()

    def run(self) -> list[Partition]:
        table, session = self.table, self.session
        self._refuse_unknown_seasons()
        upstream = Snapshot(
            read_partitions(table, self.dates), session.tables, session.warehouse.versions
        )
        demand = demands(
            table, self.dates, session.tables, upstream, session.source, session.environ
        )
        stored = self.trail.stored = session.warehouse.stored(table, self.dates)
        self.watch.lap("plan")
        fresh = [
            day
            for day in self.dates
            if session.force or not is_up_to_date(stored.get(day), demand[day])
        ]
        reports = {
            day: reused(table, day, stored[day]) for day in self.dates if day not in set(fresh)
        }
        reports |= blocked(table, fresh, session)
        for day in fresh:
            if day not in reports and demand[day].missing:
                reports[day] = Partition(
                    table.full_name, day, problem=demand[day].missing, cause="missing input"
                )
        buildable = [day for day in fresh if day not in reports]
        if buildable:
            reports |= self._build(buildable, demand, stored, upstream)
        done = [reports[day] for day in self.dates]
        record(table, done, self.trail, session)
        return done

    def _refuse_unknown_seasons(self) -> None:
        if not any(declared.is_feed for declared in self.table.inputs.values()):
            return
        calendar = self.session.source.calendar()
        for day in self.dates:
            if calendar.season_of(day) is None and not calendar.is_between_seasons(day):
                raise OutsideSeasonError(
                    f"{day} lies outside every season of the {self.session.source.name} source "
                    f"({calendar.describe()})"
                )

    def _build(
        self,
        dates: Sequence[date],
        demand: Mapping[date, Demand],
        stored: Mapping[date, Stored],
        upstream: Versions,
    ) -> dict[date, Partition]:
        table, session = self.table, self.session
        inputs = read_inputs(table, dates, session, upstream)
        whole = [day for day in dates if day in stored and stored[day].intact]
        known = self.trail.before = session.warehouse.read(table, whole, every_revision=True)
        known_of = {day: stored[day] for day in whole}
        before = retold(
            table,
            known,
            dates,
            known_of,
            session,
            lambda days, then: _Batch(table, days, then).said(),
        )
        self.watch.lap("read")
        planned = lay_out(table, inputs, session)
        kept = kept_hashes(table, known)
        plans = decide(table, planned, known_of, kept, force=session.force)
        self.watch.lap("plan")
        todo = np.array(
            [
                plans[day].decisions[entity] is not Decision.UNCHANGED
                for day, entity in zip(planned.days, planned.entities, strict=True)
            ],
            dtype=bool,
        )
        outcomes, computed, fresh = self._compute(planned, todo)
        # What the source said of an entity stays said when reading it anew breaks.
        kept_whole = {(day, outcome.entity) for day, outcome in outcomes if table.keeps_revisions}

        def is_carried(day: date, owner: str) -> bool:
            unchanged = plans[day].decisions.get(owner, Decision.GONE) is Decision.UNCHANGED
            return unchanged or (day, owner) in kept_whole

        carried, told = rows.split(table, before, is_carried)
        _, replaced = rows.split(table, known, is_carried)
        other_version = {day for day in whole if stored[day].table_version != table.version}
        merged = rows.merge(table, fresh, told, session.now, other_version)
        came = [day for day in dates if day not in whole]
        kept_of = session.readers.found_by(table)
        moved = of_partitions(table, replaced, merged, came, kept_of, session.now)
        if before.num_rows:
            merged = rows.ordered(table, pa.concat_tables([merged, carried]))
            rows.refuse_duplicates(table, merged)
        self.watch.lap("merge")
        looked = Looked(table, planned, plans, stored, replaced, kept)
        causes = attributed(looked, dates, moved, session)
        self.watch.lap("plan")
        record_changes(moved, session)
        return self._write(dates, demand, looked, causes, merged, outcomes, computed, inputs)

    def said(self) -> Said:
        """What the source says of the dates."""
        planned = lay_out(
            self.table, read_inputs(self.table, self.dates, self.session), self.session
        )
        outcomes, _, fresh = self._compute(planned, np.ones(len(planned.days), dtype=bool))
        return fresh, {(day, outcome.entity) for day, outcome in outcomes}

    def _compute(
        self, planned: PlannedCells, todo: Array
    ) -> tuple[list[tuple[date, Outcome]], Computed, pa.Table]:
        table, session = self.table, self.session
        outcomes = turned_away(table, planned, todo)
        outcomes += locked_out(table, planned, todo, self.trail, session)
        index = np.flatnonzero(todo)
        computed = self._fanned_out(planned.cells.only(todo))
        self.watch.lap("compute")
        outcomes += self._without_rows(planned, index, computed)
        fresh = rows.conform(table, computed.columns)
        fresh = rows.marked(table, fresh, session.source.calendar())
        self.watch.lap("conform")
        asked = planned.asked(index)
        finished = rows.finish(table, fresh, asked, session.run_id, session.now)
        self.watch.lap("hash")
        return outcomes, computed, finished

    def _fanned_out(self, cells: Cells) -> Computed:
        table, session = self.table, self.session
        count = table.fan_out.workers(session.environ, usable_cpus())
        workers = session.pools.workers(
            table, count, serial=table.fan_out.switched_off(session.environ)
        )
        if not len(cells):
            return Computed([], [])
        progress = session.progress
        return fan_out(
            table,
            cells,
            workers,
            chunk_cells=session.pools.chunk_cells,
            deadline_seconds=session.pools.deadline_seconds,
            progress=(lambda done, total: progress(table.name, done, total)) if progress else None,
        )

    def _without_rows(
        self, planned: PlannedCells, index: Ints, computed: Computed
    ) -> list[tuple[date, Outcome]]:
        """The entities that broke, which their trail shows, and those compute had no row for."""
        outcomes = []
        for broken in computed.broken:
            at = int(index[broken.cell])
            entity = planned.entities[at]
            category = FailureCategory.PROCESSING_ERROR.value
            outcomes.append((planned.days[at], Outcome(entity, category, broken.reason)))
            self.trail.tried[planned.days[at], entity] = planned.inputs_hashes[at]
        for cell, reason in computed.abstained:
            at = int(index[cell])
            category = FailureCategory.INSUFFICIENT_DATA.value
            known = Outcome(planned.entities[at], category, reason, planned.inputs_hashes[at])
            outcomes.append((planned.days[at], known))
        return outcomes

    def _write(
        self,
        dates: Sequence[date],
        demand: Mapping[date, Demand],
        looked: Looked,
        causes: Mapping[date, tuple[Cause, ...]],
        merged: pa.Table,
        outcomes: Sequence[tuple[date, Outcome]],
        computed: Computed,
        inputs: Mapping[str, pa.Table],
    ) -> dict[date, Partition]:
        table, session = self.table, self.session
        parts: dict[date, tuple[pa.Table, Stored]] = {}
        known = {day: list(plan.carried) for day, plan in looked.plans.items()}
        for day, outcome in outcomes:
            known[day].append(outcome)
        for day, place in rows.places(merged, dates).items():
            found = merged[place]
            about = to_store(table, day, demand[day], found, known.get(day, []), inputs, session)
            parts[day] = found, about
        self.watch.lap("hash")
        marks = session.warehouse.replace(table, parts)
        written = self.trail.written = {day: found for day, (found, _) in parts.items()}
        keep_written(table, written, marks, session)
        self.watch.lap("write")
        seconds = self.watch.share(len(dates))
        return {
            day: built(
                looked,
                day,
                about,
                demand[day],
                causes.get(day, ()),
                seconds,
                computed.chunk_seconds,
            )
            for day, (_, about) in parts.items()
        }
