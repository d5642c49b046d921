"""Who has appeared in games so far, and where last."""

from __future__ import annotations

import numpy as np

from nba_pipeline.engine.windows import STRIDE, Array, Columns, Ints

#: A player belongs to a team while he appeared in one of this many of its last games.
TEAM_GAMES = 10


def numbered(names: Array) -> Ints:
    """Equal integers for equal names, counting up from 0 in order of appearance."""
    texts = names.tolist()
    numbers = {name: number for number, name in enumerate(dict.fromkeys(texts))}
    return np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))


def earlier(box: Columns, day: np.datetime64, season: float) -> Ints:
    """The lines of a season's games before a day.

    Args:
        box: Player lines in order of their days, with game_date and season_year.
        day: The day, itself left out.
        season: Its season_year.
    """
    return np.flatnonzero((box["game_date"] < day) & (box["season_year"] == season))


def last_lines(player: Ints, lines: Ints) -> Ints:
    """The last line of each player, in order of the players' numbers.

    Args:
        player: The number of each line's player.
        lines: Which lines count, oldest first.
    """
    last = np.full(player.max(initial=-1) + 1, -1)
    last[player[lines]] = lines  # where a player has several, the last one stays
    return last[last >= 0]


def rosters_before(box: Columns, last: Ints, team: Ints, before: Ints) -> dict[str, list[str]]:
    """The players expected with each team, by name, from what was played before a day.

    A player is with the team of his last game while that is one of its last ten with lines.

    Args:
        box: Player lines.
        last: Each player's last line before the day.
        team: The number of each line's team.
        before: Every line before the day.
    """
    position = team * STRIDE + box["game_date"].astype(np.int64)
    games = np.unique(position[before])
    until_now = np.searchsorted(games, (team[last] + 1) * STRIDE)
    expected = last[until_now - np.searchsorted(games, position[last]) <= TEAM_GAMES]
    rosters: dict[str, list[str]] = {}
    for at in expected[np.argsort(box["player_lookup"][expected].astype(str))].tolist():
        rosters.setdefault(box["team_abbr"][at], []).append(box["player_lookup"][at])
    return rosters
