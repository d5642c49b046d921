"""What a run writes about itself, batch by batch: runs, failures, attempts and breakers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import breakers, logs
from nba_pipeline.engine.attempts import attempt_row, breaker_row, breakers_of, next_attempt
from nba_pipeline.engine.breakers import Attempts, Breaker, BreakerSettings
from nba_pipeline.engine.changes import RowChange, as_log_rows
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.engine.incomplete import Incomplete, incomplete, says_what_is_missing
from nba_pipeline.engine.plan import Decision
from nba_pipeline.engine.protocols import Outcome, Stored
from nba_pipeline.engine.quarantine import record_set_aside
from nba_pipeline.engine.rows import places
from nba_pipeline.engine.session import Mode, Partition, Session
from nba_pipeline.engine.table import FailureCategory, Table
from nba_pipeline.engine.worker_runs import worker_rows
from nba_pipeline.engine.writer import Writer

#: Stands for the whole partition where an entity is asked for.
DATE_LEVEL = "DATE_LEVEL"

#: Why a partition was not tried: it failed too often in a row.
BREAKER_OPEN = "circuit_breaker_open"

_ANALYTICS_LAYERS = ("raw", "reference", "analytics")
_LONGEST_REASON = 1000
_RESOLVED = "RESOLVED"
_FINAL_CATEGORIES = frozenset(
    {
        FailureCategory.EXPECTED_INCOMPLETE,
        FailureCategory.CIRCUIT_BREAKER_ACTIVE,
        FailureCategory.PROCESSING_ERROR,
    }
)


@dataclass
class Trail:
    """What a batch of partitions leaves behind for its records.

    Attributes:
        stored: What was known about each partition before.
        before: The rows there were, with every revision; None where nothing was read.
        written: The rows each now has.
        ages: Hours since what each reads was written.
        tried: The input hash of each entity that broke.
        attempts: The failed attempts before.
    """

    stored: Mapping[date, Stored] = field(default_factory=dict)
    before: pa.Table | None = None
    written: Mapping[date, pa.Table] = field(default_factory=dict)
    ages: Mapping[date, float] = field(default_factory=dict)
    tried: dict[tuple[date, str], str] = field(default_factory=dict)
    attempts: Mapping[tuple[date, str], Attempts] = field(default_factory=dict)


def record(table: Table, partitions: Sequence[Partition], trail: Trail, session: Session) -> None:
    """Append what a batch did: runs, new and ended failures, attempts, breakers."""
    writer = Writer(session.warehouse, session.run_id, session.now)
    settings = BreakerSettings.from_environment(session.environ)
    if any(declared.is_feed for declared in table.inputs.values()):
        record_set_aside(session)
    trail.ages = _ages(table, [told.date for told in partitions], session)
    writer.append(run_log(table), [_run_row(table, told, trail, session) for told in partitions])
    causes = [row for told in partitions for row in _cause_rows(table, told, writer)]
    writer.append(logs.RUN_CAUSES, causes)
    known = breakers_of(table, session)
    failures = [row for told in partitions for row in _failures(table, told, trail, writer)]
    failures += _ended(table, partitions, known, writer)
    writer.append(failure_log(table), failures)
    if table.answered_by:
        writer.append(logs.PREDICTION_WORKER_RUNS, _asked(table, partitions, trail, writer))
    changes = _breaker_changes(table, partitions, settings, known, writer)
    writer.append(logs.CIRCUIT_BREAKER_STATE, changes)
    if session.mode is not Mode.BACKFILL:
        attempts = [
            attempt_row(
                table,
                day,
                entity,
                next_attempt(trail.attempts.get((day, entity)), inputs_hash, writer.now, settings),
                "computing it failed",
                writer,
            )
            for (day, entity), inputs_hash in trail.tried.items()
        ]
        writer.append(logs.REPROCESS_ATTEMPTS, attempts)


def _asked(
    table: Table, partitions: Sequence[Partition], trail: Trail, writer: Writer
) -> list[dict[str, Any]]:
    rows = []
    for told in partitions:
        known, written = trail.stored.get(told.date), trail.written.get(told.date)
        before = known.outcomes if known else ()
        rows += worker_rows(table, told, before, written, writer.run_id, writer.now)
    return rows


def record_changes(changed: Sequence[RowChange], session: Session) -> None:
    """Append how rows change, before they do: whoever reads them must find it afterwards.

    A run killed in between is repeated, and then so is the same line, which changes nothing.
    """
    writer = Writer(session.warehouse, session.run_id, session.now)
    writer.append(logs.ROW_CHANGES, as_log_rows(changed, session.run_id))


def _cause_rows(table: Table, told: Partition, writer: Writer) -> Iterator[dict[str, Any]]:
    for cause in told.causes:
        yield {
            "processor_name": table.name,
            "run_id": writer.run_id,
            "analysis_date": told.date,
            "entity_id": cause.entity,
            "decision": cause.decision or None,
            "kind": cause.kind.value,
            "input_table": cause.table or None,
            "input_date": cause.date,
            "row_key": cause.row_key or None,
            "old_hash": cause.old_hash or None,
            "new_hash": cause.new_hash or None,
            "sentence": cause.sentence,
            "further_rows": cause.further,
            "created_at": writer.now,
        }


def _breaker_changes(
    table: Table,
    partitions: Sequence[Partition],
    settings: BreakerSettings,
    known: dict[date, Breaker],
    writer: Writer,
) -> list[dict[str, Any]]:
    """New states of the breakers of partitions that failed, or that work again; now the known."""
    changes = []
    for told in partitions:
        breaker = known.get(told.date, Breaker())
        if told.cause == BREAKER_OPEN or not (told.problem or breaker.failures):
            continue
        tried, _ = breakers.before_try(breaker, writer.now, settings)
        after = breakers.after_try(tried, writer.now, settings, succeeded=not told.problem)
        known[told.date] = after
        changes.append(breaker_row(table, told.date, after, told.problem, settings, writer))
    return changes


def _failures(
    table: Table, told: Partition, trail: Trail, writer: Writer
) -> Iterator[dict[str, Any]]:
    """Failures that are new in this run, and the ends of those that are over."""
    if told.problem:
        category = FailureCategory.MISSING_DEPENDENCY.value
        if told.cause != "missing input":
            category = FailureCategory.MISSING_DATA.value
        yield failure_row(
            table, told.date, Outcome(DATE_LEVEL, category, told.problem, "-"), writer
        )
        return
    if told.date not in trail.written:
        return
    known = trail.stored.get(told.date)
    before = {outcome.entity: outcome for outcome in known.outcomes} if known else {}
    now = {outcome.entity: outcome for outcome in told.outcomes}
    for entity, outcome in now.items():
        if outcome.is_broken or before.get(entity) != outcome:
            yield failure_row(table, told.date, outcome, writer)
    for entity, outcome in before.items():
        if entity not in now:
            yield resolved_row(table, told.date, outcome, writer)
    yield from _incomplete(table, told.date, trail, now.keys(), writer)


def _ended(
    table: Table, partitions: Sequence[Partition], known: Mapping[date, Breaker], writer: Writer
) -> list[dict[str, Any]]:
    """The ends of failures of whole partitions: those that failed, and work now."""
    again = {t.date for t in partitions if not t.problem and known.get(t.date, Breaker()).failures}
    if not again:
        return []
    log = failure_log(table)
    told = writer.warehouse.read_log(log)
    is_date = pc.equal(told["entity_id"], DATE_LEVEL)
    theirs = told.filter(pc.and_(is_date, pc.equal(told["processor_name"], table.name)))
    newest = {row["analysis_date"]: row for row in logs.in_order(log, theirs, writer.now)}
    return [
        _resolved({**newest[day], "run_id": writer.run_id, "created_at": writer.now}, writer)
        for day in sorted(again & newest.keys())
        if newest[day]["resolution_status"] != _RESOLVED
    ]


def _config_hash(table: Table, environ: Mapping[str, str]) -> str:
    """Digest of the table's version and of the settings that change its rows."""
    settings = sorted(table.settings_in(environ).items())
    return text_digest(table.full_name, str(table.version), repr(settings))[:16]


def _ages(table: Table, dates: Sequence[date], session: Session) -> dict[date, float]:
    """Hours since the oldest of the partitions of its own day that each reads was written.

    A table that reads only a source's feeds has none: what is published carries no such time.
    """
    read = {
        declared.table
        for declared in table.inputs.values()
        if not declared.is_feed and declared.window.holds_date
    }
    oldest: dict[date, datetime] = {}
    for name in read:
        for day, known in session.warehouse.stored(session.tables[name], dates).items():
            if known.computed_at:
                oldest[day] = min(known.computed_at, oldest.get(day, known.computed_at))
    return {
        day: round(max(0.0, (session.now - written).total_seconds()) / 3600, 2)
        for day, written in oldest.items()
    }


def _run_row(table: Table, told: Partition, trail: Trail, session: Session) -> dict[str, Any]:
    entities = told.computed + told.reused + told.rejected
    writer = Writer(session.warehouse, session.run_id, session.now)
    written = trail.written.get(told.date)
    reasons = [o.reason for o in told.outcomes if o.is_broken] + [told.problem] * bool(told.problem)
    computed_nothing = written is None and not told.problem
    return {
        "processor_name": table.name,
        "run_id": writer.run_id,
        "run_date": writer.now,
        "success": not told.problem and not told.failed,
        "duration_seconds": round(sum(told.seconds.values()), 3),
        "analysis_date": told.date,
        "records_processed": told.computed,
        "records_inserted": told.count(Decision.NEW),
        "records_updated": max(0, told.computed - told.count(Decision.NEW)),
        "records_skipped": told.reused + told.rejected,
        "dependency_check_passed": told.cause != "missing input",
        "data_completeness_pct": (
            round(100 * (entities - told.rejected - told.failed) / entities, 2)
            if entities
            else 100.0
        ),
        "errors_json": json.dumps(reasons),
        "warning_count": told.rejected,
        "bytes_processed": written.nbytes if written is not None else 0,
        "processor_version": str(table.version),
        "config_hash": _config_hash(table, session.environ),
        "upstream_data_age_hours": trail.ages.get(told.date),
        "skip_reason": told.skip_reason or ("source_unchanged" if computed_nothing else None),
        "cause": told.problem or told.cause,
        "data_version": told.data_version or None,
        "created_at": writer.now,
    }


# Runs and failures --------------------------------------------------------------------------------


def run_log(table: Table) -> logs.Log:
    """Where a table's runs are recorded."""
    return logs.ANALYTICS_RUNS if table.layer in _ANALYTICS_LAYERS else logs.PRECOMPUTE_RUNS


def failure_log(table: Table) -> logs.Log:
    """Where a table's failures are recorded."""
    if table.layer == "predictions":
        return logs.PREDICTION_FAILURES
    is_analytics = table.layer in _ANALYTICS_LAYERS
    return logs.ANALYTICS_FAILURES if is_analytics else logs.PRECOMPUTE_FAILURES


def failure_row(
    table: Table, day: date, outcome: Outcome, writer: Writer, **known: Any
) -> dict[str, Any]:
    """An entity without a row, or with an incomplete one, as a row of the failure log."""
    is_date = outcome.entity == DATE_LEVEL
    return {
        "processor_name": table.name,
        "run_id": writer.run_id,
        "analysis_date": day,
        "entity_id": outcome.entity,
        "entity_type": "DATE" if is_date else table.fan_out.unit.upper(),
        "failure_category": outcome.category,
        "failure_reason": outcome.reason[:_LONGEST_REASON],
        "can_retry": outcome.category not in _FINAL_CATEGORIES,
        "failure_type": outcome.category if outcome.is_broken else None,
        "resolution_status": "UNRESOLVED",
        "created_at": writer.now,
        **known,
    }


def resolved_row(table: Table, day: date, before: Outcome, writer: Writer) -> dict[str, Any]:
    """The end of a failure: the entity has a row now."""
    return _resolved(failure_row(table, day, before, writer), writer)


def _resolved(row: dict[str, Any], writer: Writer) -> dict[str, Any]:
    return {**row, "resolution_status": _RESOLVED, "resolved_at": writer.now}


def incomplete_row(
    table: Table, day: date, entity: str, found: Incomplete, writer: Writer
) -> dict[str, Any]:
    """A row that was written although something is missing behind it, as a failure."""
    return failure_row(
        table,
        day,
        Outcome(entity, found.category, found.reason, "-"),
        writer,
        failure_type=found.failure_type,
        is_correctable=found.is_correctable,
        expected_game_count=found.expected,
        actual_game_count=found.actual,
        missing_game_dates=json.dumps(found.missing_dates),
        raw_data_checked=True,
    )


def _incomplete(
    table: Table, day: date, trail: Trail, gone: Collection[str], writer: Writer
) -> Iterator[dict[str, Any]]:
    """What is newly incomplete, and what no longer is; nothing is told twice."""
    if not says_what_is_missing(table):
        return
    now = incomplete(table, trail.written[day])
    before = incomplete(table, _of_day(trail.before, day))
    for entity, found in now.items():
        if before.get(entity) != found:
            yield incomplete_row(table, day, entity, found, writer)
    for entity, found in before.items():
        if entity not in now and entity not in gone:
            yield _resolved(incomplete_row(table, day, entity, found, writer), writer)


def _of_day(rows: pa.Table | None, day: date) -> pa.Table:
    return pa.table({}) if rows is None else rows[places(rows, [day])[day]]
