"""Attempts and breakers as rows of their logs: read back, written, overridden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from nba_pipeline.engine import breakers, logs
from nba_pipeline.engine.breakers import Attempts, Breaker, BreakerSettings, State
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.writer import Writer

#: Longest texts kept.
_LONGEST_REASON, _LONGEST_ERROR = 1000, 500

# Attempts at broken entities ----------------------------------------------------------------------


def attempts_so_far(
    table: Table, warehouse: Warehouse, dates: Iterable[date], now: datetime
) -> dict[tuple[date, str], Attempts]:
    """The failed attempts at each entity of some partitions; the newest row of each counts."""
    log = logs.REPROCESS_ATTEMPTS
    wanted = set(dates)
    found: dict[tuple[date, str], Attempts] = {}
    for row in logs.in_order(log, warehouse.read_log(log), now):
        if row["processor_name"] == table.name and row["analysis_date"] in wanted:
            found[row["analysis_date"], row["entity_id"]] = Attempts(
                row["attempt_number"],
                row["inputs_hash"] or "",
                row["attempted_at"],
                row["circuit_breaker_until"],
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


def override_attempts(
    table: Table, day: date, entity: str, notes: str, warehouse: Warehouse, now: datetime
) -> None:
    """Keep a person's word that an entity may be tried again at once; attempts count anew."""
    row = {
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
    Writer(warehouse, "override", now).append(logs.REPROCESS_ATTEMPTS, [row])


# Breakers of whole partitions ---------------------------------------------------------------------


def breaker_name(table: Table, day: date) -> str:
    """What a partition's breaker is filed under."""
    return f"{table.name}:{day}"


def breakers_of(table: Table, session: Session) -> dict[date, Breaker]:
    """The breakers of a table's partitions; one that nobody wrote about is closed.

    The log is read once a session: a range of days that fail one by one asks for each of them.
    """
    if not session.breakers:
        session.breakers.update({name: {} for name in session.tables})
        for name, day, breaker in _breakers(session.warehouse, session.now):
            session.breakers.setdefault(name, {})[day] = breaker
    return session.breakers.setdefault(table.name, {})


def _breakers(warehouse: Warehouse, now: datetime) -> Iterator[tuple[str, date, Breaker]]:
    """Every state a breaker was in, oldest first, with its table and date."""
    log = logs.CIRCUIT_BREAKER_STATE
    for row in logs.in_order(log, warehouse.read_log(log), now):
        name, _, day = row["processor_name"].partition(":")
        breaker = Breaker(
            State(row["state"]),
            row["failure_count"],
            row["success_count"],
            row["opened_at"],
            row["half_opened_at"],
        )
        yield name, date.fromisoformat(day), breaker


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
