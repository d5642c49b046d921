"""One evening in November 2024, as ``prediction_requests`` reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from evening_rows import DAY, GAME, Row, features, tonight


@pytest.fixture(scope="session")
def evening() -> Callable[..., dict[str, list[Row]]]:
    """``evening([line(20.5)], demarderozan={"player_status": "out"})``: rows of its inputs."""

    def build(lines: list[Row] | None = None, **players: Row) -> dict[str, list[Row]]:
        who = players or {"demarderozan": {}}
        return {
            "games": [{"game_date": DAY, "game_id": GAME, "nba_game_id": "-", "game_status": 1}],
            "tonight": [tonight(name) | changed for name, changed in who.items()],
            "features": [features(name) | changed for name, changed in who.items()],
            "props": lines or [],
            "props_by_name": [],
        }

    return build
