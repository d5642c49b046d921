"""The slate page as an asset: it reads tables and is none, so it keeps a file and no rows.

The data version of a day is a digest of its page. A page that says what it said before is not
written again, and its materialization carries the version it had.
"""

import base64
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from nba_pipeline import settings
from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.errors import PipelineError
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import Events, key_of, newest_events, one_of_many
from nba_pipeline.orchestration.automation import condition_for
from nba_pipeline.orchestration.partitions import mapping
from nba_pipeline.orchestration.resources import WarehouseResource
from nba_pipeline.report.model import Page
from nba_pipeline.report.reading import read_evening, tables_read

SLATE = dg.AssetKey(["nba_predictions", "slate_page"])

#: Raised by a person when the page says the same rows in another way.
_CODE_VERSION = "1"


def pages_for(
    tables: Mapping[str, Table], days: dg.DailyPartitionsDefinition, recent_days: int
) -> list[dg.AssetsDefinition]:
    """The page's asset, where every table it reads is there.

    Args:
        tables: Every table by its bare name.
        days: The partitions.
        recent_days: How many days back Dagster launches it by itself.
    """
    read = tables_read()
    if not set(read) <= set(tables):
        return []
    return [_slate_asset(read, tables, days, condition_for(read, tables, recent_days))]


def _slate_asset(
    read: Mapping[str, Sequence[Input]],
    tables: Mapping[str, Table],
    days: dg.DailyPartitionsDefinition,
    condition: dg.AutomationCondition[Any] | None,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=SLATE,
        deps=[
            dg.AssetDep(key_of(tables[name]), partition_mapping=mapping(inputs))
            for name, inputs in read.items()
        ],
        automation_condition=condition,
        partitions_def=days,
        group_name="predictions",
        kinds={"python", "html"},
        owners=["team:nba-data"],
        description=__doc__,
        code_version=_CODE_VERSION,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def body(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Events:
        dates = [date.fromisoformat(key) for key in context.partition_keys]
        seen = newest_events(context.instance, read, tables)
        folder = settings.pages_folder(os.environ, warehouse.directory)
        try:
            told = [_written(warehouse.open(), day, len(dates) == 1, folder) for day in dates]
        except PipelineError as error:
            raise dg.Failure(description=str(error)) from error
        if len(dates) == 1:
            ((version, described),) = told
            yield dg.MaterializeResult(data_version=dg.DataVersion(version), metadata=described)
            return
        yield dg.MaterializeResult()
        for day, (version, described) in zip(dates, told, strict=True):
            yield one_of_many(
                SLATE,
                day,
                described,
                code_version=_CODE_VERSION,
                data_version=version,
                fingerprint=version[:60],
                seen=seen,
            )

    return body


def _written(
    warehouse: Warehouse, day: date, with_pictures: bool, folder: Path
) -> tuple[str, dict[str, Any]]:
    """The version of a day's page, written where it has changed, and what is said about it."""
    # The template library takes its time to import.
    from nba_pipeline.report.page import html_of, path_of, store, version_of
    from nba_pipeline.report.slate import page_of

    page = page_of(read_evening(warehouse, day))
    html, path = html_of(page), path_of(folder, day)
    is_written = store(html, path)
    described: dict[str, Any] = {
        "page": dg.MetadataValue.path(path.resolve()),
        "written": is_written,
        "bytes": len(html.encode()),
        "games": len(page.games),
        "players": len(page.players),
        "with_line": page.lined,
        **{side.lower(): number for side, number in page.sides.items()},
        **{word.replace(" ", "_"): number for word, number in page.words.items()},
    }
    if page.notices:
        described["not_there"] = dg.MetadataValue.md(
            "\n".join(f"* **{notice.kind}**: {notice.sentence}" for notice in page.notices)
        )
    return version_of(html), described | (_pictures(page) if with_pictures else {})


def _pictures(page: Page) -> dict[str, dg.MarkdownMetadataValue]:
    """The day's plots, where there is something to plot."""
    from nba_pipeline.report.pictures import calibration, line_and_forecast

    drawn = {
        "line_and_forecast": line_and_forecast(page),
        "calibration_so_far": calibration(page),
    }
    return {
        name: dg.MetadataValue.md(
            f"![{name}](data:image/png;base64,{base64.b64encode(image).decode()})"
        )
        for name, image in drawn.items()
        if image
    }
