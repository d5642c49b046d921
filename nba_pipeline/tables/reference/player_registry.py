"""Which person each source means by a name: one row on the day it first did so in a season.

Box scores have nba.com's ids; other sources have names only. A name nobody knows has an id that
follows from the name itself; on the day the name is first seen with a person, a row says so and
names the id that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from nba_pipeline.domain.calendar import season_year
from nba_pipeline.domain.name_resolution import Rule
from nba_pipeline.domain.players import universal_player_id
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import Input, history, reads
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import names

#: The source whose rows have the league's own ids.
OFFICIAL = "nbac_player_boxscores"

# Where names are read from, with what else each table says: first the name as published.
SOURCES = {
    OFFICIAL: "player_name team_abbr",
    "nbac_injury_report": "player_name_original team_abbr resolution_rule",
    "odds_api_player_points_props": "player_name resolution_rule",
}


def _inputs() -> dict[str, Input]:
    found = {}
    for table, more in SOURCES.items():
        what = "player_lookup universal_player_id"
        found[f"{table}_today"] = reads(table, f"{what} nba_player_id {more}", on="player_lookup")
        found[f"{table}_before"] = reads(table, what, window=history(), on="player_lookup")
    return found


INPUTS = _inputs()

COLUMNS = (
    Column("source", str, "table that has the name", nullable=False),
    Column("player_lookup", str, "normalised name", nullable=False),
    *names.COLUMNS,
    Column("player_name", str, "as published on that day", nullable=False),
    Column("game_date", date, "day the source first meant him by it", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("team_abbr", str, "team named with it on that day; NULL where the source names two"),
    Column(
        "replaces_universal_player_id",
        str,
        "id the name had had this season while nobody knew whose it was",
    ),
)

_OF_CELL = tuple(column.name for column in COLUMNS[:-1])


def compute(cells: Cells) -> Columns:
    """The first sighting as it is, and whether the name had gone by an id of its own until then."""
    own = np.array(
        [universal_player_id(None, lookup) for lookup in cells["player_lookup"].tolist()],
        dtype=object,
    )
    was_unknown = np.zeros(len(cells), dtype=bool)
    for name in INPUTS:
        rows = cells.window(name).rows()
        was_unknown[rows.cell[rows["universal_player_id"] == own[rows.cell]]] = True
    replaced = own.copy()
    replaced[~was_unknown | (cells["universal_player_id"] == own)] = None
    return {
        **{name: cells[name] for name in _OF_CELL},
        "replaces_universal_player_id": replaced,
    }


class _Meant(NamedTuple):
    """A source's name and the person it means, in a season."""

    source: str
    season_year: int
    player_lookup: str
    universal_player_id: str


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """What a date's rows mean that no earlier day of the season has meant."""
    new: list[tuple[_Meant, Mapping[str, Any]]] = []
    for table in SOURCES:
        today = list(_meant(table, inputs[f"{table}_today"]))
        first: dict[_Meant, date] = {}
        for meant, row in [*_meant(table, inputs[f"{table}_before"]), *today]:
            first[meant] = min(row["game_date"], first.get(meant, row["game_date"]))
        new += [(meant, row) for meant, row in today if row["game_date"] == first[meant]]
    described = [_described(meant, row) for meant, row in new]
    kinds = {"game_date": "datetime64[D]", "season_year": "float64", "nba_player_id": "float64"}
    return {
        name: np.array([each[name] for each in described], dtype=kinds.get(name, "object"))
        for name in _OF_CELL
    }


def _meant(table: str, rows: Columns) -> Iterator[tuple[_Meant, Mapping[str, Any]]]:
    """The first row of each day, name and person."""
    listed = {name: values.tolist() for name, values in rows.items()}
    keys = zip(
        listed["game_date"], listed["player_lookup"], listed["universal_player_id"], strict=True
    )
    for (day, lookup, person), at in {key: at for at, key in reversed([*enumerate(keys)])}.items():
        row = {name: values[at] for name, values in listed.items()}
        yield _Meant(table, season_year(day), lookup, person), row


def _described(meant: _Meant, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "resolution_rule": Rule.SOURCE_ID.value,
        "team_abbr": None,
        **row,
        **meant._asdict(),
        "player_name": row[SOURCES[meant.source].split()[0]],
    }


TABLE = Table(
    name="player_registry",
    dataset="nba_reference",
    description=__doc__,
    entity=("source", "player_lookup", "universal_player_id"),
    key=("source", "player_lookup", "universal_player_id"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("player", "REFERENCE_WORKERS", default_workers=1),
    clustering=("universal_player_id", "player_lookup", "season_year", "team_abbr"),
)
