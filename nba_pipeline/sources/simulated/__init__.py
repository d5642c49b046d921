"""A simulated league in the archive format: for first runs, demonstrations, tests and load.

Thirty real teams with invented players play whole seasons of invented games, decided by a seed and
by nothing else. No row states anything that ever happened.

=========== =======================================================================
Module      What is in it
=========== =======================================================================
dice        chance that repeats
clubs       teams, players and their skills
season      one season, day by day
fixtures    the regular season as it is drawn up
postponed   games that are moved
playoffs    play-in and play-offs
corrections what the box score said first
moves       trades and injuries: who is there on a night
shot_chart  where shots come from and how often they fall
events      what can happen in a game
bench       one team's five, minutes and fouls
floor       clock, score and ball of one game, fouls and stoppages
game        one game, play by play
box         box scores, counted from events
texts       play-by-play texts
market      betting lines and officials
props       points props
reports     injury reports before a game
records     everything as rows of a feed
likeness    figures that tell how like the NBA it is
=========== =======================================================================
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import copy
from datetime import date, datetime, timedelta

import pyarrow as pa

from nba_pipeline.domain.calendar import SeasonCalendar, instant, morning_after
from nba_pipeline.sources.base import feed_named, sorted_by_day, versions_by_date
from nba_pipeline.sources.feeds import (
    FEEDS,
    GAME_LINES,
    INJURY_REPORTS,
    INJURY_TRANSACTIONS,
    OFFICIALS,
    PLAYER_PROPS,
    SCHEDULE,
    Feed,
)
from nba_pipeline.sources.simulated.box import box_of
from nba_pipeline.sources.simulated.clubs import Club, after_summer, clubs
from nba_pipeline.sources.simulated.records import (
    GameRecord,
    Row,
    game_lines_rows,
    injury_rows,
    official_rows,
    prop_rows,
    report_rows,
    results_of,
    schedule_row,
)
from nba_pipeline.sources.simulated.season import SimulatedSeason

__all__ = ["SimulatedLeague"]

_FIRST_DAY = date(2025, 10, 21)
# 52 weeks: every season begins on the same weekday.
_A_YEAR = timedelta(days=364)
# Written days that are kept: more than the engine builds at once, so that no day of a batch is
# played twice for two feeds.
_DAYS_KEPT = 40


class SimulatedLeague:
    """A league that plays the same seasons whenever it is asked.

    A day's games are played when the day is first asked for. The newest days are kept, and of
    every day a digest; what was dropped is played again if need be. The same arguments give the
    same rows to the byte, whichever days are asked for in whichever order.

    A season has 82 games a team on 165 days from October to April, a break in February, games that
    are moved, a play-in and play-offs until June. Play-off days depend on all games before them,
    so the first that is asked for costs a season.
    """

    name = "simulated"

    def __init__(
        self,
        seed: int = 7,
        first_day: date = _FIRST_DAY,
        seasons: int = 1,
        *,
        scale: int = 1,
        as_of: datetime | None = None,
    ) -> None:
        """Draw up the league; no game is played yet.

        Args:
            seed: Which of the possible leagues, 0 or more.
            first_day: Day of the first season's first games.
            seasons: How many seasons there are, one after the other.
            scale: Players per place in a roster, at least 1. With more than one, every club has
                that many rosters, all of which play in every game and share its minutes: as many
                more players and rows a date, in games of the usual length. For load tests; the
                numbers of a player then shrink as his minutes do.
            as_of: The moment as of which the league is told: games not over have no results, lines
                and moves not yet published are missing, a postponed game stands on its old day
                until it is called off, and box scores not yet corrected are as they were first
                published. None for all there is ever to know.

        Raises:
            ValueError: If there is no such league.
        """
        if seed < 0 or seasons < 1 or scale < 1:
            raise ValueError(
                f"A simulated league needs a seed of 0 or more, at least one season and a scale "
                f"of at least 1, not seed {seed}, {seasons} seasons and scale {scale}."
            )
        self._as_of = as_of
        self._drawn = f"league {seed}: {seasons} seasons from {first_day}, scale {scale}"
        self._seasons = [
            SimulatedSeason(seed, number, first_day + number * _A_YEAR, rosters)
            for number, rosters in enumerate(_rosters(seed, scale, seasons))
        ]
        self._injury_rows = injury_rows([i for season in self._seasons for i in season.injuries])
        self._days: OrderedDict[date, dict[str, pa.Table]] = OrderedDict()
        self._versions: dict[tuple[str, date], str] = {}

    def games(self) -> pa.Table:
        """The schedule feed of every season, which takes playing them all."""
        days = [
            season.first_day + timedelta(days=at)
            for season in self.calendar().seasons
            for at in range((season.last_day - season.first_day).days + 1)
        ]
        return self.read(SCHEDULE.name, days)

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
        return pa.concat_tables([empty, *(self._day(day)[feed] for day in days)]).combine_chunks()

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows."""
        for day in dates:
            if (feed_named(feed).name, day) not in self._versions:
                self._versions.update(
                    ((name, day), versions_by_date(rows, [day])[day])
                    for name, rows in self._day(day).items()
                )
        return {day: self._versions[feed, day] for day in dates}

    def calendar(self) -> SeasonCalendar:
        """The seasons, as their schedules show them."""
        return SeasonCalendar(tuple(season.calendar() for season in self._seasons))

    def mark(self) -> str:
        """Which league it is, and as of when; nothing else about it ever changes."""
        return f"{self._drawn}, as of {self._as_of}"

    def at(self, moment: datetime) -> SimulatedLeague:
        """The same league, drawn up once, as it is told as of a moment."""
        told = copy(self)
        told._as_of = moment
        told._days, told._versions = OrderedDict(), {}
        return told

    def schedule(self) -> pa.Table:
        """Every regular-season game as it is scheduled, without results and unplayed."""
        rows = [
            schedule_row(fixture, season.first_day, None)
            for season in self._seasons
            for day in season.regular_days()
            for fixture in season.fixtures_on(day, self._as_of)
        ]
        return sorted_by_day(SCHEDULE, self._told(rows, SCHEDULE))

    def corrected_at(self, day: date) -> list[datetime]:
        """The moments at which results of a day's games are put right, in order."""
        return sorted(
            {
                correction.known_at
                for season in self._seasons
                for fixture in season.fixtures_on(day, None)
                if (correction := season.correction(fixture)) is not None
            }
        )

    def _day(self, day: date) -> dict[str, pa.Table]:
        """A day's rows of every feed, written down at once."""
        if day not in self._days:
            self._days[day] = self._written(day)
            if len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        self._days.move_to_end(day)
        return self._days[day]

    def _written(self, day: date) -> dict[str, pa.Table]:
        rows: dict[str, list[Row]] = {name: [] for name in FEEDS}
        rows[INJURY_TRANSACTIONS.name] = [
            row
            for row in self._injury_rows
            if row["game_date"] == day and self._is_public(instant(day, 12))
        ]
        for season in self._seasons:
            for feed, row in self._of_season(season, day):
                rows[feed].append(row)
        return {
            name: sorted_by_day(feed, self._told(rows[name], feed)) for name, feed in FEEDS.items()
        }

    def _told(self, rows: list[Row], feed: Feed) -> pa.Table:
        """Rows as the feed's columns; every one says that it is invented."""
        said = [{**row, "data_source": self.name} for row in rows]
        return pa.Table.from_pylist(said, schema=_columns(feed))

    def _of_season(self, season: SimulatedSeason, day: date) -> Iterator[tuple[str, Row]]:
        """A day's rows of a season, each with the feed it belongs to."""
        if day not in season.calendar():
            return
        officials = season.crews(day) if self._is_public(instant(day, 9)) else {}
        for fixture in season.fixtures_on(day, self._as_of):
            crew = officials.get(fixture.game_id, ())
            for feed, rows in (
                (OFFICIALS, official_rows(fixture, crew)),
                (GAME_LINES, game_lines_rows(fixture, season.lines(fixture), self._is_public)),
                (INJURY_REPORTS, report_rows(fixture, season.reports(fixture), self._is_public)),
                (PLAYER_PROPS, prop_rows(fixture, season.props(fixture), self._is_public)),
            ):
                yield from ((feed.name, row) for row in rows)
            box = None
            if self._is_public(morning_after(day)):
                events = season.play(fixture).published(self._as_of)
                box = box_of(events)
                yield from results_of(GameRecord(fixture, events, box, crew))
            yield SCHEDULE.name, schedule_row(fixture, season.first_day, box)

    def _is_public(self, moment: datetime) -> bool:
        """Whether what is published at a moment is known."""
        return self._as_of is None or moment <= self._as_of


def _rosters(seed: int, scale: int, seasons: int) -> Iterator[tuple[Club, ...]]:
    """The clubs on the first day of each season."""
    now = clubs(seed, scale)
    yield now
    for season in range(1, seasons):
        now = after_summer(now, seed, season)
        yield now


def _columns(feed: Feed) -> pa.Schema:
    """The feed's columns, behind the day its rows belong to."""
    if "game_date" in feed.schema.names:
        return feed.schema
    return feed.schema.insert(0, pa.field("game_date", pa.date32()))
