"""A simulated league in the archive format: for first runs, demonstrations and tests.

Thirty real teams with invented players play four weeks of invented games, decided by a seed and by
nothing else. No row states anything that ever happened.

========== =======================================================================
Module     What is in it
========== =======================================================================
dice       chance that repeats
clubs      teams, players and their skills
fixtures   the schedule
moves      trades and injuries: who is there on a night
shot_chart where shots come from and how often they fall
events     what can happen in a game
bench      one team's five, minutes and fouls
floor      clock, score and ball of one game, fouls and stoppages
game       one game, play by play
box        box scores, counted from events
texts      play-by-play texts
market     betting lines and officials
props      points props
records    everything as rows of a feed
========== =======================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pyarrow as pa

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.sources.base import feed_named, sorted_by_day, versions_by_date
from nba_pipeline.sources.feeds import INJURY_TRANSACTIONS, SCHEDULE, Feed
from nba_pipeline.sources.simulated.box import box_of
from nba_pipeline.sources.simulated.clubs import clubs
from nba_pipeline.sources.simulated.dice import Dice, Purpose
from nba_pipeline.sources.simulated.fixtures import Fixture, fixtures
from nba_pipeline.sources.simulated.game import play
from nba_pipeline.sources.simulated.market import crews, lines
from nba_pipeline.sources.simulated.moves import Personnel
from nba_pipeline.sources.simulated.props import points_props
from nba_pipeline.sources.simulated.records import GameRecord, Row, injury_rows, rows_of_game

__all__ = ["SimulatedLeague"]

_FIRST_DAY = date(2025, 10, 21)


class SimulatedLeague:
    """A league that plays the same season whenever it is asked.

    A game is made when a day it is played on is first asked for, and kept. The same seed, first
    day and weeks give the same rows to the byte, whichever days are asked for in whichever order.
    """

    name = "simulated"

    def __init__(self, seed: int = 7, first_day: date = _FIRST_DAY, weeks: int = 4) -> None:
        """Draw up a season; no game is played yet.

        Args:
            seed: Which of the possible leagues, 0 or more.
            first_day: Day of the first games.
            weeks: Length of the season, at least 1.

        Raises:
            ValueError: If there is no such league.
        """
        if seed < 0 or weeks < 1:
            raise ValueError(
                f"A simulated league needs a seed of 0 or more and at least one week, "
                f"not seed {seed} and {weeks} weeks."
            )
        self._seed = seed
        self._first_day = first_day
        self._fixtures = fixtures(seed, first_day, weeks)
        self._personnel = Personnel(seed, clubs(seed), self._fixtures)
        self._injury_rows = injury_rows(self._personnel.injuries)
        self._played: dict[date, list[GameRecord]] = {}
        self._days: dict[tuple[str, date], pa.Table] = {}

    def games(self) -> pa.Table:
        """The schedule feed of the whole season."""
        return self.read(SCHEDULE.name, [fixture.game_date for fixture in self._fixtures])

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those days, sorted by day and key.

        Args:
            feed: Name of a feed of the archive format.
            dates: NBA days in any order; days without games give no rows.

        Returns:
            The feed's columns, with a leading ``game_date`` where it has none of its own.

        Raises:
            SourceError: If there is no such feed.
        """
        days = sorted(set(dates))
        empty = _columns(feed_named(feed)).empty_table()
        return pa.concat_tables([empty, *(self._day(feed, day) for day in days)]).combine_chunks()

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows."""
        return versions_by_date(self.read(feed, dates), dates)

    def calendar(self) -> SeasonCalendar:
        """The one season, as its schedule shows it."""
        return SeasonCalendar.from_games(
            [fixture.game_date for fixture in self._fixtures],
            [fixture.game_id for fixture in self._fixtures],
        )

    def mark(self) -> str:
        """Which league it is; nothing about it ever changes."""
        return f"league {self._seed}: {len(self._fixtures)} games from {self._first_day}"

    def _day(self, feed: str, day: date) -> pa.Table:
        """A day's rows of a feed; written down once, since several tables read each feed."""
        if (feed, day) not in self._days:
            kind = feed_named(feed)
            rows = pa.Table.from_pylist(list(self._rows(feed, day)), schema=_columns(kind))
            self._days[feed, day] = sorted_by_day(kind, rows)
        return self._days[feed, day]

    def _rows(self, feed: str, day: date) -> Iterator[Row]:
        if feed == INJURY_TRANSACTIONS.name:
            yield from (row for row in self._injury_rows if row["game_date"] == day)
            return
        for game in self._games_of(day):
            yield from rows_of_game(feed, game)

    def _games_of(self, day: date) -> list[GameRecord]:
        if day not in self._played:
            today = [fixture for fixture in self._fixtures if fixture.game_date == day]
            officials = crews(today, day, self._seed)
            self._played[day] = [
                self._play(fixture, officials[fixture.game_id]) for fixture in today
            ]
        return self._played[day]

    def _play(self, fixture: Fixture, crew: tuple[str, ...]) -> GameRecord:
        home, away = (self._personnel.squad(team, fixture.game_date) for team in fixture.teams)
        events = play(home, away, Dice(self._seed, Purpose.GAME, fixture.number))
        market = lines(home, away, Dice(self._seed, Purpose.LINES, fixture.number))
        chance = Dice(self._seed, Purpose.PROPS, fixture.number)
        props = (
            *points_props(home, fixture.start, chance),
            *points_props(away, fixture.start, chance),
        )
        return GameRecord(self._first_day, fixture, events, box_of(events), market, crew, props)


def _columns(feed: Feed) -> pa.Schema:
    """The feed's columns, behind the day its rows belong to."""
    if "game_date" in feed.schema.names:
        return feed.schema
    return feed.schema.insert(0, pa.field("game_date", pa.date32()))
