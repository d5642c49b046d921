"""Teams' box scores made of their players', for games of which nobody published the teams'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

# Minutes of a team in regulation, and in each overtime.
_REGULATION, _OVERTIME = 240, 25


def summed(teams: Sequence[Row], players: Sequence[Row]) -> list[Row]:
    """Team rows of games that only have players' lines: their sums, without team turnovers."""
    told = {row["game_id"] for row in teams}
    sides: dict[tuple[str, str], list[Row]] = {}
    for row in players:
        if row["game_id"] not in told:
            sides.setdefault((row["game_id"], row["team_abbr"]), []).append(row)
    rows = []
    for (game_id, team), mine in sides.items():
        counted = {name: sum(row[name] for row in mine) for name in _SUMMED}
        theirs = sides.get((game_id, mine[0]["opponent_abbr"]), [])
        minutes = sum(row["minutes"] for row in mine)
        overtimes = max(0, round((minutes - _REGULATION) / _OVERTIME))
        rows.append(
            {
                **{name: mine[0][name] for name in _OF_TEAM},
                **counted,
                "team_abbr": team,
                "minutes": _REGULATION + _OVERTIME * overtimes,
                "plus_minus": counted["pts"] - sum(row["pts"] for row in theirs),
                "tov_individual": counted["tov"],
                "known_at": max(row["known_at"] for row in mine),
                "data_source": f"sum of {mine[0]['data_source']}",
            }
        )
    return rows


_OF_TEAM = ("season", "season_type", "game_id", "game_date", "opponent_abbr", "is_home")
_SUMMED = (
    *("pts", "reb", "ast", "stl", "blk", "tov", "pf", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta"),
    *("oreb", "dreb"),
)
