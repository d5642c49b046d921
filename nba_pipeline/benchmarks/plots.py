"""The figures of a run as one picture: each scenario's ratios, and where a backfill's time goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nba_pipeline.engine.errors import ConfigurationError

_GREEN, _GREY = "#1b7837", "#777777"
_BAR_INCHES, _WIDTH_INCHES = 0.28, 10


def draw(told: Mapping[str, Any], path: Path) -> None:
    """Write the picture.

    Args:
        told: What ``suite.run`` gave.
        path: A file whose ending says which kind of picture, for example ``bench.png``.

    Raises:
        ConfigurationError: When it cannot be written.
    """
    # Drawn by its class alone: no window system, no state shared with whoever else draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = _panels(told["scenarios"])
    heights = [len(bars) + 2 for bars in panels.values()]
    figure = Figure(figsize=(_WIDTH_INCHES, _BAR_INCHES * sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
    for one, (title, bars) in zip(axes, panels.items(), strict=True):
        _bars(one, title, bars)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--plot {path}: {error}") from error


def _panels(scenarios: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Bars by name for each panel."""
    panels = {f"{name}: ratios": about["ratios"] for name, about in scenarios.items()}
    for record in scenarios.get("backfill", {}).get("records", []):
        if record["what"] == "from nothing":
            panels["backfill: wall seconds by phase"] = record["phases"]
    tables = [r for r in scenarios.get("backfill", {}).get("records", []) if r["what"] == "table"]
    if tables:
        panels["backfill: CPU seconds by table"] = {r["table"]: r["cpu_seconds"] for r in tables}
    return {title: bars for title, bars in panels.items() if bars}


def _bars(axes: Any, title: str, bars: Mapping[str, float]) -> None:
    drawn = axes.barh(range(len(bars)), list(bars.values()), color=_GREEN, alpha=0.7)
    axes.bar_label(drawn, fmt="%.3g", padding=3, color=_GREY, fontsize="small")
    axes.set_yticks(range(len(bars)), list(bars), fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_title(title, loc="left")
