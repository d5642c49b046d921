"""The simulated league's schedule: who meets whom on which day, and the one game that is moved.

Every team plays three or four games a week and never on three days running. Results are not
kept here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from zoneinfo import ZoneInfo

from nba_pipeline.domain.calendar import EASTERN, instant, season_year
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.simulated.dice import Dice, Purpose

# Games by weekday, Monday first: 104 places a week for 30 teams, so 14 of them play four times.
_GAMES_ON_WEEKDAY = (8, 6, 10, 4, 10, 8, 6)
_FEWEST_A_WEEK, _MOST_A_WEEK = 3, 4
_WEEK = 7
_REST_AFTER_TWO = timedelta(days=2)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game that is to be played.

    Attributes:
        number: Its place in the schedule as it was first drawn up, from 1.
        game_id: Its nba.com id, made from the season and the number.
        game_date: The day it is played.
        home: Tricode of the hosts.
        away: Tricode of the visitors.
        start: When it is to begin.
        public_from: Since when it is known that it is played then: the season's first day, or the
            day it was first to be played on.
        is_postponed: Whether it was moved here from an earlier day.
    """

    number: int
    game_id: str
    game_date: date
    home: str
    away: str
    start: datetime
    public_from: date
    is_postponed: bool = False

    @property
    def teams(self) -> tuple[str, str]:
        """Hosts and visitors."""
        return self.home, self.away


def fixtures(seed: int, first_day: date, weeks: int) -> tuple[Fixture, ...]:
    """Draw up the schedule, in the order of the game ids."""
    days = [first_day + timedelta(days=at) for at in range(weeks * _WEEK)]
    games_on = _games_by_day(days, Dice(seed, Purpose.FIXTURES))
    drawn = _Draw()
    for week in range(weeks):
        drawn = _week(seed, week, days[week * _WEEK : (week + 1) * _WEEK], games_on, drawn)
    dice = Dice(seed, Purpose.FIXTURES, 1)
    planned = [
        _fixture(number, day, home, away, first_day, dice)
        for number, (day, home, away) in enumerate(drawn.games, start=1)
    ]
    return tuple(_with_one_postponed(planned, first_day, Dice(seed, Purpose.POSTPONEMENT)))


def _games_by_day(days: Sequence[date], dice: Dice) -> dict[date, int]:
    """How many games each day has. One of the quiet days in mid-season is free of games."""
    games_on = {day: _GAMES_ON_WEEKDAY[day.weekday()] for day in days}
    free = min(days[2:-2], key=lambda day: (games_on[day], dice.roll()))
    for neighbour in (free - _ONE_DAY, free + _ONE_DAY):
        games_on[neighbour] += games_on[free] // 2
    games_on[free] = 0
    return games_on


@dataclass(frozen=True)
class _Draw:
    """The games drawn so far, by day, hosts and visitors."""

    games: tuple[tuple[date, str, str], ...] = ()
    days_of: dict[str, frozenset[date]] = field(
        default_factory=lambda: dict.fromkeys(TEAMS, frozenset())
    )

    def with_games(self, day: date, pairs: list[tuple[str, str]]) -> _Draw:
        playing = {team for pair in pairs for team in pair}
        return _Draw(
            (*self.games, *((day, home, away) for home, away in pairs)),
            {
                team: days | {day} if team in playing else days
                for team, days in self.days_of.items()
            },
        )


def _week(
    seed: int, week: int, days: Sequence[date], games_on: dict[date, int], before: _Draw
) -> _Draw:
    """Draw a week, again and again until every team has three or four games."""
    attempts = (
        _attempt(days, games_on, before, Dice(seed, Purpose.FIXTURES, (week + 1) * 1_000 + number))
        for number in count()
    )
    return next(drawn for drawn in attempts if _is_fair(drawn, days))


def _attempt(days: Sequence[date], games_on: dict[date, int], drawn: _Draw, dice: Dice) -> _Draw:
    for day in days:
        pairs = _pairs(_teams_playing(day, days, games_on[day], drawn, dice), drawn, dice)
        drawn = drawn.with_games(day, pairs)
    return drawn


def _is_fair(drawn: _Draw, week: Sequence[date]) -> bool:
    """Whether no team plays too much or too little in a week, nor on three days running."""
    return all(
        _FEWEST_A_WEEK <= sum(day in played for day in week) <= _MOST_A_WEEK
        and not any(_plays_three_running(played, day) for day in week if day in played)
        for played in drawn.days_of.values()
    )


def _teams_playing(
    day: date, week: Sequence[date], games: int, drawn: _Draw, dice: Dice
) -> list[str]:
    """The teams that have played least this week, those of last night last in line."""

    def turn(team: str) -> float:
        played = drawn.days_of[team]
        this_week = sum(other in played for other in week)
        tired = 10.0 if _plays_three_running(played, day) or this_week == _MOST_A_WEEK else 0.0
        return tired + this_week + 0.8 * (day - _ONE_DAY in played) + 1.3 * dice.roll()

    return sorted(TEAMS, key=turn)[: 2 * games]


def _plays_three_running(played: frozenset[date], day: date) -> bool:
    """Whether a game on that day would be the third on three days running."""
    around = [day + timedelta(days=shift) in played for shift in (-2, -1, 1, 2)]
    return any(one and other for one, other in pairwise(around))


def _pairs(teams: list[str], drawn: _Draw, dice: Dice) -> list[tuple[str, str]]:
    """Pair teams that have met least; whoever was at home less often is host."""
    met = Counter(frozenset((home, away)) for _, home, away in drawn.games)
    hosted = Counter(home for _, home, _ in drawn.games)
    waiting = dice.shuffled(teams)
    pairs = []
    while waiting:
        one = waiting.pop()
        other = min(waiting, key=lambda team: met[frozenset((one, team))])
        waiting.remove(other)
        pairs.append((one, other) if hosted[one] <= hosted[other] else (other, one))
    return sorted(pairs)


def _fixture(number: int, day: date, home: str, away: str, first_day: date, dice: Dice) -> Fixture:
    game_id = f"002{season_year(first_day) % 100:02d}{number:05d}"
    return Fixture(number, game_id, day, home, away, _start(day, home, dice), first_day)


def _start(day: date, home: str, dice: Dice) -> datetime:
    """Seven or half past in the East, eight in the Midwest, ten farther west; Eastern time."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    behind = noon.astimezone(EASTERN).hour - noon.astimezone(ZoneInfo(TEAMS[home].timezone)).hour
    if behind == 0:
        return instant(day, 19, 30 * dice.below(2))
    return instant(day, 20 if behind == 1 else 22)


def _with_one_postponed(planned: list[Fixture], first_day: date, dice: Dice) -> Iterator[Fixture]:
    """Move one game of the first half to a later day, where a day can be found that suits both."""
    days = sorted({fixture.game_date for fixture in planned})
    early = [fixture for fixture in planned if fixture.game_date < days[len(days) // 2]]
    days_of = {
        team: frozenset(fixture.game_date for fixture in planned if team in fixture.teams)
        for team in TEAMS
    }
    moves = (
        (fixture, day)
        for fixture in dice.shuffled(early)
        for day in dice.shuffled(days)
        if day > fixture.game_date + _REST_AFTER_TWO
        and all(_can_move(days_of[t], fixture.game_date, day, first_day) for t in fixture.teams)
    )
    moved, new_day = next(moves, (None, first_day))
    for fixture in planned:
        if fixture is moved:
            start = fixture.start.astimezone(EASTERN)
            yield replace(
                fixture,
                game_date=new_day,
                start=instant(new_day, start.hour, start.minute),
                public_from=fixture.game_date,
                is_postponed=True,
            )
        else:
            yield fixture


def _can_move(played: frozenset[date], old: date, new: date, first_day: date) -> bool:
    """Whether a team can play on the new day instead, as rested and as often as all the others."""
    moved = played - {old} | {new}
    by_week = Counter((day - first_day).days // _WEEK for day in moved)
    return (
        new not in played
        and not _plays_three_running(moved, new)
        and all(_FEWEST_A_WEEK <= games <= _MOST_A_WEEK for games in by_week.values())
    )
