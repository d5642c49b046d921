"""NBA time: days in US Eastern, seasons as the schedule shows them, instants in UTC.

A ``date`` is always an NBA day, the Eastern day a game is played on. A ``datetime`` is always an
instant with a time zone. What happens on a day (games, fixtures) is not kept here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from nba_pipeline.domain.games import COMPETITIVE_PREFIXES, season_type

EASTERN = ZoneInfo("America/New_York")

_NBA_GAME_ID = re.compile(r"00\d{8}", re.ASCII)
_FIRST_MONTH_OF_A_SEASON = 10
_SUMMER_MONTHS = (7, 8, 9)

#: No two seasons ever followed each other faster: 72 days passed in the autumn of 2020.
SHORTEST_SUMMER = timedelta(days=60)
# The league was founded in 1946, so a two-digit year below that belongs to this century.
_FIRST_TWO_DIGIT_YEAR = 46


def season_year(game_date: date) -> int:
    """The year a season started, going by the calendar alone.

    Right for every ordinary season. The 2019-20 season ended in October 2020: where a game id is
    at hand, `season_year_of` knows better.

    Args:
        game_date: An NBA day.

    Returns:
        The day's year from October on, the year before until then: 2021 for 2022-06-16.
    """
    return game_date.year - (game_date.month < _FIRST_MONTH_OF_A_SEASON)


def season_reach(day: date) -> date:
    """The earliest day that may belong to a day's season, preseason included.

    Args:
        day: An NBA day.

    Returns:
        1 October of the year the season started.
    """
    return date(season_year(day), _FIRST_MONTH_OF_A_SEASON, 1)


def season_year_of(nba_game_id: str) -> int:
    """The year a game's season started, as its id states it.

    Args:
        nba_game_id: An nba.com game id; the fourth and fifth digit are the year.

    Returns:
        The starting year: 2021 for ``"0022100199"``.

    Raises:
        ValueError: If the text is not ten digits beginning with 00.
    """
    if not _NBA_GAME_ID.fullmatch(nba_game_id):
        raise ValueError(f"{nba_game_id!r} is not an nba.com game id: ten digits beginning 00.")
    short_year = int(nba_game_id[3:5])
    return short_year + (1900 if short_year >= _FIRST_TWO_DIGIT_YEAR else 2000)


def season_label(year: int) -> str:
    """Name a season the way nba.com does.

    Args:
        year: The year the season started.

    Returns:
        Both years, the second with two digits: ``"2021-22"``.
    """
    return f"{year}-{(year + 1) % 100:02d}"


def instant(day: date, hour: int, minute: int = 0) -> datetime:
    """The moment a clock on the US East Coast shows a time.

    Args:
        day: The Eastern day.
        hour: 0 to 23, Eastern wall time.
        minute: 0 to 59.

    Returns:
        The same moment in UTC.

    Raises:
        ValueError: If there is no such hour or minute.
    """
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=EASTERN).astimezone(UTC)


def nba_day(moment: datetime) -> date:
    """The NBA day on which a moment falls: the date on the US East Coast then.

    Args:
        moment: An instant with a time zone.

    Returns:
        The Eastern date.
    """
    return moment.astimezone(EASTERN).date()


def morning_after(day: date) -> datetime:
    """Six in the morning, Eastern, after an NBA day: its last game is long over.

    Args:
        day: The NBA day.

    Returns:
        The moment in UTC.
    """
    return instant(day + timedelta(days=1), 6)


@dataclass(frozen=True)
class Season:
    """One season from its first game that counts to its last.

    Attributes:
        year: The year it started.
        first_day: Day of the first game of any competition but preseason and all-star.
        last_day: Day of the last such game.
        regular_first_day: Day of the first regular-season game.
        regular_last_day: Day of the last regular-season game.
    """

    year: int
    first_day: date
    last_day: date
    regular_first_day: date
    regular_last_day: date

    @property
    def label(self) -> str:
        """The season's name, ``"2021-22"``."""
        return season_label(self.year)

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True)
class SeasonCalendar:
    """The seasons a schedule knows, oldest first."""

    seasons: tuple[Season, ...]

    @classmethod
    def from_games(cls, dates: Iterable[date], nba_game_ids: Iterable[str]) -> SeasonCalendar:
        """Read the seasons off a schedule; nothing about a season is assumed.

        Args:
            dates: The NBA day of each game.
            nba_game_ids: Its nba.com id, in the same order.

        Returns:
            One season for every year in which a game counts.

        Raises:
            ValueError: If an id is not an nba.com id, or if a season has games that count but no
                regular-season game among them.
        """
        days: dict[int, list[date]] = {}
        regular_days: dict[int, list[date]] = {}
        for day, nba_game_id in zip(dates, nba_game_ids, strict=True):
            year = season_year_of(nba_game_id)
            if nba_game_id.startswith(COMPETITIVE_PREFIXES):
                days.setdefault(year, []).append(day)
            if season_type(nba_game_id) == "regular_season":
                regular_days.setdefault(year, []).append(day)
        if unstarted := sorted(days.keys() - regular_days.keys()):
            raise ValueError(
                f"The schedule has no regular-season game of {season_label(unstarted[0])}, "
                "only later ones; it must hold the whole season."
            )
        return cls(
            tuple(
                Season(
                    year,
                    min(days[year]),
                    max(days[year]),
                    min(regular_days[year]),
                    max(regular_days[year]),
                )
                for year in sorted(days)
            )
        )

    def season_of(self, day: date) -> Season | None:
        """The season a day lies in.

        Args:
            day: An NBA day.

        Returns:
            The season, or None before the first known game, after the last or between two seasons.
        """
        return next((season for season in self.seasons if day in season), None)

    def is_between_seasons(self, day: date) -> bool:
        """Whether a day is known to have no game because one season is over and none has begun.

        Args:
            day: An NBA day.

        Returns:
            True in July, August and September, within `SHORTEST_SUMMER` of a known season, and
            between two known seasons that follow each other; never inside a known season. False
            where the schedule may merely not reach.
        """
        if self.season_of(day):
            return False
        near = any(
            season.first_day - SHORTEST_SUMMER <= day <= season.last_day + SHORTEST_SUMMER
            for season in self.seasons
        )
        between = any(
            before.last_day < day < after.first_day and after.year == before.year + 1
            for before, after in pairwise(self.seasons)
        )
        return day.month in _SUMMER_MONTHS or near or between

    def describe(self) -> str:
        """The known seasons in words: ``"2021-22: 2021-10-19 to 2022-06-16; ..."``."""
        return "; ".join(f"{s.label}: {s.first_day} to {s.last_day}" for s in self.seasons)
