"""``playbyplayv3``: what only its texts tell is looked up among the game's own players."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from nba_pipeline.domain.events import EventType
from nba_pipeline.sources.parsers.plays import (
    AWAY,
    HOME,
    SHOTS,
    add_player,
    bare_row,
    foul_code,
    free_throw_code,
    numbered,
    shot_columns,
)
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of

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
    return {"play_by_play": numbered(rows)}


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
    row = bare_row(action, game_id, event, code)
    team = action.team("teamTricode") if action.text_or_none("teamTricode") else None
    actor = action.whole("personId") or action.whole("teamId")
    add_player(row, 1, actor, team)
    text = action.text("description")
    place = {"h": HOME, "v": AWAY}.get(action.text("location"), "neutral_description")
    row[place] = text
    assist = _ASSIST.search(text)
    if event == EventType.MADE_SHOT and assist:
        add_player(row, 2, people.find(team, assist[1]), team)
    exchange = _SUBSTITUTION.fullmatch(text)
    if event == EventType.SUBSTITUTION and exchange:
        add_player(row, 2, people.find(team, exchange[1]), team)
    scored = event == EventType.MADE_SHOT or (
        event == EventType.FREE_THROW and not text.startswith("MISS")
    )
    if scored and action.text_or_none("scoreHome"):
        row["score"] = f"{action.whole('scoreAway')} - {action.whole('scoreHome')}"
    return row | shot_columns(
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
        return int(event), free_throw_code(action, words)
    return int(event), foul_code(words) if event == EventType.FOUL else 0


def _add_other_half(row: Row, action: Node) -> None:
    """A block or a steal, published beside the shot or the turnover it belongs to."""
    team = action.text_or_none("teamTricode")
    place = 3 if row["event_type"] in SHOTS else 2
    add_player(row, place, action.whole("personId"), team)
    if row.get("d_is_fg_attempt") and not row["d_is_made"]:
        row["d_block_player_id"] = action.whole("personId") or None
