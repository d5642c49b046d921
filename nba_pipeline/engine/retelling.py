"""What a source said between two runs: each of its corrections is a revision of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TypeAlias

import pyarrow as pa

from nba_pipeline.engine import rows
from nba_pipeline.engine.protocols import Retelling, Stored
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table

#: What a source says of some dates: the rows, and the entities it has none of for a reason.
Said: TypeAlias = tuple[pa.Table, Collection[tuple[date, str]]]


def retold(
    table: Table,
    before: pa.Table,
    dates: Sequence[date],
    stored: Mapping[date, Stored],
    session: Session,
    said: Callable[[Sequence[date], Session], Said],
) -> pa.Table:
    """Stored rows with what the source has said since they were computed, word after word.

    Several corrections may have come between two runs, and a first run may find some. Each is a
    revision, known since it came; only a source that keeps what it said can tell them.

    Args:
        table: What is brought up to date.
        before: Its rows, with every revision.
        dates: Which partitions.
        stored: What is known of those that are there.
        session: What the run works with.
        said: Asks a session's source about some dates.
    """
    source = session.source
    if not (table.keeps_revisions and isinstance(source, Retelling)):
        return before
    for moment, days in _words(table, dates, stored, source).items():
        fresh, unsaid = said(days, replace(session, source=source.as_of(moment)))
        kept, told = rows.split(table, before, partial(_is_left, set(days), unsaid))
        merged = rows.merge(table, fresh, told, moment)
        before = rows.ordered(table, pa.concat_tables([merged, kept]))
    return before


def _words(
    table: Table, dates: Sequence[date], stored: Mapping[date, Stored], source: Retelling
) -> dict[datetime, list[date]]:
    """When the source said something else of some dates than before, and no run has heard it."""
    feeds = [declared.table for declared in table.inputs.values() if declared.is_feed]
    found: dict[datetime, list[date]] = {}
    for day in dates:
        last = stored.get(day)
        if last and (last.computed_at is None or last.table_version != table.version):
            continue
        for moment in sorted({at for feed in feeds for at in source.moments(feed, day)}):
            if not (last and last.computed_at and moment <= last.computed_at):
                found.setdefault(moment, []).append(day)
    return dict(sorted(found.items()))


def _is_left(
    about: Collection[date], unsaid: Collection[tuple[date, str]], day: date, entity: str
) -> bool:
    """Whether a word about some dates leaves an entity as it was."""
    return day not in about or (day, entity) in unsaid
