"""Official box-score lines: one row per player who appeared in a game.

A row is an appearance, also with zero whole minutes. Players who did not play have none.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.clocks import results_known_at
from nba_pipeline.domain.games import Participation
from nba_pipeline.domain.players import player_lookup, universal_player_id, without_suffix
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
        "player_box",
        "game_id player_id player_name team_abbr opponent_abbr is_home is_starter minutes "
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
    Column("nba_player_id", int, "nba.com's player id", nullable=False),
    Column("universal_player_id", str, "one for each person, from that id"),
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("player_match_key", str, "the same without jr, sr, ii, iii, iv", nullable=False),
    Column("player_name", str, "as published", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("is_home", bool, nullable=False),
    Column("player_status", str, "active: only players who appeared are listed", nullable=False),
    Column("is_starter", bool, "NULL in a few games"),
    Column("minutes", int, "whole minutes, as rounded by the source", unit="minutes", minimum=0),
    *(
        Column(name, int, nullable=False, minimum=None if name == "plus_minus" else 0)
        for name in STATS
    ),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The published line, with the game's ids and a normalised name."""
    rows, games = cells.window("box").rows(), cells.one("games")
    lookups = [player_lookup(name) for name in rows["player_name"]]
    return {
        "game_id": games["game_id"][rows.cell],
        "nba_game_id": cells["nba_game_id"][rows.cell],
        "game_date": rows["game_date"],
        "season_year": games["season_year"][rows.cell],
        "season_type": games["season_type"][rows.cell],
        "nba_player_id": rows["player_id"],
        "universal_player_id": np.array(
            [universal_player_id(each) for each in rows["player_id"].tolist()], dtype=object
        ),
        "player_lookup": np.array(lookups, dtype=object),
        "player_match_key": np.array([without_suffix(key) for key in lookups], dtype=object),
        "player_name": rows["player_name"],
        "team_abbr": rows["team_abbr"],
        "opponent_team_abbr": rows["opponent_abbr"],
        "is_home": rows["is_home"],
        "player_status": np.full(len(rows), Participation.PLAYED.value, dtype=object),
        "is_starter": rows["is_starter"],
        "minutes": rows["minutes"],
        **{ours: rows[theirs] for ours, theirs in STATS.items()},
        **origin.told(rows, results_known_at(rows["game_date"])),
    }


TABLE = Table(
    name="nbac_player_boxscores",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id", "player_lookup"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("box", nba_game_id="game_id"),
    compute=compute,
    version=2,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("player_lookup", "team_abbr"),
    keeps_revisions=True,
)
