"""nba.com's lists of people: the player index, and who officiates."""

from __future__ import annotations

from collections.abc import Iterator

from nba_pipeline.sources.parsers.nbac_boxscores import initialled
from nba_pipeline.sources.parsers.nbac_schedule import counts
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of, result_set

_OFFICIALS = ("official1", "official2", "official3", "official4")


def player_index(content: bytes, origin: Origin) -> Parsed:
    """``playerindex``: everybody under contract, as of the day it was asked for."""
    rows = result_set(json_of(content, origin), "PlayerIndex")
    return {"player_list": [{**_player(row), "date": origin.day} for row in rows]}


def _player(row: Node) -> Row:
    first, last = row.text_or_none("PLAYER_FIRST_NAME"), row.text("PLAYER_LAST_NAME")
    return {
        "player_id": row.whole("PERSON_ID"),
        "player_name": f"{first} {last}" if first else last,
        "team_abbr": row.team("TEAM_ABBREVIATION") if row.is_team("TEAM_ABBREVIATION") else None,
        "jersey_number": row.text_or_none("JERSEY_NUMBER"),
        "position": row.text_or_none("POSITION"),
        "height": row.text_or_none("HEIGHT"),
        "weight": row.whole_or_none("WEIGHT"),
        "college": row.text_or_none("COLLEGE"),
        "country": row.text_or_none("COUNTRY"),
        "draft_year": row.whole_or_none("DRAFT_YEAR"),
        "draft_round": row.whole_or_none("DRAFT_ROUND"),
        "draft_number": row.whole_or_none("DRAFT_NUMBER"),
        "from_year": row.whole_or_none("FROM_YEAR"),
        "to_year": row.whole_or_none("TO_YEAR"),
    }


def referee_assignments(content: bytes, origin: Origin) -> Parsed:
    """Who officiates a day's games; other leagues and the replay centre are left aside."""
    rows = json_of(content, origin)["nba"]["Table"].each("rows")
    return {"officials": [each for row in rows for each in _crew(row)]}


def _crew(row: Node) -> Iterator[Row]:
    if not counts(row.text("game_id")):
        return
    for key in _OFFICIALS:
        name = row.text_or_none(key)
        if name:
            first, _, family = name.partition(" ")
            yield {"game_id": row.text("game_id"), "official": initialled(first, family or first)}
