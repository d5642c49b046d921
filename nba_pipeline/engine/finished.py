"""What is said of a partition when a run is done with it: kept with its rows, and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.attribution import Looked, in_one_sentence
from nba_pipeline.engine.causes import Cause
from nba_pipeline.engine.errors import RowError
from nba_pipeline.engine.plan import Decision, Demand
from nba_pipeline.engine.protocols import Outcome, Stored
from nba_pipeline.engine.reading import SCHEDULE, in_bootstrap
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import Table


def to_store(
    table: Table,
    day: date,
    demand: Demand,
    found: pa.Table,
    outcomes: Sequence[Outcome],
    inputs: Mapping[str, pa.Table],
    session: Session,
) -> Stored:
    """What is stored with a partition's rows.

    Args:
        table: The table.
        day: The date.
        demand: What the partition was to be computed from.
        found: Its rows, with every revision.
        outcomes: Of its entities without rows.
        inputs: What was read, which tells why there may be no rows.
        session: What the run works with.
    """
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
        skip_reason="" if current.num_rows else _why_nothing(table, day, inputs, session),
        settings=table.settings_in(session.environ),
        computed_at=session.now,
    )


def built(
    looked: Looked,
    day: date,
    known: Stored,
    demand: Demand,
    causes: tuple[Cause, ...],
    seconds: Mapping[str, float],
    chunk_seconds: Sequence[float],
) -> Partition:
    """The report of a partition that was built.

    Args:
        looked: What looking at it found.
        day: Its date.
        known: What is now kept with its rows.
        demand: What it was to be computed from.
        causes: Why it was computed.
        seconds: Wall seconds by phase.
        chunk_seconds: Wall seconds of each chunk of the batch.
    """
    table, plan = looked.table, looked.plan_of(day)
    was = looked.stored.get(day)
    why = in_one_sentence(looked, day, demand, causes)
    broken = sum(1 for outcome in known.outcomes if outcome.is_broken)
    rejected = len(known.outcomes) - broken
    reused = plan.count(Decision.UNCHANGED)
    gone = plan.count(Decision.GONE)
    new_rejected = rejected - len(plan.carried)
    return Partition(
        table.full_name,
        day,
        rows=known.rows,
        computed=len(plan.decisions) - reused - gone - new_rejected,
        reused=reused,
        rejected=rejected,
        failed=broken,
        gone=gone,
        data_version=known.data_version,
        fingerprint=known.fingerprint,
        cause=why if known.rows else f"{why}; no rows: {known.skip_reason}",
        skip_reason=known.skip_reason,
        outcomes=known.outcomes,
        changed=plan.changed,
        causes=causes,
        before=was.data_version if was and was.intact else "",
        seconds=seconds,
        chunk_seconds=tuple(chunk_seconds),
    )


def reused(table: Table, day: date, stored: Stored) -> Partition:
    """The report of a partition that stays as it is."""
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


def refuse_problems(partitions: Sequence[Partition]) -> None:
    """Check that every partition was built.

    Raises:
        RowError: Listing what stopped those that were not.
    """
    problems = [partition.problem for partition in partitions if partition.problem]
    if problems:
        raise RowError("; ".join(dict.fromkeys(problems)))


def _why_nothing(table: Table, day: date, inputs: Mapping[str, pa.Table], session: Session) -> str:
    """Which kind of nothing: no games, between seasons, not played yet, missing."""
    calendar = session.source.calendar()
    if calendar.season_of(day) is None and calendar.is_between_seasons(day):
        return "offseason"
    windows = [declared.window for declared in table.inputs.values()]
    if all(window.weekday not in (None, day.weekday()) for window in windows):
        return "not_its_weekday"
    for name, declared in table.inputs.items():
        if declared.table == SCHEDULE and "game_status" in declared.columns:
            games = inputs[name]
            today = games.filter(pc.equal(games["game_date"], pa.scalar(day)))
            if not today.num_rows:
                return "no_games"
            if day in in_bootstrap(table, inputs):
                return "bootstrap_period"
            final = pc.any(pc.equal(today["game_status"], 3)).as_py()
            return "missing" if final else "not_yet"
    return "nothing_published"
