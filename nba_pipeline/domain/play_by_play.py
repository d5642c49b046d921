"""What a game's play-by-play adds up to, for each player and team.

Puts together the four walks over the same events, which know nothing of each other: line-ups and
second chances (modules of their own), shots and and-ones. Rates made from the totals are the
business of the box score.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields

import numpy as np

from nba_pipeline.domain.events import (
    PERIOD_SECONDS,
    REGULATION_PERIODS,
    Events,
    EventType,
    FreeThrow,
)
from nba_pipeline.domain.lineups import (
    Roster,
    Stretch,
    clutch_stretches,
    lineups,
    time_on_court,
    whole_periods,
)
from nba_pipeline.domain.second_chance import second_chance_points
from nba_pipeline.domain.shots import zone

Tally = Counter[tuple[int | str | None, str]]
"""How many of what: by player id or tricode, and by the name of the count."""

_AND_ONE_THROWS = frozenset({FreeThrow.ONE_OF_ONE, FreeThrow.FLAGRANT_ONE_OF_ONE})
_FOURTH_QUARTER = Stretch(REGULATION_PERIODS, PERIOD_SECONDS, 0)


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
    tally = shooting(events)
    for column, counts in (
        ("seconds", time_on_court(found.stints, whole_periods(events))),
        ("fourth_quarter_seconds", time_on_court(found.stints, [_FOURTH_QUARTER])),
        ("clutch_seconds", time_on_court(found.stints, clutch_stretches(events))),
        ("and_ones", and_ones(events)),
        ("second_chance_points", second_chance_points(events)),
    ):
        tally.update({(who, column): count for who, count in counts.items()})
    return GameWalk(
        is_starter=tuple(player_id in found.starters for player_id in roster.player_id),
        teams={
            team: TeamTotals(
                **{total.name: tally[team, total.name] for total in fields(TeamTotals)}
            )
            for team in dict.fromkeys(roster.team)
        },
        **{
            column: tuple(tally[player_id, column] for player_id in roster.player_id)
            for column in _COUNTED
        },
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
        if points := events.points(row):
            tally[events.player1_id[row], "points"] += points
            if period == REGULATION_PERIODS:
                tally[events.player1_id[row], "fourth_quarter_points"] += points
    return tally


def and_ones(events: Events) -> Counter[int]:
    """Single free throws for a foul while scoring.

    The thrower made a field goal earlier at the same reading of the clock. Neither the number of
    throws alone tells (away-from-play fouls earn one, too) nor the foul before them: a technical
    may have come between.

    Args:
        events: The game's events.

    Returns:
        And-ones by player id, made or missed.
    """
    found: Counter[int] = Counter()
    scored: set[tuple[int, int, int]] = set()
    moments = zip(events.period, events.clock_seconds, events.player1_id, strict=True)
    kinds = zip(events.event_type, events.action_type, strict=True)
    for moment, (kind, action) in zip(moments, kinds, strict=True):
        if kind == EventType.MADE_SHOT:
            scored.add(moment)
        elif kind == EventType.FREE_THROW and action in _AND_ONE_THROWS and moment in scored:
            found[moment[-1]] += 1
    return found


def _count_shot(tally: Tally, events: Events, row: int, place: str) -> None:
    made, shooter = events.made[row], events.player1_id[row]
    assister, blocker = events.assist_id[row], events.block_id[row]
    tally[shooter, "fg_attempts"] += 1
    for who in (shooter, events.player1_team[row]):
        tally[who, f"{place}_attempts"] += 1
        tally[who, f"{place}_makes"] += bool(made)
    if made:
        tally[shooter, "assisted_makes" if assister else "unassisted_makes"] += 1
    if assister:
        tally[assister, "assists"] += 1
    if blocker:
        for who in (blocker, events.player3_team[row]):
            tally[who, f"{place}_blocks"] += 1


_COUNTED = tuple(
    column.name for column in fields(GameWalk) if column.name not in {"is_starter", "teams"}
)
