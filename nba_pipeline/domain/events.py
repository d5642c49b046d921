"""One game's play-by-play as it is published: the events, their codes, their clock and score.

The codes are those of nba.com's playbyplayv2 feed. Nothing is concluded from the events here;
who was on court and what the events add up to is found by walking them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

_CLOCK = re.compile(r"(\d+):([0-5]\d)", re.ASCII)
_SCORE = re.compile(r"(\d+)\s*-\s*(\d+)", re.ASCII)

REGULATION_PERIODS = 4
PERIOD_SECONDS = 720
OVERTIME_SECONDS = 300


class EventType(IntEnum):
    """What kind of thing happened."""

    MADE_SHOT = 1
    MISSED_SHOT = 2
    FREE_THROW = 3
    REBOUND = 4
    TURNOVER = 5
    FOUL = 6
    VIOLATION = 7
    SUBSTITUTION = 8
    TIMEOUT = 9
    JUMP_BALL = 10
    EJECTION = 11
    PERIOD_START = 12
    PERIOD_END = 13
    REPLAY = 18


class FreeThrow(IntEnum):
    """Action types of free throws: which of how many, and what for."""

    ONE_OF_ONE = 10
    ONE_OF_TWO = 11
    TWO_OF_TWO = 12
    ONE_OF_THREE = 13
    TWO_OF_THREE = 14
    THREE_OF_THREE = 15
    TECHNICAL = 16
    FLAGRANT_ONE_OF_TWO = 18
    FLAGRANT_TWO_OF_TWO = 19
    FLAGRANT_ONE_OF_ONE = 20
    TECHNICAL_ONE_OF_TWO = 21
    TECHNICAL_TWO_OF_TWO = 22
    CLEAR_PATH_ONE_OF_TWO = 25
    CLEAR_PATH_TWO_OF_TWO = 26
    FLAGRANT_ONE_OF_THREE = 27
    FLAGRANT_TWO_OF_THREE = 28
    FLAGRANT_THREE_OF_THREE = 29


@dataclass(frozen=True)
class Events:
    """The events of one game in the order of the source, one plain sequence per column.

    Players are nba.com ids, 0 for nobody; teams are tricodes, None where the source names none.
    The source writes a team's own actions (team rebounds) with the team's id in place of a player.

    Attributes:
        event_type: An `EventType` code.
        action_type: The code's refinement, for free throws a `FreeThrow`.
        period: 1 to 4, overtimes from 5.
        clock_seconds: Seconds left in the period.
        player1_id: Who acted: shooter, rebounder, fouler, the one leaving on a substitution.
        player1_team: His team.
        player2_id: Assister, stealer, fouled, the one entering on a substitution.
        player2_team: His team.
        player3_id: Blocker, or who gained a jump ball.
        player3_team: His team.
        is_fg: Whether the event is a field-goal attempt.
        made: Whether the attempt went in; only looked at for field goals. A free throw went in if
            the event shows a score.
        three: Whether it was a three; only looked at for field goals.
        distance: Feet from the hoop, None where the source has none.
        assist_id: Who assisted the shot.
        block_id: Who blocked it.
        away_score: The visitors' points after the event; None unless the event scored.
        home_score: The hosts' points after the event; None unless the event scored.
    """

    event_type: Sequence[int]
    action_type: Sequence[int]
    period: Sequence[int]
    clock_seconds: Sequence[int]
    player1_id: Sequence[int]
    player1_team: Sequence[str | None]
    player2_id: Sequence[int]
    player2_team: Sequence[str | None]
    player3_id: Sequence[int]
    player3_team: Sequence[str | None]
    is_fg: Sequence[bool]
    made: Sequence[bool | None]
    three: Sequence[bool | None]
    distance: Sequence[float | None]
    assist_id: Sequence[int]
    block_id: Sequence[int]
    away_score: Sequence[int | None]
    home_score: Sequence[int | None]

    def periods(self) -> Iterator[tuple[int, range]]:
        """Each period's number with the rows of its events, in order."""
        first = 0
        for period, rows in groupby(self.period):
            beyond = first + sum(1 for _ in rows)
            yield period, range(first, beyond)
            first = beyond

    def points(self, row: int) -> int:
        """What an event scored: 0 to 3 points."""
        if self.is_fg[row]:
            return (3 if self.three[row] else 2) if self.made[row] else 0
        is_free_throw = self.event_type[row] == EventType.FREE_THROW
        return 1 if is_free_throw and self.away_score[row] is not None else 0

    def check_times(self) -> None:
        """Make sure that every event can be placed in time.

        Raises:
            ValueError: Naming row and period of the first event whose period does not follow from
                the one before or whose clock shows no time within the period.
        """
        previous = 0
        for row, (period, clock) in enumerate(zip(self.period, self.clock_seconds, strict=True)):
            if period not in (previous, previous + 1) or period == 0:
                raise ValueError(f"Row {row} is of period {period} and follows period {previous}.")
            length = period_seconds(period)
            if clock is None or not 0 <= clock <= length:
                raise ValueError(
                    f"Row {row} in period {period} shows {clock} seconds left of {length}."
                )
            previous = period


def period_seconds(period: int) -> int:
    """Length of a period.

    Args:
        period: 1 to 4, overtimes from 5.

    Returns:
        Seconds.
    """
    return PERIOD_SECONDS if period <= REGULATION_PERIODS else OVERTIME_SECONDS


def parse_clock(text: str) -> int:
    """Read a game clock.

    Args:
        text: Minutes and seconds, ``"7:19"``.

    Returns:
        Seconds left in the period: 439.

    Raises:
        ValueError: If the text is no clock.
    """
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError(f"{text!r} is not a game clock like 7:19.")
    return int(clock[1]) * 60 + int(clock[2])


def parse_score(text: str) -> tuple[int, int]:
    """Read a running score.

    Args:
        text: The visitors' points, then the hosts': ``"33 - 21"``.

    Returns:
        Points of the visitors and of the hosts.

    Raises:
        ValueError: If the text is no score.
    """
    score = _SCORE.fullmatch(text)
    if score is None:
        raise ValueError(f"{text!r} is not a score like 33 - 21.")
    return int(score[1]), int(score[2])
