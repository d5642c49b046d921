"""Whether every phase is done, in its time, and no table has fallen behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.engine.phases import PHASES, PREDICTIONS, Phase, phase_of
from nba_pipeline.engine.reading import SCHEDULE
from nba_pipeline.engine.timings import Row
from nba_pipeline.engine.wording import counted, some_of
from nba_pipeline.tables import REGISTRY
from nba_pipeline.validation.finding import (
    Finding,
    Outcome,
    at_most,
    not_applicable,
    passes,
)
from nba_pipeline.validation.night import LAG_DAYS, Night, eastern, reason_of

#: Days a table may lag behind the last game day before somebody looks, and before it is wrong.
LAG_GOOD, LAG_FAIR = 1, 3
#: From when on something must have run of the day, hour and minute Eastern.
_DUE = 7, 30


def phases_complete(night: Night) -> Iterator[Finding]:
    """Raw, analytics, precompute and predictions: every table stored, whole, and its run fine."""
    for phase in PHASES:
        if phase.number <= PREDICTIONS.number:
            yield _complete(night, phase)


def _complete(night: Night, phase: Phase) -> Finding:
    name = f"phase_{phase.number}_complete"
    members = _members(phase)
    what = f"phase {phase.number} ({phase.name}) of {night.day}"
    damaged = [table for table in members if _is_damaged(night, table)]
    if damaged:
        why = night.unreadable.get(damaged[0], f"{damaged[0]} is damaged")
        return _failed(night, name, f"{what}: {why}")
    broke = {table: run for table in members if (run := _newest(night, table)) and _broke(run)}
    if broke:
        why = reason_of(next(iter(broke.values())))
        return _failed(night, name, f"{what}: the newest run of {some_of([*broke])} failed, {why}")
    missing = [table for table in members if table not in night.stored]
    if not missing:
        return passes(name, f"{what}: all {len(members)} tables are there{_since(night, members)}")
    sentence = f"{what}: {len(missing)} of {counted(len(members), 'table')} have no partition, "
    sentence += some_of(missing)
    due = _due(night, members, phase)
    if night.is_live and night.is_before(due):
        return not_applicable(name, f"{what} may be at work until {eastern(due)}")
    return _failed(night, name, sentence)


def _members(phase: Phase) -> list[str]:
    return [table.name for table in REGISTRY.values() if phase_of(table) is phase]


def _is_damaged(night: Night, table: str) -> bool:
    known = night.stored.get(table)
    return table in night.unreadable or (known is not None and not known.intact)


def _newest(night: Night, table: str) -> Row | None:
    runs = night.runs.get(table, ())
    return runs[-1] if runs else None


def _broke(run: Row) -> bool:
    """Whether a run left nothing; one that left an entity out is told with the failures."""
    return not run["success"] and not run["seconds"]


def _failed(night: Night, name: str, sentence: str) -> Finding:
    return Finding(name, Outcome.FAIL, sentence, night.run_again)


def _due(night: Night, members: list[str], phase: Phase) -> datetime:
    """When a phase is stuck: so long after its first table was done that day, in the morning."""
    done = [
        run["completed_at"]
        for table in members
        for run in night.runs.get(table, ())
        if run["success"] and run["completed_at"] >= night.at(0)
    ]
    morning = night.at(*_DUE)
    return max(morning, min(done) + phase.stuck_after) if done else morning


def _since(night: Night, members: list[str]) -> str:
    """When the last of some tables was done, where runs say so."""
    last = [run["completed_at"] for table in members if (run := _newest(night, table))]
    if not last:
        return ""
    moment = max(last)
    return f", last looked at {moment.astimezone(EASTERN):%Y-%m-%d %H:%M}"


def run_time(night: Night) -> Finding:
    """Seconds of work of each phase, beside what it may take."""
    name = "run_time"
    seconds = {phase: _seconds(night, phase) for phase in PHASES}
    ran = {phase: took for phase, took in seconds.items() if took is not None}
    if not ran:
        return not_applicable(name, f"no run of {night.day} is on record")
    told = ", ".join(f"{phase.name} {took:,.1f} s" for phase, took in ran.items())
    slow = [phase for phase, took in ran.items() if took > phase.slow]
    if not slow:
        return passes(name, f"every phase of {night.day} took as long as it may: {told}")
    worst = max(slow, key=lambda phase: ran[phase] / phase.too_slow)
    outcome = at_most(ran[worst], worst.slow, worst.too_slow)
    limit = worst.slow if outcome is Outcome.PARTIAL else worst.too_slow
    return Finding(
        name,
        outcome,
        f"phase {worst.number} ({worst.name}) of {night.day} took {ran[worst]:,.0f} s, more than "
        f"{limit:,.0f} s: {told}",
    )


def _seconds(night: Night, phase: Phase) -> float | None:
    """Seconds of the newest runs that did something; None where none did."""
    worked = [
        [run["seconds"] for run in night.runs.get(table, ()) if not run["is_unchanged"]]
        for table in _members(phase)
    ]
    newest = [seconds[-1] for seconds in worked if seconds]
    return sum(newest) if newest else None


def table_lag(night: Night) -> Finding:
    """How many days the newest partition of any table lies behind the last game day."""
    name = "table_lag"
    if not night.game_days:
        return not_applicable(name, f"no games in the week up to {night.day}")
    last = night.game_days[-1]
    if night.is_live and last == night.day and night.is_before(night.at(*_DUE)):
        last = night.game_days[-2] if len(night.game_days) > 1 else last - timedelta(days=1)
    lags = {
        table.name: _lag(night, table.name, last)
        for table in REGISTRY.values()
        if table.name != SCHEDULE and phase_of(table)
    }
    worst = max(lags.values())
    if worst <= LAG_GOOD:
        return passes(name, f"no table lies more than a day behind the last game day, {last}")
    late = [table for table, lag in lags.items() if lag == worst]
    days = f"{worst} days" if worst <= LAG_DAYS else f"more than {LAG_DAYS} days"
    return Finding(
        name,
        at_most(worst, LAG_GOOD, LAG_FAIR),
        f"{some_of(late)} lie {days} behind the last game day, {last}",
        f"nba-pipeline run --date {last}",
    )


def _lag(night: Night, table: str, last: date) -> int:
    built = [day for day in night.lately.get(table, ()) if day <= night.day]
    if not built:
        return LAG_DAYS + 1
    return max(0, (last - built[-1]).days)
