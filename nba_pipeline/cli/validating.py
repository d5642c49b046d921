"""``validate`` and ``cascade``: whether a night did its job, and how its phases followed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import AsJson, DateOption, day_of
from nba_pipeline.cli.printing import out, print_json
from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.engine.errors import ConfigurationError

if TYPE_CHECKING:
    from nba_pipeline.validation.finding import Finding

Days = Annotated[int, typer.Option("--days", min=1, max=400, help="Dates up to that one.")]
Plot = Annotated[
    str, typer.Option("--plot", metavar="FILE", help="Draw it, as .png, .svg or .pdf.")
]

_COLOURS = {"fail": "red", "partial": "yellow", "pass": "green", "not applicable": "dim"}


def validate(date_: DateOption, as_json: AsJson = False) -> None:
    """Say whether a night did its job, from the warehouse alone; nothing is changed."""
    from nba_pipeline.validation.judge import validate as validated

    day = day_of(date_, "--date")
    found = validated(open_warehouse(), day, datetime.now(UTC), os.environ)
    is_ok = all(finding.ok for finding in found)
    if as_json:
        print_json(
            {
                "date": day,
                "ok": is_ok,
                "checks": [
                    {
                        "name": finding.name,
                        "ok": finding.ok,
                        "outcome": finding.outcome.value,
                        "sentence": finding.sentence,
                        "fix": finding.fix or None,
                    }
                    for finding in found
                ],
            }
        )
    else:
        _print(day, found)
    raise typer.Exit(0 if is_ok else 1)


def _print(day: date, found: Sequence[Finding]) -> None:
    from nba_pipeline.validation.finding import worst_first

    grid = Grid("", "check", "what was found", box=SIMPLE_HEAD)
    grid.columns[0].no_wrap = grid.columns[1].no_wrap = True
    for finding in worst_first(found):
        fix = f"\n  → {finding.fix}" if finding.fix else ""
        grid.add_row(
            finding.outcome.value,
            finding.name,
            finding.beside_outcome + fix,
            style=_COLOURS[finding.outcome],
        )
    out.print(grid)
    counts = {word: sum(1 for f in found if f.outcome == word) for word in _COLOURS}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    verdict = "did not do its job" if counts["fail"] else "did its job"
    out.print(f"The night of {day} {verdict}: {told}.", highlight=False)


def cascade(date_: DateOption, days: Days = 7, plot: Plot = "", as_json: AsJson = False) -> None:
    """Show when each phase of some dates was done and the minutes between, from run records."""
    from nba_pipeline.engine.timings import timings_of
    from nba_pipeline.tables import REGISTRY
    from nba_pipeline.validation.gantt import FORMATS, draw

    last = day_of(date_, "--date")
    path = Path(plot).expanduser() if plot else None
    if path and path.suffix not in FORMATS:
        raise ConfigurationError(f"--plot {plot}: the name has to end in {', '.join(FORMATS)}")
    first = last - timedelta(days=days - 1)
    told = timings_of(open_warehouse(), list(REGISTRY.values()), first, last)
    if path:
        try:
            path.write_bytes(draw(told, path.suffix))
        except OSError as error:
            raise ConfigurationError(f"--plot {plot}: {error.strerror}") from error
    if as_json:
        print_json(
            {
                "from": first,
                "to": last,
                "dates": told.cascade,
                "plot": str(path.resolve()) if path else None,
            }
        )
        return
    _print_cascade(told.cascade, first, last)
    if path:
        out.print(f"drawn: {path.resolve()}", soft_wrap=True, highlight=False)


def _print_cascade(told: Sequence[dict[str, Any]], first: date, last: date) -> None:
    from nba_pipeline.engine.phases import PHASES
    from nba_pipeline.engine.timings import GAPS
    from nba_pipeline.validation.gantt import short

    if not told:
        out.print(f"No run of {first} to {last} is on record.", highlight=False)
        return
    gaps = {name: short(name) for name in GAPS}
    done = [f"{phase.name} done" for phase in PHASES]
    grid = Grid("date", *done, *gaps.values(), box=SIMPLE_HEAD)
    for column in grid.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for row in told:
        times = [_clock(row[f"phase{p.number}_completed_at"], row["game_date"]) for p in PHASES]
        grid.add_row(str(row["game_date"]), *times, *(_minutes(row, name) for name in GAPS))
    out.print(grid)
    for label, what in (("p50", "median"), ("p95", "95th percentile")):
        week = [f"{gap} {_number(told[-1][f'{name}_{label}'])}" for name, gap in gaps.items()]
        day = told[-1]["game_date"]
        out.print(f"{what} of the seven days up to {day}: {', '.join(week)}", highlight=False)
    out.print(
        "Times are US Eastern, +1 is the day after the date; gaps are minutes, total is from the "
        "summaries to the predictions;\n! is longer than a run that waits for no clock may take.",
        highlight=False,
    )


def _clock(moment: datetime | None, day: date) -> str:
    """``07:10``, ``07:10 +1`` on the day after, with its date where that is further off."""
    if moment is None:
        return "–"
    there = moment.astimezone(EASTERN)
    apart = (there.date() - day).days
    if abs(apart) > 2:
        return f"{there:%Y-%m-%d %H:%M}"
    return f"{there:%H:%M}" + (f" {apart:+d}" if apart else "")


def _minutes(row: dict[str, Any], name: str) -> str:
    from nba_pipeline.engine.phases import LATENCY_SECONDS, TOTAL_SECONDS

    minutes = row[name]
    before = name.removeprefix("phase").partition("_")[0]
    limit = LATENCY_SECONDS[int(before)] if before.isdigit() else TOTAL_SECONDS
    is_late = minutes is not None and minutes * 60 > limit
    return f"{_number(minutes)}{' !' if is_late else ''}"


def _number(minutes: float | None) -> str:
    if minutes is None:
        return "–"
    return f"{minutes:,.1f}" if minutes >= 10 else f"{minutes:.2f}"
