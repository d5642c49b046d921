"""What happens in a game, one fact at a time, before anyone writes it down."""

from __future__ import annotations

from typing import NamedTuple

from nba_pipeline.domain.events import EventType
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.shot_chart import Shot

HOME, AWAY, NEITHER = 0, 1, -1
# The action of a technical foul, which is no personal foul.
TECHNICAL = 11
Five = tuple[Player, ...]


class Event(NamedTuple):
    """One fact.

    Attributes:
        kind: What happened.
        action: nba.com's number of the way it happened.
        period: 1 to 4, then the overtimes.
        clock: Seconds left in the period.
        side: Whose doing it is: `HOME`, `AWAY` or `NEITHER`.
        player: The one who did it; None where a team did.
        other: The second man: who assisted, blocked, stole the ball, was fouled, comes in, or
            jumped against ``player``.
        third: Who got the ball from a jump.
        detail: What its text says beyond names and totals.
        made: Whether a free throw went in.
        shot: The attempt, of a shot.
        score: Points of the home team and of the visitors after it, where it can have changed
            them or a period starts or ends.
        fives: Who begins a period. Not published: readers must work it out.
    """

    kind: EventType
    action: int
    period: int
    clock: int
    side: int = NEITHER
    player: Player | None = None
    other: Player | None = None
    third: Player | None = None
    detail: str = ""
    made: bool = False
    shot: Shot | None = None
    score: tuple[int, int] | None = None
    fives: tuple[Five, Five] | None = None

    @property
    def points(self) -> int:
        """Points it was worth."""
        if self.kind is EventType.FREE_THROW:
            return int(self.made)
        return self.shot.points if self.kind is EventType.MADE_SHOT and self.shot else 0
