"""nba.com's play-by-play in its three shapes, as the oldest one tells it.

The archive speaks playbyplayv2: one row per event with up to three players, and codes for types.
The two newer shapes name types in words and give blocks, steals and both halves of a substitution
rows of their own; here they are put back together. What only the text tells (who assisted, who came
in) is looked up among the game's own players in version 3, by the name the text uses.
"""

from __future__ import annotations

import re

from nba_pipeline.sources.parsers.nbac_plays_live import plays_live
from nba_pipeline.sources.parsers.nbac_plays_v3 import plays_v3
from nba_pipeline.sources.parsers.plays import AWAY, HOME, shot_columns
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of, result_set

_FEET = re.compile(r"(\d+)' ", re.ASCII)


def plays_of_game(content: bytes, origin: Origin) -> Parsed:
    """The live feed or version 3, which look alike at the top; only live events have an order."""
    game = json_of(content, origin)["game"]
    is_live = all("orderNumber" in action for action in game.each("actions"))
    return plays_live(content, origin) if is_live else plays_v3(content, origin)


def plays_v2(content: bytes, origin: Origin) -> Parsed:
    """``playbyplayv2``, which is the archive's shape."""
    rows = result_set(json_of(content, origin), "PlayByPlay")
    return {"play_by_play": [_play_v2(row, at) for at, row in enumerate(rows)]}


def _play_v2(row: Node, at: int) -> Row:
    kind = row.whole("EVENTMSGTYPE")
    texts = {
        HOME: row.text_or_none("HOMEDESCRIPTION"),
        "neutral_description": row.text_or_none("NEUTRALDESCRIPTION"),
        AWAY: row.text_or_none("VISITORDESCRIPTION"),
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
        **shot_columns(
            kind,
            is_three="3PT" in said,
            feet=int(feet[1]) if feet else None,
            assist=players["player2_id"],
            block=players["player3_id"],
        ),
    }
