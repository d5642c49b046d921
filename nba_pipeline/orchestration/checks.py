"""Two checks per table: whether its stored partitions keep every promise, and are still true."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from nba_pipeline import settings
from nba_pipeline.engine.checks import Violation, promises, violations
from nba_pipeline.engine.history import Late, out_of_date
from nba_pipeline.engine.issues import record_issues
from nba_pipeline.engine.sweep import season_so_far
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.wording import counted, some_of
from nba_pipeline.engine.writer import Writer
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.clock import today
from nba_pipeline.orchestration.resources import SourceResource, WarehouseResource

#: Whether stored partitions keep their promises.
SOUND = "partition_is_sound"
#: Whether stored partitions are still true.
UP_TO_DATE = "partitions_are_up_to_date"

_MOST_SENTENCES = 50
_MOST_DATES = 5

Evaluations = Iterator[dg.AssetCheckEvaluation | dg.AssetCheckResult]


def check_for(
    table: Table, tables: Mapping[str, Table], days: dg.DailyPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """The check that reads a table's partitions back and holds them to its promises."""
    promised = "\n".join(f"* {text}" for text in promises(table))

    @dg.asset_check(  # type: ignore[arg-type]  # its stub knows no generators, its code does
        asset=key_of(table),
        name=SOUND,
        description=f"Reads the stored rows back. Promised:\n\n{promised}",
        partitions_def=days,
    )
    def body(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> Evaluations:
        dates = [date.fromisoformat(key) for key in context.partition_keys]
        store = warehouse.open()
        found = violations(table, dates, tables, store)
        writer = Writer(store, context.run.run_id, datetime.now(UTC))
        record_issues(table, dates, found, writer)
        if len(dates) > 1:
            yield from day_by_day(context, key_of(table), dates, found)
        yield dg.AssetCheckResult(
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR,
            description=_description(found, dates),
            metadata=_metadata(found),
        )

    return body


def freshness_check_for(table: Table, tables: Mapping[str, Table]) -> dg.AssetChecksDefinition:
    """The check that asks the planner which stored partitions of the season are no longer true.

    Dagster cannot know it where a window is longer than it tracks, or where a change came about
    without it. The check warns and blocks nothing: what it names is computed again by the next run.
    """

    @dg.asset_check(
        asset=key_of(table),
        name=UP_TO_DATE,
        description="Asks of every stored partition of the season whether anything it was computed "
        "from has changed since, however far back; partitions never built are not its business.",
    )
    def body(warehouse: WarehouseResource, source: SourceResource) -> dg.AssetCheckResult:
        published = source.open()
        first_day = settings.first_day(os.environ)
        days = season_so_far(today(), first_day, published.calendar())
        stored = warehouse.open().stored(table, days)
        asked = {table.name: sorted(stored)}
        late = out_of_date(asked, tables, warehouse.open(), published, os.environ)
        return dg.AssetCheckResult(
            passed=not late,
            severity=dg.AssetCheckSeverity.WARN,
            description=_freshness(late, len(stored)),
            metadata={
                "stored": len(stored),
                "out_of_date": len(late),
                "dates": dg.MetadataValue.json([found.day.isoformat() for found in late]),
            },
        )

    return body


def _freshness(late: Sequence[Late], stored: int) -> str:
    if not late:
        return f"{counted(stored, 'stored partition')} of the season, all up to date"
    dates = some_of([str(found.day) for found in late], _MOST_DATES)
    return f"{len(late)} of {counted(stored, 'stored partition')} out of date: {dates}"


def day_by_day(
    context: dg.AssetCheckExecutionContext,
    key: dg.AssetKey,
    dates: Sequence[date],
    found: Sequence[Violation],
) -> Iterator[dg.AssetCheckEvaluation]:
    """What each day of a range is worth; the range's own result can name none.

    Without these Dagster 1.13 shows every day of the range as skipped, and the asset as unchecked.
    An evaluation counts while its target is the day's newest materialization. That type is not
    public; checked against 1.13.27.
    """
    from dagster._core.definitions.asset_checks.asset_check_evaluation import (
        AssetCheckEvaluationTargetMaterializationData as Target,
    )

    newest = context.instance.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, {day.isoformat() for day in dates}
    )
    of_run, now = context.run.run_id, time.time()
    for day in dates:
        of_day = [violation for violation in found if violation.date == day]
        event_id = newest.get(day.isoformat())
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=SOUND,
            passed=not of_day,
            severity=dg.AssetCheckSeverity.ERROR,
            description=_description(of_day, [day]),
            metadata=_metadata(of_day),
            partition=day.isoformat(),
            target_materialization_data=Target(storage_id=event_id, run_id=of_run, timestamp=now)
            if event_id
            else None,
        )


def _description(found: Sequence[Violation], dates: Sequence[date]) -> str:
    if not found:
        return f"{counted(len(dates), 'partition')} checked, every promise kept"
    first = found[0]
    return f"{counted(len(found), 'broken promise')}, first on {first.date}: {first.sentence}"


def _metadata(found: Sequence[Violation]) -> dict[str, Any]:
    if not found:
        return {"violations": 0}
    return {
        "violations": len(found),
        "dates": dg.MetadataValue.json(sorted({v.date.isoformat() for v in found})),
        "sentences": dg.MetadataValue.md(_sentences(found)),
    }


def _sentences(found: Sequence[Violation]) -> str:
    lines = [f"* {v.date} · {v.promise}: {v.sentence}" for v in found[:_MOST_SENTENCES]]
    if len(found) > _MOST_SENTENCES:
        lines.append(f"* … and {len(found) - _MOST_SENTENCES} more")
    return "\n".join(lines)
