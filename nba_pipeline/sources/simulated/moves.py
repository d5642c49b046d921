"""Trades and injuries: which players a simulated team has on a night, the starters first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.simulated.clubs import Club, Player, Role
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

    def __init__(self, seed: int, clubs: Sequence[Club], fixtures: Sequence[Fixture]) -> None:
        self._clubs = {club.team.tricode: club for club in clubs}
        days = sorted({fixture.game_date for fixture in fixtures})
        self.trades = tuple(_trades(clubs[0], days, Dice(seed, Purpose.TRADES)))
        traded = {(team, trade.rank) for trade in self.trades for team in trade.teams}
        self.injuries = tuple(
            injury
            for at, club in enumerate(clubs)
            for injury in _injuries(
                club,
                [rank for rank in range(_ACTIVE) if (club.team.tricode, rank) not in traded],
                sorted(f.game_date for f in fixtures if club.team.tricode in f.teams),
                Dice(seed, Purpose.INJURIES, at),
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
        return Squad(self._clubs[team], (*first, *bench)[:_ACTIVE])


_TRADES = 3


def _trades(club: Club, days: Sequence[date], dice: Dice) -> Iterator[Trade]:
    """Three trades between six teams in the middle half of the season.

    The best player of a team stays, and a trade of men who hardly play would not show. Which ranks
    that leaves is the same in every club.
    """
    teams = dice.shuffled(tuple(TEAMS))
    regulars = [rank for rank, p in enumerate(club.players) if p.role is not Role.BENCH]
    ranks = dice.shuffled(regulars[1:])
    middle = days[len(days) // 4 : -len(days) // 4]
    for at in range(_TRADES):
        pair = (teams[2 * at], teams[2 * at + 1])
        yield Trade(middle[dice.below(len(middle))], ranks[at], pair)


_AILMENTS = (
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


def _injuries(
    club: Club, ranks: Sequence[int], game_days: Sequence[date], dice: Dice
) -> Iterator[Injury]:
    """A spell each for one to four players of a club."""
    number = _FEWEST_HURT + dice.below(_MOST_HURT - _FEWEST_HURT + 1)
    for rank in dice.shuffled(ranks)[:number]:
        missed_from = game_days[dice.below(len(game_days))]
        length = _SHORTEST_SPELL + dice.below(_LONGEST_SPELL - _SHORTEST_SPELL + 1)
        fit_again = missed_from + timedelta(days=length)
        back_on = next((day for day in game_days if day >= fit_again), None)
        reason = _AILMENTS[dice.below(len(_AILMENTS))]
        yield Injury(club.team.tricode, club.players[rank], missed_from, back_on, reason)
