"""Games: how one is identified, what kind it is, how far it has got and who took part.

Ids of two issuers meet here: ours (``20211115_CHI_LAL``) and nba.com's (``0022100199``). When
seasons start and end is the business of the calendar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from enum import IntEnum, StrEnum

COMPETITIVE_PREFIXES = ("002", "004", "005", "006")
"""First three digits of the nba.com ids of games that count."""

_SEASON_TYPES = {
    "001": "preseason",
    "002": "regular_season",
    "003": "all_star",
    "004": "playoffs",
    "005": "play_in",
    "006": "cup_final",
}
_GAME_ID = re.compile(r"(\d{8})_([A-Z]{3})_([A-Z]{3})", re.ASCII)


class GameStatus(IntEnum):
    """How far a game has got, in nba.com's numbers."""

    SCHEDULED = 1
    LIVE = 2
    FINAL = 3


class Participation(StrEnum):
    """What a player did with a game of his team."""

    PLAYED = "active"
    DID_NOT_PLAY = "dnp"
    INACTIVE = "inactive"


def canonical_game_id(game_date: date, away: str, home: str) -> str:
    """Our id of a game.

    Args:
        game_date: The NBA day.
        away: Tricode of the visiting team.
        home: Tricode of the home team.

    Returns:
        Day, visitors and hosts: ``"20211115_CHI_LAL"``.
    """
    return f"{game_date:%Y%m%d}_{away}_{home}"


def parse_game_id(text: str) -> tuple[date, str, str]:
    """Take our id of a game apart.

    Args:
        text: An id made by `canonical_game_id`.

    Returns:
        The NBA day, the visiting team's tricode and the home team's.

    Raises:
        ValueError: If the text has another form, or its first part is no date.
    """
    parts = _GAME_ID.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not a game id of the form 20211115_CHI_LAL.")
    day, away, home = parts.groups()
    try:
        return date(int(day[:4]), int(day[4:6]), int(day[6:])), away, home
    except ValueError:
        raise ValueError(f"Game id {text!r} begins with {day}, which is not a date.") from None


def season_type(nba_game_id: str) -> str:
    """What kind of game an nba.com id names.

    Args:
        nba_game_id: An nba.com game id; its first three digits tell the kind.

    Returns:
        ``preseason``, ``regular_season``, ``all_star``, ``playoffs``, ``play_in`` or
        ``cup_final``.

    Raises:
        ValueError: If the id begins with none of the known prefixes.
    """
    try:
        return _SEASON_TYPES[nba_game_id[:3]]
    except KeyError:
        raise ValueError(
            f"Game id {nba_game_id!r} begins with none of {', '.join(_SEASON_TYPES)}."
        ) from None


def out_of_order(nba_game_ids: Sequence[str], game_dates: Sequence[date]) -> set[str]:
    """Regular-season games that were moved from the day they were first scheduled for.

    nba.com numbers a season's games by the day first planned. Sorted by id, the days of unmoved
    games never go back; the fewest games whose removal leaves such a run are the moved ones.

    Args:
        nba_game_ids: nba.com ids; other than regular-season ones are passed over.
        game_dates: The day each was played, in the same order.

    Returns:
        The ids outside the longest run of days that never go back.
    """
    games = sorted(
        (nba_game_id, day)
        for nba_game_id, day in zip(nba_game_ids, game_dates, strict=True)
        if season_type(nba_game_id) == "regular_season"
    )
    kept = _longest_ascent([day for _, day in games])
    return {nba_game_id for place, (nba_game_id, _) in enumerate(games) if place not in kept}


def _longest_ascent(days: Sequence[date]) -> set[int]:
    """Positions of the longest subsequence of days that never goes back.

    Patience sorting: the last day of the best run of each length so far, and for every position
    the one before it in its run.
    """
    last_days: list[date] = []
    last_positions: list[int] = []
    previous: list[int | None] = []
    for position, day in enumerate(days):
        length = bisect_right(last_days, day)
        previous.append(last_positions[length - 1] if length else None)
        last_days[length : length + 1] = [day]
        last_positions[length : length + 1] = [position]
    kept: set[int] = set()
    at = last_positions[-1] if last_positions else None
    while at is not None:
        kept.add(at)
        at = previous[at]
    return kept
