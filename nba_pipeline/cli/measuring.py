"""``bench``: how long things take, beside what else, and where the time goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline.cli.opening import check_executor
from nba_pipeline.cli.options import ArchiveOption, AsJson, FromOption, ToOption, days_between
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.engine.fanout import EXECUTORS

_COLUMNS = ("wall_seconds", "cpu_seconds", "peak_mb")


def bench(
    from_: FromOption,
    to: ToOption,
    archive: ArchiveOption = "",
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="May be given several times; every scenario where none is."),
    ] = None,
    executors: Annotated[
        str, typer.Option(help=f"Of {', '.join(EXECUTORS)}; separated by commas.")
    ] = "serial,threads,processes",
    plot: Annotated[
        str, typer.Option(metavar="FILE", help="Draw the figures into a file, for example b.png.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Measure scenarios in folders of their own; ratios of one run are what to look at.

    Wall and CPU seconds with those of worker processes, and peak memory. Nothing is kept.
    """
    from nba_pipeline.benchmarks import plots, suite

    names = list(dict.fromkeys(name.strip() for name in executors.split(",") if name.strip()))
    for name in names:
        check_executor(name)
    days = days_between(from_, to)
    folder = str(Path(archive).resolve()) if archive else ""
    told = suite.run(scenario or [], folder, days, names, _say)
    if plot:
        plots.draw(told, Path(plot))
    if as_json:
        print_json(told)
        return
    for name, about in told["scenarios"].items():
        _print(name, about)


def _say(what: str) -> None:
    err.print(what, highlight=False)


def _print(scenario: str, about: Mapping[str, Any]) -> None:
    """The ratios of a scenario, then its records."""
    ratios = Grid(scenario, "ratio", box=SIMPLE_HEAD)
    for name, ratio in about["ratios"].items():
        ratios.add_row(name, f"{ratio:,.3f}")
    records = Grid("measured", *(name.replace("_", " ") for name in _COLUMNS), box=SIMPLE_HEAD)
    for record in about["records"]:
        figures = (record.get(name) for name in _COLUMNS)
        cells = ("" if figure is None else f"{figure:,.2f}" for figure in figures)
        records.add_row(_title(record), *cells)
    out.print(ratios)
    out.print(records)


def _title(record: Mapping[str, Any]) -> str:
    """What a record is of, with what tells it from others; nested figures are for programs."""
    plain = {
        name: value
        for name, value in record.items()
        if name not in (*_COLUMNS, "what") and isinstance(value, str | int | float)
    }
    return ", ".join([record["what"], *(f"{name} {value}" for name, value in plain.items())])
