"""The phases of some dates as bars over time, drawn from the run records."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.engine.phases import PHASES, RAW
from nba_pipeline.engine.timings import GAPS, Row, Timings

#: What can be drawn, by the end of a file's name.
FORMATS = (".png", ".svg", ".pdf")

_COLOURS = {2: "#8b97a5", 3: "#1d428a", 4: "#b8860b", 5: "#0b7a4b", 6: "#b0361f"}
_INCHES_WIDE, _INCHES_A_DATE = 9.0, 1.15
_LANE = 0.8 / len(PHASES)
# The schedule of a date is looked at this much before the rest, or was read ahead.
_AHEAD = timedelta(hours=1)
# Shares of the whole width: a bar that is shorter cannot be seen.
_THINNEST = 0.004


def draw(timings: Timings, suffix: str = ".png") -> bytes:
    """A picture: a band per date, in it a lane per phase, on it a bar per table that did something.

    A date's minutes begin with its first run, so that dates built long after they were played stand
    beside those run live. A thin line marks the end of each phase; the minutes between phases stand
    beside the date.

    Args:
        timings: Of the dates.
        suffix: One of ``FORMATS``.
    """
    # Drawn by its class alone: no window system, no state shared with whoever else draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    by_date: dict[date, list[Row]] = defaultdict(list)
    for run in timings.runs:
        if not run["is_unchanged"]:
            by_date[run["game_date"]].append(run)
    shown = [row for row in timings.cascade if row["game_date"] in by_date]
    by_date = {day: _of_its_day(runs) for day, runs in by_date.items()}
    height = 1.4 + _INCHES_A_DATE * max(len(shown), 1)
    figure = Figure(figsize=(_INCHES_WIDE, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    ends = [_last_minute(row, by_date[row["game_date"]]) for row in shown]
    width = max(ends, default=1.0) or 1.0
    for band, row in enumerate(shown):
        _draw_date(axes, band, row, by_date[row["game_date"]], width)
    _dress(axes, shown, by_date, width)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=suffix.removeprefix("."), dpi=110)
    return _smaller(drawn) if suffix == ".png" else drawn.getvalue()


def _smaller(drawn: io.BytesIO) -> bytes:
    """The same in few colours: an event keeps it for good."""
    from PIL import Image

    small = io.BytesIO()
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(32).save(small, format="png", optimize=True)
    return small.getvalue()


def _of_its_day(runs: Sequence[Row]) -> list[Row]:
    """Runs without those that read a date's schedule ahead, on days before it."""
    others = [run["started_at"] for run in runs if run["table_name"] != RAW.begins_with]
    since = min(others) - _AHEAD if others else _begin(runs)
    return [run for run in runs if run["started_at"] >= since]


def _begin(runs: Sequence[Row]) -> datetime:
    began: datetime = min(run["started_at"] for run in runs)
    return began


def _last_minute(row: Row, runs: Sequence[Row]) -> float:
    """Minutes from the date's first run to the end of the predictions, or of what there is."""
    until: datetime = row["phase5_completed_at"] or max(run["completed_at"] for run in runs)
    return (until - _begin(runs)).total_seconds() / 60


def _draw_date(axes: Any, band: int, row: Row, runs: Sequence[Row], width: float) -> None:
    began = _begin(runs)
    for lane, phase in enumerate(PHASES):
        top = band - 0.4 + lane * _LANE
        bars = [
            (
                (run["started_at"] - began).total_seconds() / 60,
                max(run["seconds"] / 60, _THINNEST * width),
            )
            for run in runs
            if run["phase"] == phase.number
        ]
        axes.broken_barh(bars, (top, _LANE * 0.9), facecolors=_COLOURS[phase.number])
        done = row[f"phase{phase.number}_completed_at"]
        if done:
            minute = (done - began).total_seconds() / 60
            axes.plot([minute] * 2, [top, top + _LANE * 0.9], color="black", linewidth=1)
    axes.annotate(
        _gaps(row),
        (1.0, band),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        annotation_clip=False,
    )


def short(gap: str) -> str:
    """A gap's column as people call it: ``3→4``."""
    return gap.removesuffix("_delay_min").removeprefix("phase").replace("_to_", "→")


def _gaps(row: Row) -> str:
    """The minutes between phases, a line each."""
    minutes = {short(name): row[name] for name in GAPS}
    return "\n".join(
        f"{name}: " + ("–" if gap is None else f"{gap:,.1f}") for name, gap in minutes.items()
    )


def _dress(axes: Any, shown: Sequence[Row], by_date: dict[date, list[Row]], width: float) -> None:
    from matplotlib.patches import Patch

    axes.set_xlim(-0.01 * width, 1.02 * width)
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    names = [_name(row, by_date[row["game_date"]]) for row in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlabel("minutes since the date's first run; right: minutes between phases")
    axes.set_title("When the phases of each date ran" if shown else "No run is on record")
    axes.grid(axis="x", linewidth=0.4)
    axes.set_axisbelow(True)
    patches = [Patch(color=_COLOURS[phase.number], label=phase.name) for phase in PHASES]
    axes.legend(
        handles=patches,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.12 / max(len(shown), 1) ** 0.5),
        ncols=len(PHASES),
        frameon=False,
    )


def _name(row: Row, runs: Sequence[Row]) -> str:
    """A date and when its first run began, US Eastern."""
    began = _begin(runs).astimezone(EASTERN)
    there = "%H:%M" if began.date() == row["game_date"] else "%Y-%m-%d %H:%M"
    return f"{row['game_date']}\nfrom {began:{there}}"
