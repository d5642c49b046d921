"""Slates written by hand: one player per dictionary, what is left out is ordinary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nba_pipeline.domain.features import NAMES
from nba_pipeline.tables.predictions.systems.slate import Forecast, Games, Slate

#: A rested home player of average form against an average defence.
ORDINARY: dict[str, float] = {
    **dict.fromkeys(NAMES, 0.0),
    "points_avg_last_5": 25.0,
    "points_avg_last_10": 24.0,
    "points_avg_season": 23.0,
    "points_std_last_10": 3.0,
    "games_in_last_7_days": 3.0,
    "fatigue_score": 90.0,
    "opponent_def_rating": 110.0,
    "opponent_pace": 100.0,
    "home_away": 1.0,
    "pct_paint": 0.5,
    "pct_mid_range": 0.2,
    "pct_three": 0.3,
    "pct_free_throw": 0.15,
    "team_pace": 100.0,
    "team_off_rating": 112.0,
    "team_win_pct": 0.5,
}

Game = dict[str, float]


@pytest.fixture(scope="session")
def slate_of() -> Callable[..., Slate]:
    """``slate_of({"home_away": 0}, …, games=[[{...}], …])``."""

    def build(*players: dict[str, float], games: list[list[Game]] | None = None) -> Slate:
        rows = [ORDINARY | player for player in players]
        past = games or [[] for _ in players]
        played = [(at, game) for at, theirs in enumerate(past) for game in theirs]
        names = ("points", "minutes", "is_home", "days_rest", "opponent_def_rating")
        many = len(players)
        return Slate(
            features={name: np.array([row[name] for row in rows]) for name in NAMES},
            quality=np.array([row.get("quality", 95.0) for row in rows]),
            days_rest=np.array([row.get("days_rest", 1.0) for row in rows]),
            games=Games(
                np.array([at for at, _ in played], dtype=np.int64),
                {name: np.array([game[name] for _, game in played], dtype=float) for name in names},
            ),
            model=np.full(many, None, dtype=object),
            model_version=np.full(many, None, dtype=object),
            line=np.full(many, np.nan),
            line_weight=np.full(many, np.nan),
        )

    return build


@pytest.fixture(scope="session")
def said() -> Callable[..., Forecast]:
    """``said([24, 25], [0.6, 0.6])``: a system's answer, NaN where it abstains."""

    def build(points: list[float], confidence: list[float]) -> Forecast:
        many = len(points)
        reasons: Any = np.empty(many, dtype=object)
        reasons[:] = [[] for _ in range(many)]
        return Forecast(
            np.array(points, dtype=float),
            np.array(confidence, dtype=float),
            reasons,
            np.full(many, None, dtype=object),
        )

    return build
