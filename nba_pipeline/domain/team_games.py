"""A game seen from both sides: one row per team and game."""

from __future__ import annotations

from collections.abc import Mapping
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
