"""Field-goal attempts with their place on the court.

Coordinates are feet from the hoop. Distances are exact, not the publisher's whole feet, so that
zones agree with those of the play-by-play, whose whole feet are rounded half up.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.clocks import results_known_at
from nba_pipeline.domain.players import player_lookup
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.domain.shots import hoop_distance
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import origin

INPUTS = {
    "shots": reads_feed(
        "shots",
        "game_id shot_number event_num player_id player_name period seconds_left action_type "
        "shot_type hoop_x_ft hoop_y_ft shot_made shot_zone" + origin.FEED_COLUMNS,
        on={"game_id": "nba_game_id"},
    ),
    "games": reads("nbac_schedule", "game_id season_year game_status", on="nba_game_id"),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column(
        "shot_number", int, "place among the game's attempts, from 0", nullable=False, minimum=0
    ),
    Column("event_num", int, "the play-by-play's number; NULL where not stated"),
    Column("nba_player_id", int, nullable=False),
    Column("player_lookup", str, nullable=False),
    Column("period", int, nullable=False, minimum=1),
    Column("game_clock_seconds", int, "left in the period", unit="seconds", minimum=0),
    Column("action_type", str, "for example Driving Layup Shot"),
    Column("is_three", bool, nullable=False),
    Column("shot_made", bool, nullable=False),
    Column("x_ft", float, "to the shooter's right of the hoop", unit="feet", decimals=2),
    Column("y_ft", float, "from the hoop towards mid-court", unit="feet", decimals=2),
    Column("shot_distance_ft", float, "from the hoop", unit="feet", decimals=3, minimum=0),
    Column("published_zone", str, "the publisher's own zone"),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The published attempts with an exact distance."""
    rows, games = cells.window("shots").rows(), cells.one("games")
    return {
        "game_id": games["game_id"][rows.cell],
        "nba_game_id": cells["nba_game_id"][rows.cell],
        "game_date": rows["game_date"],
        "season_year": games["season_year"][rows.cell],
        "shot_number": rows["shot_number"],
        "event_num": rows["event_num"],
        "nba_player_id": rows["player_id"],
        "player_lookup": np.array([player_lookup(n) for n in rows["player_name"]], dtype=object),
        "period": rows["period"],
        "game_clock_seconds": rows["seconds_left"],
        "action_type": rows["action_type"],
        "is_three": np.array([text.startswith("3") for text in rows["shot_type"]], dtype=bool),
        "shot_made": rows["shot_made"],
        "x_ft": rounded(rows["hoop_x_ft"], 2),
        "y_ft": rounded(rows["hoop_y_ft"], 2),
        "shot_distance_ft": rounded(hoop_distance(rows["hoop_x_ft"], rows["hoop_y_ft"]), 3),
        "published_zone": rows["shot_zone"],
        **origin.told(rows, results_known_at(rows["game_date"])),
    }


TABLE = Table(
    name="nbac_shots",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id", "shot_number"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("shots", nba_game_id="game_id"),
    compute=compute,
    version=1,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("player_lookup",),
    keeps_revisions=True,
)
