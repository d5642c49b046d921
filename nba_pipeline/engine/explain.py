"""Why a partition or one of its entities was, was not or would be computed, told in sentences.

What would happen is found by rehearsing it, what did happen is read from what runs left behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import changes, logs, rows
from nba_pipeline.engine.attribution import in_windows, reached, upstream_of
from nba_pipeline.engine.causes import Cause, InWindows, Kind, Seer, sentences
from nba_pipeline.engine.changes import RowChange
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.overlay import Overlay
from nba_pipeline.engine.plan import Decision, demands
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.reading import lay_out, read_inputs
from nba_pipeline.engine.recording import run_log
from nba_pipeline.engine.rehearsal import bring
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.windows import STRIDE, Slices

_HASH_DIGITS = 16
_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Seen:
    """What is seen of one input.

    Attributes:
        table: ``dataset.name``, or the name of a source's feed.
        input: The name the table gives it.
        rows: Rows in the window.
        hash: Digest of those rows.
        was: The same when it was last computed; empty where it never was.
    """

    table: str
    input: str
    rows: int
    hash: str
    was: str


@dataclass(frozen=True)
class PastRun:
    """A run that computed it, and why.

    Attributes:
        run_id: The run.
        at: When.
        causes: In words.
    """

    run_id: str
    at: datetime
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """All there is to say.

    Attributes:
        table: ``dataset.name``.
        date: The partition.
        entity: The entity; empty for the whole partition.
        decision: What would be done: a plan's word for a partition, ``Decision`` for an entity.
        sentence: Why, in one sentence.
        causes: Of what would be computed, in words.
        inputs: What is seen of each input.
        runs: The runs that computed it, newest first.
        checked_at: When a run last looked at the partition.
    """

    table: str
    date: date
    entity: str
    decision: str
    sentence: str
    causes: tuple[str, ...]
    inputs: tuple[Seen, ...]
    runs: tuple[PastRun, ...]
    checked_at: datetime | None


def explain(
    table: Table, day: date, who: str, session: Session, span: tuple[date, date] | None
) -> Explanation:
    """Explain a partition, or an entity of it.

    Args:
        table: Whose partition.
        day: Its date.
        who: The entity, or one of the values that name it; empty for the whole partition.
        session: What a run would work with; its warehouse is only read.
        span: The first and the last partition there is; None leaves the date's history alone.

    Raises:
        ConfigurationError: When the partition has no such entity, or more than one.
    """
    stored = session.warehouse.stored(table, [day]).get(day)
    ahead = replace(session, warehouse=Overlay(session.warehouse))
    reports = bring(_with_all_it_reads(table, session.tables), [day], ahead, span)
    report = _of(table, day, reports)
    scene = _Scene(table, day, stored, session, ahead)
    entity = scene.named(who, report) if who else ""
    runs, checked_at = _past(table, day, entity, session)
    decision = report.changed.get(entity, Decision.UNCHANGED).value if who else report.verdict
    why = [cause for cause in report.causes if cause.entity in ("", entity)]
    return Explanation(
        table.full_name,
        day,
        entity,
        decision,
        _sentence(table, report, entity, decision, why),
        tuple(sentences(why if who else report.causes)),
        tuple(scene.inputs_of(entity) if who else scene.inputs()),
        tuple(runs),
        checked_at,
    )


def _with_all_it_reads(table: Table, tables: Mapping[str, Table]) -> list[Table]:
    wanted = {table.name}
    for name in reversed(list(tables)):
        if name in wanted:
            wanted |= upstream_of(tables[name])
    return [found for name, found in tables.items() if name in wanted]


def _of(table: Table, day: date, reports: Sequence[Partition]) -> Partition:
    """The partition's report; a problem of a table before it is its own."""
    for report in reports:
        if (report.table, report.date) == (table.full_name, day):
            return report
    problem = next(report.problem for report in reports if report.problem)
    return Partition(table.full_name, day, problem=problem)


# In words -----------------------------------------------------------------------------------------


def _sentence(
    table: Table, report: Partition, entity: str, decision: str, why: Sequence[Cause]
) -> str:
    subject = f"{entity} in {table.name} of {report.date}" if entity else ""
    subject = subject or f"{table.name} of {report.date}"
    if report.problem:
        return f"{subject} cannot be computed: {report.problem}"
    if not entity:
        return f"{subject} would be {_VERDICTS[decision]}: {report.cause}"
    because = "; ".join(cause.sentence for cause in why)
    if decision == Decision.UNCHANGED:
        told = f"{subject} would be reused: nothing it reads has changed since it was computed"
    elif decision == Decision.GONE:
        told = f"{subject} would be dropped because {because}"
    elif decision == Decision.NEW:
        told = f"{subject} would be computed for the first time because {because}"
    else:
        told = f"{subject} would be computed again because {because}"
    return told + _without_row(report, entity)


_VERDICTS = {"compute": "computed", "reuse": "reused", "stop": "stopped"}


def _without_row(report: Partition, entity: str) -> str:
    for outcome in report.outcomes:
        if outcome.entity == entity and outcome.is_broken:
            return f"; computing it breaks: {outcome.reason}"
        if outcome.entity == entity:
            return f"; it has no row, a rule turns it away: {outcome.category}: {outcome.reason}"
    return ""


# What it reads ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scene:
    """A partition with what it was and would be computed from."""

    table: Table
    day: date
    stored: Stored | None
    session: Session
    ahead: Session

    def named(self, who: str, report: Partition) -> str:
        """The entity that a person means."""
        planned = lay_out(self.table, self._read(self.table), self.ahead).entities
        entities = dict.fromkeys([*planned, *report.changed])
        found = [entity for entity in entities if who in (entity, *entity.split("|"))]
        if len(found) == 1:
            return found[0]
        named = ", ".join(list(found or entities)[:_NAMES_SHOWN])
        unit, name = self.table.fan_out.unit, self.table.name
        if found:
            raise ConfigurationError(
                f"{who} is not one {unit} in {name} of {self.day} but {len(found)}: {named}"
            )
        there = f"it has {len(entities)}, such as {named}" if entities else "it has none at all"
        raise ConfigurationError(f"{name} of {self.day} has no {unit} {who}: {there}")

    def inputs(self) -> Iterable[Seen]:
        """What the whole partition sees."""
        table, ahead = self.table, self.ahead
        demand = demands(
            table, [self.day], ahead.tables, ahead.warehouse, ahead.source, ahead.environ
        )[self.day]
        was: Mapping[str, str] = self.stored.inputs if self.stored else {}
        for name, found in self._read(table).items():
            digest, before = demand.inputs[name], was.get(name, "")
            yield self._seen(name, found.num_rows, digest, before)

    def inputs_of(self, entity: str) -> Iterable[Seen]:
        """What one entity sees."""
        # The same windows once more, with the hash of every row in them.
        hashed = replace(
            self.table,
            inputs={
                name: i if i.is_feed else replace(i, columns=(*i.columns, "data_hash"))
                for name, i in self.table.inputs.items()
            },
        )
        planned = lay_out(hashed, self._read(hashed), self.ahead)
        if entity not in planned.entities:
            return
        at = planned.entities.index(entity)
        moment = self.stored.computed_at if self.stored else None
        log = self.ahead.warehouse
        every = changes.since(log, reached(self.table, [self.day]), moment) if moment else []
        windows = in_windows(self.table, planned, every, moment)
        cells = planned.cells
        seer = Seer(self.day, lambda name: cells.columns[name][at], at)
        for name, declared in self.table.inputs.items():
            if declared.is_feed:
                yield self._of_feed(name, entity)
            else:
                yield self._of_table(name, cells.windows[name], windows, seer)

    def _of_table(self, name: str, window: Slices, windows: InWindows, seer: Seer) -> Seen:
        held = slice(int(window.start[seer.at]), int(window.stop[seer.at]))
        days = (window.buffer.position[held] % STRIDE).astype("datetime64[D]").tolist()
        now = list(zip(days, window.buffer.columns["data_hash"][held].tolist(), strict=True))
        was = _undone(now, windows.of_input(name, seer)) if self.stored else None
        return self._seen(name, len(now), _digest(now), _digest(was) if was is not None else "")

    def _of_feed(self, name: str, entity: str) -> Seen:
        """What the table's own rows keep of what the source says."""
        now = self._own(self.ahead, entity)
        was = _digest(self._own(self.session, entity)) if self.stored else ""
        return self._seen(name, len(now), _digest(now), was)

    def _own(self, session: Session, entity: str) -> list[tuple[date, str]]:
        found = session.warehouse.read(self.table, [self.day])
        if found.num_rows:
            found = found.filter(pc.equal(rows.entities(self.table, found), pa.scalar(entity)))
        return [(self.day, data_hash) for data_hash in found["data_hash"].to_pylist()]

    def _read(self, table: Table) -> dict[str, pa.Table]:
        return read_inputs(table, [self.day], self.ahead)

    def _seen(self, name: str, count: int, digest: str, was: str) -> Seen:
        declared = self.table.inputs[name]
        full = declared.table if declared.is_feed else self.session.tables[declared.table].full_name
        return Seen(full, name, count, digest[:_HASH_DIGITS], was[:_HASH_DIGITS])


def _digest(lines: Iterable[tuple[date, str]]) -> str:
    """A digest of rows by their day and hash, in whatever order."""
    text = "\n".join(sorted(f"{day}={data_hash}" for day, data_hash in lines))
    return hashlib.sha256(text.encode()).hexdigest()


def _undone(
    now: Sequence[tuple[date, str]], changed: Iterable[RowChange]
) -> list[tuple[date, str]]:
    """The rows as they were before some changes."""
    was = list(now)
    for change in changed:
        if change.is_partition:
            was = [line for line in was if line[0] != change.date]
            continue
        if (change.date, change.new_hash) in was:
            was.remove((change.date, change.new_hash))
        if change.old_hash:
            was.append((change.date, change.old_hash))
    return was


# What happened ------------------------------------------------------------------------------------


def _past(
    table: Table, day: date, entity: str, session: Session
) -> tuple[list[PastRun], datetime | None]:
    """The runs that computed it, newest first, and when one last looked."""
    found = _about(table, day, session.warehouse.read_log(logs.RUN_CAUSES))
    by_run: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        if not entity or row["entity_id"] in ("", entity):
            by_run.setdefault(row["run_id"], []).append(row)
    runs = [
        PastRun(run_id, of_run[0]["created_at"], tuple(sentences(_causes(of_run))))
        for run_id, of_run in by_run.items()
    ]
    checked = _about(table, day, session.warehouse.read_log(run_log(table)))
    last = max((row["created_at"] for row in checked), default=None)
    return sorted(runs, key=lambda run: run.at, reverse=True), last


def _about(table: Table, day: date, log: pa.Table) -> list[dict[str, Any]]:
    same_table = pc.equal(log["processor_name"], table.name)
    same_day = pc.equal(log["analysis_date"], pa.scalar(day))
    found: list[dict[str, Any]] = log.filter(pc.and_(same_table, same_day)).to_pylist()
    return found


def _causes(of_run: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """Rows of the log as the causes they were."""
    return [
        Cause(Kind(row["kind"]), row["sentence"], row["entity_id"], row["decision"] or "")
        for row in of_run
    ]
