"""The terminal: what a person types, and what she reads.

Results go to standard output, as a table or with ``--json`` as one object and nothing else;
progress goes to standard error. Exit code 0 means done, 1 that something broke, 2 that the call was
wrong.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.engine.errors import ConfigurationError, OutsideSeasonError, PipelineError
from nba_pipeline.engine.fanout import EXECUTORS
from nba_pipeline.progress import LineReporter, bar_reporter

if TYPE_CHECKING:
    from nba_pipeline.engine.protocols import Source
    from nba_pipeline.engine.table import Table
    from nba_pipeline.orchestration.launch import Launched
    from nba_pipeline.warehouse.local import LocalWarehouse

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="NBA player-prop features as one Dagster asset graph.",
)
# What is printed is text as it is: play-by-play is full of [brackets] and :colons:. Into a pipe or
# a file there is no width to fit: let a line be as long as it is.
_out = Console(width=None if sys.stdout.isatty() else 10_000, markup=False, emoji=False)
_err = Console(stderr=True, markup=False, emoji=False)

Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="NBA day, US Eastern.")]
Select = Annotated[
    str, typer.Option(help="Tables, for example player_game_summary+ (with everything after it).")
]
ArchiveOption = Annotated[
    str, typer.Option(metavar="DIR", help="Folder of season files; else NBA_ARCHIVE_DIR.")
]
ExecutorOption = Annotated[str, typer.Option(help=f"One of {', '.join(EXECUTORS)}.")]
Force = Annotated[bool, typer.Option("--force", help="Compute everything, changed or not.")]
Only = Annotated[bool, typer.Option("--only", help="Do not bring the date's history up to date.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def run(
    date_: Annotated[
        str, typer.Option("--date", metavar="YYYY-MM-DD", help="NBA day, US Eastern.")
    ],
    select: Select = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    force: Force = False,
    only: Only = False,
    as_json: AsJson = False,
) -> None:
    """Make one NBA day true in every table, with the history it stands on."""
    day = _day(date_, "--date")
    _finish(_bring_up_to_date([day], select, archive, executor, force, only), as_json)


@app.command()
def backfill(
    from_: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First NBA day.")],
    to: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Last NBA day.")],
    select: Select = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    force: Force = False,
    only: Only = False,
    as_json: AsJson = False,
) -> None:
    """Make a range of NBA days true, in one run; what is already true is reused."""
    first, last = _day(from_, "--from"), _day(to, "--to")
    if last < first:
        raise ConfigurationError(f"--from {first} lies after --to {last}")
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    _finish(_bring_up_to_date(days, select, archive, executor, force, only), as_json)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; tables are named dataset.table.")],
    as_json: AsJson = False,
) -> None:
    """Ask the warehouse in SQL. Nothing can be changed this way."""
    answer = _warehouse().query(sql)
    # Two columns may have one name, which a row as a dictionary would lose.
    rows = list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    if as_json:
        _print_json({"columns": answer.column_names, "rows": rows})
        return
    grid = Grid(*answer.column_names, box=SIMPLE_HEAD)
    for row in rows:
        grid.add_row(*("" if value is None else str(value) for value in row))
    _out.print(grid)


@app.command()
def demo(executor: ExecutorOption = "", as_json: AsJson = False) -> None:
    """Build four weeks of a simulated league from nothing, then say where to look."""
    from nba_pipeline.sources.simulated import SimulatedLeague

    home = settings.data_folder() / "demo"
    for name, folder in (("NBA_WAREHOUSE_DIR", "warehouse"), ("DAGSTER_HOME", "dagster")):
        os.environ[name] = os.environ.get(name) or str(home / folder)
    os.environ.pop("NBA_ARCHIVE_DIR", None)
    season = SimulatedLeague().calendar().seasons[-1]
    length = (season.last_day - season.first_day).days + 1
    days = [season.first_day + timedelta(days=step) for step in range(length)]
    told = _bring_up_to_date(days, "", "", executor, force=False, only=False)
    if not as_json:
        _say_where_to_look()
    _finish(told, as_json)


@app.command()
def bench(
    from_: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First NBA day.")],
    to: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Last NBA day.")],
    archive: ArchiveOption = "",
    executor: ExecutorOption = "serial",
    as_json: AsJson = False,
) -> None:
    """Time a backfill from nothing and again unchanged, without and with Dagster."""
    from nba_pipeline.benchmark import measure
    from nba_pipeline.orchestration.resources import SourceResource

    first, last = _day(from_, "--from"), _day(to, "--to")
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    folder = str(Path(archive).resolve()) if archive else ""
    figures = measure(folder, SourceResource(archive=folder).open(), days, executor)
    if as_json:
        _print_json(figures)
        return
    grid = Grid("figure", "value", box=SIMPLE_HEAD)
    for name, value in figures.items():
        grid.add_row(name, str(value))
    _out.print(grid)


def _say_where_to_look() -> None:
    names = ("NBA_WAREHOUSE_DIR", "DAGSTER_HOME")
    for name in names:
        _out.print(f"export {name}={os.environ[name]}", soft_wrap=True, highlight=False)
    best = (
        "select player_full_name, team_abbr, count(*) games, round(avg(points), 1) points "
        "from nba_analytics.player_game_summary group by all order by points desc limit 10"
    )
    _out.print("Then look at the graph:    dagster dev", highlight=False)
    _out.print(f'or ask:                    nba-pipeline query "{best}"\n', highlight=False)


# Running ------------------------------------------------------------------------------------------


def _bring_up_to_date(
    days: Sequence[date], select: str, archive: str, executor: str, force: bool, only: bool
) -> Launched:
    """One run for the dates, after those for what their windows stand on."""
    _check_executor(executor)
    _check_workers()
    source = _source(days, archive)
    _prepare_dagster_home()

    from dagster import DagsterInstance

    from nba_pipeline.orchestration.launch import Launched, launch, selected_tables

    tables = selected_tables(select)
    with DagsterInstance.get() as instance, _reporter() as reporter:

        def bring(which: Sequence[Table], dates: Sequence[date]) -> Launched:
            return launch(
                which,
                dates,
                instance,
                archive=str(Path(archive).resolve()) if archive else "",
                executor=executor,
                force=force,
                reporter=reporter,
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
    from nba_pipeline.orchestration.launch import Launched, history

    told, tried = Launched(), None
    # What reads a rebuilt partition shows only then that it has to be rebuilt, too. What is out of
    # date however often it is built has an entity that breaks: the run itself will tell of it.
    while (late := history(tables, days, _warehouse(), source)) and late != tried:
        tried = late
        dates = sum(len(stretch) for _, stretch in late)
        _err.print(f"history: {dates} {'date' if dates == 1 else 'dates'} to build")
        for which, stretch in late:
            told = _joined(told, bring(which, stretch))
            if told.problems:
                return told
    return told


def _prepare_dagster_home() -> None:
    """Point Dagster at its folder; one made here reports to nobody and asks for no newsletter."""
    home = settings.dagster_home(os.environ)
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not any(home.iterdir()):
            settled = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
            (home / "dagster.yaml").write_text(settled)
    except OSError as error:
        raise ConfigurationError(f"DAGSTER_HOME {home} cannot be used: {error.strerror}") from error
    os.environ["DAGSTER_HOME"] = str(home.resolve())


def _warehouse() -> LocalWarehouse:
    from nba_pipeline.tables import REGISTRY
    from nba_pipeline.warehouse.local import LocalWarehouse

    return LocalWarehouse(settings.warehouse_folder(os.environ), list(REGISTRY.values()))


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


def _check_executor(chosen: str) -> None:
    name = settings.executor_name(os.environ, chosen)
    if name not in EXECUTORS:
        raise ConfigurationError(
            f"there is no executor {name}: choose one of {', '.join(EXECUTORS)}"
        )


def _check_workers() -> None:
    from nba_pipeline.engine.table import usable_cpus
    from nba_pipeline.tables import REGISTRY

    for table in REGISTRY.values():
        table.fan_out.workers(os.environ, usable_cpus())


def _source(days: Sequence[date], archive: str) -> Source:
    """The source, if it knows the dates.

    Raises:
        OutsideSeasonError: When it does not; whoever asks for such a date has likely mistyped it.
    """
    from nba_pipeline.orchestration.resources import SourceResource

    source = SourceResource(archive=archive).open()
    calendar = source.calendar()
    if not any(calendar.season_of(day) for day in days):
        raise OutsideSeasonError(
            f"{days[0]} lies outside every season of the {source.name} source "
            f"({calendar.describe()})"
        )
    return source


@contextmanager
def _reporter() -> Iterator[Any]:
    if _err.is_terminal:
        with bar_reporter(_err) as reporter:
            yield reporter
    else:
        yield LineReporter(_err)


# Printing -----------------------------------------------------------------------------------------


def _finish(told: Launched, as_json: bool) -> NoReturn:
    if as_json:
        _print_json(
            {
                "run_ids": told.run_ids,
                "partitions": told.partitions,
                "problems": told.problems,
                "broken_promises": told.broken_promises,
                "seconds": told.seconds,
            }
        )
    else:
        if told.partitions:
            _out.print(_summary(told))
        if told.succeeded and not any(part["computed"] for part in told.partitions):
            _out.print("Nothing to compute: nothing that these partitions read has changed.")
        runs = ", ".join(run_id[:8] for run_id in told.run_ids)
        _out.print(
            f"{told.seconds:.1f} s, run {runs} recorded in {os.environ['DAGSTER_HOME']}",
            highlight=False,
        )
    for sentence in (*told.problems, *told.broken_promises):
        _err.print(f"Error: {sentence}", style="red", soft_wrap=True, highlight=False)
    raise typer.Exit(0 if told.succeeded else 1)


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


def _print_json(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(_plain(answer), allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    """A value in the types JSON has; what is no number there is null, everything else text."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{option} {text} is not a date: write YYYY-MM-DD") from error
    if day < settings.first_day(os.environ):
        raise ConfigurationError(
            f"{option} {day} lies before the first partition, {settings.first_day(os.environ)} "
            "(NBA_FIRST_DAY moves it)"
        )
    return day


def main() -> None:
    """Run the command line; an error a person can meet is one sentence, never a traceback."""
    try:
        app()
    except PipelineError as error:
        _err.print(f"Error: {error}", style="red", soft_wrap=True, highlight=False)
        wrong_call = isinstance(error, ConfigurationError | OutsideSeasonError)
        sys.exit(2 if wrong_call else 1)
