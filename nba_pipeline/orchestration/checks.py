"""One check per table: whether its stored partitions keep every promise."""

from collections.abc import Mapping
from datetime import date

import dagster as dg

from nba_pipeline.engine.checks import Violation, promises, violations
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.resources import WarehouseResource

_MOST_SENTENCES = 50


def check_for(
    table: Table, tables: Mapping[str, Table], days: dg.DailyPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """The check that reads a table's partitions back and holds them to its promises."""
    promised = "\n".join(f"* {text}" for text in promises(table))

    @dg.asset_check(
        asset=key_of(table),
        name="partition_is_sound",
        description=f"Reads the stored rows back. Promised:\n\n{promised}",
        partitions_def=days,
    )
    def body(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> dg.AssetCheckResult:
        dates = [date.fromisoformat(key) for key in context.partition_keys]
        found = violations(table, dates, tables, warehouse.open())
        return dg.AssetCheckResult(
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR,
            description=_description(found, len(dates)),
            metadata={
                "violations": len(found),
                "dates": dg.MetadataValue.json(sorted({v.date.isoformat() for v in found})),
                "sentences": dg.MetadataValue.md(_sentences(found)),
            },
        )

    return body


def _description(found: list[Violation], dates: int) -> str:
    if not found:
        return f"{dates} partition(s) keep every promise"
    first = found[0]
    return f"{len(found)} broken promise(s), first on {first.date}: {first.sentence}"


def _sentences(found: list[Violation]) -> str:
    lines = [f"* {v.date} · {v.promise}: {v.sentence}" for v in found[:_MOST_SENTENCES]]
    if len(found) > _MOST_SENTENCES:
        lines.append(f"* … and {len(found) - _MOST_SENTENCES} more")
    return "\n".join(lines) or "none"
