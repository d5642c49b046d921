"""Play-by-play rows as columns, turned into the plain sequences the walks go through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.events import Events

#: Columns of the play-by-play that the walks need, separated by spaces.
EVENT_COLUMNS = (
    "event_type event_action_type period game_clock_seconds player_1_id player_1_team_abbr "
    "player_2_id player_2_team_abbr player_3_id player_3_team_abbr is_field_goal_attempt shot_made "
    "is_three shot_distance assist_player_id block_player_id away_score home_score"
)

#: No complete game has fewer events.
PLAYS_OF_A_GAME = 300


def events_of(columns: Mapping[str, npt.NDArray[Any]], rows: slice) -> Events:
    """One game's events.

    Args:
        columns: At least ``EVENT_COLUMNS``, numbers as float64 with NaN for NULL.
        rows: The game's rows, in order.
    """
    return Events(
        event_type=_whole(columns["event_type"][rows]),
        action_type=_whole(columns["event_action_type"][rows]),
        period=_whole(columns["period"][rows]),
        clock_seconds=_known(columns["game_clock_seconds"][rows]),
        player1_id=_whole(columns["player_1_id"][rows]),
        player1_team=columns["player_1_team_abbr"][rows].tolist(),
        player2_id=_whole(columns["player_2_id"][rows]),
        player2_team=columns["player_2_team_abbr"][rows].tolist(),
        player3_id=_whole(columns["player_3_id"][rows]),
        player3_team=columns["player_3_team_abbr"][rows].tolist(),
        is_fg=(columns["is_field_goal_attempt"][rows] == 1).tolist(),
        made=(columns["shot_made"][rows] == 1).tolist(),
        three=(columns["is_three"][rows] == 1).tolist(),
        distance=_known(columns["shot_distance"][rows]),
        assist_id=_whole(columns["assist_player_id"][rows]),
        block_id=_whole(columns["block_player_id"][rows]),
        away_score=_known(columns["away_score"][rows]),
        home_score=_known(columns["home_score"][rows]),
    )


def _whole(values: npt.NDArray[Any]) -> list[int]:
    """NULL means nobody or nothing, which the events write as 0."""
    return np.nan_to_num(values).astype(np.int64).tolist()  # type: ignore[no-any-return]


def _known(values: npt.NDArray[Any]) -> list[Any]:
    return [None if value != value else value for value in values.tolist()]
