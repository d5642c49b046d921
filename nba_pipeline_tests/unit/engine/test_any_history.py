"""Any history of changes ends like a first build, and no more is done than has to be.

Raw rows are changed, added, removed and reverted at random. Snapshots are not among what is read
here: of them a correction is known only from now on, so a first build would see it too early.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import (
    A_SEASON,
    COMPUTED,
    DAYS,
    SCORES,
    SITS_OUT,
    TABLES,
    UNLUCKY,
    Reports,
    bring_up_to_date,
    versions,
)

from nba_pipeline.engine.causes import Kind
from nba_pipeline.engine.rehearsal import rehearse
from nba_pipeline.engine.session import Session

PLAYERS = st.sampled_from(["ann", "bob", "cid"])
POINTS = st.sampled_from([0, 4, 10, 11, SITS_OUT, UNLUCKY])
SET = st.tuples(st.just("set"), st.sampled_from(DAYS), PLAYERS, POINTS, st.sampled_from("xy"))
REMOVE = st.tuples(st.just("remove"), st.sampled_from(DAYS), PLAYERS)
REVERT = st.tuples(st.just("revert"), st.integers(0, 3))
CHANGES = st.lists(st.lists(SET | REMOVE | REVERT, min_size=1, max_size=3), min_size=1, max_size=3)
METADATA = {
    *("run_id", "created_at", "processed_at", "known_at", "known_at_is_estimated"),
    *("revision", "is_current", "is_retracted"),
}

State = dict[tuple[date, str], tuple[int, str]]


def histories(changes: Sequence[Sequence[tuple[Any, ...]]]) -> Iterator[State]:
    """What is published after each run's changes; the first state is that of ``A_SEASON``."""
    past: list[State] = [{key: (points, "x") for key, points in A_SEASON.items()}]
    yield past[0]
    for step in changes:
        state = dict(past[-1])
        for kind, *what in step:
            if kind == "set":
                day, player, points, note = what
                state[day, player] = points, note
            elif kind == "remove":
                state.pop((what[0], what[1]), None)
            else:
                state = dict(past[min(what[0], len(past) - 1)])
        past.append(state)
        yield state


def published(state: State) -> list[dict[str, Any]]:
    return [
        {"game_date": day, "player": player, "points": points, "note": note}
        for (day, player), (points, note) in state.items()
    ]


def contents(session: Session) -> dict[str, pa.Table]:
    """Every table's rows without the columns that carry clocks, run ids and revisions."""
    return {
        name: found.select([c for c in found.column_names if not _is_metadata(c)])
        for name, table in session.tables.items()
        for found in [session.warehouse.read(table, DAYS)]
    }


def _is_metadata(column: str) -> bool:
    return column in METADATA or column.startswith("source_")


def by_key(found: pa.Table) -> dict[tuple[date, str], str]:
    return {(row["game_date"], row["player"]): row["data_hash"] for row in found.to_pylist()}


@given(CHANGES)
@settings(max_examples=20)
def test_any_history_of_changes_ends_like_a_first_build(fake_source, session_in, changes):
    with tempfile.TemporaryDirectory() as folder:
        for run, state in enumerate(histories(changes), start=1):
            source = fake_source(SCORES, scores=published(state))
            late = session_in(Path(folder) / "late", source, TABLES, run)
            reports = bring_up_to_date(late)
        fresh = session_in(Path(folder) / "fresh", source, TABLES)
        expected = bring_up_to_date(fresh)
        assert (contents(late), versions(reports)) == (contents(fresh), versions(expected))


@given(CHANGES)
@settings(max_examples=20)
def test_every_row_that_differs_was_computed(fake_source, session_in, changes):
    with tempfile.TemporaryDirectory() as folder:
        before: dict[str, pa.Table] = {}
        for run, state in enumerate(histories(changes), start=1):
            source = fake_source(SCORES, scores=published(state))
            session = session_in(Path(folder), source, TABLES, run)
            bring_up_to_date(session)
            after = contents(session)
            differs = {
                (name, *key)
                for name, found in after.items()
                for key, data_hash in by_key(found).items()
                if not before or by_key(before[name]).get(key) != data_hash
            }
            assert differs <= set(COMPUTED)
            before = after


def touched(before: State, after: State) -> set[tuple[str, date, str]]:
    """The entities in whose windows something differs, in a column they read."""
    found = set()
    for day, player in {*before, *after}:
        was, now = before.get((day, player)), after.get((day, player))
        if was == now:
            continue
        found.add(("marks", day, player))
        if was and now and was[0] == now[0]:
            continue  # only the note, which nobody reads
        found |= {("form", later, player) for later in DAYS if later >= day}
        found.add(("scorers", day, player))
        if (was and was[0] >= 10) != (now and now[0] >= 10) or not (was and now):
            found.add(("fans", day, player))
    return found


def broken(reports: Reports) -> set[tuple[str, date, str]]:
    return {
        (name, day, outcome.entity)
        for (name, day), report in reports.items()
        for outcome in report.outcomes
        if outcome.is_broken
    }


@given(CHANGES)
@settings(max_examples=8)
def test_nothing_outside_the_windows_of_what_changed_is_computed(fake_source, session_in, changes):
    with tempfile.TemporaryDirectory() as folder:
        states = list(histories(changes))
        failed: set[tuple[str, date, str]] = set()
        for run, state in enumerate(states, start=1):
            source = fake_source(SCORES, scores=published(state))
            reports = bring_up_to_date(session_in(Path(folder), source, TABLES, run))
            before = states[run - 2] if run > 1 else {}
            assert set(COMPUTED) <= touched(before, state) | failed
            failed = broken(reports)


@given(CHANGES)
@settings(max_examples=8)
def test_every_run_does_what_its_rehearsal_said(fake_source, session_in, changes):
    with tempfile.TemporaryDirectory() as folder:
        for run, state in enumerate(histories(changes), start=1):
            source = fake_source(SCORES, scores=published(state))
            session = session_in(Path(folder), source, TABLES, run)
            said = {
                (report.table.partition(".")[2], report.date): (report.changed, report.data_version)
                for report in rehearse(list(TABLES.values()), DAYS, session, None)
            }
            done = bring_up_to_date(session)
            assert said == {key: (r.changed, r.data_version) for key, r in done.items()}


@given(CHANGES)
@settings(max_examples=8)
def test_every_cause_is_a_row_that_differs(fake_source, session_in, changes):
    with tempfile.TemporaryDirectory() as folder:
        before: dict[str, pa.Table] = {}
        for run, state in enumerate(histories(changes), start=1):
            source = fake_source(SCORES, scores=published(state))
            session = session_in(Path(folder), source, TABLES, run)
            reports = bring_up_to_date(session)
            after = contents(session) | {"scores": contents(session)["marks"]}
            named = [cause for report in reports.values() for cause in report.causes]
            for cause in named:
                assert cause.kind not in (Kind.INPUTS, Kind.PARTITION_ADDED)
                if cause.row_key and cause.table:
                    where = cause.date, cause.row_key
                    hashes = [by_key(rows[cause.table]).get(where, "") for rows in (before, after)]
                    assert (cause.old_hash, cause.new_hash) == tuple(hashes)
                    assert cause.old_hash != cause.new_hash
            before = after
