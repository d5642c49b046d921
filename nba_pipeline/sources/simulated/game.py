"""One simulated game, play by play: who tries what, and what comes of it.

Only what a coach must know is counted while a game is on: score, fouls, time on court. Box scores
and texts are made from the events afterwards.
"""

from __future__ import annotations

from math import fsum
from operator import attrgetter

from nba_pipeline.domain.events import REGULATION_PERIODS, EventType, FreeThrow
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.events import HOME, Event
from nba_pipeline.sources.simulated.floor import Floor
from nba_pipeline.sources.simulated.moves import Squad
from nba_pipeline.sources.simulated.shot_chart import Shot, second_effort, shot_of

# Seconds from winning the ball to the end of the play, mean and spread, by how it was won.
_SET, _QUICK, _SECOND = (14.0, 4.2), (9.7, 4.2), (4.3, 2.2)

# Shares of plays before anyone's skills.
_TURNOVERS = 0.124
_FLOOR_FOULS = 0.066
_LOOSE_BALL_FOULS = 0.14
# What each point of a lead takes off the chance of making a shot: teams ahead ease off.
_EASE = 0.0012

# Of ordinary fives the defence gets about three rebounds of four, and more after free throws.
_OFFENSIVE_REACH, _REACH_AFTER_FREE_THROW = 1.15, 0.5
_TEAM_REBOUNDS = 0.09
_PUTBACKS = 0.35
# What the five of an ordinary team add up to.
_TYPICAL_STEALING, _TYPICAL_BLOCKING, _TYPICAL_FOULING = 5.85, 3.4, 4.85

# The last half minute of a close game has rules of its own.
_HOLD_BELOW = 32
_HURRY_BELOW = 50
_TAKE_FOULS_BELOW, _TAKE_FOULS_UP_TO = 35, 6
_DRIBBLE_OUT_BELOW = 24
_LAST_SHOT, _THREE = 20, 3

_FREE_THROWS = {
    1: (FreeThrow.ONE_OF_ONE,),
    2: (FreeThrow.ONE_OF_TWO, FreeThrow.TWO_OF_TWO),
    3: (FreeThrow.ONE_OF_THREE, FreeThrow.TWO_OF_THREE, FreeThrow.THREE_OF_THREE),
}

_OFFENSIVE_FOULS, _SHOT_CLOCK_TURNOVERS = 0.125, 0.05
_CHARGES = 0.27
# Action, text, whether the other team stole the ball; then how common they are.
_TURNOVER_KINDS = (
    (1, "Bad Pass", True),
    (2, "Lost Ball", True),
    (45, "Out of Bounds - Bad Pass Turnover", False),
    (40, "Out of Bounds Lost Ball", False),
    (4, "Traveling", False),
    (39, "Step Out of Bounds", False),
    (8, "3 Second Violation", False),
)
_TURNOVER_WEIGHTS = (35.0, 18.0, 13.0, 6.0, 5.5, 3.0, 0.8)

_risk = attrgetter("risk")
_fouling = attrgetter("fouling")
_stealing = attrgetter("stealing")
_blocking = attrgetter("blocking")
_passing = attrgetter("passing")
_offensive_rebounding = attrgetter("offensive_rebounding")
_defensive_rebounding = attrgetter("defensive_rebounding")


def play(home: Squad, away: Squad, dice: Dice) -> tuple[Event, ...]:
    """Play a game to its end, with as many overtimes as it takes."""
    floor = Floor(home, away, dice)
    game = _Game(floor, home.club.haste + away.club.haste, dice)
    while floor.period < REGULATION_PERIODS or floor.margin == 0:
        game.play_period()
    return tuple(floor.events)


class _Game:
    """The plays of a game."""

    def __init__(self, floor: Floor, haste: float, dice: Dice) -> None:
        self._floor = floor
        self._haste = haste
        self._dice = dice
        self._tip_winner = HOME
        self._rhythm = _SET

    def play_period(self) -> None:
        """Play the next quarter or overtime."""
        floor = self._floor
        floor.begin_period()
        self._first_ball()
        while floor.clock > 0:
            self._play()
        floor.end_period()

    def _first_ball(self) -> None:
        """A jump in the first quarter and in overtime; turns in between."""
        floor = self._floor
        self._rhythm = _SET
        if 1 < floor.period <= REGULATION_PERIODS:
            is_winners = floor.period == REGULATION_PERIODS
            floor.ball = self._tip_winner if is_winners else 1 - self._tip_winner
            return
        home, away = (max(side.court, key=_defensive_rebounding) for side in floor.sides)
        self._tip_winner = floor.ball = self._dice.below(2)
        receiver = floor.chosen(floor.offense, _passing, but=(home, away)[floor.ball])
        floor.record(Event(EventType.JUMP_BALL, 0, *floor.now, HOME, home, away, receiver))

    def _play(self) -> None:
        """A turnover, a foul or a shot, and what follows from it."""
        floor = self._floor
        floor.run(self._seconds_to_play())
        if floor.clock == 0:
            return
        if self._must_foul:
            self._floor_foul(28, "Personal Take Foul")
            return
        hands = fsum(map(_stealing, floor.defense.court)) / _TYPICAL_STEALING
        mark = self._dice.roll()
        if mark < _TURNOVERS * (0.6 + 0.4 * hands):
            self._turnover()
        elif mark > 1 - _FLOOR_FOULS * _LOOSE_BALL_FOULS:
            self._floor_foul(3, "L.B.FOUL")
        elif mark > 1 - _FLOOR_FOULS:
            self._floor_foul(1, "P.FOUL")
        else:
            shooter = floor.chosen(floor.offense, floor.offense.appetite)
            self._attempt(shooter, shot_of(shooter, self._dice, self._needs_three))

    def _seconds_to_play(self) -> int:
        clock, lead = self._floor.clock, self._floor.lead
        if self._floor.is_last_period and clock < _HURRY_BELOW:
            if lead > _TAKE_FOULS_UP_TO and clock < _DRIBBLE_OUT_BELOW:
                return clock
            if lead < 0 or self._must_foul:
                return min(3 + self._dice.below(6), clock - 1)
        if clock < _HOLD_BELOW and self._rhythm is not _SECOND:
            return max(1, clock - self._dice.below(4))
        mean, spread = self._rhythm
        return max(1, round(self._dice.bell(mean - self._haste, spread)))

    @property
    def _must_foul(self) -> bool:
        """Whether the defence has to stop the clock."""
        floor = self._floor
        is_late = floor.is_last_period and floor.clock < _TAKE_FOULS_BELOW
        return is_late and 0 < floor.lead <= _TAKE_FOULS_UP_TO

    @property
    def _needs_three(self) -> bool:
        """Whether nothing less than a three can save the game."""
        floor = self._floor
        return floor.is_last_period and floor.clock < _LAST_SHOT and floor.lead == -_THREE

    # Turnovers.

    def _turnover(self) -> None:
        floor = self._floor
        mark = self._dice.roll()
        if mark < _SHOT_CLOCK_TURNOVERS:
            self._record_turnover(11, "Shot Clock")
            return
        player = floor.chosen(floor.offense, _risk)
        if mark < _SHOT_CLOCK_TURNOVERS + _OFFENSIVE_FOULS:
            self._offensive_foul(player)
            return
        action, detail, stolen = self._dice.pick(_TURNOVER_KINDS, _TURNOVER_WEIGHTS)
        thief = floor.chosen(floor.defense, _stealing) if stolen else None
        self._record_turnover(action, detail, player, thief)

    def _offensive_foul(self, player: Player) -> None:
        floor = self._floor
        is_charge = self._dice.roll() < _CHARGES
        action, name = (26, "Offensive Charge Foul") if is_charge else (4, "OFF.Foul")
        victim = floor.chosen(floor.defense, _fouling)
        floor.call_foul(floor.ball, player, victim, action, name, counts_for_team=False)
        self._record_turnover(37, "Offensive Foul", player)
        floor.relieve_fouled_out()

    def _record_turnover(
        self, action: int, detail: str, player: Player | None = None, thief: Player | None = None
    ) -> None:
        floor = self._floor
        floor.record(
            Event(EventType.TURNOVER, action, *floor.now, floor.ball, player, thief, detail=detail)
        )
        floor.ball = 1 - floor.ball
        self._rhythm = _QUICK if thief else _SET
        if thief is None:
            floor.dead_ball()

    # Shots.

    def _attempt(self, shooter: Player, shot: Shot) -> None:
        floor, zone = self._floor, shot.zone
        grip = fsum(map(_fouling, floor.defense.court)) / _TYPICAL_FOULING
        touch = shooter.touch + floor.offense.edge - floor.defense.squad.club.defense
        if self._dice.roll() < zone.fouled * grip:
            self._foul(shooter, 2, "S.FOUL")
            self._shoot_free_throws(shooter, shot.points)
        elif self._dice.roll() < zone.accuracy + touch - _EASE * floor.lead:
            self._make(shooter, shot)
            if self._dice.roll() < zone.and_one * grip:
                self._foul(shooter, 2, "S.FOUL")
                self._shoot_free_throws(shooter, 1)
            else:
                self._give_ball_after_score()
        else:
            self._miss(shooter, shot)
            self._rebound(_OFFENSIVE_REACH)

    def _make(self, shooter: Player, shot: Shot) -> None:
        floor, passer = self._floor, None
        if self._dice.roll() < shot.style.assisted:
            passer = floor.chosen(floor.offense, _passing, but=shooter)
        floor.offense.score += shot.points
        floor.record(
            Event(
                EventType.MADE_SHOT,
                shot.style.action,
                *floor.now,
                floor.ball,
                shooter,
                passer,
                shot=shot,
                score=floor.score,
            )
        )

    def _miss(self, shooter: Player, shot: Shot) -> None:
        floor, blocker = self._floor, None
        reach = fsum(map(_blocking, floor.defense.court)) / _TYPICAL_BLOCKING
        if self._dice.roll() < shot.zone.blocked * reach:
            blocker = floor.chosen(floor.defense, _blocking)
        floor.record(
            Event(
                EventType.MISSED_SHOT,
                shot.style.action,
                *floor.now,
                floor.ball,
                shooter,
                blocker,
                shot=shot,
            )
        )

    def _give_ball_after_score(self) -> None:
        self._rhythm = _SET
        self._floor.after_score()

    # Rebounds.

    def _rebound(self, reach: float) -> None:
        """Find out who gets the ball after a miss.

        Args:
            reach: How well the shooting team is placed.
        """
        floor = self._floor
        floor.run(1 + self._dice.below(3))
        ours = reach * fsum(map(_offensive_rebounding, floor.offense.court))
        theirs = fsum(map(_defensive_rebounding, floor.defense.court))
        is_kept = self._dice.roll() * (ours + theirs) < ours
        floor.ball = floor.ball if is_kept else 1 - floor.ball
        if floor.clock == 0 or self._dice.roll() < _TEAM_REBOUNDS:
            self._rhythm = _SET
            floor.record(Event(EventType.REBOUND, 0, *floor.now, floor.ball))
            floor.dead_ball()
            return
        self._rhythm = _SECOND if is_kept else _QUICK
        trait = _offensive_rebounding if is_kept else _defensive_rebounding
        player = floor.chosen(floor.offense, trait)
        floor.record(Event(EventType.REBOUND, 0, *floor.now, floor.ball, player))
        if is_kept and self._dice.roll() < _PUTBACKS:
            self._put_back(player)

    def _put_back(self, player: Player) -> None:
        self._floor.run(1)
        if self._floor.clock > 0:
            self._attempt(player, second_effort(self._dice))

    # Fouls of the defence, and free throws.

    def _floor_foul(self, action: int, name: str) -> None:
        """A foul away from a shot: free throws only once the team has used up its fouls."""
        floor = self._floor
        victim = floor.chosen(floor.offense, floor.offense.appetite)
        self._foul(victim, action, name)
        if floor.is_in_penalty(floor.defense):
            self._shoot_free_throws(victim, 2)
        else:
            self._rhythm = _QUICK
            floor.dead_ball()

    def _foul(self, victim: Player, action: int, name: str) -> None:
        floor = self._floor
        fouler = floor.chosen(floor.defense, floor.defense.foul_risk)
        floor.call_foul(1 - floor.ball, fouler, victim, action, name)
        floor.relieve_fouled_out()

    def _shoot_free_throws(self, shooter: Player, number: int) -> None:
        floor, made = self._floor, False
        for at, action in enumerate(_FREE_THROWS[number], start=1):
            if at == number:
                floor.dead_ball(kept=shooter)
            made = floor.free_throw(floor.ball, shooter, action, f"{at} of {number}")
            if not made and at < number:
                # The ball is dead; nba.com credits the team with a rebound all the same.
                floor.record(Event(EventType.REBOUND, 1, *floor.now, floor.ball))
        if made:
            self._give_ball_after_score()
        else:
            self._rebound(_REACH_AFTER_FREE_THROW)
