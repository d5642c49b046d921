"""A game seen from both sides: one row per team and game."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.games import GameStatus

Array = npt.NDArray[Any]


def both_sides(games: Mapping[str, Array], *, status: GameStatus | None = None) -> dict[str, Array]:
    """Two rows per game, one for each team.

    Args:
        games: Columns game_id, nba_game_id, game_date, season_year, away_team_abbr,
            home_team_abbr and game_status.
        status: Only games of this status; all when omitted.

    Returns:
        Columns game_id, nba_game_id, game_date, season_year, team_abbr, opponent_team_abbr and
        home_game (1.0 or 0.0); first every away side, then every home side.
    """
    wanted = np.ones(len(games["game_id"]), dtype=bool)
    if status is not None:
        wanted = games["game_status"] == float(status)
    kept = {name: values[wanted] for name, values in games.items()}
    away, home = kept["away_team_abbr"], kept["home_team_abbr"]
    both = {
        name: np.concatenate([kept[name], kept[name]])
        for name in ("game_id", "nba_game_id", "game_date", "season_year")
    }
    return {
        **both,
        "team_abbr": np.concatenate([away, home]),
        "opponent_team_abbr": np.concatenate([home, away]),
        "home_game": np.repeat([0.0, 1.0], len(away)),
    }


def team_mates(game_id: Array, team_abbr: Array) -> Iterator[Array]:
    """The places of each team's players, team by team.

    Args:
        game_id: The game of each player.
        team_abbr: His team in it.
    """
    names = (game_id + team_abbr).astype(str)
    _, owner, counts = np.unique(names, return_inverse=True, return_counts=True)
    yield from np.split(np.argsort(owner, kind="stable"), np.cumsum(counts)[:-1])
