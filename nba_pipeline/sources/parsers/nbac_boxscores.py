"""nba.com's box scores: a day's players in one call, and one game at a time in three shapes.

A game's own box score does not say on which day it was played; whoever reads it looks that up in
the schedule. Minutes are whole ones, as nba.com rounds them in its game logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from nba_pipeline.sources.parsers.nbac_schedule import about_game, counts
from nba_pipeline.sources.parsers.shape import (
    Node,
    Origin,
    Parsed,
    Row,
    json_of,
    result_set,
)

# The archive's name = nba.com's in each shape.
_V2 = {
    name: name.upper()
    for name in (
        *("pts", "reb", "ast", "stl", "blk", "pf", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta"),
        *("oreb", "dreb"),
    )
}
_GAME_LOG = {**_V2, "tov": "TOV", "plus_minus": "PLUS_MINUS"}
_BOX_V2 = {**_V2, "tov": "TO", "plus_minus": "PLUS_MINUS"}
_STATISTICS = {
    "pts": "points",
    "reb": "reboundsTotal",
    "ast": "assists",
    "stl": "steals",
    "blk": "blocks",
    "tov": "turnovers",
    "pf": "foulsPersonal",
    "fgm": "fieldGoalsMade",
    "fga": "fieldGoalsAttempted",
    "fg3m": "threePointersMade",
    "fg3a": "threePointersAttempted",
    "ftm": "freeThrowsMade",
    "fta": "freeThrowsAttempted",
    "oreb": "reboundsOffensive",
    "dreb": "reboundsDefensive",
}
_PLAYER_STATISTICS = {**_STATISTICS, "plus_minus": "plusMinusPoints"}

_CLOCK = re.compile(r"(\d{1,3})(?:\.0+)?:([0-5]\d)", re.ASCII)
_DURATION = re.compile(r"PT(\d{1,3})M(?:([0-5]?\d)(?:\.\d+)?S)?", re.ASCII)
_MATCHUP = re.compile(r"([A-Z]{3}) (vs\.|@) ([A-Z]{3})", re.ASCII)


def game_log(content: bytes, origin: Origin) -> Parsed:
    """``leaguegamelog`` of players: everybody who played on a day or in a season."""
    return {
        "player_box": [
            _logged(row)
            for row in result_set(json_of(content, origin), "LeagueGameLog")
            if counts(row.text("GAME_ID"))
        ]
    }


def _logged(row: Node) -> Row:
    matchup = _MATCHUP.fullmatch(row.text("MATCHUP"))
    if matchup is None:
        raise row["MATCHUP"].fails("is not like 'GSW vs. NYK'")
    return {
        **about_game(row.text("GAME_ID"), row.day("GAME_DATE")),
        "player_id": row.whole("PLAYER_ID"),
        "player_name": row.text("PLAYER_NAME"),
        "team_abbr": row.team("TEAM_ABBREVIATION"),
        "opponent_abbr": matchup[3],
        "is_home": matchup[2] == "vs.",
        "minutes": row.whole("MIN"),
        **_counted(row, _GAME_LOG),
    }


def _counted(row: Node, names: dict[str, str]) -> Row:
    return {ours: row.whole(theirs) for ours, theirs in names.items()}


def box_v2(content: bytes, origin: Origin) -> Parsed:
    """``boxscoretraditionalv2``: who played, and the teams' totals."""
    root = json_of(content, origin)
    players = [row for row in result_set(root, "PlayerStats") if row.text_or_none("MIN")]
    return {
        "player_box": [
            {
                "game_id": row.text("GAME_ID"),
                "player_id": row.whole("PLAYER_ID"),
                "player_name": row.text("PLAYER_NAME"),
                "team_abbr": row.team("TEAM_ABBREVIATION"),
                "is_starter": row.text_or_none("START_POSITION") is not None,
                "minutes": _minutes(row, "MIN"),
                **_counted(row, _BOX_V2),
            }
            for row in players
        ],
        "team_box": [
            {
                "game_id": row.text("GAME_ID"),
                "team_abbr": row.team("TEAM_ABBREVIATION"),
                "minutes": _minutes(row, "MIN"),
                **_counted(row, _BOX_V2),
                "tov_individual": _turnovers(players, row.text("TEAM_ID")),
            }
            for row in result_set(root, "TeamStats")
        ],
    }


def _turnovers(players: list[Node], team_id: str) -> int:
    return sum(row.whole("TO") for row in players if row.text("TEAM_ID") == team_id)


def _minutes(row: Node, key: str) -> int:
    """Whole minutes of ``49:25``, ``49.000000:25``, ``PT49M25.00S`` or ``49``."""
    return (_seconds(row, key) + 30) // 60


def _seconds(row: Node, key: str) -> int:
    text = row.text(key)
    found = _CLOCK.fullmatch(text) or _DURATION.fullmatch(text)
    if found:
        return int(found[1]) * 60 + int(found[2] or 0)
    return row.whole(key) * 60


def box_v3(content: bytes, origin: Origin) -> Parsed:
    """``boxscoretraditionalv3``."""
    game = json_of(content, origin)["boxScoreTraditional"]
    return _sides(game, lambda player: player.text_or_none("position") is not None, _name_v3)


def _name_v3(player: Node) -> str:
    return f"{player.text('firstName')} {player.text('familyName')}".strip()


def live_box(content: bytes, origin: Origin) -> Parsed:
    """The live box score of the CDN, with officials and, once it is over, the score."""
    game = json_of(content, origin)["game"]
    game_id = game.text("gameId")
    parsed = _sides(game, lambda player: player.text("starter") == "1", lambda p: p.text("name"))
    officials = [
        {"game_id": game_id, "official": initialled(one.text("firstName"), one.text("familyName"))}
        for one in game.each("officials")
    ]
    return {**parsed, "officials": officials}


def initialled(first: str, family: str) -> str:
    """An official as the play-by-play names him: ``"Z.Zarba"``."""
    return f"{first.strip()[:1]}.{family.strip()}"


def _sides(
    game: Node, is_starter: Callable[[Node], bool], name: Callable[[Node], str]
) -> dict[str, list[Row]]:
    players: list[Row] = []
    teams: list[Row] = []
    for side, other in (("homeTeam", "awayTeam"), ("awayTeam", "homeTeam")):
        team = game[side]
        about: dict[str, Any] = {
            "game_id": game.text("gameId"),
            "team_abbr": team.team("teamTricode"),
            "opponent_abbr": game[other].team("teamTricode"),
            "is_home": side == "homeTeam",
        }
        mine = [
            {
                **about,
                "player_id": player.whole("personId"),
                "player_name": name(player),
                "is_starter": is_starter(player),
                "minutes": _minutes(player["statistics"], "minutes"),
                **_counted(player["statistics"], _PLAYER_STATISTICS),
            }
            for player in team.each("players")
            if _played(player["statistics"])
        ]
        players += mine
        teams.append(_team(about, team["statistics"], sum(row["tov"] for row in mine)))
    if all(row["pts"] is not None for row in teams):
        for row, other_row in zip(teams, reversed(teams), strict=True):
            row["plus_minus"] = row["pts"] - other_row["pts"]
    return {"player_box": players, "team_box": teams}


def _team(about: Row, total: Node, individual: int) -> Row:
    counted = _counted(total, _STATISTICS)
    if "reboundsPersonal" in total:  # the live feed's total counts rebounds of nobody
        counted["reb"] = total.whole("reboundsPersonal")
    if "turnoversTotal" in total:
        counted["tov"] = total.whole("turnoversTotal")
    return {
        **about,
        "minutes": _minutes(total, "minutes"),
        **counted,
        "tov_individual": individual,
    }


def _played(line: Node) -> bool:
    """Whether a line is an appearance: it has seconds, or somebody who had none did something."""
    if line.text_or_none("minutes") is None:
        return False
    return _seconds(line, "minutes") > 0 or any(_counted(line, _STATISTICS).values())


def summary_v2(content: bytes, origin: Origin) -> Parsed:
    """``boxscoresummaryv2``: who officiated."""
    root = json_of(content, origin)
    (game,) = _one(result_set(root, "GameSummary"), root)
    game_id = game.text("GAME_ID")
    return {
        "officials": [
            {
                "game_id": game_id,
                "official": initialled(row.text("FIRST_NAME"), row.text("LAST_NAME")),
            }
            for row in result_set(root, "Officials")
        ],
    }


def _one(rows: list[Node], root: Node) -> Iterator[Node]:
    if len(rows) != 1:
        raise root.fails(f"has {len(rows)} games where one was expected")
    yield rows[0]
