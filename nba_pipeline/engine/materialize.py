"""Bringing a table up to date: read, plan, compute, merge, check, write. The only path there is.

A daily run, a backfill, a click in the UI and a test all come through ``materialize``. A partition
whose fingerprint has not moved is reused without being read; in the others only the entities whose
inputs changed are computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.attempts import attempts_so_far, breakers_of
from nba_pipeline.engine.attribution import Looked, of_entities, of_partition, summary
from nba_pipeline.engine.breakers import BreakerSettings, before_try, is_locked
from nba_pipeline.engine.causes import Cause
from nba_pipeline.engine.changes import RowChange, found_by, of_partitions
from nba_pipeline.engine.errors import (
    DeadlineError,
    OutsideSeasonError,
    PipelineError,
    RowError,
    is_transient,
)
from nba_pipeline.engine.fanout import Computed, fan_out
from nba_pipeline.engine.inputs import PlannedCells
from nba_pipeline.engine.machine import usable_cpus
from nba_pipeline.engine.plan import (
    Decision,
    Demand,
    EntityPlan,
    decide,
    demands,
    is_up_to_date,
    read_partitions,
)
from nba_pipeline.engine.protocols import Outcome, Retelling, Stored, Versions
from nba_pipeline.engine.reading import (
    SCHEDULE,
    in_bootstrap,
    keep_written,
    lay_out,
    read_inputs,
)
from nba_pipeline.engine.recording import BREAKER_OPEN, Trail, record, record_changes
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.snapshot import Snapshot
from nba_pipeline.engine.table import FailureCategory, Table

__all__ = ["BATCH_DATES", "Partition", "Session", "materialize", "refuse_problems"]

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
            day: _reused(table, day, stored[day]) for day in self.dates if day not in set(fresh)
        }
        reports |= self._blocked(fresh)
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

    def _blocked(self, dates: Sequence[date]) -> dict[date, Partition]:
        """Partitions that failed too often in a row and may not be tried yet."""
        session = self.session
        if session.force:
            return {}
        settings = BreakerSettings.from_environment(session.environ)
        blocked = {}
        breakers = breakers_of(self.table, session)
        for day in (day for day in dates if day in breakers):
            breaker = breakers[day]
            _, may_try = before_try(breaker, session.now, settings)
            if not may_try:
                blocked[day] = Partition(
                    self.table.full_name,
                    day,
                    cause=BREAKER_OPEN,
                    skip_reason=BREAKER_OPEN,
                    problem=f"{self.table.name} of {day} failed {breaker.failures} times in a row "
                    f"and is not tried again within {settings.timeout} (--force tries at once)",
                )
        return blocked

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
        before = self._retold(dates, known, {day: stored[day] for day in whole})
        self.watch.lap("read")
        planned = lay_out(table, inputs, session)
        kept = _kept(table, known)
        plans = decide(
            table, planned, {day: stored[day] for day in whole}, kept, force=session.force
        )
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

        carried, told = _split(table, before, is_carried)
        _, replaced = _split(table, known, is_carried)
        other_version = {day for day in whole if stored[day].table_version != table.version}
        merged = rows.merge(table, fresh, told, session.now, other_version)
        came = [day for day in dates if day not in whole]
        kept_of = found_by(table, session.tables.values())
        moved = of_partitions(table, replaced, merged, came, kept_of, session.now)
        if before.num_rows:
            merged = rows.ordered(table, pa.concat_tables([merged, carried]))
        rows.refuse_duplicates(table, merged)
        self.watch.lap("merge")
        looked = Looked(table, planned, plans, stored, replaced, kept)
        causes = self._causes(dates, looked, moved)
        record_changes(moved, session)
        return self._write(dates, demand, looked, causes, merged, outcomes, computed, inputs)

    def _retold(
        self, dates: Sequence[date], before: pa.Table, stored: Mapping[date, Stored]
    ) -> pa.Table:
        """Stored rows with what the source has said since they were computed, word after word.

        Several corrections may have come between two runs, and a first run may find some. Each is a
        revision, known since it came; only a source that keeps what it said can tell them.
        """
        table, source = self.table, self.session.source
        if not (table.keeps_revisions and isinstance(source, Retelling)):
            return before
        for moment, days in _words(table, dates, stored, source).items():
            then = replace(self.session, source=source.as_of(moment))
            fresh, unsaid = _Batch(table, days, then).said()
            kept, told = _split(table, before, partial(_is_left, set(days), unsaid))
            merged = rows.merge(table, fresh, told, moment)
            before = rows.ordered(table, pa.concat_tables([merged, kept]))
        return before

    def said(self) -> tuple[pa.Table, set[tuple[date, str]]]:
        """What the source says of the dates, and the entities it has no rows of for a reason."""
        planned = lay_out(
            self.table, read_inputs(self.table, self.dates, self.session), self.session
        )
        outcomes, _, fresh = self._compute(planned, np.ones(len(planned.days), dtype=bool))
        return fresh, {(day, outcome.entity) for day, outcome in outcomes}

    def _causes(
        self, dates: Sequence[date], looked: Looked, moved: Sequence[RowChange]
    ) -> dict[date, tuple[Cause, ...]]:
        """Why each partition is computed: one cause for all of it, or one for each entity."""
        whole = {
            day: of_partition(self.table, looked.stored.get(day), self.session) for day in dates
        }
        found: dict[date, tuple[Cause, ...]] = {day: (why,) for day, why in whole.items() if why}
        one_by_one = [day for day in dates if not whole[day]]
        found |= of_entities(looked, one_by_one, moved, self.session)
        self.watch.lap("plan")
        return found

    def _compute(
        self, planned: PlannedCells, todo: np.ndarray
    ) -> tuple[list[tuple[date, Outcome]], Computed, pa.Table]:
        table, session = self.table, self.session
        outcomes = _turned_away(table, planned, todo)
        outcomes += self._locked_out(planned, todo)
        index = np.flatnonzero(todo)
        cells = planned.cells.only(todo)
        count = table.fan_out.workers(session.environ, usable_cpus())
        workers = session.pools.workers(
            table, count, serial=table.fan_out.switched_off(session.environ)
        )
        computed = Computed([], [])
        if len(cells):
            progress = session.progress
            computed = fan_out(
                table,
                cells,
                workers,
                chunk_cells=session.pools.chunk_cells,
                deadline_seconds=session.pools.deadline_seconds,
                progress=(
                    (lambda done, total: progress(table.name, done, total)) if progress else None
                ),
            )
        self.watch.lap("compute")
        for broken in computed.broken:
            at = int(index[broken.cell])
            entity = planned.entities[at]
            category = FailureCategory.PROCESSING_ERROR.value
            outcomes.append((planned.days[at], Outcome(entity, category, broken.reason)))
            self.trail.tried[planned.days[at], entity] = planned.inputs_hashes[at]
        outcomes += [
            (
                planned.days[at],
                Outcome(
                    planned.entities[at],
                    FailureCategory.INSUFFICIENT_DATA.value,
                    reason,
                    planned.inputs_hashes[at],
                ),
            )
            for at, reason in ((int(index[cell]), why) for cell, why in computed.abstained)
        ]
        fresh = rows.conform(table, computed.columns)
        fresh = rows.marked(table, fresh, session.source.calendar())
        self.watch.lap("conform")
        asked = planned.asked(index)
        finished = rows.finish(table, fresh, asked, session.run_id, session.now)
        self.watch.lap("hash")
        return outcomes, computed, finished

    def _locked_out(self, planned: PlannedCells, todo: np.ndarray) -> list[tuple[date, Outcome]]:
        """Entities that broke too often with these very inputs; they keep the outcome they had."""
        broke = {
            (day, outcome.entity): outcome
            for day, known in self.trail.stored.items()
            if not known.fingerprint  # as it is where something broke
            for outcome in known.outcomes
            if outcome.is_broken
        }
        if not broke or self.session.force:
            return []
        session = self.session
        attempts = attempts_so_far(self.table, session.warehouse, self.dates, session.now)
        self.trail.attempts = attempts
        locked = []
        for at in np.flatnonzero(todo).tolist():
            who = planned.days[at], planned.entities[at]
            known = attempts.get(who)
            if known and who in broke and is_locked(known, planned.inputs_hashes[at], session.now):
                todo[at] = False
                locked.append((planned.days[at], broke[who]))
        return locked

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
            about = self._about(day, demand[day], found, known.get(day, []), inputs)
            parts[day] = found, about
        self.watch.lap("hash")
        marks = session.warehouse.replace(table, parts)
        written = self.trail.written = {day: found for day, (found, _) in parts.items()}
        keep_written(table, written, marks, session)
        self.watch.lap("write")
        reports = {}
        seconds = self.watch.share(len(dates))
        for day, (_, about) in parts.items():
            plan, was = looked.plans.get(day) or EntityPlan(), looked.stored.get(day)
            why = causes.get(day, ())
            before = was.data_version if was and was.intact else ""
            sentence = (
                why[0].sentence
                if why and not why[0].entity
                else summary(table, was, demand[day], plan)
            )
            report = _report(table, day, about, plan, before, sentence, seconds, computed)
            reports[day] = replace(report, causes=why)
        return reports

    def _about(
        self,
        day: date,
        demand: Demand,
        found: pa.Table,
        outcomes: Sequence[Outcome],
        inputs: Mapping[str, pa.Table],
    ) -> Stored:
        table = self.table
        current = rows.current(table, found)
        broken = any(outcome.is_broken for outcome in outcomes)
        return Stored(
            # A partition with a broken entity is not up to date, whatever it was computed from.
            fingerprint="" if broken else demand.fingerprint,
            data_version=hashing.partition_version(
                current.select(list(table.key)), hashing.joined(current["data_hash"])
            ),
            rows=current.num_rows,
            entities=len(pc.unique(rows.entities(table, current))) if current.num_rows else 0,
            table_version=table.version,
            inputs=demand.inputs,
            outcomes=tuple(sorted(outcomes, key=lambda outcome: outcome.entity)),
            skip_reason="" if current.num_rows else self._why_nothing(day, inputs),
            settings=table.settings_in(self.session.environ),
            computed_at=self.session.now,
        )

    def _why_nothing(self, day: date, inputs: Mapping[str, pa.Table]) -> str:
        """Which kind of nothing: no games, between seasons, not played yet, missing."""
        calendar = self.session.source.calendar()
        if calendar.season_of(day) is None and calendar.is_between_seasons(day):
            return "offseason"
        windows = [declared.window for declared in self.table.inputs.values()]
        if all(window.weekday not in (None, day.weekday()) for window in windows):
            return "not_its_weekday"
        for name, declared in self.table.inputs.items():
            if declared.table == SCHEDULE and "game_status" in declared.columns:
                games = inputs[name]
                today = games.filter(pc.equal(games["game_date"], pa.scalar(day)))
                if not today.num_rows:
                    return "no_games"
                if day in in_bootstrap(self.table, inputs):
                    return "bootstrap_period"
                final = pc.any(pc.equal(today["game_status"], 3)).as_py()
                return "missing" if final else "not_yet"
        return "nothing_published"


def _words(
    table: Table, dates: Sequence[date], stored: Mapping[date, Stored], source: Retelling
) -> dict[datetime, list[date]]:
    """When the source said something else of some dates than before, and no run has heard it."""
    feeds = [declared.table for declared in table.inputs.values() if declared.is_feed]
    found: dict[datetime, list[date]] = {}
    for day in dates:
        last = stored.get(day)
        if last and (last.computed_at is None or last.table_version != table.version):
            continue
        for moment in sorted({at for feed in feeds for at in source.moments(feed, day)}):
            if not (last and last.computed_at and moment <= last.computed_at):
                found.setdefault(moment, []).append(day)
    return dict(sorted(found.items()))


def _is_left(
    about: Collection[date], unsaid: Collection[tuple[date, str]], day: date, entity: str
) -> bool:
    """Whether a word about some dates leaves an entity as it was."""
    return day not in about or (day, entity) in unsaid


def _split(
    table: Table, found: pa.Table, keeps: Callable[[date, str], bool]
) -> tuple[pa.Table, pa.Table]:
    """The rows of the entities that are kept, and the others."""
    if not found.num_rows:
        return found, found
    owners = zip(
        found["game_date"].to_pylist(), rows.entities(table, found).to_pylist(), strict=True
    )
    mask = np.array([keeps(day, owner) for day, owner in owners], dtype=bool)
    return found.filter(pa.array(mask)), found.filter(pa.array(~mask))


def _turned_away(
    table: Table, planned: PlannedCells, todo: np.ndarray
) -> list[tuple[date, Outcome]]:
    """Apply the gates in order; cells turned away are struck from ``todo``."""
    outcomes = []
    for gate in table.gates:
        away = np.asarray(gate.turns_away(planned.cells), dtype=bool) & todo
        told = {
            name: planned.cells[name] for _, name, _, _ in Formatter().parse(gate.reason) if name
        }
        for at in np.flatnonzero(away).tolist():
            named = {name: values[at] for name, values in told.items()}
            outcomes.append(
                (
                    planned.days[at],
                    Outcome(
                        planned.entities[at],
                        gate.category.value,
                        gate.reason.format(**named),
                        planned.inputs_hashes[at],
                    ),
                )
            )
        todo &= ~away
    return outcomes


def _kept(table: Table, before: pa.Table) -> dict[date, dict[str, str]]:
    """For each date, the ``inputs_hash`` of each entity that has rows."""
    current = rows.current(table, before)
    kept: dict[date, dict[str, str]] = {}
    if not current.num_rows:
        return kept
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


def _reused(table: Table, day: date, stored: Stored) -> Partition:
    return Partition(
        table.full_name,
        day,
        rows=stored.rows,
        reused=stored.entities + len(stored.outcomes),
        rejected=len(stored.outcomes),
        data_version=stored.data_version,
        before=stored.data_version,
        fingerprint=stored.fingerprint,
        cause="unchanged: nothing it reads has changed",
        skip_reason=stored.skip_reason,
        outcomes=stored.outcomes,
    )


def _report(
    table: Table,
    day: date,
    about: Stored,
    plan: EntityPlan,
    before: str,
    why: str,
    seconds: Mapping[str, float],
    computed: Computed,
) -> Partition:
    broken = sum(1 for outcome in about.outcomes if outcome.is_broken)
    rejected = len(about.outcomes) - broken
    reused = plan.count(Decision.UNCHANGED)
    gone = plan.count(Decision.GONE)
    new_rejected = rejected - len(plan.carried)
    return Partition(
        table.full_name,
        day,
        rows=about.rows,
        computed=len(plan.decisions) - reused - gone - new_rejected,
        reused=reused,
        rejected=rejected,
        failed=broken,
        gone=gone,
        data_version=about.data_version,
        fingerprint=about.fingerprint,
        cause=why if about.rows else f"{why}; no rows: {about.skip_reason}",
        skip_reason=about.skip_reason,
        outcomes=about.outcomes,
        changed=plan.changed,
        before=before,
        seconds=seconds,
        chunk_seconds=tuple(computed.chunk_seconds),
    )


def refuse_problems(partitions: Sequence[Partition]) -> None:
    """Check that every partition was built.

    Raises:
        RowError: Listing what stopped those that were not.
    """
    problems = [partition.problem for partition in partitions if partition.problem]
    if problems:
        raise RowError("; ".join(dict.fromkeys(problems)))
