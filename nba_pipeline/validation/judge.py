"""Every check, in the order a reader wants them, and the verdict on a night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.validation import clock, completion, counts, health, worth
from nba_pipeline.validation.finding import Finding
from nba_pipeline.validation.night import Night, read_night

_SEVERAL: tuple[Callable[[Night], Iterator[Finding]], ...] = (
    completion.phases_complete,
    counts.row_counts,
    clock.first_times,
    clock.ages,
)
_ONE: tuple[Callable[[Night], Finding], ...] = (
    completion.run_time,
    completion.table_lag,
    counts.games_final,
    counts.box_scores,
    counts.unresolved_names,
    worth.coverage,
    worth.per_player,
    worth.quality,
    worth.degraded,
    worth.grading,
    worth.drift,
    health.failures,
    health.open_breakers,
    health.hashes,
    health.unique_keys,
    health.sound_partitions,
    clock.cascade_delay,
)


def judge(night: Night) -> list[Finding]:
    """What every check finds of a night that was read."""
    found = [finding for check in _SEVERAL for finding in check(night)]
    return found + [check(night) for check in _ONE]


def validate(
    warehouse: Warehouse, day: date, now: datetime, environ: Mapping[str, str]
) -> list[Finding]:
    """Read a night and judge it.

    Args:
        warehouse: Where rows and records are; nothing else is needed.
        day: The NBA day.
        now: The moment it is.
        environ: The environment, for settings that change who is predicted.

    Raises:
        WarehouseError: When the warehouse itself cannot be read.
    """
    return judge(read_night(warehouse, day, now, environ))
