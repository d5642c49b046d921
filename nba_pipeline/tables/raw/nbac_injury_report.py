"""Who was put on the injured list or taken off it: one row per move and player.

The season files hold moves, not daily reports: ``out`` from the day a player is relinquished,
``available`` from the day he is acquired. Questionable and doubtful are not known. Names come
without ids, sometimes as alternatives; each alternative is a row. Whose name it is follows from who
had appeared before the date, and a name that is nobody's stays nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.clocks import injury_moves_known_at
from nba_pipeline.domain.players import player_lookup, without_suffix
from nba_pipeline.domain.teams import tricode
from nba_pipeline.engine.table import (
    KNOWN_AT,
    Array,
    Column,
    Columns,
    FanOut,
    Table,
    reads_feed,
)
from nba_pipeline.engine.windows import Cells
from nba_pipeline.tables import names

INPUTS = {
    "moves": reads_feed(
        "injury_transactions",
        "source_row date team acquired relinquished notes",
        on="source_row",
    ),
    **names.INPUTS,
}

COLUMNS = (
    Column("move_id", str, "the publisher's row", nullable=False),
    Column(
        "source_row", int, "the same as a number: moves of a day are in this order", nullable=False
    ),
    Column("game_date", date, "day of the move, US Eastern", nullable=False),
    Column("player_match_key", str, "normalised name without jr, sr, ii, iii, iv", nullable=False),
    Column("player_lookup", str, "normalised name"),
    *names.COLUMNS,
    Column("player_name_original", str, "as published", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("injury_status", str, "out or available", nullable=False),
    Column("reason", str, "as published"),
    *KNOWN_AT,
)

_IN_BRACKETS = re.compile(r"\([^)]*\)")


def compute(cells: Cells) -> Columns:
    """Each move once for every way its player's name is written."""
    moves = cells.window("moves").rows()
    out = np.array([name is not None for name in moves["relinquished"]], dtype=bool)
    texts = np.where(out, moves["relinquished"], moves["acquired"])
    written = [written_names(text) for text in texts.tolist()]
    move = np.repeat(np.arange(len(moves)), [len(each) for each in written])
    lookups = [player_lookup(name) for each in written for name in each]
    teams = [tricode(text) for text in moves["team"].tolist()]
    found = names.resolve(cells, written, [[team] for team in teams])
    return {
        "move_id": cells["move_id"][moves.cell][move],
        "source_row": moves["source_row"][move],
        "game_date": moves["game_date"][move],
        "player_match_key": _objects([without_suffix(key) for key in lookups]),
        "player_lookup": _objects(lookups),
        **names.columns([found[at] for at in move.tolist()], lookups),
        "player_name_original": texts[move],
        "team_abbr": _objects(teams)[move],
        "injury_status": np.where(out[move], "out", "available").astype(object),
        "reason": moves["notes"][move],
        "known_at": injury_moves_known_at(moves["game_date"][move]),
        "known_at_is_estimated": np.ones(len(move), dtype=bool),
    }


def written_names(text: str) -> list[str]:
    """The distinct names of ``Edrice Adebayo / Bam Adebayo``; none where no name is left."""
    parts = [part.strip() for part in _IN_BRACKETS.sub(" ", text).split(" / ")]
    distinct = {without_suffix(player_lookup(part)): part for part in reversed(parts)}
    return [part for key, part in reversed(distinct.items()) if key]


def _objects(values: list[str]) -> Array:
    return np.array(values, dtype=object)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    moves = inputs["moves"]
    return {
        "game_date": moves["game_date"],
        "source_row": moves["source_row"],
        "move_id": _objects([f"{row:.0f}" for row in moves["source_row"].tolist()]),
    }


TABLE = Table(
    name="nbac_injury_report",
    dataset="nba_raw",
    description=__doc__,
    entity=("move_id",),
    key=("source_row", "player_match_key"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    reviewed=names.REVIEWED,
    fan_out=FanOut("move", "RAW_WORKERS", default_workers=1),
    clustering=("player_match_key", "injury_status"),
    keeps_revisions=True,
)
