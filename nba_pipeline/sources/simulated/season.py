"""One season of the simulated league: its games, day by day, and who plays in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nba_pipeline.domain import calendar
from nba_pipeline.domain.calendar import instant, season_year
from nba_pipeline.sources.simulated.clubs import Club
from nba_pipeline.sources.simulated.corrections import Correction, correction_of, first_published
from nba_pipeline.sources.simulated.dice import Dice, Purpose
from nba_pipeline.sources.simulated.events import Event
from nba_pipeline.sources.simulated.fixtures import Fixture, fixtures
from nba_pipeline.sources.simulated.game import play
from nba_pipeline.sources.simulated.market import Lines, crews, lines
from nba_pipeline.sources.simulated.moves import Injury, Personnel
from nba_pipeline.sources.simulated.playoffs import LAST_OFFSET, Playoffs
from nba_pipeline.sources.simulated.postponed import postponed
from nba_pipeline.sources.simulated.props import Prop, points_props
from nba_pipeline.sources.simulated.reports import Status, statuses


@dataclass(frozen=True)
class Played:
    """A game as it went.

    Attributes:
        events: What happened.
        correction: What was published about it first and put right later, if anything.
    """

    events: tuple[Event, ...]
    correction: Correction | None

    def published(self, as_of: datetime | None) -> tuple[Event, ...]:
        """What was known to have happened at a moment; the last word when it is None."""
        if self.correction is None or as_of is None or as_of >= self.correction.known_at:
            return self.events
        return first_published(self.events, self.correction)


class SimulatedSeason:
    """A season, drawn up at once and played as far as anybody asks."""

    def __init__(self, seed: int, number: int, first_day: date, clubs: Sequence[Club]) -> None:
        """Draw up the regular season; no game is played yet.

        Args:
            seed: Which league.
            number: Seasons since the league's first.
            first_day: Day of the first games.
            clubs: The clubs on that day.
        """
        self.first_day = first_day
        self._seed = seed
        self._number = number
        planned = fixtures(seed, first_day, number)
        moved = postponed(planned, Dice(seed, Purpose.POSTPONEMENT, 0, number))
        self._planned = {number: planned[number - 1] for number in moved}
        self._regular = [moved.get(fixture.number, fixture) for fixture in planned]
        self._by_day: dict[date, list[Fixture]] = defaultdict(list)
        for fixture in self._regular:
            self._by_day[fixture.game_date].append(fixture)
        self._personnel = Personnel(seed, clubs, self._regular, number)
        self._playoffs = Playoffs(self._regular, self.score)
        # A score is two small numbers, so those of a whole season may stay; games may not.
        self._scores: dict[int, tuple[int, int]] = {}

    @property
    def injuries(self) -> tuple[Injury, ...]:
        """Every spell on the injured list."""
        return self._personnel.injuries

    def calendar(self) -> calendar.Season:
        """The season's days, up to the last on which a seventh game of the finals can be played."""
        last = max(self._by_day)
        return calendar.Season(
            season_year(self.first_day),
            self.first_day,
            last + timedelta(days=LAST_OFFSET),
            self.first_day,
            last,
        )

    def regular_days(self) -> list[date]:
        """The days of the regular season that have games, in order."""
        return sorted({*self._by_day, *(fixture.game_date for fixture in self._planned.values())})

    def fixtures_on(self, day: date, as_of: datetime | None) -> list[Fixture]:
        """The games of a day, as they were scheduled at a moment.

        Args:
            day: The day.
            as_of: The moment; None for how it turned out.
        """
        games = [*self._by_day.get(day, ()), *self._playoffs.on(day)]
        if as_of is None:
            return games
        public = [fixture for fixture in games if instant(fixture.public_from, 0) <= as_of]
        unmoved = [
            fixture
            for number, fixture in self._planned.items()
            if fixture.game_date == day
            and instant(self.first_day, 0) <= as_of < instant(self._moved(number).public_from, 0)
        ]
        return sorted((*public, *unmoved), key=lambda fixture: fixture.number)

    def play(self, fixture: Fixture) -> Played:
        """Play a game; it comes out the same each time."""
        home, away = (self._personnel.squad(team, fixture.game_date) for team in fixture.teams)
        events = play(home, away, self._dice(Purpose.GAME, fixture))
        self._scores[fixture.number] = next(e.score for e in reversed(events) if e.score)
        return Played(events, self.correction(fixture))

    def correction(self, fixture: Fixture) -> Correction | None:
        """What was put right about a game after it was first published, if anything."""
        return correction_of(fixture, self._dice(Purpose.CORRECTIONS, fixture))

    def score(self, fixture: Fixture) -> tuple[int, int]:
        """Points of the home team and of the visitors in the end."""
        if fixture.number not in self._scores:
            self.play(fixture)
        return self._scores[fixture.number]

    def lines(self, fixture: Fixture) -> Lines:
        """What the market makes of a game."""
        home, away = (self._personnel.squad(team, fixture.game_date) for team in fixture.teams)
        return lines(home, away, self._dice(Purpose.LINES, fixture))

    def props(self, fixture: Fixture) -> tuple[Prop, ...]:
        """What bookmakers ask about the players of a game."""
        home, away = (self._personnel.squad(team, fixture.game_date) for team in fixture.teams)
        dice = self._dice(Purpose.PROPS, fixture)
        return (
            *points_props(home, fixture.start, dice),
            *points_props(away, fixture.start, dice),
        )

    def reports(self, fixture: Fixture) -> tuple[Status, ...]:
        """What the league's injury reports say before a game."""
        dice = self._dice(Purpose.REPORTS, fixture)
        return tuple(
            status
            for team in fixture.teams
            for status in statuses(
                fixture,
                team,
                self._personnel.roster(team, fixture.game_date),
                [injury for injury in self.injuries if injury.team == team],
                dice,
            )
        )

    def crews(self, day: date) -> dict[str, tuple[str, ...]]:
        """The officials of a day's games, by game id."""
        return crews(self.fixtures_on(day, None), day, self._seed)

    def _moved(self, number: int) -> Fixture:
        return self._regular[number - 1]

    def _dice(self, purpose: Purpose, fixture: Fixture) -> Dice:
        return Dice(self._seed, purpose, fixture.number, self._number)
