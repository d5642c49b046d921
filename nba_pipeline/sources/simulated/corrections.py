"""What the box score said first, where it was corrected later.

Of every fifty games about three are corrected once, one to four days later: an assist, a rebound,
a steal or a block turns out to be another man's, or nobody's. Points are never corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nba_pipeline.domain.calendar import instant
from nba_pipeline.domain.events import EventType
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.events import AWAY, HOME, Event
from nba_pipeline.sources.simulated.fixtures import Fixture

_SHARE = 0.06
_SOONEST, _LATEST = 1, 4
_HOUR = 15


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of one game.

    Attributes:
        known_at: When it is published.
        mark: From 0 to 1; decides which of the plays is concerned.
    """

    known_at: datetime
    mark: float


def correction_of(fixture: Fixture, dice: Dice) -> Correction | None:
    """The correction of a game, if it is one of those that are corrected."""
    if dice.roll() >= _SHARE:
        return None
    days = _SOONEST + dice.below(_LATEST - _SOONEST + 1)
    return Correction(instant(fixture.game_date + timedelta(days=days), _HOUR), dice.roll())


def first_published(events: Sequence[Event], correction: Correction) -> tuple[Event, ...]:
    """The events of a game as they were before it was corrected."""
    disputable = [at for at, event in enumerate(events) if _is_disputable(event)]
    place = disputable[int(correction.mark * len(disputable))]
    court = _court_at(events, place)
    return (*events[:place], _mistaken(events[place], court), *events[place + 1 :])


def _is_disputable(event: Event) -> bool:
    if event.kind is EventType.REBOUND:
        return event.player is not None
    return event.other is not None and event.kind in (
        EventType.MADE_SHOT,
        EventType.MISSED_SHOT,
        EventType.TURNOVER,
    )


def _mistaken(event: Event, court: tuple[list[Player], list[Player]]) -> Event:
    """The same event with the wrong man; an assist, block or steal was overlooked."""
    if event.kind is not EventType.REBOUND:
        return event._replace(other=None)
    others = [player for player in court[event.side] if player is not event.player]
    return event._replace(player=others[0])


def _court_at(events: Sequence[Event], place: int) -> tuple[list[Player], list[Player]]:
    """Who is on court when an event happens."""
    court: tuple[list[Player], list[Player]] = ([], [])
    for event in events[: place + 1]:
        if event.fives is not None:
            court = (list(event.fives[HOME]), list(event.fives[AWAY]))
        if event.kind is EventType.SUBSTITUTION and event.player and event.other:
            five = court[event.side]
            five[five.index(event.player)] = event.other
    return court
