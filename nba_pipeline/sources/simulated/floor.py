"""The floor of one simulated game: clock, score, ball, both fives, and what stoppages allow.

Which plays are made is decided in ``game``; here they are only carried out and recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from nba_pipeline.domain.events import (
    PERIOD_SECONDS,
    REGULATION_PERIODS,
    EventType,
    FreeThrow,
    period_seconds,
)
from nba_pipeline.sources.simulated.bench import FOULED_OUT, REGULATION, Change, Side
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.events import AWAY, HOME, TECHNICAL, Event
from nba_pipeline.sources.simulated.moves import Squad

# What a home court adds to the chance of making a shot; the visitors lose as much.
_HOME_EDGE = 0.0085
# Chances at a stoppage; of a timeout also after a make.
_TECHNICALS = 0.006
_TIMEOUTS = 0.042
_MOST_TIMEOUTS = 7
_BONUS_IN_QUARTER, _BONUS_IN_OVERTIME = 5, 4
# In the last five minutes the best play while a game is close, the reserves once it is decided.
_FINISH = 300
_CLOSE, _DECIDED = 10, 19

_fouling = attrgetter("fouling")
_free_throw = attrgetter("free_throw")


class Floor:
    """What is true at this moment of a game, and what has happened so far.

    Attributes:
        events: Everything that has happened.
        sides: The home team and the visitors.
        period: 1 to 4, then the overtimes; 0 before the game.
        clock: Seconds left in the period.
        ball: Who has the ball, `HOME` or `AWAY`.
    """

    def __init__(self, home: Squad, away: Squad, dice: Dice) -> None:
        self.events: list[Event] = []
        self.sides = (Side(home, _HOME_EDGE, dice), Side(away, -_HOME_EDGE, dice))
        self.period = 0
        self.clock = 0
        self.ball = HOME
        self._dice = dice

    @property
    def now(self) -> tuple[int, int]:
        """Period and clock, as events carry them."""
        return self.period, self.clock

    @property
    def score(self) -> tuple[int, int]:
        """Points of the home team and of the visitors."""
        return self.sides[HOME].score, self.sides[AWAY].score

    @property
    def margin(self) -> int:
        """Points the home team is ahead."""
        return self.sides[HOME].score - self.sides[AWAY].score

    @property
    def lead(self) -> int:
        """Points the team with the ball is ahead."""
        return self.margin if self.ball == HOME else -self.margin

    @property
    def is_last_period(self) -> bool:
        """Whether this is the fourth quarter or an overtime."""
        return self.period >= REGULATION_PERIODS

    @property
    def offense(self) -> Side:
        """The team with the ball."""
        return self.sides[self.ball]

    @property
    def defense(self) -> Side:
        """The team without the ball."""
        return self.sides[1 - self.ball]

    def begin_period(self) -> None:
        """Put two fives on court and the whole period on the clock."""
        self.period += 1
        self.clock = period_seconds(self.period)
        for side in self.sides:
            side.begin_period(self._opening_five(side))
        home, away = self.sides
        fives = tuple(home.court), tuple(away.court)
        self.record(Event(EventType.PERIOD_START, 0, *self.now, score=self.score, fives=fives))

    def end_period(self) -> None:
        """Stop, once it is certain that the record shows everyone who played in the period.

        Nobody could tell that a man was on court all period if no event names him. He is called
        off in the last second; rare, because late in a period such men are the first to get the
        ball.
        """
        for index, side in enumerate(self.sides):
            for player in list(side.overlooked):
                self._substitute(index, player, side.replacement(player))
        self.record(Event(EventType.PERIOD_END, 0, *self.now, score=self.score))

    def run(self, seconds: int) -> None:
        """Let the clock run, at most to the end of the period."""
        seconds = min(seconds, self.clock)
        self.clock -= seconds
        for side in self.sides:
            side.run(seconds)

    def record(self, event: Event) -> None:
        """Add an event."""
        self.events.append(event)
        if event.action == TECHNICAL and event.kind is EventType.FOUL:
            return  # May be called against a man on the bench, so it shows nobody on court.
        for player in (event.player, event.other, event.third):
            if player is not None:
                for side in self.sides:
                    side.seen(player)

    def chosen(
        self, side: Side, trait: Callable[[Player], float], but: Player | None = None
    ) -> Player:
        """One of those on court, likelier the more he has of a trait."""
        weights = side.weights(trait, self.clock)
        if but is not None:
            weights[side.court.index(but)] = 0.0
        return self._dice.pick(side.court, weights)

    def is_in_penalty(self, side: Side) -> bool:
        """Whether each further foul of a team gives free throws."""
        is_overtime = self.period > REGULATION_PERIODS
        return side.team_fouls >= (_BONUS_IN_OVERTIME if is_overtime else _BONUS_IN_QUARTER)

    def call_foul(
        self,
        index: int,
        fouler: Player,
        victim: Player,
        action: int,
        name: str,
        *,
        counts_for_team: bool = True,
    ) -> None:
        """Charge a player with a personal foul; whether he has to leave is seen to afterwards."""
        side = self.sides[index]
        side.fouls[fouler] += 1
        side.team_fouls += counts_for_team
        of_team = f".{self._team_fouls(side)}" if counts_for_team else ""
        detail = f"{name} (P{side.fouls[fouler]}{of_team})"
        event = Event(EventType.FOUL, action, *self.now, index, fouler, victim, detail=detail)
        self.record(event)

    def relieve_fouled_out(self) -> None:
        """Replace whoever has had his six fouls."""
        for index, side in enumerate(self.sides):
            for player in [p for p in side.court if side.fouls[p] == FOULED_OUT]:
                self._substitute(index, player, side.replacement(player))

    def free_throw(self, index: int, shooter: Player, action: FreeThrow, detail: str) -> bool:
        """Shoot one free throw and say whether it went in."""
        made = self._dice.roll() < shooter.free_throw
        self.sides[index].score += made
        self.record(
            Event(
                EventType.FREE_THROW,
                action,
                *self.now,
                index,
                shooter,
                detail=detail,
                made=made,
                score=self.score if made else None,
            )
        )
        return made

    def dead_ball(self, kept: Player | None = None) -> None:
        """What may happen while the clock stands.

        Args:
            kept: Who is about to shoot free throws and cannot be relieved.
        """
        if self.clock == 0:
            return
        if self._dice.roll() < _TECHNICALS:
            self._technical(self._dice.below(2))
        for index in (HOME, AWAY):
            self._may_call_timeout(index)
        self._substitutions(kept)

    def after_score(self) -> None:
        """The team scored against gets the ball and may call a timeout."""
        self.ball = 1 - self.ball
        if self.clock > 0 and self._may_call_timeout(self.ball):
            self._substitutions(kept=None)

    def _opening_five(self, side: Side) -> list[Player]:
        """Who begins a period: the best, but for the second and fourth quarter."""
        if self.period in (2, REGULATION_PERIODS):
            return side.five_after_break(self._share)
        return side.starters()

    @property
    def _share(self) -> float:
        """Share of the game that is over; all of it in overtime."""
        return min(1.0, (self.period * PERIOD_SECONDS - self.clock) / REGULATION)

    def _team_fouls(self, side: Side) -> str:
        """The team's fouls as texts have them: counted up to the penalty."""
        return "PN" if self.is_in_penalty(side) else f"T{side.team_fouls}"

    def _technical(self, index: int) -> None:
        side, others = self.sides[index], self.sides[1 - index]
        player = self.chosen(side, _fouling)
        detail = f"T.FOUL (P{side.fouls[player]}.{self._team_fouls(side)})"
        self.record(Event(EventType.FOUL, TECHNICAL, *self.now, index, player, detail=detail))
        shooter = max(others.court, key=_free_throw)
        self.free_throw(1 - index, shooter, FreeThrow.TECHNICAL, "Technical")

    def _may_call_timeout(self, index: int) -> bool:
        """Leave it to chance whether a team calls a timeout, and say whether it did."""
        side = self.sides[index]
        if side.timeouts == _MOST_TIMEOUTS or self._dice.roll() >= _TIMEOUTS:
            return False
        side.timeouts += 1
        detail = f"{side.timeouts} Short 0"
        self.record(Event(EventType.TIMEOUT, 1, *self.now, index, detail=detail))
        return True

    def _substitutions(self, kept: Player | None) -> None:
        for index, side in enumerate(self.sides):
            for leaving, coming in self._changes(side, kept):
                self._substitute(index, leaving, coming)

    def _changes(self, side: Side, kept: Player | None) -> list[Change]:
        if self.is_last_period and self.clock < _FINISH:
            if abs(self.margin) <= _CLOSE:
                return side.changes_to(side.starters(), kept)
            if abs(self.margin) >= _DECIDED:
                return side.changes_to(side.reserves(), kept)
        return side.reliefs(self._share, kept)

    def _substitute(self, index: int, leaving: Player, coming: Player) -> None:
        self.record(Event(EventType.SUBSTITUTION, 0, *self.now, index, leaving, coming))
        self.sides[index].change(leaving, coming)
