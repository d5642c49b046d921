"""Who officiated: one row per game and official."""

from __future__ import annotations

from datetime import date

from nba_pipeline.domain.clocks import officials_known_at
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import origin

INPUTS = {
    "officials": reads_feed(
        "officials", "game_id official" + origin.FEED_COLUMNS, on={"game_id": "nba_game_id"}
    ),
    "games": reads("nbac_schedule", "game_id season_year game_status", on="nba_game_id"),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("official", str, "initial and surname, as the play-by-play names them", nullable=False),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The named officials with the game's ids."""
    rows, games = cells.window("officials").rows(), cells.one("games")
    return {
        "game_id": games["game_id"][rows.cell],
        "nba_game_id": cells["nba_game_id"][rows.cell],
        "game_date": rows["game_date"],
        "season_year": games["season_year"][rows.cell],
        "official": rows["official"],
        **origin.told(rows, officials_known_at(rows["game_date"])),
    }


TABLE = Table(
    name="nbac_referee",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id", "official"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("officials", nba_game_id="game_id"),
    compute=compute,
    version=1,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("official",),
    keeps_revisions=True,
)
