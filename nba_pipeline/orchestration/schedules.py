"""The day's cadence, by the clock on the US East Coast. Times are the latest starts.

What a schedule launches is up to date already when sensors are on; then its run computes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg

from nba_pipeline import settings
from nba_pipeline.domain.calendar import EASTERN, nba_day
from nba_pipeline.orchestration.clock import today
from nba_pipeline.orchestration.jobs import CORRECTIONS, FEATURES, NBA_DAYS, POST_GAME
from nba_pipeline.orchestration.partitions import range_tags
from nba_pipeline.orchestration.resources import LandingResource, SourceResource
from nba_pipeline.orchestration.workflows import job_name


@dataclass(frozen=True)
class Cadence:
    """When something is launched, and for which days.

    Attributes:
        name: The schedule's name.
        job: What is launched.
        at: Cron lines in US Eastern time, daylight saving observed.
        last_day: The last NBA day launched, relative to the day it is then.
        why: For people.
        is_sweep: Whether the days before are launched with it, as far back as is recent.
        until_landed: Publisher and kind of a payload that, once landed, ends the day's launches.
    """

    name: str
    job: str
    at: tuple[str, ...]
    last_day: int
    why: str
    is_sweep: bool = False
    until_landed: tuple[str, str] | None = None

    def days(self, moment: datetime, recent_days: int) -> tuple[date, date]:
        """The first and the last NBA day launched at a moment.

        Args:
            moment: When the schedule is due.
            recent_days: How many days a sweep looks back.
        """
        last = nba_day(moment) + timedelta(days=self.last_day)
        return last - timedelta(days=recent_days - 1 if self.is_sweep else 0), last


CADENCE = (
    Cadence(
        "post_game",
        POST_GAME,
        ("30 4 * * *", "30 6 * * *"),
        -1,
        "Summaries of last night's games, and again for what came late.",
    ),
    Cadence(
        "corrections",
        CORRECTIONS,
        ("15 5 * * *",),
        -1,
        "Recent dates once more, for whatever was corrected since; one run.",
        is_sweep=True,
    ),
    Cadence(
        "features",
        FEATURES,
        ("0 6 * * *",),
        0,
        "Everything about tonight that is known in the morning, up to the features.",
    ),
    Cadence(
        "morning",
        NBA_DAYS,
        ("0 7 * * *",),
        0,
        "Tonight in every table, predictions included.",
    ),
    Cadence(
        "line_moves",
        NBA_DAYS,
        ("0 8-20/2 * * *",),
        0,
        "Tonight again as lines and injuries move; what did not move is reused.",
    ),
)


#: When what is published is fetched; a game's results three times, because some come late.
FETCHING = (
    Cadence(
        "fetch_morning",
        job_name("morning_operations"),
        ("0 6 * * *",),
        0,
        "The day's schedule, players and rosters.",
    ),
    Cadence(
        "fetch_lines",
        job_name("betting_lines"),
        ("0 8-20/2 * * *",),
        0,
        "Tonight's lines and props as they move.",
    ),
    Cadence(
        "fetch_injuries",
        job_name("injury_discovery"),
        ("0 9-11/2 * * *", "0 13-22 * * *"),
        0,
        "Every injury report until the last tip-off: they change all day long.",
    ),
    Cadence(
        "fetch_officials",
        job_name("referee_discovery"),
        ("0 9-14 * * *",),
        0,
        "Tonight's officials, until they are published.",
        until_landed=("nbac", "referee"),
    ),
    Cadence(
        "fetch_tonight",
        job_name("post_game"),
        ("0 22 * * *",),
        0,
        "Results of the games that are over by then.",
    ),
    Cadence(
        "fetch_last_night",
        job_name("post_game"),
        ("0 1 * * *", "0 4 * * *"),
        -1,
        "Results of last night's games, and again for what came late.",
    ),
)


def schedules_for(
    cadence: Sequence[Cadence] = CADENCE, fetching: Sequence[Cadence] = FETCHING
) -> list[dg.ScheduleDefinition]:
    """The schedules; each is off until a person switches it on."""
    return [_schedule(entry) for entry in cadence] + [_fetching(entry) for entry in fetching]


def _fetching(entry: Cadence) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=entry.name,
        job_name=entry.job,
        cron_schedule=list(entry.at),
        execution_timezone=EASTERN.key,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=entry.why,
    )
    def due(
        context: dg.ScheduleEvaluationContext, landing: LandingResource
    ) -> dg.RunRequest | dg.SkipReason:
        _, day = entry.days(context.scheduled_execution_time, settings.recent_days(os.environ))
        if reason := _too_late(day):
            return dg.SkipReason(reason)
        if entry.until_landed and landing.open().payloads(*entry.until_landed, [day]):
            return dg.SkipReason(f"landed: {'.'.join(entry.until_landed)} of {day} is there")
        return dg.RunRequest(partition_key=day.isoformat())

    return due


def _schedule(entry: Cadence) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=entry.name,
        job_name=entry.job,
        cron_schedule=list(entry.at),
        execution_timezone=EASTERN.key,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=entry.why,
    )
    def due(
        context: dg.ScheduleEvaluationContext, source: SourceResource
    ) -> dg.RunRequest | dg.SkipReason:
        first, last = entry.days(context.scheduled_execution_time, settings.recent_days(os.environ))
        first = max(first, settings.first_day(os.environ))
        if reason := _too_late(last) or _no_season(last, source):
            return dg.SkipReason(reason)
        if first == last:
            return dg.RunRequest(partition_key=last.isoformat())
        return dg.RunRequest(tags=range_tags(first, last))

    return due


def _too_late(day: date) -> str:
    """Why a day is not launched any more when a schedule catches up on what it missed."""
    age = (today() - day).days
    oldest = settings.oldest_days(os.environ)
    return f"too_historical: {day} was {age} days ago, more than {oldest}" if age > oldest else ""


def _no_season(day: date, source: SourceResource) -> str:
    published = source.open()
    calendar = published.calendar()
    if calendar.season_of(day):
        return ""
    seasons = calendar.describe()
    return f"offseason: {day} lies in no season of the {published.name} source ({seasons})"
