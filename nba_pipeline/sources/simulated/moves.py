"""Trades and injuries: which players a simulated team has on a night, the starters first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.simulated.clubs import ROSTER_SIZE, Club, Player, Role
from nba_pipeline.sources.simulated.dice import Dice, Purpose
from nba_pipeline.sources.simulated.fixtures import Fixture

STARTERS = 5
# A team may name thirteen men for a night.
_ACTIVE = 13


@dataclass(frozen=True, slots=True)
class Squad:
    """The players one team names for one night.

    Attributes:
        club: The team.
        players: Those who may play, the starters first and then the bench in the order in which
            the coach turns to them.
    """

    club: Club
    players: tuple[Player, ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """Two players of the same standing who change places.

    Attributes:
        day: The first day on which they may play for their new teams.
        rank: Their place in either roster.
        teams: Tricodes of the two teams.
    """

    day: date
    rank: int
    teams: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Injury:
    """A spell on the injured list.

    Attributes:
        team: Tricode of the player's team.
        player: Who is hurt.
        missed_from: Day of the first game he misses.
        back_on: Day of the first game he may play again; None where the season ends before.
        reason: What ails him.
    """

    team: str
    player: Player
    missed_from: date
    back_on: date | None
    reason: str

    def covers(self, day: date) -> bool:
        """Whether he is out that day."""
        return self.missed_from <= day and (self.back_on is None or day < self.back_on)


class Personnel:
    """Who plays for whom, day by day."""

    def __init__(
        self, seed: int, clubs: Sequence[Club], fixtures: Sequence[Fixture], season: int = 0
    ) -> None:
        """Decide on a season's trades and injuries.

        Args:
            seed: Which league.
            clubs: The clubs on the first day.
            fixtures: The regular season.
            season: Seasons since the league's first.
        """
        self._clubs = {club.team.tricode: club for club in clubs}
        days = sorted({fixture.game_date for fixture in fixtures})
        self.trades = tuple(_trades(clubs[0], days, Dice(seed, Purpose.TRADES, 0, season)))
        traded = {(team, trade.rank) for trade in self.trades for team in trade.teams}
        self.injuries = tuple(
            injury
            for at, club in enumerate(clubs)
            for injury in _injuries(
                club,
                [rank for rank in _usually_active(club) if (club.team.tricode, rank) not in traded],
                sorted(f.game_date for f in fixtures if club.team.tricode in f.teams),
                Dice(seed, Purpose.INJURIES, at, season),
            )
        )

    def roster(self, team: str, day: date) -> list[Player]:
        """All players of a team on a day, the most important first."""
        roster = list(self._clubs[team].players)
        for trade in self.trades:
            if team in trade.teams and trade.day <= day:
                one, other = trade.teams
                source = self._clubs[other if team == one else one]
                roster[trade.rank] = source.players[trade.rank]
        return roster

    def squad(self, team: str, day: date) -> Squad:
        """The players a team names for its game on a day."""
        roster = self.roster(team, day)
        hurt = [i.player for i in self.injuries if i.team == team and i.covers(day)]
        first = [player for player in roster[:STARTERS] if player not in hurt]
        bench = [player for player in roster[STARTERS:] if player not in hurt]
        for absent in [player for player in roster[:STARTERS] if player in hurt]:
            # Like for like if possible; `min` takes the better of two equals, who comes first.
            stand_in = min(bench, key=lambda player: player.position is not absent.position)
            bench.remove(stand_in)
            first.append(stand_in)
        return Squad(self._clubs[team], (*first, *bench)[: len(_usually_active(self._clubs[team]))])


def _usually_active(club: Club) -> range:
    """The ranks of those who are named when nobody is hurt."""
    return range(_ACTIVE * len(club.players) // ROSTER_SIZE)


_TRADES, _EARLY_TRADES = 12, 3
_FORTNIGHT = 13


def _trades(club: Club, days: Sequence[date], dice: Dice) -> Iterator[Trade]:
    """Twelve trades between twenty-four teams, the first three in the season's second fortnight.

    The others follow until the last third of the season begins. The best player of a team stays,
    and a trade of men who hardly play would not show. Which ranks that leaves is the same in every
    club.
    """
    teams = dice.shuffled(tuple(TEAMS))
    regulars = [rank for rank, p in enumerate(club.players) if p.role is not Role.BENCH][1:]
    early, later = days[_FORTNIGHT : 2 * _FORTNIGHT], days[_FORTNIGHT : -len(days) // 3]
    for at in range(_TRADES):
        window = early if at < _EARLY_TRADES else later
        rank = regulars[dice.below(len(regulars))]
        pair = (teams[2 * at], teams[2 * at + 1])
        yield Trade(window[dice.below(len(window))], rank, pair)


AILMENTS = (
    "sprained left ankle",
    "sprained right ankle",
    "sore lower back",
    "sore right knee",
    "sore left knee",
    "strained left hamstring",
    "strained right calf",
    "bruised left quadriceps",
    "illness",
    "concussion",
    "right groin injury",
    "tightness in left hip",
)
_SHORTEST_SPELL, _LONGEST_SPELL = 3, 14
_FEWEST_HURT, _MOST_HURT = 1, 4
# Games in which a club has that many new injuries.
_STRETCH = 14


def _injuries(
    club: Club, ranks: Sequence[int], game_days: Sequence[date], dice: Dice
) -> Iterator[Injury]:
    """In every fourteen games a spell each for one to four players of a club who are fit."""
    back: dict[int, date] = {}
    units = len(club.players) // ROSTER_SIZE
    for begin in range(0, len(game_days), _STRETCH):
        stretch = game_days[begin : begin + _STRETCH]
        number = units * (_FEWEST_HURT + dice.below(_MOST_HURT - _FEWEST_HURT + 1))
        for rank in dice.shuffled(ranks)[:number]:
            missed_from = stretch[dice.below(len(stretch))]
            length = _SHORTEST_SPELL + dice.below(_LONGEST_SPELL - _SHORTEST_SPELL + 1)
            reason = AILMENTS[dice.below(len(AILMENTS))]
            if rank in back and missed_from <= back[rank]:
                continue
            back[rank] = missed_from + timedelta(days=length)
            back_on = next((day for day in game_days if day >= back[rank]), None)
            yield Injury(club.team.tricode, club.players[rank], missed_from, back_on, reason)
