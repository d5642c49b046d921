"""``backtest``: what the stored claims were worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import AsJson, FromOption, ToOption, days_between
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.domain.distribution import COVERAGE

Plots = Annotated[str, typer.Option(metavar="DIR", help="Folder to draw pictures into.")]


def backtest(from_: FromOption, to: ToOption, plots: Plots = "", as_json: AsJson = False) -> None:
    """Judge every system's stored claims of a range of NBA days, beside two baselines."""
    from nba_pipeline.backtest import evaluate, graded_claims

    days = days_between(from_, to)
    told = evaluate(graded_claims(open_warehouse(), days))
    pictures = _drawn(told["systems"], plots)
    if as_json:
        print_json({"from": days[0], "to": days[-1], **told, "plots": pictures})
        return
    out.print(_against_the_line(told["systems"]))
    out.print(_as_distributions(told["systems"]))
    out.print(_NOTES, highlight=False)
    for path in pictures:
        out.print(f"drawn: {path}", highlight=False)
    for sentence in told["warnings"]:
        err.print(f"Warning: {sentence}", style="yellow", soft_wrap=True, highlight=False)


_NOTES = (
    "All figures are of claims made from what was known before each date. In brackets: 95 % of a\n"
    "thousand resamplings of whole dates. A hit is a forecast on the side of the line where the\n"
    "points fell; 52.4 % pay for odds of -110, and one month of games cannot tell 54 % from luck.\n"
)


def _drawn(systems: dict[str, Any], folder: str) -> list[str]:
    from nba_pipeline.backtest_plots import draw

    return [str(path) for path in draw(systems, Path(folder))] if folder else []


def _grid(*columns: str) -> Grid:
    grid = Grid("system", *columns, box=SIMPLE_HEAD)
    for column in grid.columns[1:]:
        column.justify, column.no_wrap = "right", True
    return grid


def _against_the_line(systems: dict[str, Any]) -> Grid:
    """Error, bias and sides on the claims with a line; both baselines on the same rows."""
    grid = _grid("n", "MAE", "bias", "line", "season avg", "MAE/line", "hits", "sides won-lost")
    for name, told in systems.items():
        if not told["n"]:
            grid.add_row(name, "0", *["–"] * 7)
            continue
        low, high = told["ratio_interval"]
        least, most = told["hit_rate_interval"]
        grid.add_row(
            name,
            f"{told['n']:,}",
            f"{told['mae']:.3f}",
            f"{told['bias']:+.2f}",
            f"{told['line_mae']:.3f}",
            f"{told['season_average_mae']:.3f} ({told['season_average_ratio']:.3f})",
            f"{told['ratio']:.3f} [{low:.3f}, {high:.3f}]",
            f"{told['hit_rate']:.1%} [{least:.1%}, {most:.1%}]",
            f"{told['sides_won']}-{told['sides_lost']}",
        )
    return grid


def _as_distributions(systems: dict[str, Any]) -> Grid:
    """Intervals and chances."""
    grid = _grid(
        "claims",
        f"{COVERAGE:.0%} interval",
        "log loss",
        "Brier",
        "P(over) error",
        "P(points >= n) error",
    )
    for name, told in systems.items():
        chances = ["–"] * 3
        if told["n"]:
            keys = ("log_loss", "brier", "over_calibration_error")
            chances = [f"{told[key]:.4f}" for key in keys]
        grid.add_row(
            name,
            f"{told['claims']:,}",
            f"{told['interval_coverage_all']:.1%}",
            *chances,
            f"{told['threshold_calibration_error']:.4f}",
        )
    return grid
