"""One check per table: whether its stored partitions keep every promise."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from nba_pipeline.engine.checks import Violation, promises, violations
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.resources import WarehouseResource

NAME = "partition_is_sound"

_MOST_SENTENCES = 50

Evaluations = Iterator[dg.AssetCheckEvaluation | dg.AssetCheckResult]


def check_for(
    table: Table, tables: Mapping[str, Table], days: dg.DailyPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """The check that reads a table's partitions back and holds them to its promises."""
    promised = "\n".join(f"* {text}" for text in promises(table))

    @dg.asset_check(  # type: ignore[arg-type]  # its stub knows no generators, its code does
        asset=key_of(table),
        name=NAME,
        description=f"Reads the stored rows back. Promised:\n\n{promised}",
        partitions_def=days,
    )
    def body(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> Evaluations:
        dates = [date.fromisoformat(key) for key in context.partition_keys]
        found = violations(table, dates, tables, warehouse.open())
        if len(dates) > 1:
            yield from _day_by_day(context, key_of(table), dates, found)
        yield dg.AssetCheckResult(
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR,
            description=_description(found, dates),
            metadata=_metadata(found),
        )

    return body


def _day_by_day(
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
            check_name=NAME,
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


def counted(number: int, what: str) -> str:
    """``1 partition``, ``2 partitions``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
