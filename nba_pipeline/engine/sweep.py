"""Which dates a sensor looks at and which it launches, from what is out of date and was tried.

State decides, not events: a change nobody saw go by is found the next time somebody looks. What is
known of runs is passed in, so nothing here has a clock or an instance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.engine.history import Late

#: How often one cause is tried before a person has to look.
MOST_ATTEMPTS = 3


def days_watched(today: date, back: int, first_day: date) -> list[date]:
    """The days that a sensor looks at, up to tomorrow's slate.

    Args:
        today: The NBA day it is.
        back: How many days ago the first of them may lie.
        first_day: The first partition there is.
    """
    days = (today + timedelta(days=step) for step in range(-back, 2))
    return [day for day in days if day >= first_day]


def season_so_far(today: date, first_day: date, calendar: SeasonCalendar) -> list[date]:
    """The days of the newest season that has begun, up to tomorrow's slate.

    Args:
        today: The NBA day it is.
        first_day: The first partition there is.
        calendar: The seasons.
    """
    tomorrow = today + timedelta(days=1)
    begun = [season for season in calendar.seasons if season.first_day <= tomorrow]
    if not begun:
        return []
    first, last = max(begun[-1].first_day, first_day), min(begun[-1].last_day, tomorrow)
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


@dataclass(frozen=True)
class Launch:
    """A date to bring up to date.

    Attributes:
        late: The date and what is out of date on it.
        attempt: How often this cause has been tried with it, from 1.
    """

    late: Late
    attempt: int

    @property
    def run_key(self) -> str:
        """Names the demand, not the partition: a used key is never launched again."""
        return f"{self.late.day}:{self.late.demand}:{self.attempt}"


@dataclass(frozen=True)
class Sweep:
    """What is to be done about the dates that are out of date.

    Attributes:
        launch: The date to launch now, if any.
        waiting: Dates that come later, or are being worked on.
        stuck: Dates that were tried often enough; changed inputs free them.
    """

    launch: Launch | None = None
    waiting: tuple[Late, ...] = ()
    stuck: tuple[Late, ...] = ()


def sweep(late: Sequence[Late], attempts: Mapping[str, int], in_flight: Collection[date]) -> Sweep:
    """Decide what to launch: the oldest date first, one at a time.

    What comes later reads what comes before, so a later date would only be built twice.

    Args:
        late: What is out of date, oldest first.
        attempts: How many runs each demand has had.
        in_flight: Dates that a run is working on or queued for.
    """
    stuck = tuple(found for found in late if attempts.get(found.demand, 0) >= MOST_ATTEMPTS)
    open_dates = [found for found in late if found not in stuck]
    if not open_dates:
        return Sweep(stuck=stuck)
    oldest = open_dates[0]
    if any(day <= oldest.day for day in in_flight):
        return Sweep(waiting=tuple(open_dates), stuck=stuck)
    launch = Launch(oldest, attempts.get(oldest.demand, 0) + 1)
    return Sweep(launch, tuple(open_dates[1:]), stuck)
