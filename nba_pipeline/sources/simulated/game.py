"""One simulated game, possession by possession.

Only what a coach must know is counted here: score, fouls, time on court. Box scores and texts are
made from the events afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from operator import attrgetter

from nba_pipeline.sources.simulated.bench import FOULED_OUT, REGULATION, Change, Side
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.events import AWAY, HOME, TECHNICAL, Event, Kind
from nba_pipeline.sources.simulated.moves import Squad
from nba_pipeline.sources.simulated.shot_chart import Shot, second_effort, shot_of

# What a home court adds to the chance of making a shot; the visitors lose as much.
HOME_EDGE = 0.006
# What each point of a lead takes off it: teams ease off when they are ahead.
_EASE = 0.0012

_QUARTERS = 4
_QUARTER, _OVERTIME = 720, 300
# Seconds from winning the ball to the end of the play, mean and spread, by how it was won.
_SET, _QUICK, _SECOND = (14.5, 4.2), (10.1, 4.2), (4.4, 2.2)

# Shares of plays before anyone's skills.
_TURNOVERS = 0.124
_FLOOR_FOULS = 0.062
_LOOSE_BALL_FOULS = 0.14
# Chances at a dead ball, or after a make.
_TECHNICALS = 0.006
_TIMEOUTS = 0.042
_MOST_TIMEOUTS = 7

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
# In the last five minutes the best play while a game is close, the reserves once it is decided.
_FINISH = 300
_CLOSE, _DECIDED = 10, 19

_BONUS_IN_QUARTER, _BONUS_IN_OVERTIME = 5, 4
_FREE_THROWS = {1: (10,), 2: (11, 12), 3: (13, 14, 15)}
_TECHNICAL_FREE_THROW = 16

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

_usage = attrgetter("usage")
_fouling = attrgetter("fouling")
_stealing = attrgetter("stealing")
_blocking = attrgetter("blocking")
_passing = attrgetter("passing")
_offensive_rebounding = attrgetter("offensive_rebounding")
_defensive_rebounding = attrgetter("defensive_rebounding")
_free_throw = attrgetter("free_throw")
_risk = attrgetter("risk")


def play(home: Squad, away: Squad, dice: Dice) -> tuple[Event, ...]:
    """Play a game to its end, with as many overtimes as it takes."""
    game = _Game(home, away, dice)
    while game.is_undecided:
        game.play_period()
    return tuple(game.events)


class _Game:
    """A game while it is played."""

    def __init__(self, home: Squad, away: Squad, dice: Dice) -> None:
        self.events: list[Event] = []
        self._dice = dice
        self._sides = (Side(home, HOME_EDGE, dice), Side(away, -HOME_EDGE, dice))
        self._haste = home.club.haste + away.club.haste
        self._period = 0
        self._clock = 0
        self._ball = HOME
        self._tip_winner = HOME
        self._rhythm = _SET

    @property
    def is_undecided(self) -> bool:
        """Whether there is a period left to play."""
        return self._period < _QUARTERS or self._margin == 0

    def play_period(self) -> None:
        """Play the next quarter or overtime."""
        self._period += 1
        self._clock = _QUARTER if self._period <= _QUARTERS else _OVERTIME
        for side in self._sides:
            side.begin_period(self._opening_five(side))
        home, away = self._sides
        fives = tuple(home.court), tuple(away.court)
        self._record(Event(Kind.PERIOD_START, 0, *self._now, score=self._score, fives=fives))
        self._first_ball()
        while self._clock > 0:
            self._play()
        self._account_for_everyone()
        self._record(Event(Kind.PERIOD_END, 0, *self._now, score=self._score))

    # What is known at any moment.

    @property
    def _now(self) -> tuple[int, int]:
        return self._period, self._clock

    @property
    def _score(self) -> tuple[int, int]:
        return self._sides[HOME].score, self._sides[AWAY].score

    @property
    def _margin(self) -> int:
        """Points the home team is ahead."""
        return self._sides[HOME].score - self._sides[AWAY].score

    @property
    def _lead(self) -> int:
        """Points the team with the ball is ahead."""
        return self._margin if self._ball == HOME else -self._margin

    @property
    def _share(self) -> float:
        """Share of the game that is over; all of it in overtime."""
        return min(1.0, (self._period * _QUARTER - self._clock) / REGULATION)

    @property
    def _is_last_period(self) -> bool:
        return self._period >= _QUARTERS

    @property
    def _offense(self) -> Side:
        return self._sides[self._ball]

    @property
    def _defense(self) -> Side:
        return self._sides[1 - self._ball]

    def _record(self, event: Event) -> None:
        self.events.append(event)
        if event.action == TECHNICAL and event.kind is Kind.FOUL:
            return  # May be called against a man on the bench, so it shows nobody on court.
        for player in (event.player, event.other, event.third):
            if player is not None:
                for side in self._sides:
                    side.seen(player)

    def _run(self, seconds: int) -> None:
        seconds = min(seconds, self._clock)
        self._clock -= seconds
        for side in self._sides:
            side.run(seconds)

    def _chosen(
        self, side: Side, trait: Callable[[Player], float], but: Player | None = None
    ) -> Player:
        """One of those on court, likelier the more he has of a trait."""
        weights = side.weights(trait, self._clock)
        if but is not None:
            weights[side.court.index(but)] = 0.0
        return self._dice.pick(side.court, weights)

    # Periods.

    def _opening_five(self, side: Side) -> list[Player]:
        """Who begins a period: the best, but for the second and fourth quarter."""
        if self._period in (2, _QUARTERS):
            return side.five_after_break(self._share)
        return side.starters()

    def _first_ball(self) -> None:
        """A jump in the first quarter and in overtime; turns after that."""
        self._rhythm = _SET
        if 1 < self._period <= _QUARTERS:
            self._ball = self._tip_winner if self._period == _QUARTERS else 1 - self._tip_winner
            return
        home, away = (max(side.court, key=_defensive_rebounding) for side in self._sides)
        self._tip_winner = self._ball = self._dice.below(2)
        receiver = self._chosen(self._offense, _passing, but=(home, away)[self._ball])
        self._record(Event(Kind.JUMP_BALL, 0, *self._now, HOME, home, away, receiver))

    def _account_for_everyone(self) -> None:
        """Call off the men whom no event of the period shows: else nobody could tell they played.

        Rare, because late in a period such men are the first to get the ball.
        """
        for index, side in enumerate(self._sides):
            for player in list(side.overlooked):
                self._substitute(index, player, side.replacement(player))

    # One play: a turnover, a foul or a shot, and what follows from it.

    def _play(self) -> None:
        self._run(self._seconds_to_play())
        if self._clock == 0:
            return
        if self._must_foul:
            self._floor_foul(28, "Personal Take Foul")
            return
        hands = fsum(map(_stealing, self._defense.court)) / _TYPICAL_STEALING
        mark = self._dice.roll()
        if mark < _TURNOVERS * (0.6 + 0.4 * hands):
            self._turnover()
        elif mark > 1 - _FLOOR_FOULS:
            self._loose_or_floor_foul()
        else:
            shooter = self._chosen(self._offense, _usage)
            self._attempt(shooter, shot_of(shooter, self._dice, self._needs_three))

    def _seconds_to_play(self) -> int:
        if self._is_last_period and self._clock < _HURRY_BELOW and self._lead:
            if self._lead > _TAKE_FOULS_UP_TO and self._clock < _DRIBBLE_OUT_BELOW:
                return self._clock
            if self._lead < 0 or self._must_foul:
                return min(3 + self._dice.below(6), self._clock - 1)
        if self._clock < _HOLD_BELOW and self._rhythm is not _SECOND:
            return self._clock - self._dice.below(4)
        mean, spread = self._rhythm
        return max(1, round(self._dice.bell(mean - self._haste, spread)))

    @property
    def _must_foul(self) -> bool:
        """Whether the defence has to stop the clock."""
        return (
            self._is_last_period
            and self._clock < _TAKE_FOULS_BELOW
            and 0 < self._lead <= _TAKE_FOULS_UP_TO
        )

    @property
    def _needs_three(self) -> bool:
        """Whether nothing less than a three can save the game."""
        return self._is_last_period and self._clock < _LAST_SHOT and self._lead == -_THREE

    def _turnover(self) -> None:
        mark = self._dice.roll()
        if mark < _SHOT_CLOCK_TURNOVERS:
            self._record(Event(Kind.TURNOVER, 11, *self._now, self._ball, detail="Shot Clock"))
            self._lose_ball(stolen=False)
            return
        player = self._chosen(self._offense, _risk)
        if mark < _SHOT_CLOCK_TURNOVERS + _OFFENSIVE_FOULS:
            self._offensive_foul(player)
            return
        action, detail, stolen = self._dice.pick(_TURNOVER_KINDS, _TURNOVER_WEIGHTS)
        thief = self._chosen(self._defense, _stealing) if stolen else None
        self._record(
            Event(Kind.TURNOVER, action, *self._now, self._ball, player, thief, detail=detail)
        )
        self._lose_ball(stolen=stolen)

    def _offensive_foul(self, player: Player) -> None:
        charge = self._dice.roll() < _CHARGES
        action, name = (26, "Offensive Charge Foul") if charge else (4, "OFF.Foul")
        victim = self._chosen(self._defense, _fouling)
        self._call_foul(self._ball, player, victim, action, name, counts_for_team=False)
        self._record(
            Event(Kind.TURNOVER, 37, *self._now, self._ball, player, detail="Offensive Foul")
        )
        self._relieve_fouled_out()
        self._lose_ball(stolen=False)

    def _lose_ball(self, *, stolen: bool) -> None:
        self._ball = 1 - self._ball
        self._rhythm = _QUICK if stolen else _SET
        if not stolen:
            self._dead_ball()

    def _loose_or_floor_foul(self) -> None:
        if self._dice.roll() < _LOOSE_BALL_FOULS:
            self._floor_foul(3, "L.B.FOUL")
        else:
            self._floor_foul(1, "P.FOUL")

    def _floor_foul(self, action: int, name: str) -> None:
        """A foul away from a shot: free throws only once the team has used up its fouls."""
        fouler = self._chosen(self._defense, self._defense.foul_risk)
        victim = self._chosen(self._offense, _usage)
        self._call_foul(1 - self._ball, fouler, victim, action, name)
        self._relieve_fouled_out()
        if self._is_in_penalty(self._defense):
            self._shoot_free_throws(victim, 2)
        else:
            self._rhythm = _QUICK
            self._dead_ball()

    def _attempt(self, shooter: Player, shot: Shot) -> None:
        grip = fsum(map(_fouling, self._defense.court)) / _TYPICAL_FOULING
        zone = shot.zone
        touch = shooter.touch + self._offense.edge - self._defense.squad.club.defense
        touch -= _EASE * self._lead
        if self._dice.roll() < zone.fouled * grip:
            self._foul_on_shot(shooter)
            self._shoot_free_throws(shooter, shot.points)
        elif self._dice.roll() < zone.accuracy + touch:
            self._make(shooter, shot)
            if self._dice.roll() < zone.and_one * grip:
                self._foul_on_shot(shooter)
                self._shoot_free_throws(shooter, 1)
            else:
                self._give_ball_after_score()
        else:
            self._miss(shooter, shot)
            self._rebound(_OFFENSIVE_REACH)

    def _foul_on_shot(self, shooter: Player) -> None:
        fouler = self._chosen(self._defense, self._defense.foul_risk)
        self._call_foul(1 - self._ball, fouler, shooter, 2, "S.FOUL")
        self._relieve_fouled_out()

    def _make(self, shooter: Player, shot: Shot) -> None:
        passer = None
        if self._dice.roll() < shot.style.assisted:
            passer = self._chosen(self._offense, _passing, but=shooter)
        self._offense.score += shot.points
        self._record(
            Event(
                Kind.MADE_SHOT,
                shot.style.action,
                *self._now,
                self._ball,
                shooter,
                passer,
                shot=shot,
                score=self._score,
            )
        )

    def _miss(self, shooter: Player, shot: Shot) -> None:
        reach = fsum(map(_blocking, self._defense.court)) / _TYPICAL_BLOCKING
        blocker = None
        if self._dice.roll() < shot.zone.blocked * reach:
            blocker = self._chosen(self._defense, _blocking)
        self._record(
            Event(
                Kind.MISSED_SHOT,
                shot.style.action,
                *self._now,
                self._ball,
                shooter,
                blocker,
                shot=shot,
            )
        )

    def _rebound(self, reach: float) -> None:
        """Find out who gets the ball after a miss.

        Args:
            reach: How well the shooting team is placed.
        """
        self._run(1 + self._dice.below(3))
        ours = reach * fsum(map(_offensive_rebounding, self._offense.court))
        theirs = fsum(map(_defensive_rebounding, self._defense.court))
        kept = self._dice.roll() * (ours + theirs) < ours
        side = self._ball if kept else 1 - self._ball
        if self._clock == 0 or self._dice.roll() < _TEAM_REBOUNDS:
            self._record(Event(Kind.REBOUND, 0, *self._now, side))
            self._ball, self._rhythm = side, _SET
            self._dead_ball()
            return
        trait = _offensive_rebounding if kept else _defensive_rebounding
        player = self._chosen(self._sides[side], trait)
        self._record(Event(Kind.REBOUND, 0, *self._now, side, player))
        self._ball, self._rhythm = side, _SECOND if kept else _QUICK
        if kept and self._dice.roll() < _PUTBACKS:
            self._put_back(player)

    def _put_back(self, player: Player) -> None:
        self._run(1)
        if self._clock > 0:
            self._attempt(player, second_effort(self._dice))

    def _give_ball_after_score(self) -> None:
        self._ball, self._rhythm = 1 - self._ball, _SET
        if self._clock > 0 and self._call_timeout(self._ball):
            self._substitutions(kept=None)

    # Fouls and free throws.

    def _is_in_penalty(self, side: Side) -> bool:
        limit = _BONUS_IN_QUARTER if self._period <= _QUARTERS else _BONUS_IN_OVERTIME
        return side.team_fouls >= limit

    def _call_foul(
        self,
        index: int,
        fouler: Player,
        victim: Player,
        action: int,
        name: str,
        *,
        counts_for_team: bool = True,
    ) -> None:
        side = self._sides[index]
        side.fouls[fouler] += 1
        side.team_fouls += counts_for_team
        personal = f"P{side.fouls[fouler]}"
        team = f".{self._team_fouls(side)}" if counts_for_team else ""
        detail = f"{name} ({personal}{team})"
        self._record(Event(Kind.FOUL, action, *self._now, index, fouler, victim, detail=detail))

    def _team_fouls(self, side: Side) -> str:
        """The team's fouls as texts have them: counted up to the penalty."""
        return "PN" if self._is_in_penalty(side) else f"T{side.team_fouls}"

    def _relieve_fouled_out(self) -> None:
        for index, side in enumerate(self._sides):
            for player in [p for p in side.court if side.fouls[p] == FOULED_OUT]:
                self._substitute(index, player, side.replacement(player))

    def _shoot_free_throws(self, shooter: Player, number: int) -> None:
        for at, action in enumerate(_FREE_THROWS[number], start=1):
            is_last = at == number
            if is_last:
                self._dead_ball(kept=shooter)
            made = self._free_throw(self._ball, shooter, action, f"{at} of {number}")
            if not made and not is_last:
                # The ball is dead; nba.com credits the team with a rebound all the same.
                self._record(Event(Kind.REBOUND, 1, *self._now, self._ball))
        if made:
            self._give_ball_after_score()
        else:
            self._rebound(_REACH_AFTER_FREE_THROW)

    def _free_throw(self, index: int, shooter: Player, action: int, detail: str) -> bool:
        made = self._dice.roll() < shooter.free_throw
        self._sides[index].score += made
        self._record(
            Event(
                Kind.FREE_THROW,
                action,
                *self._now,
                index,
                shooter,
                detail=detail,
                made=made,
                score=self._score if made else None,
            )
        )
        return made

    # Dead balls.

    def _dead_ball(self, kept: Player | None = None) -> None:
        """What may happen while the clock stands.

        Args:
            kept: Who is about to shoot free throws and cannot be relieved.
        """
        if self._clock == 0:
            return
        if self._dice.roll() < _TECHNICALS:
            self._technical(self._dice.below(2))
        for index in (HOME, AWAY):
            self._call_timeout(index)
        self._substitutions(kept)

    def _technical(self, index: int) -> None:
        side, others = self._sides[index], self._sides[1 - index]
        player = self._chosen(side, _fouling)
        detail = f"T.FOUL (P{side.fouls[player]}.{self._team_fouls(side)})"
        self._record(Event(Kind.FOUL, TECHNICAL, *self._now, index, player, detail=detail))
        shooter = max(others.court, key=_free_throw)
        self._free_throw(1 - index, shooter, _TECHNICAL_FREE_THROW, "Technical")

    def _call_timeout(self, index: int) -> bool:
        """Perhaps let a team call a timeout."""
        side = self._sides[index]
        if side.timeouts == _MOST_TIMEOUTS or self._dice.roll() >= _TIMEOUTS:
            return False
        side.timeouts += 1
        detail = f"{side.timeouts} Short 0"
        self._record(Event(Kind.TIMEOUT, 1, *self._now, index, detail=detail))
        return True

    def _substitutions(self, kept: Player | None) -> None:
        for index, side in enumerate(self._sides):
            for leaving, coming in self._changes(side, kept):
                self._substitute(index, leaving, coming)

    def _changes(self, side: Side, kept: Player | None) -> list[Change]:
        if self._is_last_period and self._clock < _FINISH:
            if abs(self._margin) <= _CLOSE:
                return side.changes_to(side.starters(), kept)
            if abs(self._margin) >= _DECIDED:
                return side.changes_to(side.reserves(), kept)
        return side.reliefs(self._share, kept)

    def _substitute(self, index: int, leaving: Player, coming: Player) -> None:
        self._record(Event(Kind.SUBSTITUTION, 0, *self._now, index, leaving, coming))
        self._sides[index].change(leaving, coming)
