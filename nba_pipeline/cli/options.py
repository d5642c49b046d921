"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from nba_pipeline import settings
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.fanout import EXECUTORS
from nba_pipeline.engine.session import Mode

DateOption = Annotated[
    str, typer.Option("--date", metavar="YYYY-MM-DD", help="NBA day, US Eastern.")
]
FromOption = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First NBA day.")]
ToOption = Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last NBA day.")]
Select = Annotated[
    str, typer.Option(help="Tables, for example player_game_summary+ (with everything after it).")
]
ArchiveOption = Annotated[
    str, typer.Option(metavar="DIR", help="Folder of season files; else NBA_ARCHIVE_DIR.")
]
ExecutorOption = Annotated[str, typer.Option(help=f"One of {', '.join(EXECUTORS)}.")]
AddressOption = Annotated[
    str,
    typer.Option(
        metavar="tcp://HOST:PORT",
        envvar=settings.DASK_ADDRESS.name,
        help="Scheduler of a dask cluster, with --executor dask; else one is made for the run.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Compute everything, changed or not.")]
Only = Annotated[bool, typer.Option("--only", help="Do not bring the date's history up to date.")]
ModeOption = Annotated[
    str,
    typer.Option(
        help=f"Why this runs: {', '.join(Mode)}. Failures of a backfill count as no attempts; no "
        "mode changes a row."
    ),
]
_FURTHEST_AHEAD = timedelta(days=730)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def day_of(text: str, option: str) -> date:
    """The NBA day that an option gives.

    Raises:
        ConfigurationError: When it is not a date, or lies before the first partition or further
            ahead than any schedule.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{option} {text} is not a date: write YYYY-MM-DD") from error
    if day < settings.first_day(os.environ):
        raise ConfigurationError(
            f"{option} {day} lies before the first partition, {settings.first_day(os.environ)} "
            "(NBA_FIRST_DAY moves it)"
        )
    # A mistyped year must not become a million days to look at.
    if day > datetime.now(UTC).date() + _FURTHEST_AHEAD:
        raise ConfigurationError(f"{option} {day} lies further ahead than any schedule")
    return day


def days_between(from_: str, to: str) -> list[date]:
    """The days of a range, both ends included.

    Raises:
        ConfigurationError: When an end is not a day, or the last lies before the first.
    """
    first, last = day_of(from_, "--from"), day_of(to, "--to")
    if last < first:
        raise ConfigurationError(f"--from {first} lies after --to {last}")
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]
