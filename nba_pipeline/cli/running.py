"""``run`` and ``backfill``: making dates true, and telling what was done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline.cli.opening import (
    check_executor,
    check_workers,
    open_instance,
    open_source,
    open_warehouse,
    use_cluster,
)
from nba_pipeline.cli.options import (
    AddressOption,
    ArchiveOption,
    AsJson,
    DateOption,
    ExecutorOption,
    Force,
    FromOption,
    ModeOption,
    Only,
    Select,
    ToOption,
    day_of,
    days_between,
)
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.engine.session import Mode
from nba_pipeline.engine.wording import counted
from nba_pipeline.progress import LineReporter, bar_reporter

if TYPE_CHECKING:
    from nba_pipeline.engine.protocols import Source
    from nba_pipeline.engine.table import Table
    from nba_pipeline.orchestration.launch import Launched


def run(
    date_: DateOption,
    select: Select = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    address: AddressOption = "",
    force: Force = False,
    only: Only = False,
    mode: ModeOption = Mode.DAILY.value,
    as_json: AsJson = False,
) -> None:
    """Make one NBA day true in every table, with the history it stands on."""
    day, why = day_of(date_, "--date"), Mode.named(mode)
    use_cluster(address)
    finish(bring_up_to_date([day], select, archive, executor, force, only, why), as_json)


def backfill(
    from_: FromOption,
    to: ToOption,
    select: Select = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    address: AddressOption = "",
    force: Force = False,
    only: Only = False,
    as_json: AsJson = False,
) -> None:
    """Make a range of NBA days true, in one run; what is already true is reused."""
    days = days_between(from_, to)
    use_cluster(address)
    finish(bring_up_to_date(days, select, archive, executor, force, only, Mode.BACKFILL), as_json)


def bring_up_to_date(
    days: Sequence[date],
    select: str,
    archive: str,
    executor: str,
    force: bool,
    only: bool,
    mode: Mode,
) -> Launched:
    """One run for the dates, after those for what their windows stand on."""
    check_executor(executor)
    check_workers()
    source = open_source(days, archive)

    from nba_pipeline.orchestration.launch import Launched, launch, selected_tables

    tables = selected_tables(select)
    with open_instance() as instance, reporting() as reporter:

        def bring(which: Sequence[Table], dates: Sequence[date]) -> Launched:
            return launch(
                which,
                dates,
                instance,
                archive=str(Path(archive).resolve()) if archive else "",
                executor=executor,
                force=force,
                reporter=reporter,
                mode=mode,
            )

        told = Launched() if only else _bring_history(tables, days, source, bring)
        return told if told.problems else _joined(told, bring(tables, days))


def _bring_history(
    tables: Sequence[Table],
    days: Sequence[date],
    source: Source,
    bring: Callable[[Sequence[Table], Sequence[date]], Launched],
) -> Launched:
    """Bring up to date what the dates stand on, until nothing of it is out of date any more."""
    from nba_pipeline.engine.history import rounds
    from nba_pipeline.orchestration.launch import Launched, span
    from nba_pipeline.tables import REGISTRY

    told = Launched()
    for late in rounds(tables, days, span(), REGISTRY, open_warehouse(), source, os.environ):
        dates = len({day for stretch in late for day in stretch.dates})
        err.print(f"history: {counted(dates, 'date')} to build")
        for stretch in late:
            told = _joined(told, bring(stretch.tables, stretch.dates))
            if told.problems:
                return told
    return told


def _joined(first: Launched, second: Launched) -> Launched:
    """Both together: of a partition that both had, what was done to it; oldest date first."""
    parts: dict[tuple[str, str], dict[str, Any]] = {}
    for part in first.partitions + second.partitions:
        where = part["table"], part["date"]
        if part["computed"] or where not in parts:
            parts[where] = part
    second.run_ids = first.run_ids + second.run_ids
    second.partitions = sorted(parts.values(), key=lambda part: part["date"])
    second.problems = first.problems + second.problems
    second.broken_promises = first.broken_promises + second.broken_promises
    second.seconds = round(first.seconds + second.seconds, 3)
    return second


@contextmanager
def reporting() -> Iterator[Any]:
    """Whoever is told how far each table has come: a bar on a terminal, else lines."""
    if err.is_terminal:
        with bar_reporter(err) as reporter:
            yield reporter
    else:
        yield LineReporter(err)


def finish(told: Launched, as_json: bool) -> NoReturn:
    """Print what was done, and leave with 0 where nothing broke, else with 1."""
    report(told, as_json)
    raise typer.Exit(0 if told.succeeded else 1)


def report(told: Launched, as_json: bool) -> None:
    """Print what was done."""
    if as_json:
        print_json(
            {
                "run_ids": told.run_ids,
                "partitions": told.partitions,
                "problems": told.problems,
                "broken_promises": told.broken_promises,
                "set_aside": _set_aside(told),
                "seconds": told.seconds,
            }
        )
    else:
        if told.partitions:
            out.print(_summary(told))
        if told.succeeded and not any(part["computed"] for part in told.partitions):
            out.print("Nothing to compute: nothing that these partitions read has changed.")
        runs = ", ".join(run_id[:8] for run_id in told.run_ids)
        out.print(
            f"{told.seconds:.1f} s, run {runs} recorded in {os.environ['DAGSTER_HOME']}",
            highlight=False,
        )
    for sentence in (*told.problems, *told.broken_promises):
        err.print(f"Error: {sentence}", style="red", soft_wrap=True, highlight=False)


def _set_aside(told: Launched) -> list[str]:
    """The payloads that these runs were the first to find unreadable, each with its problem."""
    from nba_pipeline.engine.logs import QUARANTINED_PAYLOADS

    found = open_warehouse().read_log(QUARANTINED_PAYLOADS).to_pylist()
    mine = {(row["file"], row["problem"]) for row in found if row["run_id"] in told.run_ids}
    return [f"{file}: {problem}" for file, problem in sorted(mine)]


_SUMMED = ("rows", "computed", "reused", "rejected", "failed")


def _summary(told: Launched) -> Grid:
    """One line per table; with one date the cause, with several how many dates."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for partition in told.partitions:
        by_table.setdefault(partition["table"], []).append(partition)
    one_date = all(len(parts) == 1 for parts in by_table.values())
    last = "cause" if one_date else "dates computed"
    grid = Grid("table", "dates", *_SUMMED, "seconds", last, box=SIMPLE_HEAD)
    for column in grid.columns[:-1]:
        column.justify, column.no_wrap = "right", True
    grid.columns[0].justify = "left"
    for table, parts in by_table.items():
        fresh = sum(1 for part in parts if not part["cause"].startswith("unchanged"))
        grid.add_row(
            table.partition(".")[2],
            str(len(parts)),
            *(f"{sum(part[name] for part in parts):,}" for name in _SUMMED),
            f"{sum(part['seconds'] for part in parts):.2f}",
            parts[0]["cause"] if one_date else f"{fresh} of {len(parts)}",
        )
    return grid
