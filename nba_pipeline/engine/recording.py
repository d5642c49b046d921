"""What a run writes about itself: runs, failures, attempts and breakers, as rows of the logs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import breakers, logs
from nba_pipeline.engine.breakers import Attempts, Breaker, BreakerSettings, State
from nba_pipeline.engine.changes import RowChange, as_log_rows
from nba_pipeline.engine.plan import Decision
from nba_pipeline.engine.protocols import Outcome, Stored, Warehouse
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import FailureCategory, Table

#: Stands for the whole partition where an entity is asked for.
DATE_LEVEL = "DATE_LEVEL"

#: Why a partition was not tried: it failed too often in a row.
BREAKER_OPEN = "circuit_breaker_open"

_ANALYTICS_LAYERS = ("raw", "reference", "analytics")
_LONGEST_REASON = 1000
_LONGEST_ERROR = 500
_FINAL_CATEGORIES = frozenset(
    {
        FailureCategory.EXPECTED_INCOMPLETE,
        FailureCategory.CIRCUIT_BREAKER_ACTIVE,
        FailureCategory.PROCESSING_ERROR,
    }
)


@dataclass(frozen=True)
class Writer:
    """Whose rows are written, and when.

    Attributes:
        warehouse: Where the logs are.
        run_id: The run.
        now: The run's moment.
    """

    warehouse: Warehouse
    run_id: str
    now: datetime

    def append(self, log: logs.Log, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows, each given by the columns it has."""
        if rows:
            filled = [{c.name: row.get(c.name) for c in log.columns} for row in rows]
            self.warehouse.append(log, pa.Table.from_pylist(filled, schema=log.schema))


@dataclass
class Trail:
    """What a batch of partitions leaves behind for its records.

    Attributes:
        stored: What was known about each partition before.
        written: The rows each now has.
        tried: The input hash of each entity that broke.
        attempts: The failed attempts before.
    """

    stored: Mapping[date, Stored] = field(default_factory=dict)
    written: Mapping[date, pa.Table] = field(default_factory=dict)
    tried: dict[tuple[date, str], str] = field(default_factory=dict)
    attempts: Mapping[tuple[date, str], Attempts] = field(default_factory=dict)


def record(table: Table, partitions: Sequence[Partition], trail: Trail, session: Session) -> None:
    """Append what a batch did: runs, new and ended failures, attempts, breakers."""
    writer = Writer(session.warehouse, session.run_id, session.now)
    settings = BreakerSettings.from_environment(session.environ)
    writer.append(run_log(table), [_run_row(table, told, trail, writer) for told in partitions])
    causes = [row for told in partitions for row in _cause_rows(table, told, writer)]
    writer.append(logs.RUN_CAUSES, causes)
    failures = [row for told in partitions for row in _failures(table, told, trail, writer)]
    writer.append(failure_log(table), failures)
    writer.append(logs.CIRCUIT_BREAKER_STATE, _breaker_changes(table, partitions, settings, writer))
    if session.mode != "backfill":
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
    table: Table, partitions: Sequence[Partition], settings: BreakerSettings, writer: Writer
) -> list[dict[str, Any]]:
    """New states of the breakers of partitions that failed, or that work again."""
    before = breakers_of(table, writer.warehouse, [told.date for told in partitions])
    changes = []
    for told in partitions:
        breaker = before.get(told.date, Breaker())
        if told.cause == BREAKER_OPEN or not (told.problem or breaker.failures):
            continue
        tried, _ = breakers.before_try(breaker, writer.now, settings)
        after = breakers.after_try(tried, writer.now, settings, succeeded=not told.problem)
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
    yield from incomplete_rows(table, told.date, trail.written[told.date], writer)


def _run_row(table: Table, told: Partition, trail: Trail, writer: Writer) -> dict[str, Any]:
    entities = told.computed + told.reused + told.rejected
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
        "config_hash": told.fingerprint[:16] or None,
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
    return failure_row(table, day, before, writer) | {
        "resolution_status": "RESOLVED",
        "resolved_at": writer.now,
    }


def incomplete_rows(
    table: Table, day: date, rows: pa.Table, writer: Writer
) -> list[dict[str, Any]]:
    """Rows of this run that were written although games are missing behind them."""
    needed = {"completeness_percentage", "missing_games_count", "data_quality_issues"}
    if not needed <= set(rows.column_names):
        return []
    mine = pc.equal(rows["run_id"], writer.run_id)
    late = pc.and_(mine, pc.greater(rows["missing_games_count"], 0).combine_chunks())
    return [_incomplete(table, day, row, writer) for row in rows.filter(late).to_pylist()]


def _incomplete(table: Table, day: date, row: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    entity = "|".join(str(row[name]) for name in table.entity)
    missing = [
        issue.removeprefix("missing_game_")
        for issue in row["data_quality_issues"] or []
        if issue.startswith("missing_game_")
    ]
    outcome = Outcome(
        entity,
        FailureCategory.INCOMPLETE_DATA.value,
        f"{row['missing_games_count']} of {row['expected_games_count']} games are missing behind "
        f"the row: {', '.join(missing) or 'dates unknown'}",
        inputs_hash=row["inputs_hash"],
    )
    return failure_row(
        table,
        day,
        outcome,
        writer,
        failure_type="DATA_GAP" if missing else "UNKNOWN",
        is_correctable=bool(missing),
        expected_game_count=row["expected_games_count"],
        actual_game_count=row["actual_games_count"],
        missing_game_dates=json.dumps(missing),
        raw_data_checked=True,
    )


# Attempts at broken entities ----------------------------------------------------------------------


def attempts_so_far(
    table: Table, warehouse: Warehouse, dates: Iterable[date]
) -> dict[tuple[date, str], Attempts]:
    """The failed attempts at each entity of some partitions; the newest row of each counts."""
    rows = warehouse.read_log(logs.REPROCESS_ATTEMPTS)
    wanted = set(dates)
    found: dict[tuple[date, str], Attempts] = {}
    for row in sorted(rows.to_pylist(), key=lambda row: row["attempted_at"]):
        if row["processor_name"] == table.name and row["analysis_date"] in wanted:
            found[row["analysis_date"], row["entity_id"]] = Attempts(
                row["attempt_number"], row["inputs_hash"] or "", row["circuit_breaker_until"]
            )
    return found


def attempt_row(
    table: Table, day: date, entity: str, attempts: Attempts, reason: str, writer: Writer
) -> dict[str, Any]:
    """One failed attempt as a row."""
    return {
        "processor_name": table.name,
        "entity_id": entity,
        "analysis_date": day,
        "attempt_number": attempts.number,
        "attempted_at": writer.now,
        "inputs_hash": attempts.inputs_hash,
        "skip_reason": reason[:_LONGEST_REASON],
        "circuit_breaker_tripped": attempts.locked_until is not None,
        "circuit_breaker_until": attempts.locked_until,
        "manual_override_applied": False,
        "created_at": writer.now,
    }


def override_row(table: Table, day: date, entity: str, notes: str, now: datetime) -> dict[str, Any]:
    """A person's word that an entity may be tried again at once."""
    return {
        "processor_name": table.name,
        "entity_id": entity,
        "analysis_date": day,
        "attempt_number": 0,
        "attempted_at": now,
        "inputs_hash": "",
        "circuit_breaker_tripped": False,
        "manual_override_applied": True,
        "notes": notes,
        "created_at": now,
    }


# Breakers of whole partitions ---------------------------------------------------------------------


def breaker_name(table: Table, day: date) -> str:
    """What a partition's breaker is filed under."""
    return f"{table.name}:{day}"


def breakers_of(table: Table, warehouse: Warehouse, dates: Iterable[date]) -> dict[date, Breaker]:
    """The breakers of some partitions; one that nobody wrote about is closed."""
    newest: dict[str, Mapping[str, Any]] = {}
    rows = warehouse.read_log(logs.CIRCUIT_BREAKER_STATE).to_pylist()
    for row in sorted(rows, key=lambda row: row["updated_at"]):
        newest[row["processor_name"]] = row
    found = {}
    for day in dates:
        row = newest.get(breaker_name(table, day))
        if row:
            found[day] = Breaker(
                State(row["state"]),
                row["failure_count"],
                row["success_count"],
                row["opened_at"],
                row["half_opened_at"],
            )
    return found


def breaker_row(
    table: Table,
    day: date,
    breaker: Breaker,
    problem: str,
    settings: BreakerSettings,
    writer: Writer,
) -> dict[str, Any]:
    """A breaker's new state as a row."""
    return {
        "processor_name": breaker_name(table, day),
        "state": breaker.state.value,
        "failure_count": breaker.failures,
        "success_count": breaker.successes,
        "last_failure": writer.now if problem else None,
        "last_success": None if problem else writer.now,
        "opened_at": breaker.opened_at,
        "half_opened_at": breaker.half_opened_at,
        "updated_at": writer.now,
        "last_error_message": problem[:_LONGEST_ERROR] or None,
        "last_error_type": "PipelineError" if problem else None,
        "failure_history": [problem[:_LONGEST_ERROR]] if problem else [],
        "threshold": settings.failures,
        "timeout_seconds": int(settings.timeout.total_seconds()),
        "half_open_max_calls": 1,
    }


def next_attempt(
    before: Attempts | None, inputs_hash: str, now: datetime, settings: BreakerSettings
) -> Attempts:
    """The attempts after one more failure of an entity."""
    return breakers.after_failure(before or Attempts(), inputs_hash, now, settings)
