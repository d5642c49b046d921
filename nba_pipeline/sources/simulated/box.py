"""Box scores, counted from the events of a simulated game and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nba_pipeline.domain.events import EventType
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.events import AWAY, HOME, TECHNICAL, Event, Five

COUNTED = (
    *("pts", "reb", "ast", "stl", "blk", "tov", "pf", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta"),
    *("oreb", "dreb", "plus_minus"),
)
_THREE = 3

Line = Counter[str]


def box_of(events: Iterable[Event]) -> Box:
    """Count a whole game."""
    box = Box()
    for event in events:
        box.count(event)
    return box


class Box:
    """The running count of one game.

    Attributes:
        lines: For the home team and the visitors, what each player who took part has done: the
            names in `COUNTED`, and the ``seconds`` he was on court.
        starters: Who began the game for either team.
        periods: Periods begun so far.
    """

    def __init__(self) -> None:
        self.lines: tuple[dict[Player, Line], dict[Player, Line]] = ({}, {})
        self.starters: tuple[Five, Five] = ((), ())
        self.periods = 0
        self._nobodys: tuple[Line, Line] = (Counter(), Counter())
        self._court: tuple[list[Player], list[Player]] = ([], [])
        self._clock = 0
        # The team whose miss a rebound is to follow.
        self._missed_by = HOME

    def count(self, event: Event) -> None:
        """Take the next event into account."""
        if event.fives is not None:
            self._begin_period(event, event.fives)
        self._let_time_pass(event)
        for side, player, name, number in _counts(event, self._missed_by):
            self.line(side, player)[name] += number
        if event.points:
            self._score(event)
        if event.kind is EventType.SUBSTITUTION and event.player and event.other:
            court = self._court[event.side]
            court[court.index(event.player)] = event.other
            self.lines[event.side].setdefault(event.other, Counter())
        if event.kind in (EventType.MISSED_SHOT, EventType.FREE_THROW):
            self._missed_by = event.side

    def line(self, side: int, player: Player | None) -> Line:
        """What a player has done so far; of None, what only the team is charged with."""
        if player is None:
            return self._nobodys[side]
        return self.lines[side][player]

    def total(self, side: int, name: str) -> int:
        """What the players of a team add up to."""
        return sum(line[name] for line in self.lines[side].values())

    def turnovers(self, side: int) -> int:
        """All turnovers of a team, those of nobody in particular included."""
        return self.total(side, "tov") + self._nobodys[side]["tov"]

    def _begin_period(self, event: Event, fives: tuple[Five, Five]) -> None:
        self.periods += 1
        if self.periods == 1:
            self.starters = fives
        self._clock = event.clock
        self._court = (list(fives[HOME]), list(fives[AWAY]))
        for side in (HOME, AWAY):
            for player in fives[side]:
                self.lines[side].setdefault(player, Counter())

    def _let_time_pass(self, event: Event) -> None:
        passed = self._clock - event.clock
        self._clock = event.clock
        if passed:
            for side in (HOME, AWAY):
                for player in self._court[side]:
                    self.lines[side][player]["seconds"] += passed

    def _score(self, event: Event) -> None:
        for side in (HOME, AWAY):
            gain = event.points if side == event.side else -event.points
            for player in self._court[side]:
                self.lines[side][player]["plus_minus"] += gain


_Count = tuple[int, Player | None, str, int]


def _counts(event: Event, missed_by: int) -> list[_Count]:
    """What an event adds to whose line: side, player, name and number."""
    side, player, other = event.side, event.player, event.other
    match event.kind:
        case EventType.MADE_SHOT | EventType.MISSED_SHOT:
            return _of_shot(event)
        case EventType.FREE_THROW:
            made = event.points
            return [
                (side, player, "fta", 1),
                (side, player, "ftm", made),
                (side, player, "pts", made),
            ]
        case EventType.REBOUND:
            where = "oreb" if side == missed_by else "dreb"
            return [(side, player, "reb", 1), (side, player, where, 1)]
        case EventType.TURNOVER:
            stolen = [(1 - side, other, "stl", 1)] if other else []
            return [(side, player, "tov", 1), *stolen]
        case EventType.FOUL if event.action != TECHNICAL:
            return [(side, player, "pf", 1)]
    return []


def _of_shot(event: Event) -> list[_Count]:
    side, player, other = event.side, event.player, event.other
    made = int(event.kind is EventType.MADE_SHOT)
    counts: list[_Count] = [(side, player, "fga", 1), (side, player, "fgm", made)]
    if event.shot is not None and event.shot.points == _THREE:
        counts += [(side, player, "fg3a", 1), (side, player, "fg3m", made)]
    if made:
        counts.append((side, player, "pts", event.points))
    if other is not None:
        counts.append((side, other, "ast", 1) if made else (1 - side, other, "blk", 1))
    return counts
