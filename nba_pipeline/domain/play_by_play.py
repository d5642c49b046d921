"""What a game's play-by-play adds up to, for each player and team.

Four walks over the same events, independent of each other: line-ups (time on court), shots, and-ones
and second-chance points. Fast-break points are not here: no window over these events reproduces the
official ones. Rates made from the totals are the business of the box score.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

import numpy as np

from nba_pipeline.domain.events import (
    PERIOD_SECONDS,
    REGULATION_PERIODS,
    Events,
    EventType,
    FreeThrow,
    parse_clock,
    parse_score,
)
from nba_pipeline.domain.lineups import (
    Roster,
    Stretch,
    clutch_stretches,
    lineups,
    time_on_court,
    whole_periods,
)
from nba_pipeline.domain.shots import zone
from nba_pipeline.domain.teams import TEAMS

__all__ = [
    "EventType",
    "Events",
    "FreeThrow",
    "GameWalk",
    "Roster",
    "Tally",
    "TeamTotals",
    "and_ones",
    "parse_clock",
    "parse_score",
    "second_chance_points",
    "shooting",
    "walk",
]

Tally = Counter[tuple[int | str | None, str]]
"""How many of what, by player id or team and the name of the count."""

_AND_ONE_THROWS = frozenset({FreeThrow.ONE_OF_ONE, FreeThrow.FLAGRANT_ONE_OF_ONE})
_TECHNICALS = frozenset(
    {FreeThrow.TECHNICAL, FreeThrow.TECHNICAL_ONE_OF_TWO, FreeThrow.TECHNICAL_TWO_OF_TWO}
)
# The last throw of a trip, after which the ball is live: made it changes hands, missed it is
# rebounded. After flagrant and clear-path fouls the shooting team gets it back.
_LIVE_THROWS = frozenset({FreeThrow.ONE_OF_ONE, FreeThrow.TWO_OF_TWO, FreeThrow.THREE_OF_THREE})

_TRICODE_OF = {team.nba_team_id: team.tricode for team in TEAMS.values()}


@dataclass(frozen=True)
class TeamTotals:
    """A team's game, as far as its players' shots and blocks make it up.

    Attributes:
        paint_attempts: Twos taken in the paint.
        paint_makes: Those that went in.
        mid_range_attempts: Twos taken from farther out.
        mid_range_makes: Those that went in.
        second_chance_points: Points scored after an offensive rebound in the same possession.
        paint_blocks: Opponents' shots blocked, by the zone they were taken from.
        mid_range_blocks: The same for the mid-range.
        three_blocks: The same for threes.
    """

    paint_attempts: int
    paint_makes: int
    mid_range_attempts: int
    mid_range_makes: int
    second_chance_points: int
    paint_blocks: int
    mid_range_blocks: int
    three_blocks: int


@dataclass(frozen=True)
class GameWalk:
    """One game walked: a column per quantity with a value per roster player, in roster order.

    Attributes:
        is_starter: Whether he began the first period.
        seconds: Time on court.
        fourth_quarter_seconds: Of it in the fourth quarter, overtime not included.
        clutch_seconds: Of it in the clutch, see `clutch_stretches`.
        points: All points.
        fourth_quarter_points: Of them in the fourth quarter, overtime not included.
        fg_attempts: All field-goal attempts.
        paint_attempts: Twos taken in the paint.
        paint_makes: Those that went in.
        mid_range_attempts: Twos taken from farther out.
        mid_range_makes: Those that went in.
        three_attempts: Threes taken.
        three_makes: Those that went in.
        assisted_makes: Field goals made off a pass.
        unassisted_makes: Field goals made without one.
        assists: Passes that led to a field goal.
        paint_blocks: Shots he blocked, by the zone they were taken from.
        mid_range_blocks: The same for the mid-range.
        three_blocks: The same for threes.
        and_ones: Single free throws earned by scoring, whether made or missed.
        teams: Each team's totals by tricode.
    """

    is_starter: tuple[bool, ...]
    seconds: tuple[int, ...]
    fourth_quarter_seconds: tuple[int, ...]
    clutch_seconds: tuple[int, ...]
    points: tuple[int, ...]
    fourth_quarter_points: tuple[int, ...]
    fg_attempts: tuple[int, ...]
    paint_attempts: tuple[int, ...]
    paint_makes: tuple[int, ...]
    mid_range_attempts: tuple[int, ...]
    mid_range_makes: tuple[int, ...]
    three_attempts: tuple[int, ...]
    three_makes: tuple[int, ...]
    assisted_makes: tuple[int, ...]
    unassisted_makes: tuple[int, ...]
    assists: tuple[int, ...]
    paint_blocks: tuple[int, ...]
    mid_range_blocks: tuple[int, ...]
    three_blocks: tuple[int, ...]
    and_ones: tuple[int, ...]
    teams: dict[str, TeamTotals]


def walk(events: Events, roster: Roster) -> GameWalk:
    """Walk through a game and add up what everybody did.

    Args:
        events: The game's events.
        roster: Who played in it. What the events say of players who are not on it enters their
            team's totals only.

    Returns:
        The totals of every roster player and of both teams.

    Raises:
        ValueError: If an event cannot be placed in time, or if it is not five players with whom a
            team begins a period.
    """
    events.check_times()
    found = lineups(events, roster)
    tally = shooting(events) + and_ones(events) + second_chance_points(events)
    fourth_quarter = [Stretch(REGULATION_PERIODS, PERIOD_SECONDS, 0)]
    for name, stretches in (
        ("seconds", whole_periods(events)),
        ("fourth_quarter_seconds", fourth_quarter),
        ("clutch_seconds", clutch_stretches(events)),
    ):
        for player_id, seconds in time_on_court(found.stints, stretches).items():
            tally[player_id, name] = seconds
    return GameWalk(
        is_starter=tuple(player_id in found.starters for player_id in roster.player_id),
        teams={
            team: TeamTotals(*(tally[team, total.name] for total in fields(TeamTotals)))
            for team in dict.fromkeys(roster.team)
        },
        **{
            column: tuple(tally[player_id, column] for player_id in roster.player_id)
            for column in _COUNTED
        },
    )


_COUNTED = tuple(
    column.name for column in fields(GameWalk) if column.name not in {"is_starter", "teams"}
)


def shooting(events: Events) -> Tally:
    """Shots by zone, with who assisted and who blocked them, and all points.

    Args:
        events: The game's events.

    Returns:
        The shooting columns of `GameWalk` by player, and those of `TeamTotals` by team.
    """
    tally: Tally = Counter()
    zones = zone(
        np.array(events.three, dtype=np.bool_), np.array(events.distance, dtype=np.float64)
    ).tolist()
    for row, period in enumerate(events.period):
        if events.is_fg[row]:
            _count_shot(tally, events, row, zones[row])
        if points := _points(events, row):
            tally[events.player1_id[row], "points"] += points
            if period == REGULATION_PERIODS:
                tally[events.player1_id[row], "fourth_quarter_points"] += points
    return tally


def and_ones(events: Events) -> Tally:
    """Single free throws for a foul while scoring.

    The thrower made a field goal earlier at the same reading of the clock. Neither the number of
    throws alone tells (away-from-play fouls earn one, too) nor the foul before them: a technical
    may have come between.

    Args:
        events: The game's events.

    Returns:
        And-ones by player, made or missed.
    """
    tally: Tally = Counter()
    scored: set[tuple[int, int, int]] = set()
    for row, kind in enumerate(events.event_type):
        player_id = events.player1_id[row]
        moment = events.period[row], events.clock_seconds[row], player_id
        if kind == EventType.MADE_SHOT:
            scored.add(moment)
        elif (
            kind == EventType.FREE_THROW
            and events.action_type[row] in _AND_ONE_THROWS
            and moment in scored
        ):
            tally[player_id, "and_ones"] += 1
    return tally


def second_chance_points(events: Events) -> Tally:
    """Points scored after an offensive rebound in the same possession.

    Args:
        events: The game's events.

    Returns:
        Second-chance points by team.
    """
    chance = _SecondChance(events)
    for row, kind in enumerate(events.event_type):
        chance.see(row, kind)
    return chance.points


@dataclass
class _SecondChance:
    """Where a game stands in the walk for second chances.

    Attributes:
        events: The game's events.
        points: Second-chance points by team so far.
        attacking: The team that has rebounded its own miss in this possession.
        missing: The team whose shot is waiting for its rebound.
        scored_at: When the attacking team scored, while that moment may still bring an and-one.
    """

    events: Events
    points: Tally = field(default_factory=Counter)
    attacking: str | None = None
    missing: str | None = None
    scored_at: tuple[int, int] | None = None

    def see(self, row: int, kind: int) -> None:
        """Take one event into account."""
        if self.scored_at not in (None, self._moment(row)):
            self._end()
        if kind in (EventType.MADE_SHOT, EventType.MISSED_SHOT):
            self._shot(row)
        elif kind == EventType.FREE_THROW:
            self._free_throw(row)
        elif kind == EventType.REBOUND:
            self._rebound(row)
        elif kind in (EventType.TURNOVER, EventType.PERIOD_END):
            self._end()
