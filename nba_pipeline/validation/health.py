"""Whether what is stored is whole, and nothing broke or is locked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nba_pipeline.engine import checks
from nba_pipeline.engine.breakers import State
from nba_pipeline.engine.recording import DATE_LEVEL
from nba_pipeline.engine.table import FailureCategory
from nba_pipeline.engine.timings import Row
from nba_pipeline.engine.wording import counted, some_of
from nba_pipeline.validation.finding import (
    Finding,
    Outcome,
    not_applicable,
    passes,
)
from nba_pipeline.validation.night import Night, reason_of

#: Categories that somebody has to investigate, and those that loading data may cure.
TO_INVESTIGATE = frozenset({FailureCategory.PROCESSING_ERROR, FailureCategory.UNKNOWN})
WORTH_A_LOOK = frozenset(
    {
        FailureCategory.MISSING_DEPENDENCY,
        FailureCategory.MISSING_DATA,
        FailureCategory.INCOMPLETE_UPSTREAM,
    }
)


def failures(night: Night) -> Finding:
    """Entities that broke, and tables whose newest run of the date failed."""
    name = "failures"
    stopped = {
        table: runs[-1] for table, runs in night.runs.items() if runs and not runs[-1]["success"]
    }
    theirs = [row for row in night.failures if row["entity_id"] != DATE_LEVEL]
    broken = [row for row in theirs if row["failure_category"] in TO_INVESTIGATE]
    if broken:
        where = Counter(row["processor_name"] for row in broken)
        table, many = where.most_common(1)[0]
        first = next(row for row in broken if row["processor_name"] == table)
        return _fails(
            night,
            name,
            f"{counted(len(broken), 'entity', 'entities')} of {night.day} broke, {many} in "
            f"{table}: {first['entity_id']}, {first['failure_reason']}",
            table,
        )
    if stopped:
        table, run = next(iter(stopped.items()))
        others = f" (also {some_of([*stopped][1:])})" if len(stopped) > 1 else ""
        return _fails(
            night,
            name,
            f"the newest run of {table} of {night.day} failed{others}: {reason_of(run)}",
            table,
        )
    return _turned_away(night, name, theirs)


def _fails(night: Night, name: str, sentence: str, table: str) -> Finding:
    return Finding(name, Outcome.FAIL, sentence, f"nba-pipeline explain {table} --date {night.day}")


def _turned_away(night: Night, name: str, theirs: Sequence[Row]) -> Finding:
    """Nothing broke: what rules turned away, and whether any of it should have been there."""
    look = [row for row in theirs if row["failure_category"] in WORTH_A_LOOK]
    if look:
        kinds = Counter((row["failure_category"], row["processor_name"]) for row in look)
        (category, table), many = kinds.most_common(1)[0]
        return Finding(
            name,
            Outcome.PARTIAL,
            f"{len(look)} of {night.day} lack what they are computed from, {many} of them in "
            f"{table} ({category})",
            night.run_again,
        )
    return passes(
        name, f"nothing of {night.day} broke; rules turned away or marked {len(theirs):,}"
    )


def open_breakers(night: Night) -> Finding:
    """Partitions and entities that are not tried for a while."""
    name = "circuit_breakers"
    locked = sorted(
        row["table"]
        for row in night.breakers
        if row["state"] != State.CLOSED and row["updated_at"] <= night.now
    )
    if locked:
        return Finding(
            name,
            Outcome.FAIL,
            f"{some_of(locked)} of {night.day} failed too often in a row and are left alone",
            f"{night.run_again} --select {locked[0]} --force",
        )
    waiting = [
        row
        for row in night.attempts
        if row["circuit_breaker_until"]
        and row["attempted_at"] <= night.now < row["circuit_breaker_until"]
    ]
    if not waiting:
        return passes(name, f"no circuit breaker of {night.day} is open")
    first = waiting[0]
    names = some_of([f"{row['entity_id']} in {row['processor_name']}" for row in waiting])
    return Finding(
        name,
        Outcome.FAIL,
        f"{len(waiting)} of {night.day} are locked out after failed attempts: {names}",
        f"nba-pipeline override {first['processor_name']} --date {night.day} "
        f"--entity '{first['entity_id']}' --notes '…'",
    )


def hashes(night: Night) -> Finding:
    """Whether every stored row has its hash, and the right one."""
    rows = sum(known.rows for known in night.stored.values())
    kept = f"all {counted(rows, 'row')} have their data_hash (100 %)"
    return _promised(night, "hash_population", {checks.OWN_HASH}, kept)


def unique_keys(night: Night) -> Finding:
    """Whether no key occurs twice, so that each has one hash."""
    return _promised(night, "unique_keys", {checks.UNIQUE_KEYS}, "no key occurs twice")


def sound_partitions(night: Night) -> Finding:
    """Whether stored rows give the recorded version and keep every other promise."""
    every = {violation.promise for found in night.broken.values() for violation in found}
    others = every - {checks.UNIQUE_KEYS, checks.NOBODY_FAILED, checks.OWN_HASH}
    return _promised(night, "sound_partitions", others, "every promise is kept")


def _promised(night: Night, name: str, promises: set[str], kept: str) -> Finding:
    if not night.broken:
        return not_applicable(name, f"nothing of {night.day} can be read")
    broken = {
        table: theirs
        for table, found in night.broken.items()
        if (theirs := [violation for violation in found if violation.promise in promises])
    }
    if not broken:
        return passes(name, f"{kept} in {counted(len(night.broken), 'table')} of {night.day}")
    table, theirs = next(iter(broken.items()))
    return Finding(
        name,
        Outcome.FAIL,
        f"{some_of([*broken])} of {night.day}: {theirs[0].sentence}",
        f"{night.run_again} --select {table} --force",
    )
