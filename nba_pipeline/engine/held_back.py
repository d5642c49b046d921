"""What is due and is not computed: an open breaker, a gate, or too many failures keep it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from string import Formatter

import numpy as np

from nba_pipeline.engine.attempts import attempts_so_far, breakers_of
from nba_pipeline.engine.breakers import BreakerSettings, before_try, is_locked
from nba_pipeline.engine.inputs import PlannedCells
from nba_pipeline.engine.protocols import Outcome
from nba_pipeline.engine.recording import BREAKER_OPEN, Trail
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.windows import Array


def blocked(table: Table, dates: Sequence[date], session: Session) -> dict[date, Partition]:
    """Partitions that failed too often in a row and may not be tried yet."""
    if session.force:
        return {}
    settings = BreakerSettings.from_environment(session.environ)
    found = {}
    breakers = breakers_of(table, session)
    for day in (day for day in dates if day in breakers):
        breaker = breakers[day]
        _, may_try = before_try(breaker, session.now, settings)
        if not may_try:
            found[day] = Partition(
                table.full_name,
                day,
                cause=BREAKER_OPEN,
                skip_reason=BREAKER_OPEN,
                problem=f"{table.name} of {day} failed {breaker.failures} times in a row and is "
                f"not tried again within {settings.timeout} (--force tries at once)",
            )
    return found


def turned_away(table: Table, planned: PlannedCells, todo: Array) -> list[tuple[date, Outcome]]:
    """Apply the gates in order; cells turned away are struck from ``todo``."""
    outcomes = []
    for gate in table.gates:
        away = np.asarray(gate.turns_away(planned.cells), dtype=bool) & todo
        told = {
            name: planned.cells[name] for _, name, _, _ in Formatter().parse(gate.reason) if name
        }
        for at in np.flatnonzero(away).tolist():
            reason = gate.reason.format(**{name: values[at] for name, values in told.items()})
            who, hashed = planned.entities[at], planned.inputs_hashes[at]
            outcomes.append((planned.days[at], Outcome(who, gate.category.value, reason, hashed)))
        todo &= ~away
    return outcomes


def locked_out(
    table: Table, planned: PlannedCells, todo: Array, trail: Trail, session: Session
) -> list[tuple[date, Outcome]]:
    """Entities that broke too often with these very inputs; they keep the outcome they had.

    They are struck from ``todo``; the failed attempts before are left in the trail.
    """
    broke = {
        (day, outcome.entity): outcome
        for day, known in trail.stored.items()
        if not known.fingerprint  # as it is where something broke
        for outcome in known.outcomes
        if outcome.is_broken
    }
    if not broke or session.force:
        return []
    attempts = attempts_so_far(table, session.warehouse, planned.days, session.now)
    trail.attempts = attempts
    locked = []
    for at in np.flatnonzero(todo).tolist():
        who = planned.days[at], planned.entities[at]
        known = attempts.get(who)
        if known and who in broke and is_locked(known, planned.inputs_hashes[at], session.now):
            todo[at] = False
            locked.append((planned.days[at], broke[who]))
    return locked
