"""nba.com's shot charts: ``shotchartdetail``, of one team or both."""

from __future__ import annotations

from nba_pipeline.sources.parsers.nbac_schedule import counts
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of, result_set


def shot_chart(content: bytes, origin: Origin) -> Parsed:
    """Every field-goal attempt; its place in the game is known once both teams' are there."""
    rows = result_set(json_of(content, origin), "Shot_Chart_Detail")
    return {"shots": [_shot(row) for row in rows if counts(row.text("GAME_ID"))]}


def _shot(row: Node) -> Row:
    left = 60 * row.whole("MINUTES_REMAINING") + row.whole("SECONDS_REMAINING")
    return {
        "game_id": row.text("GAME_ID"),
        "player_id": row.whole("PLAYER_ID"),
        "player_name": row.text("PLAYER_NAME"),
        "period": row.whole("PERIOD"),
        "action_type": row.text("ACTION_TYPE"),
        "shot_type": row.text("SHOT_TYPE"),
        "shot_distance": row.whole("SHOT_DISTANCE"),
        # Published in tenths of a foot from the hoop.
        "hoop_x_ft": row.whole("LOC_X") / 10,
        "hoop_y_ft": row.whole("LOC_Y") / 10,
        "seconds_left": left,
        "shot_made": row.whole("SHOT_MADE_FLAG") == 1,
        "shot_zone": row.text("SHOT_ZONE_BASIC"),
        "event_num": row.whole("GAME_EVENT_ID"),
    }
