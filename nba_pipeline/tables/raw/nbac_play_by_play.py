"""Play-by-play events in the order the source lists them.

Event and action codes are nba.com's own (``domain/events.py`` names them). Distances are whole
feet, rounded half up by the publisher; a two without one was taken at the hoop.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.clocks import results_known_at
from nba_pipeline.domain.events import parse_clock, parse_score
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables import origin

# Ours = the feed's, where nothing has to be interpreted.
PUBLISHED = {
    "event_sequence": "row_order",
    "event_num": "event_num",
    "event_type": "event_type",
    "event_action_type": "event_action_type",
    "period": "period",
    "home_description": "home_description",
    "neutral_description": "neutral_description",
    "away_description": "visitor_description",
    "player_1_id": "player1_id",
    "player_1_team_abbr": "player1_team_abbr",
    "player_2_id": "player2_id",
    "player_2_team_abbr": "player2_team_abbr",
    "player_3_id": "player3_id",
    "player_3_team_abbr": "player3_team_abbr",
    "is_field_goal_attempt": "d_is_fg_attempt",
    "shot_made": "d_is_made",
    "is_three": "d_is_three",
    "shot_distance": "d_shot_distance_ft",
    "assist_player_id": "d_assist_player_id",
    "block_player_id": "d_block_player_id",
}

INPUTS = {
    "plays": reads_feed(
        "play_by_play",
        "game_id clock score " + " ".join(PUBLISHED.values()) + origin.FEED_COLUMNS,
        on={"game_id": "nba_game_id"},
    ),
    "games": reads(
        "nbac_schedule",
        "game_id season_year game_status away_team_abbr home_team_abbr ",
        on="nba_game_id",
    ),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("away_team_abbr", str, nullable=False),
    Column("home_team_abbr", str, nullable=False),
    Column(
        "event_sequence", int, "place among the game's events, from 0", nullable=False, minimum=0
    ),
    Column("event_num", int, "nba.com's number; not strictly chronological"),
    Column("event_type", int, "1 made shot, 2 missed shot, 3 free throw, …", nullable=False),
    Column("event_action_type", int, "nba.com's detail of the type"),
    Column("period", int, nullable=False, minimum=1),
    Column("game_clock_seconds", int, "left in the period", unit="seconds", minimum=0, maximum=720),
    Column("home_description", str),
    Column("neutral_description", str),
    Column("away_description", str),
    Column("away_score", int, "after a scoring event, else NULL", unit="points", minimum=0),
    Column("home_score", int, "after a scoring event, else NULL", unit="points", minimum=0),
    Column("player_1_id", int, "who acted; a team's id for a team's event, 0 for nobody"),
    Column("player_1_team_abbr", str),
    Column("player_2_id", int, "assister, player coming in, stealer"),
    Column("player_2_team_abbr", str),
    Column("player_3_id", int, "blocker"),
    Column("player_3_team_abbr", str),
    Column("is_field_goal_attempt", bool, nullable=False),
    Column("shot_made", bool, "of field-goal attempts"),
    Column("is_three", bool, "of field-goal attempts"),
    Column("shot_distance", int, "NULL where the text names none", unit="feet", minimum=0),
    Column("assist_player_id", int),
    Column("block_player_id", int),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The published events with clock and score as numbers."""
    rows, games = cells.window("plays").rows(), cells.one("games")
    away_score, home_score = _scores(rows["score"])
    return {
        "game_id": games["game_id"][rows.cell],
        "nba_game_id": cells["nba_game_id"][rows.cell],
        "game_date": rows["game_date"],
        "season_year": games["season_year"][rows.cell],
        "away_team_abbr": games["away_team_abbr"][rows.cell],
        "home_team_abbr": games["home_team_abbr"][rows.cell],
        **{ours: rows[theirs] for ours, theirs in PUBLISHED.items()},
        "game_clock_seconds": np.array([parse_clock(text) for text in rows["clock"]], dtype=float),
        "away_score": away_score,
        "home_score": home_score,
        **origin.told(rows, results_known_at(rows["game_date"])),
    }


def _scores(texts: Array) -> tuple[Array, Array]:
    pairs = [(np.nan, np.nan) if text is None else parse_score(text) for text in texts]
    scores = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return scores[:, 0], scores[:, 1]


TABLE = Table(
    name="nbac_play_by_play",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id", "event_sequence"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("plays", nba_game_id="game_id"),
    compute=compute,
    version=1,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("game_id",),
    keeps_revisions=True,
)
