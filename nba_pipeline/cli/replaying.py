"""``replay``: a date as it would have been built at a moment of the past."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.cli.opening import open_source, open_warehouse
from nba_pipeline.cli.options import (
    ArchiveOption,
    AsJson,
    DateOption,
    ExecutorOption,
    Select,
    day_of,
)
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.cli.running import bring_up_to_date, finish
from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.session import Mode

if TYPE_CHECKING:
    from nba_pipeline.engine.replay import Difference
    from nba_pipeline.engine.session import Partition
    from nba_pipeline.engine.table import Table

#: Differences of a table printed for a person; ``--json`` prints all.
_MOST_LINES = 8


def replay(
    date_: DateOption,
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="YYYY-MM-DDTHH:MM",
            help="The moment, in US Eastern time unless it says otherwise.",
        ),
    ],
    into: Annotated[
        str, typer.Option(metavar="DIR", help="The replay's own warehouse folder.")
    ] = "",
    select: Select = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    as_json: AsJson = False,
) -> None:
    """Rebuild a date from what was known at a moment, and name what hindsight changed.

    The date is first made true in the warehouse, which holds the hindsight. The replay is built in
    a folder of its own and not recorded in Dagster, whose data versions speak of the warehouse.
    """
    day, moment = day_of(date_, "--date"), _moment(as_of)
    started = time.perf_counter()
    told = bring_up_to_date([day], select, archive, executor, False, False, Mode.DAILY)
    if not told.succeeded:
        finish(told, as_json)
    folder = Path(into).expanduser() if into else _folder(day, moment)
    partitions, found = _replay(day, moment, folder, select, archive, executor)
    broken = [part.problem for part in partitions if part.problem]
    answer = {
        "date": day,
        "as_of": moment.isoformat(),
        "warehouse": str(folder.resolve()),
        "partitions": [_entry(part) for part in partitions if part.date == day],
        "differences": [asdict(difference) for difference in found],
        "problems": broken,
        "seconds": round(time.perf_counter() - started, 3),
    }
    if as_json:
        print_json(answer)
    else:
        _print(day, moment, folder, found)
    for sentence in dict.fromkeys(broken):
        err.print(f"Error: {sentence}", style="red", soft_wrap=True, highlight=False)
    raise typer.Exit(1 if broken else 0)


def _replay(
    day: date, moment: datetime, folder: Path, select: str, archive: str, executor: str
) -> tuple[list[Partition], list[Difference]]:
    from nba_pipeline.engine.fanout import open_pools
    from nba_pipeline.engine.history import partitions_needed
    from nba_pipeline.engine.replay import differences
    from nba_pipeline.engine.replay import replay as rebuild
    from nba_pipeline.engine.session import Session
    from nba_pipeline.orchestration.launch import selected_tables
    from nba_pipeline.tables import REGISTRY
    from nba_pipeline.warehouse.local import LocalWarehouse

    actual, own = open_warehouse(), LocalWarehouse(folder, list(REGISTRY.values()))
    tables: Sequence[Table] = selected_tables(select)
    needed = partitions_needed(tables, day, REGISTRY, settings.first_day(os.environ))
    with open_pools(
        settings.executor_name(os.environ, executor), address=settings.dask_address(os.environ)
    ) as pools:
        session = Session(
            warehouse=own,
            source=open_source([day], archive),
            tables=REGISTRY,
            pools=pools,
            environ=os.environ,
            run_id=f"replay-{day}-{moment:%Y%m%dT%H%M%SZ}",
            now=datetime.now(UTC),
            mode=Mode.BACKFILL,
        )
        partitions = list(rebuild(needed, actual, session, moment))
    found = [
        difference
        for table in tables
        for difference in differences(table, own.read(table, [day]), actual.read(table, [day]))
    ]
    return partitions, found


def _moment(text: str) -> datetime:
    """The moment an option gives, in UTC.

    Raises:
        ConfigurationError: When it is no moment, or has not come yet.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"--as-of {text} is not a moment: write YYYY-MM-DDTHH:MM"
        ) from error
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=EASTERN)).astimezone(UTC)
    if moment > datetime.now(UTC) + timedelta(minutes=1):
        raise ConfigurationError(f"--as-of {text} has not come yet")
    return moment


def _folder(day: date, moment: datetime) -> Path:
    """Where a replay is kept when nobody says: beside the warehouse."""
    warehouse = settings.warehouse_folder(os.environ)
    return warehouse.with_name(f"{warehouse.name}_replays") / f"{day}_as_of_{moment:%Y%m%dT%H%M%SZ}"


def _entry(part: Partition) -> dict[str, Any]:
    return {
        "table": part.table,
        "date": part.date,
        "rows": part.rows,
        "computed": part.computed,
        "reused": part.reused,
        "rejected": part.rejected,
        "failed": part.failed,
        "data_version": part.data_version,
        "cause": part.cause,
        "seconds": round(sum(part.seconds.values()), 4),
    }


def _print(day: date, moment: datetime, folder: Path, found: Sequence[Difference]) -> None:
    eastern = moment.astimezone(EASTERN)
    out.print(
        f"{day} as known on {eastern:%Y-%m-%d at %H:%M} Eastern is in {folder.resolve()}",
        soft_wrap=True,
        highlight=False,
    )
    if not found:
        out.print("Hindsight changed nothing of it.")
        return
    by_table: dict[str, list[Difference]] = {}
    for difference in found:
        by_table.setdefault(difference.table, []).append(difference)
    grid = Grid("table", "key", "column", "then", "now", box=SIMPLE_HEAD)
    for table, changed in by_table.items():
        for each in changed[:_MOST_LINES]:
            grid.add_row(table, each.key, each.column, str(each.then), str(each.now))
        if len(changed) > _MOST_LINES:
            grid.add_row(table, f"… and {len(changed) - _MOST_LINES} more", "", "", "")
    out.print(grid)
    out.print(f"Hindsight changed {len(found)} values; --json prints all of them.", highlight=False)
