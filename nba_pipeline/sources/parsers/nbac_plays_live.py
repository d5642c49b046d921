"""The CDN's live play-by-play: every half of an event is an action of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from nba_pipeline.domain.events import EventType
from nba_pipeline.sources.parsers.plays import (
    AWAY,
    HOME,
    add_player,
    bare_row,
    foul_code,
    free_throw_code,
    numbered,
    shot_columns,
)
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of

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
    return {"play_by_play": numbered(rows)}


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
        place = HOME if team == home else AWAY
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
    row = bare_row(action, game_id, EventType.SUBSTITUTION, 0)
    add_player(row, 1, waiting.pop(0) if waiting else 0, team)
    add_player(row, 2, action.whole("personId"), team)
    row["d_is_fg_attempt"] = False
    yield row


def _live_play(action: Node, game_id: str, kind: str, side_of: dict[int, str]) -> Row:
    words = " ".join(
        word.lower() for key in ("subType", "descriptor") if (word := action.text_or_none(key))
    )
    event, code = _live_codes(action, kind, words)
    row = bare_row(action, game_id, event, code)
    team = action.team("teamTricode") if action.text_or_none("teamTricode") else None
    # What a whole team does carries the team's id where a player's would be.
    actor = action.whole_or_none("personId") or action.whole_or_none("teamId") or 0
    add_player(row, 1, actor, team)
    others = _LIVE_OTHERS.get(kind, ())
    if event == EventType.MADE_SHOT:
        others = (("assistPersonId", 2),)
    elif event == EventType.MISSED_SHOT:
        others = (("blockPersonId", 3),)
    for key, place in others:
        other = action.whole_or_none(key) or 0
        add_player(row, place, other, side_of.get(other))
    if action.text_or_none("shotResult") == "Made":
        row["score"] = f"{action.whole('scoreAway')} - {action.whole('scoreHome')}"
    feet = action.real_or_none("shotDistance")
    return row | shot_columns(
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
        return int(EventType.FREE_THROW), free_throw_code(action, words)
    return int(_LIVE_TYPES[kind]), foul_code(words) if kind == "foul" else 0
