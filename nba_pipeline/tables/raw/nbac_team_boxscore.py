"""Official team totals: two rows per game."""

from __future__ import annotations

from datetime import date

from nba_pipeline.domain.clocks import results_known_at
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import origin

# Ours = the feed's.
STATS = {
    "points": "pts",
    "assists": "ast",
    "rebounds": "reb",
    "offensive_rebounds": "oreb",
    "defensive_rebounds": "dreb",
    "steals": "stl",
    "blocks": "blk",
    "turnovers": "tov",
    "personal_fouls": "pf",
    "field_goals_made": "fgm",
    "field_goals_attempted": "fga",
    "three_pointers_made": "fg3m",
    "three_pointers_attempted": "fg3a",
    "free_throws_made": "ftm",
    "free_throws_attempted": "fta",
    "plus_minus": "plus_minus",
}

INPUTS = {
    "box": reads_feed(
        "team_box",
        "game_id team_abbr opponent_abbr is_home minutes tov_individual "
        + " ".join(STATS.values())
        + origin.FEED_COLUMNS,
        on={"game_id": "nba_game_id"},
    ),
    "games": reads(
        "nbac_schedule",
        "game_id season_year game_status season_type ",
        on="nba_game_id",
    ),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("season_type", str, nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("is_home", bool, nullable=False),
    Column("minutes", int, "player-minutes: 240 without overtime", unit="minutes", minimum=0),
    Column(
        "individual_turnovers",
        int,
        "charged to a player; NULL where not stated",
        minimum=0,
    ),
    *(
        Column(name, int, nullable=False, minimum=None if name == "plus_minus" else 0)
        for name in STATS
    ),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The published totals with the game's ids."""
    rows, games = cells.window("box").rows(), cells.one("games")
    return {
        "game_id": games["game_id"][rows.cell],
        "nba_game_id": cells["nba_game_id"][rows.cell],
        "game_date": rows["game_date"],
        "season_year": games["season_year"][rows.cell],
        "season_type": games["season_type"][rows.cell],
        "team_abbr": rows["team_abbr"],
        "opponent_team_abbr": rows["opponent_abbr"],
        "is_home": rows["is_home"],
        "minutes": rows["minutes"],
        "individual_turnovers": rows["tov_individual"],
        **{ours: rows[theirs] for ours, theirs in STATS.items()},
        **origin.told(rows, results_known_at(rows["game_date"])),
    }


TABLE = Table(
    name="nbac_team_boxscore",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id", "team_abbr"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("box", nba_game_id="game_id"),
    compute=compute,
    version=1,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("team_abbr",),
    keeps_revisions=True,
)
