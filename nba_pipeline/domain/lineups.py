"""Who was on court when: starting fives, stints, and the seconds they add up to.

The play-by-play names substitutions during a period but not who begins one, so the fives that begin
each period are inferred first and the substitutions walked from there. What players did while on
court is not counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nba_pipeline.domain.boxscore import PLAYERS_ON_COURT
from nba_pipeline.domain.events import REGULATION_PERIODS, Events, EventType, period_seconds

CLUTCH_SECONDS = 300
"""The part of the fourth quarter that can be clutch; all of an overtime can."""

CLUTCH_MARGIN = 5
"""Most points between the teams for it to be so."""

# Events that name nobody but players on court ...
_LIVE = frozenset(
    {
        EventType.MADE_SHOT,
        EventType.MISSED_SHOT,
        EventType.FREE_THROW,
        EventType.REBOUND,
        EventType.TURNOVER,
        EventType.FOUL,
        EventType.JUMP_BALL,
    }
)
# ... except fouls of these action types (technicals, delays and the like), also called on a bench.
_BENCH_FOULS = frozenset({11, 12, 13, 16, 18, 19, 25, 30})


@dataclass(frozen=True)
class Roster:
    """Everybody who played in a game, as its box score lists them, in parallel.

    Attributes:
        player_id: nba.com player ids.
        team: Tricode of each player's team.
        is_starter: The box score's flag, None where it has none.
        minutes: Whole minutes as the box score rounds them.
    """

    player_id: tuple[int, ...]
    team: tuple[str, ...]
    is_starter: tuple[bool | None, ...]
    minutes: tuple[int, ...]


class Stretch(NamedTuple):
    """A part of a period between two readings of its clock, in seconds left."""

    period: int
    begun: int
    ended: int


class Stint(NamedTuple):
    """A player's unbroken stay on court within a period."""

    player_id: int
    stretch: Stretch


@dataclass(frozen=True)
class Lineups:
    """The players who began a game, and everybody's stays on court."""

    starters: frozenset[int]
    stints: tuple[Stint, ...]


def lineups(events: Events, roster: Roster) -> Lineups:
    """Find out who was on court at every moment of a game.

    Args:
        events: The game's events.
        roster: Who played in it; players of the events who are not on it are passed over.

    Returns:
        The players who began the first period, and all stints.

    Raises:
        ValueError: If it is not five players with whom a team begins a period.
    """
    stints: list[Stint] = []
    seconds: Counter[int] = Counter()
    starters: frozenset[int] = frozenset()
    for period, rows in events.periods():
        beginning = _beginning(events, period, rows, roster, seconds)
        starters = starters or frozenset(beginning)
        for stint in _stints(events, period, rows, roster, beginning):
            stints.append(stint)
            seconds[stint.player_id] += stint.stretch.begun - stint.stretch.ended
    return Lineups(starters, tuple(stints))


def time_on_court(stints: Iterable[Stint], stretches: Sequence[Stretch]) -> Counter[int]:
    """Add up playing time inside parts of a game.

    Args:
        stints: Stays on court.
        stretches: Parts of the game, none overlapping another.

    Returns:
        Seconds by player id.
    """
    seconds: Counter[int] = Counter()
    for player_id, (period, entered, left) in stints:
        for other, begun, ended in stretches:
            if other == period:
                seconds[player_id] += max(0, min(entered, begun) - max(left, ended))
    return seconds


def whole_periods(events: Events) -> list[Stretch]:
    """The periods of a game from beginning to end."""
    return [Stretch(period, period_seconds(period), 0) for period, _ in events.periods()]


def clutch_stretches(events: Events) -> list[Stretch]:
    """The clutch: late in the fourth quarter or in overtime, with the game close.

    Args:
        events: The game's events.

    Returns:
        The parts of the last `CLUTCH_SECONDS` of the fourth quarter and of every overtime in which
        the teams were within `CLUTCH_MARGIN` points of each other.
    """
    return [
        Stretch(period, min(begun, CLUTCH_SECONDS), ended)
        for (period, begun, ended), margin in _steady_margins(events)
        if period >= REGULATION_PERIODS and ended < CLUTCH_SECONDS and margin <= CLUTCH_MARGIN
    ]


def _steady_margins(events: Events) -> Iterator[tuple[Stretch, int]]:
    """The game cut wherever somebody scored, with the points between the teams in each part."""
    margin = 0
    for period, rows in events.periods():
        since = period_seconds(period)
        for row in rows:
            away, home = events.away_score[row], events.home_score[row]
            if away is not None and home is not None:
                yield Stretch(period, since, events.clock_seconds[row]), margin
                since, margin = events.clock_seconds[row], abs(home - away)
        yield Stretch(period, since, 0), margin


def _beginning(
    events: Events, period: int, rows: range, roster: Roster, seconds: Mapping[int, int]
) -> list[int]:
    """The ten players who begin a period.

    A player's first substitution decides: out means he began it, in means he did not. Without one
    he began it if the period's events name him on court.
    """
    began: dict[int, bool] = {}
    for row in rows:
        if events.event_type[row] == EventType.SUBSTITUTION:
            began.setdefault(events.player1_id[row], True)
            began.setdefault(events.player2_id[row], False)
    for player_id in _named_on_court(events, rows):
        began.setdefault(player_id, True)
    fives = (_five(team, period, roster, began, seconds) for team in dict.fromkeys(roster.team))
    return [player_id for five in fives for player_id in five]


def _named_on_court(events: Events, rows: range) -> Iterator[int]:
    """Whoever takes part in the live events of a period."""
    for row in rows:
        kind = events.event_type[row]
        on_bench = kind == EventType.FOUL and events.action_type[row] in _BENCH_FOULS
        if kind in _LIVE and not on_bench:
            yield events.player1_id[row]
            yield events.player2_id[row]
            yield events.player3_id[row]


def _five(
    team: str, period: int, roster: Roster, began: Mapping[int, bool], seconds: Mapping[int, int]
) -> list[int]:
    """A team's five at the beginning of a period.

    Somebody who neither did anything nor was substituted is not found by his name: the flagged
    starters fill the first period, and then those the box score gives most time still unaccounted.
    """
    five: list[int] = []
    unseen: list[tuple[bool, int, int]] = []
    for player_id, his_team, is_starter, minutes in zip(
        roster.player_id, roster.team, roster.is_starter, roster.minutes, strict=True
    ):
        if his_team != team:
            continue
        if player_id not in began:
            flagged = period == 1 and is_starter is True
            unseen.append((flagged, 60 * minutes - seconds.get(player_id, 0), player_id))
        elif began[player_id]:
            five.append(player_id)
    unseen.sort(reverse=True)
    five += [player_id for *_, player_id in unseen[: max(0, PLAYERS_ON_COURT - len(five))]]
    if len(five) != PLAYERS_ON_COURT:
        raise ValueError(f"{team} seems to begin period {period} with {len(five)} players.")
    return five


def _stints(
    events: Events, period: int, rows: range, roster: Roster, beginning: Iterable[int]
) -> Iterator[Stint]:
    """Walk a period's substitutions."""
    on_court = dict.fromkeys(beginning, period_seconds(period))
    for row in rows:
        if events.event_type[row] == EventType.SUBSTITUTION:
            leaving, entering = events.player1_id[row], events.player2_id[row]
            clock = events.clock_seconds[row]
            if leaving in on_court:
                yield Stint(leaving, Stretch(period, on_court.pop(leaving), clock))
            if entering in roster.player_id:
                on_court.setdefault(entering, clock)
    for player_id, entered in on_court.items():
        yield Stint(player_id, Stretch(period, entered, 0))
