"""The regular season of the simulated league as it is drawn up: who meets whom on which day.

Every team plays 82 games, half of them at home, three or four a week and never on three days
running; in February the league rests for six days. Results are not kept here, nor are the games
that are moved once the season is under way.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from zoneinfo import ZoneInfo

from nba_pipeline.domain.calendar import EASTERN, instant, season_year
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.simulated.dice import Dice, Purpose

GAMES_A_TEAM = 82
# Games by weekday, Monday first: 104 places a week for 30 teams, so 14 of them play four times.
_GAMES_ON_WEEKDAY = (8, 6, 10, 4, 10, 8, 6)
_FEWEST_A_WEEK, _MOST_A_WEEK = 3, 4
_WEEK = 7
_ONE_DAY = timedelta(days=1)
# 23 full weeks, and two short ones: the league rests after one evening of the 17th, and the last
# ends with a Sunday on which everybody plays.
_FREE_DAY_WEEK, _BREAK_WEEK, _LAST_WEEK = 2, 16, 24
_GAMES_BEFORE_BREAK = 6
_LAST_GAMES_ON_WEEKDAY = (0, 4, 3, 0, 6, 0, 15)

EAST = frozenset(
    (
        *("ATL", "BOS", "BKN", "CHA", "CHI", "CLE", "DET", "IND"),
        *("MIA", "MIL", "NYK", "ORL", "PHI", "TOR", "WAS"),
    )
)
# How often two teams meet: within a conference, and across.
_MEETINGS, _MEETINGS_ACROSS = 52 / 14, 2.0


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game that is to be played.

    Attributes:
        number: Its place in the schedule as it was first drawn up, from 1; play-off games have
            numbers of their own.
        game_id: Its nba.com id, made from the season and the number.
        game_date: The day it is played.
        home: Tricode of the hosts.
        away: Tricode of the visitors.
        start: When it is to begin.
        public_from: Since when it is known that it is played then: the season's first day, the
            day a moved game was first to be played on, or of a play-off game the day before.
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


def fixtures(seed: int, first_day: date, season: int = 0) -> tuple[Fixture, ...]:
    """Draw up a regular season, in the order of the game ids.

    Args:
        seed: Which league.
        first_day: Day of the first games.
        season: Seasons since the league's first.
    """
    drawn = _Draw()
    for week in range(_LAST_WEEK + 1):
        days = [first_day + timedelta(days=week * _WEEK + at) for at in range(_WEEK)]
        drawn = _week(seed, season, week, _games_by_day(seed, season, week, days), drawn)
    dice = Dice(seed, Purpose.FIXTURES, 1, season)
    return tuple(
        _fixture(number, day, home, away, first_day, dice)
        for number, (day, home, away) in enumerate(_even_homes(drawn.games), start=1)
    )


def _games_by_day(seed: int, season: int, week: int, days: Sequence[date]) -> dict[date, int]:
    """How many games each day of a week has: as its weekday says, but for three of the weeks."""
    by_weekday = _LAST_GAMES_ON_WEEKDAY if week == _LAST_WEEK else _GAMES_ON_WEEKDAY
    games_on = {day: by_weekday[day.weekday()] for day in days}
    if week == _BREAK_WEEK:
        return dict.fromkeys(days, 0) | {days[0]: _GAMES_BEFORE_BREAK}
    if week == _FREE_DAY_WEEK:
        # One of the quiet days is free of games, like Thanksgiving.
        dice = Dice(seed, Purpose.FREE_DAY, 0, season)
        free = min(days[1:-1], key=lambda day: (games_on[day], dice.roll()))
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


def _week(seed: int, season: int, week: int, games_on: dict[date, int], before: _Draw) -> _Draw:
    """Draw a week, again and again until every team plays as often as it is to."""
    quotas = _quotas(games_on, before, Dice(seed, Purpose.QUOTAS, week, season))
    first = (week + 1) * 1_000
    attempts = (
        _attempt(games_on, quotas, before, Dice(seed, Purpose.FIXTURES, first + at, season))
        for at in count()
    )
    return next(drawn for drawn in attempts if _is_fair(drawn, quotas, games_on))


def _quotas(games_on: Mapping[date, int], before: _Draw, dice: Dice) -> dict[str, int]:
    """How often each team plays in a week, so that nobody gets more than a game ahead in all.

    Before the break there is one evening, and who played on the two before it cannot be asked to.
    """
    quotas = dict.fromkeys(TEAMS, 0)
    played = {team: len(days) for team, days in before.days_of.items()}
    days = [day for day, games in games_on.items() if games]
    able = [
        team
        for team in dice.shuffled(tuple(TEAMS))
        if not all(plays_three_running(before.days_of[team], day) for day in days)
    ]

    def turn(team: str) -> tuple[bool, bool, int]:
        quota = quotas[team]
        return quota >= _MOST_A_WEEK, quota >= _FEWEST_A_WEEK, played[team] + quota

    for _ in range(2 * sum(games_on.values())):
        team = min(able, key=turn)
        quotas[team] += 1
    return quotas


def _attempt(games_on: dict[date, int], quotas: dict[str, int], drawn: _Draw, dice: Dice) -> _Draw:
    left = dict(quotas)
    for day, games in games_on.items():
        pairs = _pairs(_teams_playing(day, games, left, drawn, dice), drawn, dice)
        for pair in pairs:
            for team in pair:
                left[team] -= 1
        drawn = drawn.with_games(day, pairs)
    return drawn


def _is_fair(drawn: _Draw, quotas: dict[str, int], week: Iterable[date]) -> bool:
    """Whether every team has its games of the week, and none on three days running."""
    return all(
        sum(day in played for day in week) == quotas[team]
        and not any(plays_three_running(played, day) for day in week if day in played)
        for team, played in drawn.days_of.items()
    )


def _teams_playing(
    day: date, games: int, left: dict[str, int], drawn: _Draw, dice: Dice
) -> list[str]:
    """The teams with most games left this week, those of last night last in line."""

    def turn(team: str) -> float:
        played = drawn.days_of[team]
        tired = 10.0 if plays_three_running(played, day) or not left[team] else 0.0
        return tired - left[team] + 0.8 * (day - _ONE_DAY in played) + 1.3 * dice.roll()

    return sorted(TEAMS, key=turn)[: 2 * games]


def plays_three_running(played: frozenset[date], day: date) -> bool:
    """Whether a game on that day would be the third on three days running."""
    around = [day + timedelta(days=shift) in played for shift in (-2, -1, 1, 2)]
    return any(one and other for one, other in pairwise(around))


def _pairs(teams: list[str], drawn: _Draw, dice: Dice) -> list[tuple[str, str]]:
    """Pair teams that have met least for two of their conferences; whoever hosted less is host."""
    met = Counter(frozenset((home, away)) for _, home, away in drawn.games)
    hosted = Counter(home for _, home, _ in drawn.games)
    waiting = dice.shuffled(teams)
    pairs = []
    while waiting:
        one = waiting.pop()
        other = min(waiting, key=lambda team: met[frozenset((one, team))] / _meetings(one, team))
        waiting.remove(other)
        pairs.append((one, other) if hosted[one] <= hosted[other] else (other, one))
    return sorted(pairs)


def _meetings(one: str, other: str) -> float:
    return _MEETINGS if (one in EAST) == (other in EAST) else _MEETINGS_ACROSS


def _even_homes(games: Sequence[tuple[date, str, str]]) -> list[tuple[date, str, str]]:
    """Turn games round until every team is host in half of its games.

    Whoever hosts too often gives a game to an opponent, who gives one to another, and so on to a
    team that hosts too seldom: the shortest such chain is turned round.
    """
    even = list(games)
    hosted = Counter(home for _, home, _ in even)
    while surplus := [team for team in TEAMS if hosted[team] > GAMES_A_TEAM // 2]:
        chain = _chain(surplus[0], even, hosted)
        for at in chain:
            day, home, away = even[at]
            even[at] = (day, away, home)
        hosted = Counter(home for _, home, _ in even)
    return sorted(even)


def _chain(
    start: str, games: Sequence[tuple[date, str, str]], hosted: Mapping[str, int]
) -> list[int]:
    """Places of the games that lead from one host to a team that hosts too seldom."""
    reached: dict[str, list[int]] = {start: []}
    waiting = deque([start])
    while waiting:
        team = waiting.popleft()
        if hosted[team] < GAMES_A_TEAM // 2:
            return reached[team]
        for at, (_, home, away) in enumerate(games):
            if home == team and away not in reached:
                reached[away] = [*reached[team], at]
                waiting.append(away)
    raise ValueError(f"{start} meets nobody who hosts too seldom")


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
