"""The names nobody knows: one row on the day a source first wrote one in a season.

A name stays listed when somebody appears under it later: ``player_registry`` then has a row that
replaces its id. The suggestion is for the person who reviews the list and adds an alias; nothing
is ever matched by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches

import numpy as np

from nba_pipeline.domain.name_resolution import Rule
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import names

#: How much of two names has to agree for one to be suggested for the other (0 to 1).
ALIKE = 0.8

INPUTS = {
    "names": reads(
        "player_registry",
        "universal_player_id player_name season_year team_abbr resolution_rule",
        on="source player_lookup universal_player_id",
    ),
    **names.INPUTS,
}

COLUMNS = (
    Column("source", str, "table that has the name", nullable=False),
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "follows from the name", nullable=False),
    Column("player_name", str, "as published", nullable=False),
    Column("game_date", date, "day it was first seen in the season", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("team_abbr", str, "team the source names with it, if one"),
    Column("suggested_player_name", str, "the most similar name of the season until then"),
    Column("suggested_player_id", int, "nba.com's id of that player"),
)


def compute(cells: Cells) -> Columns:
    """The name as it was first seen, and whom it resembles."""
    suggested = _suggested(cells)
    first = cells.one("names")
    return {
        **{name: cells[name] for name in _ENTITY},
        "game_date": cells["game_date"],
        **{name: first[name] for name in ("player_name", "season_year", "team_abbr")},
        "suggested_player_name": np.array([name for name, _ in suggested], dtype=object),
        "suggested_player_id": np.array([who for _, who in suggested], dtype=np.float64),
    }


def _suggested(cells: Cells) -> list[tuple[str | None, float]]:
    """Of each cell the player who had appeared before the date and whose name is most like it."""
    window, written = cells.window("known"), cells.one("names")["player_name"]
    found: list[tuple[str | None, float]] = [(None, np.nan)] * len(cells)
    for rows, sharing in window.groups():
        ids, known_names = (
            window.buffer.columns[name][rows].tolist() for name in ("nba_player_id", "player_name")
        )
        known = dict(sorted(zip(known_names, ids, strict=True)))
        for cell in sharing.tolist():
            for alike in get_close_matches(written[cell], known, n=1, cutoff=ALIKE):
                found[cell] = alike, known[alike]
    return found


_ENTITY = ("source", "player_lookup", "universal_player_id")


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """The date's first sightings that mean nobody."""
    new = inputs["names"]
    unresolved = new["resolution_rule"] == Rule.UNRESOLVED.value
    return {name: new[name][unresolved] for name in ("game_date", *_ENTITY)}


TABLE = Table(
    name="unresolved_names",
    dataset="nba_reference",
    description=__doc__,
    entity=("source", "player_lookup"),
    key=("source", "player_lookup"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("player", "REFERENCE_WORKERS", default_workers=1),
    clustering=("source", "player_lookup"),
)
