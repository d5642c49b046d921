"""Box scores, counted from the events of a simulated game and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.events import AWAY, HOME, TECHNICAL, Event, Five, Kind

COUNTED = tuple(
    "pts reb ast stl blk tov pf fgm fga fg3m fg3a ftm fta oreb dreb plus_minus".split()
)
_THREE = 3


class Box:
    """The running count of one game.

    Attributes:
        lines: For the home team and the visitors, what each player who took part has done: the
            names in `COUNTED`, and the ``seconds`` he was on court.
        starters: Who began the game for either team.
        team_turnovers: Turnovers charged to a team as a whole.
        periods: Periods begun so far.
    """

    def __init__(self) -> None:
        self.lines: tuple[dict[Player, Counter[str]], dict[Player, Counter[str]]] = ({}, {})
        self.starters: tuple[Five, Five] = ((), ())
        self.team_turnovers = [0, 0]
        self.periods = 0
        self._court: tuple[list[Player], list[Player]] = ([], [])
        self._clock = 0
        # The team whose shot a rebound is to follow.
        self._missed_by = HOME

    def count(self, event: Event) -> None:
        """Take the next event into account."""
        self._let_time_pass(event)
        rule = _RULES.get(event.kind)
        if rule is not None:
            rule(self, event)
        if event.points and event.side is not None:
            self._score(event.side, event)

    def line(self, side: int, player: Player) -> Counter[str]:
        """What a player has done so far."""
        return self.lines[side].setdefault(player, Counter())

    def turnovers(self, side: int) -> int:
        """All turnovers of a team so far."""
        return self.team_turnovers[side] + sum(line["tov"] for line in self.lines[side].values())

    def _let_time_pass(self, event: Event) -> None:
        if event.fives:
            self._clock = event.clock
            self._court = (list(event.fives[HOME]), list(event.fives[AWAY]))
        passed = self._clock - event.clock
        self._clock = event.clock
        if passed:
            for side in (HOME, AWAY):
                for player in self._court[side]:
                    self.line(side, player)["seconds"] += passed

    def _score(self, side: int, event: Event) -> None:
        if event.player is not None:
            self.line(side, event.player)["pts"] += event.points
        for team, sign in ((side, 1), (1 - side, -1)):
            for player in self._court[team]:
                self.line(team, player)["plus_minus"] += sign * event.points

    def begin_period(self, event: Event) -> None:
        """Keep who starts."""
        self.periods += 1
        if self.periods == 1 and event.fives:
            self.starters = event.fives

    def shot(self, event: Event) -> None:
        """An attempt, with its assist or block."""
        assert event.side is not None
        assert event.player is not None
