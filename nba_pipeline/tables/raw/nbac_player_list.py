"""Who was under contract on the day a player list was taken: position, size, where he comes from.

One row per player and list. A list that says what the one before it said is not taken again, so the
newest list before a date is the one that held on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np

from nba_pipeline.domain.calendar import season_year
from nba_pipeline.domain.clocks import officials_known_at
from nba_pipeline.domain.players import player_lookup, universal_player_id
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads_feed
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables import origin

# Ours = the feed's, where nothing has to be interpreted.
PUBLISHED = {
    "player_full_name": "player_name",
    "team_abbr": "team_abbr",
    "jersey_number": "jersey_number",
    "position": "position",
    "height": "height",
    "weight": "weight",
    "birth_date": "birth_date",
    "college": "college",
    "country": "country",
    "draft_year": "draft_year",
    "draft_round": "draft_round",
    "draft_pick": "draft_number",
    "first_season": "from_year",
    "last_season": "to_year",
}

INPUTS = {
    "players": reads_feed(
        "player_list",
        "player_id " + " ".join(PUBLISHED.values()) + origin.FEED_COLUMNS,
        on="player_id",
    ),
}

COLUMNS = (
    Column("nba_player_id", str, "nba.com's player id, as text", nullable=False),
    Column("player_id", int, "the same as a number", nullable=False),
    Column("universal_player_id", str, "one for each person, from that id", nullable=False),
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("player_full_name", str, "as published", nullable=False),
    Column("game_date", date, "day the list was taken, US Eastern", nullable=False),
    Column("season_year", int, "year the season of that day started", nullable=False),
    Column("team_abbr", str, "NULL without a team"),
    Column("jersey_number", str),
    Column("position", str, "G, F or C, or two of them, the usual one first"),
    Column("height", str, "feet and inches, for example 6-8"),
    Column("weight", int, unit="pounds", minimum=0),
    Column("birth_date", date, "NULL where only nba.com lists him, which leaves it out"),
    Column("college", str),
    Column("country", str),
    Column("draft_year", int),
    Column("draft_round", int),
    Column("draft_pick", int),
    Column("first_season", int, "year his first season started"),
    Column("last_season", int, "year his newest season started"),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The published lines, with a normalised name; a list is known from the morning of its day."""
    rows = cells.window("players").rows()
    return {
        "nba_player_id": cells["nba_player_id"][rows.cell],
        "player_id": rows["player_id"],
        "universal_player_id": _each(rows["player_id"], universal_player_id),
        "player_lookup": _each(rows["player_name"], player_lookup),
        "game_date": rows["game_date"],
        "season_year": np.array(
            [season_year(day) for day in rows["game_date"].tolist()], dtype=np.int64
        ),
        **{ours: rows[theirs] for ours, theirs in PUBLISHED.items()},
        **origin.told(rows, officials_known_at(rows["game_date"])),
    }


def _each(values: Array, say: Callable[[Any], str]) -> Array:
    return np.array([say(value) for value in values.tolist()], dtype=object)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    players = inputs["players"]
    ids = [f"{player:.0f}" for player in players["player_id"].tolist()]
    return {
        "game_date": players["game_date"],
        "player_id": players["player_id"],
        "nba_player_id": np.array(ids, dtype=object),
    }


TABLE = Table(
    name="nbac_player_list",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_player_id",),
    key=("player_id",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("player", "RAW_WORKERS", default_workers=1),
    clustering=("player_lookup", "team_abbr"),
    keeps_revisions=True,
)
