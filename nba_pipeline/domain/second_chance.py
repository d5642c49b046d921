"""Second-chance points: those scored after an offensive rebound in the same possession.

The rules reproduce the official number in the six team-games where one is at hand. Events are taken
in the order they are listed: a putback listed before its own rebound, as 599 were in 2021-22, is
missed (0.4 points a team and game). There is no such module for fast-break points: no window over
these events came near the official ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from nba_pipeline.domain.events import Events, EventType, FreeThrow
from nba_pipeline.domain.teams import TEAMS

_TECHNICALS = frozenset(
    {FreeThrow.TECHNICAL, FreeThrow.TECHNICAL_ONE_OF_TWO, FreeThrow.TECHNICAL_TWO_OF_TWO}
)
# The last throw of a trip, with the ball live after it: made it changes hands, missed it is
# rebounded. After flagrant and clear-path fouls the shooting team keeps the ball either way.
_LIVE_THROWS = frozenset({FreeThrow.ONE_OF_ONE, FreeThrow.TWO_OF_TWO, FreeThrow.THREE_OF_THREE})

_TRICODE_OF = {team.nba_team_id: team.tricode for team in TEAMS.values()}


def second_chance_points(events: Events) -> Counter[str]:
    """Walk through a game's possessions.

    Args:
        events: The game's events.

    Returns:
        Second-chance points by tricode.
    """
    possession = _Possession(events)
    for row, kind in enumerate(events.event_type):
        possession.see(row, kind)
    return possession.points


@dataclass
class _Possession:
    """Where the walk stands.

    Attributes:
        events: The game's events.
        points: Second-chance points by team so far.
        attacking: The team that has rebounded a miss of its own in this possession.
        missing: The team whose missed shot waits for its rebound.
        scored_at: When the attacking team scored, for an and-one at the same moment.
    """

    events: Events
    points: Counter[str] = field(default_factory=Counter)
    attacking: str | None = None
    missing: str | None = None
    scored_at: tuple[int, int] | None = None

    def see(self, row: int, kind: int) -> None:
        """Take the next event into account."""
        if self.scored_at is not None and self.scored_at != self._moment(row):
            self._end()
        if step := _STEPS.get(kind):
            step(self, row)

    def _shot(self, row: int) -> None:
        team = self.events.player1_team[row]
        if team != self.attacking:
            self._end()
        if self.events.made[row]:
            self._count(row)
            self.missing, self.scored_at = None, self._moment(row)
        else:
            self.missing = team

    def _free_throw(self, row: int) -> None:
        """A technical changes nothing; other throws count, and the last one may end it."""
        action = self.events.action_type[row]
        if action in _TECHNICALS:
            return
        self._count(row)
        made, live = self.events.points(row) > 0, action in _LIVE_THROWS
        self.missing = self.events.player1_team[row] if live and not made else None
        if live and made:
            self._end()

    def _rebound(self, row: int) -> None:
        """The first rebound after a live miss decides who has the ball."""
        if self.missing is None:
            return
        team = self.events.player1_team[row] or _TRICODE_OF.get(self.events.player1_id[row])
        self.attacking = team if team == self.missing else None
        self.missing = self.scored_at = None

    def _count(self, row: int) -> None:
        if self.attacking is not None and self.events.player1_team[row] == self.attacking:
            self.points[self.attacking] += self.events.points(row)

    def _end(self, _row: int | None = None) -> None:
        self.attacking = self.scored_at = None

    def _moment(self, row: int) -> tuple[int, int]:
        return self.events.period[row], self.events.clock_seconds[row]


_STEPS: dict[int, Callable[[_Possession, int], None]] = {
    EventType.MADE_SHOT: _Possession._shot,
    EventType.MISSED_SHOT: _Possession._shot,
    EventType.FREE_THROW: _Possession._free_throw,
    EventType.REBOUND: _Possession._rebound,
    EventType.TURNOVER: _Possession._end,
    EventType.PERIOD_END: _Possession._end,
}
