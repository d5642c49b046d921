"""The backtest as pictures: errors beside the line's, chances beside what happened, intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nba_pipeline.domain.distribution import COVERAGE

Figures = Mapping[str, Mapping[str, Any]]

_GREEN, _GREY, _RED = "#1b7837", "#777777", "#b2182b"


def draw(systems: Figures, folder: Path) -> list[Path]:
    """Write the pictures of an evaluation.

    Args:
        systems: As ``evaluate`` gives them.
        folder: Where to; made where it is missing.

    Returns:
        The files written.
    """
    # Drawn by its class alone: no window system, no state shared with whoever else draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    lined = {name: figures for name, figures in systems.items() if figures["n"]}
    pictures = {"error_ratio": _ratios, "reliability": _reliability, "coverage": _coverage}
    for stem, picture in pictures.items():
        figure = Figure(figsize=(8, 1.2 + 0.5 * max(len(systems), 4)), layout="constrained")
        FigureCanvasAgg(figure)
        picture(figure.subplots(), systems if picture is _coverage else lined)
        path = folder / f"{stem}.png"
        figure.savefig(path, dpi=120)
        written.append(path)
    return written


def _ratios(axes: Any, systems: Figures) -> None:
    """Each system's error as a share of the line's, with 95 percent of resampled dates."""
    for at, figures in enumerate(systems.values()):
        axes.plot(figures["ratio_interval"], [at, at], color=_GREY)
        axes.plot(figures["ratio"], at, "o", color=_GREEN)
        axes.plot(figures["season_average_ratio"], at, "|", color=_RED, markersize=14)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_yticks(range(len(systems)), list(systems))
    axes.set_xlabel("mean absolute error over the line's; red: the season average's")
    axes.set_title("Error beside the line's")


def _reliability(axes: Any, systems: Figures) -> None:
    """Stated chances of going over the line, and how often points did."""
    for name, figures in systems.items():
        rows = figures["reliability"]
        stated, happened = ([row[key] for row in rows] for key in ("stated", "happened"))
        axes.plot(stated, happened, "o-", label=name, alpha=0.8)
    axes.plot([0.3, 0.7], [0.3, 0.7], color="black", linewidth=1)
    axes.set_xlabel("stated chance of going over the line")
    axes.set_ylabel("share that did")
    axes.set_title("Chances beside what happened")
    if systems:
        axes.legend(fontsize="small")


def _coverage(axes: Any, systems: Figures) -> None:
    """Share of games inside the stated interval."""
    shares = [figures["interval_coverage_all"] for figures in systems.values()]
    axes.barh(range(len(systems)), shares, color=_GREEN, alpha=0.7)
    axes.axvline(COVERAGE, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_yticks(range(len(systems)), list(systems))
    axes.set_xlim(0.6, 1.0)
    axes.set_xlabel(f"share of games inside the interval; {COVERAGE:.0%} is stated")
    axes.set_title("Intervals")
