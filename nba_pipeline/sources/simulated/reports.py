"""The league's injury reports of a simulated game, from the evening before until tip-off.

Whoever misses the game is on them, and on some of those who will play, it is not said so from the
start. What a report says last agrees with what happens as often as it does in life: who is out does
not play, of those in doubt about half do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nba_pipeline.domain.calendar import instant
from nba_pipeline.sources.simulated.clubs import Player, Role
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.fixtures import Fixture
from nba_pipeline.sources.simulated.moves import AILMENTS, Injury

# A report: days before the game, hour and minute, Eastern.
_TIMES = ((1, 17, 30), (0, 11, 30), (0, 13, 30), (0, 17, 30))

# How a player's status goes from report to report, each course as likely as the next.
_Course = tuple[str, str, str, str]
_FIRST_GAME_MISSED: tuple[_Course, ...] = (
    ("out", "out", "out", "out"),
    ("doubtful", "doubtful", "doubtful", "out"),
    ("questionable", "doubtful", "out", "out"),
    ("questionable", "questionable", "doubtful", "doubtful"),
    ("questionable", "questionable", "questionable", "questionable"),
)
_STILL_OUT: tuple[_Course, ...] = (("out", "out", "out", "out"),)
_BACK_AGAIN: tuple[_Course, ...] = (
    ("doubtful", "questionable", "questionable", "questionable"),
    ("questionable", "questionable", "probable", "available"),
    ("probable", "probable", "available", "available"),
)
_A_KNOCK: tuple[_Course, ...] = (
    ("questionable", "questionable", "probable", "probable"),
    ("questionable", "questionable", "questionable", "available"),
    ("probable", "probable", "probable", "probable"),
    ("probable", "probable", "available", "available"),
)

# Of the regulars who are fit, those listed all the same.
_KNOCKS = 0.06


@dataclass(frozen=True, slots=True)
class Status:
    """What one report says of one player.

    Attributes:
        reported_at: The report's time.
        team: Tricode of his team.
        player: Who.
        status: From out to available.
        reason: As the league writes it.
    """

    reported_at: datetime
    team: str
    player: Player
    status: str
    reason: str


def statuses(
    fixture: Fixture, team: str, roster: Sequence[Player], injuries: Sequence[Injury], dice: Dice
) -> Iterator[Status]:
    """All that the reports on a game say of one of its teams, up to tip-off.

    Args:
        fixture: The game.
        team: Tricode of the team.
        roster: Its players that day.
        injuries: The spells of all its players.
        dice: Decides on courses and knocks.
    """
    day = fixture.game_date
    spells = {i.player: i for i in injuries if i.covers(day) or i.back_on == day}
    for player in roster:
        spell = spells.get(player)
        if spell is None and (player.role is Role.BENCH or dice.roll() >= _KNOCKS):
            continue
        ailment = spell.reason if spell else AILMENTS[dice.below(len(AILMENTS))]
        courses = _courses(spell, day)
        course = courses[dice.below(len(courses))]
        for (before, hour, minute), status in zip(_TIMES, course, strict=True):
            moment = instant(day - timedelta(days=before), hour) + timedelta(minutes=minute)
            if moment < fixture.start:
                reason = f"Injury/Illness - {ailment.capitalize()}"
                yield Status(moment, team, player, status, reason)


def _courses(spell: Injury | None, day: date) -> tuple[_Course, ...]:
    if spell is None:
        return _A_KNOCK
    if spell.missed_from == day:
        return _FIRST_GAME_MISSED
    return _STILL_OUT if spell.covers(day) else _BACK_AGAIN
