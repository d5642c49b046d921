"""Two pictures of a day for those who watch runs: lines beside forecasts, chances beside games."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from nba_pipeline.report.model import Page

_COLOURS = {"OVER": "#0b7a4b", "UNDER": "#b0361f", "PASS": "#8b97a5"}

# Pixels and dots an inch of a picture that an event keeps for good.
_INCHES, _DOTS = (6.4, 4.2), 100


def line_and_forecast(page: Page) -> bytes:
    """Every leading forecast over its line, by what is called; PNG, empty where no line is."""
    lined = [player for player in page.players if player.line is not None]

    def draw(axes: Any) -> None:
        for side, colour in _COLOURS.items():
            chosen = [player for player in lined if player.headline.side == side]
            axes.scatter(
                [player.line for player in chosen],
                [player.headline.points for player in chosen],
                s=22,
                color=colour,
                label=f"{side.lower()}: {len(chosen)}",
            )
        axes.plot([0, page.top], [0, page.top], color="black", linewidth=1)
        axes.set_xlabel("line, points")
        axes.set_ylabel("forecast, points")
        axes.set_title(f"Forecast beside the line on {page.day}")
        axes.legend()

    return _png(draw) if lined else b""


def calibration(page: Page) -> bytes:
    """Stated chances of going over, in fifths, and the share that did; PNG, empty without any."""

    def draw(axes: Any) -> None:
        stated = [part.stated for part in page.reliability]
        happened = [part.happened for part in page.reliability]
        # Of n games a share lies within this much of the truth two times in three.
        apart = [(part.stated * (1 - part.stated) / part.n) ** 0.5 for part in page.reliability]
        axes.errorbar(stated, happened, yerr=apart, fmt="o", color="#1d428a", capsize=3)
        ends = [min(stated + happened) - 0.05, max(stated + happened) + 0.05]
        axes.plot(ends, ends, color="black", linewidth=1)
        axes.set_xlabel("stated chance of going over the line")
        axes.set_ylabel("share that did")
        axes.set_title(f"The ensemble's chances before {page.day}")

    return _png(draw) if page.reliability else b""


def _png(draw: Callable[[Any], None]) -> bytes:
    # Drawn by its class alone: no window system, no state shared with whoever else draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.subplots())
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=_DOTS)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(64).save(small, format="png", optimize=True)
    return small.getvalue()
