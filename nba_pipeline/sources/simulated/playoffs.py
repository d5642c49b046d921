"""What follows the regular season: six play-in games and fifteen series of best of seven.

Who takes part depends on every game of the regular season, so the first play-off day that is asked
for costs a season's games. The days are fixed beforehand; a game that is not needed has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from nba_pipeline.domain.calendar import instant, season_year
from nba_pipeline.sources.simulated.fixtures import EAST, Fixture

#: From a fixture to the points of the home team and of the visitors.
Score = Callable[[Fixture], tuple[int, int]]
Pair = tuple[str, str]

# Days after the last day of the regular season.
_SEEDS_7_TO_10, _LAST_SEED = (2, 3), 5
_ROUND_BEGINS = (7, 22, 37, 52)
_GAMES, _TO_WIN = 7, 4
LAST_OFFSET = _ROUND_BEGINS[-1] + 2 * (_GAMES - 1)
_BETTER_IS_HOST = (True, True, False, False, True, False, True)
# Places of a conference that meet in the first round, in the order of the bracket.
_BRACKET = ((0, 7), (3, 4), (2, 5), (1, 6))
_PLAY_IN_NUMBERS, _SERIES_NUMBERS = 1_900, 2_000


class Playoffs:
    """The play-in and the play-offs of one season, as far as anybody has asked."""

    def __init__(self, regular: Sequence[Fixture], score: Score) -> None:
        self._regular = regular
        self._score = score
        self._last_day = max(fixture.game_date for fixture in regular)
        self._year = season_year(regular[0].game_date) % 100
        self._records: dict[str, tuple[int, int]] = {}
        self._winners: dict[tuple[int, int], str] = {}
        self._entrants: dict[int, list[str]] = {}

    def on(self, day: date) -> list[Fixture]:
        """The games of a day."""
        offset = (day - self._last_day).days
        if not 0 < offset <= LAST_OFFSET:
            return []
        return sorted((*self._play_in_on(offset), *self._series_on(offset)), key=lambda f: f.number)

    # The play-in.

    def _play_in_on(self, offset: int) -> Iterator[Fixture]:
        for conference in (0, 1):
            if offset == _SEEDS_7_TO_10[conference]:
                yield from self._openers(conference)
            if offset == _LAST_SEED:
                yield self._decider(conference)

    def _openers(self, conference: int) -> tuple[Fixture, Fixture]:
        """Seventh against eighth for a place, ninth against tenth for a second chance."""
        seeds = self._table(conference)
        day = self._day(_SEEDS_7_TO_10[conference])
        return (
            self._play_in(3 * conference, day, (seeds[6], seeds[7])),
            self._play_in(3 * conference + 1, day, (seeds[8], seeds[9])),
        )

    def _decider(self, conference: int) -> Fixture:
        first, second = self._openers(conference)
        pair = (self._beaten(first), self._winner_of(second))
        return self._play_in(3 * conference + 2, self._day(_LAST_SEED), pair)

    def _play_in(self, number: int, day: date, pair: Pair) -> Fixture:
        game_id = f"005{self._year:02d}00{number + 1:03d}"
        return self._fixture(_PLAY_IN_NUMBERS + number, game_id, day, pair)

    # The series.

    def _series_on(self, offset: int) -> Iterator[Fixture]:
        for round_, begins in enumerate(_ROUND_BEGINS, start=1):
            for series in range(8 >> (round_ - 1)):
                game, between = divmod(offset - begins - series % 2, 2)
                if between or not 0 <= game < _GAMES:
                    continue
                played = list(self._games(round_, series))
                if game < len(played):
                    yield played[game]

    def _games(self, round_: int, series: int) -> Iterator[Fixture]:
        """The games of a series in order, up to the one that decides it."""
        better, other = pair = self._pair(round_, series)
        wins = dict.fromkeys(pair, 0)
        first = _ROUND_BEGINS[round_ - 1] + series % 2
        for game, better_is_host in enumerate(_BETTER_IS_HOST):
            teams = (better, other) if better_is_host else (other, better)
            number = 100 * round_ + 10 * series + game + 1
            game_id = f"004{self._year:02d}00{number}"
            fixture = self._fixture(
                _SERIES_NUMBERS + number, game_id, self._day(first + 2 * game), teams
            )
            yield fixture
            winner = self._winner_of(fixture)
            wins[winner] += 1
            if wins[winner] == _TO_WIN:
                self._winners[round_, series] = winner
                return

    def _pair(self, round_: int, series: int) -> Pair:
        """Who meets in a series, the better of the regular season first."""
        if round_ == 1:
            seeds = self._seeds(series // 4)
            one, other = (seeds[place] for place in _BRACKET[series % 4])
            return one, other
        one, other = (self._series_winner(round_ - 1, 2 * series + at) for at in (0, 1))
        return (one, other) if self._rank(one) >= self._rank(other) else (other, one)

    def _series_winner(self, round_: int, series: int) -> str:
        if (round_, series) not in self._winners:
            for _ in self._games(round_, series):
                pass
        return self._winners[round_, series]

    # Who takes part.

    def _seeds(self, conference: int) -> list[str]:
        """The eight of a conference, once the play-in is over."""
        if conference not in self._entrants:
            seventh, _ = self._openers(conference)
            last_two = [self._winner_of(seventh), self._winner_of(self._decider(conference))]
            self._entrants[conference] = [*self._table(conference)[:6], *last_two]
        return self._entrants[conference]

    def _table(self, conference: int) -> list[str]:
        """A conference's teams by their record."""
        if not self._records:
            self._count_records()
        teams = [team for team in self._records if (team in EAST) == (conference == 0)]
        return sorted(teams, key=lambda team: (self._rank(team), team), reverse=True)

    def _count_records(self) -> None:
        for fixture in self._regular:
            home, away = self._score(fixture)
            for team, margin in ((fixture.home, home - away), (fixture.away, away - home)):
                wins, margins = self._records.get(team, (0, 0))
                self._records[team] = (wins + (margin > 0), margins + margin)

    def _rank(self, team: str) -> tuple[int, int]:
        """Wins, then points scored above those allowed."""
        return self._records[team]

    # Single games.

    def _winner_of(self, fixture: Fixture) -> str:
        home, away = self._score(fixture)
        return fixture.home if home > away else fixture.away

    def _beaten(self, fixture: Fixture) -> str:
        return fixture.away if self._winner_of(fixture) == fixture.home else fixture.home

    def _day(self, offset: int) -> date:
        return self._last_day + timedelta(days=offset)

    def _fixture(self, number: int, game_id: str, day: date, teams: Pair) -> Fixture:
        # Early enough to be over on its own day: the next game is public from the morning after.
        start = instant(day, 19) if number % 2 else instant(day, 20, 30)
        return Fixture(number, game_id, day, *teams, start, day - timedelta(days=1))
