"""The check of a night: what ``nba-pipeline validate`` says of a date, beside the date's page."""

import base64
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.timings import WINDOW_DAYS, timings_of
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.clock import today
from nba_pipeline.orchestration.partitions import dates_of
from nba_pipeline.orchestration.resources import WarehouseResource
from nba_pipeline.validation.finding import Finding, Outcome, worst_first
from nba_pipeline.validation.judge import validate

#: Whether a night did its job.
NIGHT = "night_did_its_job"


def night_check_for(page: dg.AssetKey, tables: Mapping[str, Table]) -> dg.AssetChecksDefinition:
    """The check that judges a run's last date once every table of the run is done.

    Args:
        page: The asset it stands beside, which has no rows of its own.
        tables: Every table by its bare name.
    """

    @dg.asset_check(
        asset=page,
        name=NIGHT,
        additional_deps=[key_of(table) for table in tables.values()],
        description="What nba-pipeline validate says of the last date of the run, or of today: "
        "whether phases are complete, rows, coverage, quality, hashes, failures and the clock.",
    )
    def body(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> dg.AssetCheckResult:
        day, store = max(dates_of(context.run.tags), default=today()), warehouse.open()
        found = validate(store, day, datetime.now(UTC), os.environ)
        told = [finding for finding in found if finding.is_news]
        failed = [finding for finding in told if not finding.ok]
        return dg.AssetCheckResult(
            passed=not told,
            severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
            description=_description(day, failed or told),
            metadata={
                "date": day.isoformat(),
                **_counts(found),
                "findings": dg.MetadataValue.md(_table(found)),
                "cascade": _cascade(store, list(tables.values()), day),
            },
        )

    return body


def _description(day: date, told: Sequence[Finding]) -> str:
    if not told:
        return f"the night of {day} did its job"
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return f"{told[0].sentence}{more}"


def _counts(found: Sequence[Finding]) -> dict[str, int]:
    return {
        outcome.value.replace(" ", "_"): sum(1 for each in found if each.outcome is outcome)
        for outcome in Outcome
    }


def _table(found: Sequence[Finding]) -> str:
    lines = ["| outcome | check | what was found | fix |", "|---|---|---|---|"]
    for each in worst_first(found):
        fix = f"`{each.fix}`" if each.fix else ""
        sentence = each.beside_outcome.replace("|", "\\|")
        lines.append(f"| {each.outcome.value} | {each.name} | {sentence} | {fix} |")
    return "\n".join(lines)


def _cascade(warehouse: Warehouse, tables: Sequence[Table], day: date) -> Any:
    """When the phases of the week up to the date ran."""
    from nba_pipeline.validation.gantt import draw

    first = day - timedelta(days=WINDOW_DAYS - 1)
    image = base64.b64encode(draw(timings_of(warehouse, tables, first, day))).decode()
    return dg.MetadataValue.md(f"![cascade](data:image/png;base64,{image})")
