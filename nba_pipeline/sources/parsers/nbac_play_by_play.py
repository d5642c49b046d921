"""nba.com's play-by-play in its three shapes, as the oldest one tells it.

The archive speaks playbyplayv2: one row per event with up to three players, and codes for types.
The two newer shapes name types in words and give blocks, steals and both halves of a substitution
rows of their own; here they are put back together. What only the text tells (who assisted, who came
in) is looked up among the game's own players in version 3, by the name the text uses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from nba_pipeline.domain.events import EventType, FreeThrow
from nba_pipeline.sources.parsers.shape import (
    Node,
    Origin,
    Parsed,
    Row,
    json_of,
    result_set,
)

_FEET = re.compile(r"(\d+)' ", re.ASCII)
_CLOCK = re.compile(r"PT(\d{1,2})M([0-5]?\d)(?:\.\d+)?S", re.ASCII)
_SHOTS = (EventType.MADE_SHOT, EventType.MISSED_SHOT)
_HOME, _AWAY = "home_description", "visitor_description"

# Version 2 --------------------------------------------------------------------------------------


def plays_v2(content: bytes, origin: Origin) -> Parsed:
    """``playbyplayv2``, which is the archive's shape."""
    rows = result_set(json_of(content, origin), "PlayByPlay")
    return {"play_by_play": [_play_v2(row, at) for at, row in enumerate(rows)]}


def _play_v2(row: Node, at: int) -> Row:
    kind = row.whole("EVENTMSGTYPE")
    texts = {
        _HOME: row.text_or_none("HOMEDESCRIPTION"),
        "neutral_description": row.text_or_none("NEUTRALDESCRIPTION"),
        _AWAY: row.text_or_none("VISITORDESCRIPTION"),
    }
    said = " ".join(text for text in texts.values() if text)
    feet = _FEET.search(said)
    players = {
        f"player{place}_id": row.whole_or_none(f"PLAYER{place}_ID") or 0 for place in (1, 2, 3)
    }
    teams = {
        f"player{place}_team_abbr": row.text_or_none(f"PLAYER{place}_TEAM_ABBREVIATION")
        for place in (1, 2, 3)
    }
    return {
        "game_id": row.text("GAME_ID"),
        "row_order": at,
        "event_num": row.whole("EVENTNUM"),
        "event_type": kind,
        "event_action_type": row.whole("EVENTMSGACTIONTYPE"),
        "period": row.whole("PERIOD"),
        "clock": row.text("PCTIMESTRING"),
        **texts,
        "score": row.text_or_none("SCORE"),
        **players,
        **teams,
        **_shot(
            kind,
            is_three="3PT" in said,
            feet=int(feet[1]) if feet else None,
            assist=players["player2_id"],
            block=players["player3_id"],
        ),
    }


def _shot(kind: int, *, is_three: bool, feet: int | None, assist: int, block: int) -> Row:
    """The columns about a field-goal attempt."""
    if kind not in _SHOTS:
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


# What the newer shapes share --------------------------------------------------------------------

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
    ("double technical", 16),
    ("technical", 11),
    ("flagrant type 1", 14),
    ("flagrant-type-1", 14),
    ("flagrant type 2", 15),
    ("flagrant-type-2", 15),
    ("defensive 3", 17),
    ("defensive-3", 17),
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


def _foul(words: str) -> int:
    # A defensive three seconds is published as a technical foul of its own kind.
    if "defensive 3" in words or "defensive-3" in words:
        return 17
    return next((code for word, code in _FOULS if word in words), _PERSONAL)


def _free_throw(node: Node, words: str) -> int:
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


def _row(action: Node, game_id: str, kind: int, code: int) -> Row:
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


def _numbered(rows: Sequence[Row]) -> list[Row]:
    return [{**row, "row_order": at} for at, row in enumerate(rows)]


def _with_player(row: Row, place: int, player: int, team: str | None) -> None:
    row[f"player{place}_id"], row[f"player{place}_team_abbr"] = player, team if player else None


# The live feed ----------------------------------------------------------------------------------

_LIVE_TYPES = {
    "freethrow": EventType.FREE_THROW,
    "rebound": EventType.REBOUND,
    "turnover": EventType.TURNOVER,
    "foul": EventType.FOUL,
    "violation": EventType.VIOLATION,
    "timeout": EventType.TIMEOUT,
    "jumpball": EventType.JUMP_BALL,
    "ejection": EventType.EJECTION,
    "instantreplay": EventType.REPLAY,
    "stoppage": EventType.REPLAY,
    "memo": EventType.REPLAY,
    "challenge": EventType.REPLAY,
}
# Said of another action as well, or of nothing in the game.
_LIVE_PASSED_OVER = frozenset({"block", "steal", "game"})
# Whom else an action names, and in which place the archive has him.
_LIVE_OTHERS = {
    "turnover": (("stealPersonId", 2),),
    "foul": (("foulDrawnPersonId", 2),),
    "jumpball": (("jumpBallLostPersonId", 2), ("jumpBallRecoverdPersonId", 3)),
}


def plays_live(content: bytes, origin: Origin) -> Parsed:
    """The CDN's live play-by-play."""
    game = json_of(content, origin)["game"]
    game_id = game.text("gameId")
    actions = sorted(game.each("actions"), key=lambda action: action.whole("orderNumber"))
    home = _home_team(actions)
    side_of = {
        player: action.text("teamTricode")
        for action in actions
        if "teamTricode" in action and (player := action.whole_or_none("personId"))
    }
    rows: list[Row] = []
    leaving: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for action in actions:
        kind = action.text("actionType")
        if kind == "substitution":
            rows += _exchanged(action, game_id, leaving)
        elif kind not in _LIVE_PASSED_OVER:
            rows.append(_live_play(action, game_id, kind, side_of))
        if rows and rows[-1]["event_num"] == action.whole("actionNumber"):
            _described(rows[-1], action, home)
    return {"play_by_play": _numbered(rows)}


def _home_team(actions: Sequence[Node]) -> str | None:
    """The team whose first basket moves the home score; None before there is one."""
    for action in actions:
        if action.text_or_none("shotResult") == "Made" and "teamTricode" in action:
            scores = action.whole("scoreHome"), action.whole("scoreAway")
            if 0 in scores and any(scores):
                others = {other.text("teamTricode") for other in actions if "teamTricode" in other}
                scorer = action.text("teamTricode")
                return scorer if scores[0] else next(iter(others - {scorer}), None)
    return None


def _described(row: Row, action: Node, home: str | None) -> None:
    team = action.text_or_none("teamTricode")
    place = "neutral_description"
    if team and home:
        place = _HOME if team == home else _AWAY
    row[place] = action.text_or_none("description")


def _exchanged(
    action: Node, game_id: str, leaving: dict[tuple[int, str, str], list[int]]
) -> Iterator[Row]:
    """A substitution once both its halves are known; who leaves is published first."""
    team = action.team("teamTricode")
    waiting = leaving[action.whole("period"), action.text("clock"), team]
    if action.text("subType") == "out":
        waiting.append(action.whole("personId"))
        return
    row = _row(action, game_id, EventType.SUBSTITUTION, 0)
    _with_player(row, 1, waiting.pop(0) if waiting else 0, team)
    _with_player(row, 2, action.whole("personId"), team)
    row["d_is_fg_attempt"] = False
    yield row


def _live_play(action: Node, game_id: str, kind: str, side_of: dict[int, str]) -> Row:
    words = " ".join(
        word.lower() for key in ("subType", "descriptor") if (word := action.text_or_none(key))
    )
    event, code = _live_codes(action, kind, words)
    row = _row(action, game_id, event, code)
    team = action.team("teamTricode") if action.text_or_none("teamTricode") else None
    # What a whole team does carries the team's id where a player's would be.
    actor = action.whole_or_none("personId") or action.whole_or_none("teamId") or 0
    _with_player(row, 1, actor, team)
    others = _LIVE_OTHERS.get(kind, ())
    if event == EventType.MADE_SHOT:
        others = (("assistPersonId", 2),)
    elif event == EventType.MISSED_SHOT:
        others = (("blockPersonId", 3),)
    for key, place in others:
        other = action.whole_or_none(key) or 0
        _with_player(row, place, other, side_of.get(other))
    if action.text_or_none("shotResult") == "Made":
        row["score"] = f"{action.whole('scoreAway')} - {action.whole('scoreHome')}"
    feet = action.real_or_none("shotDistance")
    return row | _shot(
        event,
        is_three=kind == "3pt",
        feet=None if feet is None else int(feet + 0.5),
        assist=row["player2_id"],
        block=row["player3_id"],
    )


def _live_codes(action: Node, kind: str, words: str) -> tuple[int, int]:
    if kind in ("2pt", "3pt", "heave"):
        made = action.text("shotResult") == "Made"
        return int(EventType.MADE_SHOT if made else EventType.MISSED_SHOT), 0
    if kind == "period":
        start = action.text("subType") == "start"
        return int(EventType.PERIOD_START if start else EventType.PERIOD_END), 0
    if kind not in _LIVE_TYPES:
        raise action.fails(f"has an actionType nobody knows: {kind!r:.60}")
    if kind == "freethrow":
        return int(EventType.FREE_THROW), _free_throw(action, words)
    return int(_LIVE_TYPES[kind]), _foul(words) if kind == "foul" else 0


# Version 3 --------------------------------------------------------------------------------------

_V3_TYPES = {
    "Made Shot": EventType.MADE_SHOT,
    "Missed Shot": EventType.MISSED_SHOT,
    "Heave": EventType.MISSED_SHOT,
    "Free Throw": EventType.FREE_THROW,
    "Rebound": EventType.REBOUND,
    "Turnover": EventType.TURNOVER,
    "Foul": EventType.FOUL,
    "Violation": EventType.VIOLATION,
    "Substitution": EventType.SUBSTITUTION,
    "Timeout": EventType.TIMEOUT,
    "Jump Ball": EventType.JUMP_BALL,
    "Ejection": EventType.EJECTION,
    "Instant Replay": EventType.REPLAY,
}
_ASSIST = re.compile(r"\(([^()]+) \d+ AST\)", re.ASCII)
_SUBSTITUTION = re.compile(r"SUB: (.+) FOR (.+)", re.ASCII)


def plays_v3(content: bytes, origin: Origin) -> Parsed:
    """``playbyplayv3``."""
    game = json_of(content, origin)["game"]
    game_id = game.text("gameId")
    actions = list(game.each("actions"))
    people = _People(actions)
    rows: list[Row] = []
    for action in actions:
        kind = action.text("actionType")
        if kind:
            rows.append(_play_v3(action, game_id, kind, people))
        elif rows and rows[-1]["event_num"] == action.whole("actionNumber"):
            _add_other_half(rows[-1], action)
    return {"play_by_play": _numbered(rows)}


class _People:
    """Who is who in a game's texts: by team, and by the names the texts use."""

    def __init__(self, actions: Sequence[Node]) -> None:
        self._ids: dict[tuple[str, str], set[int]] = defaultdict(set)
        for action in actions:
            player, team = action.whole("personId"), action.text("teamTricode")
            if player and team:
                for key in ("playerName", "playerNameI"):
                    self._ids[team, action.text(key)].add(player)

    def find(self, team: str | None, name: str) -> int:
        """His id; 0 where nobody or more than one man of the team is called that."""
        found = self._ids.get((team or "", name.strip()), set())
        return next(iter(found)) if len(found) == 1 else 0


def _play_v3(action: Node, game_id: str, kind: str, people: _People) -> Row:
    event, code = _v3_codes(action, kind)
    row = _row(action, game_id, event, code)
    team = action.team("teamTricode") if action.text_or_none("teamTricode") else None
    actor = action.whole("personId") or action.whole("teamId")
    _with_player(row, 1, actor, team)
    text = action.text("description")
    place = {"h": _HOME, "v": _AWAY}.get(action.text("location"), "neutral_description")
    row[place] = text
    assist = _ASSIST.search(text)
    if event == EventType.MADE_SHOT and assist:
        _with_player(row, 2, people.find(team, assist[1]), team)
    exchange = _SUBSTITUTION.fullmatch(text)
    if event == EventType.SUBSTITUTION and exchange:
        _with_player(row, 2, people.find(team, exchange[1]), team)
    scored = event == EventType.MADE_SHOT or (
        event == EventType.FREE_THROW and not text.startswith("MISS")
    )
    if scored and action.text_or_none("scoreHome"):
        row["score"] = f"{action.whole('scoreAway')} - {action.whole('scoreHome')}"
    return row | _shot(
        event,
        is_three=action.whole_or_none("shotValue") == 3,
        feet=action.whole_or_none("shotDistance") or None,
        assist=row["player2_id"],
        block=0,
    )


def _v3_codes(action: Node, kind: str) -> tuple[int, int]:
    words = action.text("subType").lower()
    if kind == "period":
        return int(EventType.PERIOD_START if words == "start" else EventType.PERIOD_END), 0
    if kind not in _V3_TYPES:
        raise action.fails(f"has an actionType nobody knows: {kind!r:.60}")
    event = _V3_TYPES[kind]
    if kind == "Heave" and action.text_or_none("shotResult") == "Made":
        event = EventType.MADE_SHOT
    if event == EventType.FREE_THROW:
        return int(event), _free_throw(action, words)
    return int(event), _foul(words) if event == EventType.FOUL else 0


def _add_other_half(row: Row, action: Node) -> None:
    """A block or a steal, published beside the shot or the turnover it belongs to."""
    team = action.text_or_none("teamTricode")
    place = 3 if row["event_type"] in _SHOTS else 2
    _with_player(row, place, action.whole("personId"), team)
    if row.get("d_is_fg_attempt") and not row["d_is_made"]:
        row["d_block_player_id"] = action.whole("personId") or None
