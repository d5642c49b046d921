"""What play-by-play says about an event, in nba.com's words of 2021-22."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nba_pipeline.domain.events import REGULATION_PERIODS, EventType
from nba_pipeline.domain.teams import Team
from nba_pipeline.sources.simulated.box import Box
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.events import HOME, Event

_ORDINALS = ("", "1st", "2nd", "3rd")
_THREE = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """What a text depends on beside its event.

    Attributes:
        teams: The home team and the visitors.
        crew: The officials.
        box: Everything counted up to and including the event.
    """

    teams: tuple[Team, Team]
    crew: tuple[str, ...]
    box: Box


def descriptions(event: Event, scene: Scene) -> tuple[str | None, str | None, str | None]:
    """The home, neutral and visitors' description of an event."""
    if event.kind in (EventType.PERIOD_START, EventType.PERIOD_END):
        return None, _of_period(event), None
    own = _TEXTS[event.kind](event, scene)
    their = _of_opponent(event, scene)
    return (own, None, their) if event.side == HOME else (their, None, own)


def _count(event: Event, scene: Scene, player: Player | None, name: str) -> int:
    return scene.box.line(event.side, player)[name]


def _short(player: Player | None) -> str:
    return player.short_name if player is not None else ""


def _team(event: Event, scene: Scene) -> str:
    """The home team in capitals, the visitors not."""
    nickname = scene.teams[event.side].nickname
    return nickname.upper() if event.side == HOME else nickname


def _of_period(event: Event) -> str:
    what = "Start" if event.kind is EventType.PERIOD_START else "End"
    overtime = event.period - REGULATION_PERIODS
    number = overtime if overtime > 0 else event.period
    ordinal = _ORDINALS[number] if number < len(_ORDINALS) else f"{number}th"
    return f"{what} of {ordinal} {'OT' if overtime > 0 else 'Period'}"


def _of_opponent(event: Event, scene: Scene) -> str | None:
    """A block or a steal stands on the other side of the page."""
    if event.other is None or event.kind not in (EventType.MISSED_SHOT, EventType.TURNOVER):
        return None
    name, word = ("blk", "BLOCK") if event.kind is EventType.MISSED_SHOT else ("stl", "STEAL")
    count = scene.box.line(1 - event.side, event.other)[name]
    return f"{event.other.short_name} {word} ({count} {name.upper()})"


def _of_shot(event: Event, scene: Scene) -> str:
    if event.shot is None:
        return ""
    feet = event.shot.spot.rounded_feet
    # Below half a foot nba.com gives no distance.
    distance = f"{feet}' " if feet else ""
    three = "3PT " if event.shot.points == _THREE else ""
    text = f"{_short(event.player)} {distance}{three}{event.shot.style.text}"
    if event.kind is EventType.MISSED_SHOT:
        return f"MISS {text}"
    text += f" ({_count(event, scene, event.player, 'pts')} PTS)"
    if event.other is not None:
        text += f" ({_short(event.other)} {_count(event, scene, event.other, 'ast')} AST)"
    return text


def _of_free_throw(event: Event, scene: Scene) -> str:
    text = f"{_short(event.player)} Free Throw {event.detail}"
    if not event.made:
        return f"MISS {text}"
    return f"{text} ({_count(event, scene, event.player, 'pts')} PTS)"


def _of_rebound(event: Event, scene: Scene) -> str:
    if event.player is None:
        return f"{_team(event, scene)} Rebound"
    offensive, defensive = (_count(event, scene, event.player, n) for n in ("oreb", "dreb"))
    return f"{_short(event.player)} REBOUND (Off:{offensive} Def:{defensive})"


def _of_turnover(event: Event, scene: Scene) -> str:
    total = scene.box.turnovers(event.side)
    if event.player is None:
        return f"{_team(event, scene)} Turnover: {event.detail} (T#{total})"
    own = _count(event, scene, event.player, "tov")
    return f"{_short(event.player)} {event.detail} Turnover (P{own}.T{total})"


def _of_foul(event: Event, scene: Scene) -> str:
    # Any of the three may have called it; the clock decides which one the text names.
    official = scene.crew[event.clock % len(scene.crew)]
    return f"{_short(event.player)} {event.detail} ({official})"


def _of_substitution(event: Event, _: Scene) -> str:
    return f"SUB: {_short(event.other)} FOR {_short(event.player)}"


def _of_timeout(event: Event, scene: Scene) -> str:
    full = "Full" if event.side == HOME else "Reg."
    space = " " if event.side == HOME else ""
    return f"{_team(event, scene)} Timeout: Regular ({full}{space}{event.detail})"


def _of_jump_ball(event: Event, _: Scene) -> str:
    return (
        f"Jump Ball {_short(event.player)} vs. {_short(event.other)}: Tip to {_short(event.third)}"
    )


_TEXTS: dict[EventType, Callable[[Event, Scene], str]] = {
    EventType.MADE_SHOT: _of_shot,
    EventType.MISSED_SHOT: _of_shot,
    EventType.FREE_THROW: _of_free_throw,
    EventType.REBOUND: _of_rebound,
    EventType.TURNOVER: _of_turnover,
    EventType.FOUL: _of_foul,
    EventType.SUBSTITUTION: _of_substitution,
    EventType.TIMEOUT: _of_timeout,
    EventType.JUMP_BALL: _of_jump_ball,
}
