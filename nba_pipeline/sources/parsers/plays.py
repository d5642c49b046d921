"""What nba.com's three shapes of play-by-play share: the columns and codes of the oldest one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nba_pipeline.domain.events import EventType, FreeThrow
from nba_pipeline.sources.parsers.shape import Node, Row

SHOTS = (EventType.MADE_SHOT, EventType.MISSED_SHOT)
HOME, AWAY = "home_description", "visitor_description"

_CLOCK = re.compile(r"PT(\d{1,2})M([0-5]?\d)(?:\.\d+)?S", re.ASCII)


def shot_columns(kind: int, *, is_three: bool, feet: int | None, assist: int, block: int) -> Row:
    """The columns about a field-goal attempt."""
    if kind not in SHOTS:
        return {"d_is_fg_attempt": False}
    made = kind == EventType.MADE_SHOT
    return {
        "d_is_fg_attempt": True,
        "d_is_made": made,
        "d_is_three": is_three,
        "d_shot_distance_ft": feet,
        "d_assist_player_id": (assist or None) if made else None,
        "d_block_player_id": None if made else (block or None),
    }


_FREE_THROWS = {
    "": {
        "1 of 1": FreeThrow.ONE_OF_ONE,
        "1 of 2": FreeThrow.ONE_OF_TWO,
        "2 of 2": FreeThrow.TWO_OF_TWO,
        "1 of 3": FreeThrow.ONE_OF_THREE,
        "2 of 3": FreeThrow.TWO_OF_THREE,
        "3 of 3": FreeThrow.THREE_OF_THREE,
    },
    "technical": {
        "": FreeThrow.TECHNICAL,
        "1 of 1": FreeThrow.TECHNICAL,
        "1 of 2": FreeThrow.TECHNICAL_ONE_OF_TWO,
        "2 of 2": FreeThrow.TECHNICAL_TWO_OF_TWO,
    },
    "flagrant": {
        "1 of 1": FreeThrow.FLAGRANT_ONE_OF_ONE,
        "1 of 2": FreeThrow.FLAGRANT_ONE_OF_TWO,
        "2 of 2": FreeThrow.FLAGRANT_TWO_OF_TWO,
        "1 of 3": FreeThrow.FLAGRANT_ONE_OF_THREE,
        "2 of 3": FreeThrow.FLAGRANT_TWO_OF_THREE,
        "3 of 3": FreeThrow.FLAGRANT_THREE_OF_THREE,
    },
    "clear path": {
        "1 of 2": FreeThrow.CLEAR_PATH_ONE_OF_TWO,
        "2 of 2": FreeThrow.CLEAR_PATH_TWO_OF_TWO,
    },
}
_TRANSITION_TAKE = "transition take"

# Which foul it was, by words in its text; the first that fits. The codes are playbyplayv2's.
_FOULS = (
    # A defensive three seconds is published as a technical foul of its own kind.
    ("defensive 3", 17),
    ("defensive-3", 17),
    ("double technical", 16),
    ("technical", 11),
    ("flagrant type 1", 14),
    ("flagrant-type-1", 14),
    ("flagrant type 2", 15),
    ("flagrant-type-2", 15),
    ("delay", 18),
    ("taunting", 19),
    ("excess", 25),
    ("too many players", 30),
    ("clear path", 9),
    ("clear-path", 9),
    ("charge", 26),
    ("offensive", 4),
    ("loose ball", 3),
    ("shooting", 2),
    ("inbound", 5),
    ("away from play", 6),
    ("away-from-play", 6),
    ("double", 10),
    ("transition", 31),
    ("take", 28),
    ("block", 27),
)
_PERSONAL = 1


def foul_code(words: str) -> int:
    """Which foul it was, by the words about it; a personal foul where they say nothing."""
    return next((code for word, code in _FOULS if word in words), _PERSONAL)


def free_throw_code(node: Node, words: str) -> int:
    """Which of how many free throws, and what for.

    Raises:
        UnknownPayloadError: When the words name no kind there is.
    """
    place = re.search(r"\d of \d", words)
    purpose = next((name for name in _FREE_THROWS if name and name in words), "")
    # A take foul in transition is shot like a technical foul's one free throw.
    if _TRANSITION_TAKE in words:
        purpose = "technical"
    code = _FREE_THROWS[purpose].get(place[0] if place else "")
    if code is None:
        raise node.fails(f"is a free throw of an unknown kind: {words!r:.60}")
    return int(code)


def _clock(action: Node) -> str:
    found = _CLOCK.fullmatch(action.text("clock"))
    if found is None:
        raise action["clock"].fails("is no clock like PT11M42.00S")
    return f"{int(found[1])}:{int(found[2]):02d}"


def bare_row(action: Node, game_id: str, kind: int, code: int) -> Row:
    """A row with nobody in it yet."""
    return {
        "game_id": game_id,
        "event_num": action.whole("actionNumber"),
        "event_type": kind,
        "event_action_type": code,
        "period": action.whole("period"),
        "clock": _clock(action),
        "player1_id": 0,
        "player2_id": 0,
        "player3_id": 0,
    }


def numbered(rows: Sequence[Row]) -> list[Row]:
    """Rows with their place in the game."""
    return [{**row, "row_order": at} for at, row in enumerate(rows)]


def add_player(row: Row, place: int, player: int, team: str | None) -> None:
    """Put a player, or a team's id, in one of an event's three places; 0 is nobody."""
    row[f"player{place}_id"], row[f"player{place}_team_abbr"] = player, team if player else None
