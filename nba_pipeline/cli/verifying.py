"""``verify``: one hash per table and way of computing it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.cli.opening import (
    check_executor,
    check_workers,
    open_source,
    open_warehouse,
    use_cluster,
)
from nba_pipeline.cli.options import (
    AddressOption,
    ArchiveOption,
    AsJson,
    DateOption,
    Select,
    day_of,
)
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.cli.running import reporting
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.fanout import EXECUTORS

if TYPE_CHECKING:
    from nba_pipeline.engine.session import Session
    from nba_pipeline.engine.verification import Verdict


def verify(
    date_: DateOption,
    executors: Annotated[
        str, typer.Option(help=f"Of {', '.join(EXECUTORS)}; separated by commas.")
    ] = "serial,threads,processes",
    address: AddressOption = "",
    chunks: Annotated[
        str, typer.Option(metavar="1,7,1000", help="Cells of a chunk, separated by commas.")
    ] = "",
    warehouse: Annotated[
        str,
        typer.Option(
            metavar="local,bigquery",
            help="Build the date from nothing in a scratch area of each warehouse instead.",
        ),
    ] = "",
    select: Select = "",
    archive: ArchiveOption = "",
    as_json: AsJson = False,
) -> None:
    """Compute a date with several executors and hold the results against each other.

    Writes nothing: the date, and the history it lacks, are built in memory. With --warehouse they
    are built in a folder and in datasets that are gone afterwards.
    """
    day = day_of(date_, "--date")
    names = [name.strip() for name in executors.split(",") if name.strip()]
    for name in names:
        check_executor(name)
    check_workers()
    use_cluster(address)
    if warehouse:
        verdicts = _in_warehouses(day, kinds_of(warehouse), select, archive)
    else:
        verdicts = _verdicts(day, names, _sizes(chunks), select, archive)
    equal = all(verdict.equal for verdict in verdicts)
    if as_json:
        tables = [{"table": v.table, "date": day, "hashes": v.hashes} for v in verdicts]
        print_json({"equal": equal, "tables": tables, "differences": _differences(verdicts)})
    else:
        _print(day, verdicts)
    for told in _differences(verdicts):
        err.print(
            "Error: {table} with {way}: {column} of {key} is {now}, was {then}".format(**told),
            style="red",
            soft_wrap=True,
            highlight=False,
        )
    raise typer.Exit(0 if equal else 1)


def _verdicts(
    day: date, names: Sequence[str], sizes: Sequence[int], select: str, archive: str
) -> list[Verdict]:
    from nba_pipeline.engine.verification import verify as compare
    from nba_pipeline.engine.verification import ways_of
    from nba_pipeline.orchestration.launch import selected_tables, span

    ways = ways_of(names, sizes)
    with _session(day, archive) as session:
        return compare(selected_tables(select), day, session, ways, span())


def _in_warehouses(day: date, kinds: Sequence[str], select: str, archive: str) -> list[Verdict]:
    from nba_pipeline.engine.verification import verify_warehouses
    from nba_pipeline.orchestration.launch import selected_tables, span
    from nba_pipeline.tables import REGISTRY
    from nba_pipeline.warehouse.opening import scratch

    with _session(day, archive) as session, ExitStack() as stack:
        warehouses = {
            kind: stack.enter_context(scratch(os.environ, list(REGISTRY.values()), kind))
            for kind in kinds
        }
        return verify_warehouses(selected_tables(select), day, session, warehouses, span())


@contextmanager
def _session(day: date, archive: str) -> Iterator[Session]:
    """What to work with; nothing is written to its warehouse."""
    from nba_pipeline.engine.fanout import Pools
    from nba_pipeline.engine.read_cache import ReadCache
    from nba_pipeline.engine.session import Session
    from nba_pipeline.tables import REGISTRY

    source = open_source([day], archive)
    with reporting() as told:
        warehouse = open_warehouse()
        yield Session(
            warehouse=warehouse,
            cache=ReadCache(warehouse),
            source=source,
            tables=REGISTRY,
            pools=Pools(address=settings.dask_address(os.environ)),
            environ=os.environ,
            run_id="verify",
            now=datetime.now(UTC),
            progress=told,
        )


def kinds_of(text: str) -> list[str]:
    """The warehouses to hold against each other.

    Raises:
        ConfigurationError: When there is no such kind, or only one is named.
    """
    from nba_pipeline.warehouse.opening import KINDS

    kinds = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ConfigurationError(
            f"--warehouse {text}: there is no {unknown[0]}, choose of {', '.join(KINDS)}"
        )
    if len(kinds) < 2:
        raise ConfigurationError("one warehouse alone proves nothing: name two")
    return kinds


def _sizes(text: str) -> list[int]:
    """Sizes of chunks.

    Raises:
        ConfigurationError: When one is not a positive whole number.
    """
    sizes = [part.strip() for part in text.split(",") if part.strip()]
    for size in sizes:
        if not (size.isascii() and size.isdigit() and int(size)):
            raise ConfigurationError(f"--chunks {text}: {size} is not a number of cells")
    return [int(size) for size in sizes]


def _differences(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """The first difference of each table that came out in several ways."""
    return [
        {
            "table": verdict.table,
            "way": way,
            "key": difference.key,
            "column": difference.column,
            "then": difference.then,
            "now": difference.now,
        }
        for verdict in verdicts
        if verdict.first_difference
        for way, difference in [verdict.first_difference]
    ]


def _print(day: date, verdicts: Sequence[Verdict]) -> None:
    ways = list(verdicts[0].hashes) if verdicts else []
    grid = Grid("table", *ways, "", box=SIMPLE_HEAD)
    for verdict in verdicts:
        hashes = (version[:12] for version in verdict.hashes.values())
        grid.add_row(verdict.table, *hashes, "" if verdict.equal else "differs")
    out.print(grid)
    different = sum(1 for verdict in verdicts if not verdict.equal)
    out.print(
        f"{day}: {different} of {len(verdicts)} tables differ"
        if different
        else f"{day}: every table is the same to the bit, computed in {len(ways)} ways",
        highlight=False,
    )
