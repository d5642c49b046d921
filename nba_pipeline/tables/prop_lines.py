"""A player's points line, as it stood by tip-off: what tables that need it read, and how.

His line is found by nba.com's id where the publisher has one, else by name. It is one bookmaker's,
so that its movement is one bookmaker's too.
"""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.line_snapshots import Line, line_of
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows

SOURCE = "odds_api_player_points_props"

_COLUMNS = "bookmaker snapshot_timestamp snapshot_tag points_line is_main_line"

#: What ``line_of_players`` reads; cells need game_id, player_lookup, nba_player_id and tip_off.
INPUTS = {
    "props": reads(SOURCE, _COLUMNS, on="game_id nba_player_id", known_by="tip_off"),
    "props_by_name": reads(SOURCE, _COLUMNS, on="game_id player_lookup", known_by="tip_off"),
}


def tip_offs(games: Columns, game_ids: Array) -> Array:
    """The moment by which a game's lines are final, for each of some games.

    Args:
        games: Columns game_id, game_date, scheduled_start and actual_tip_off of all of them.
        game_ids: The games wanted.
    """
    tips = tip_off(games["game_date"], games["scheduled_start"], games["actual_tip_off"])
    start = dict(zip(games["game_id"].tolist(), tips, strict=True))
    return np.array([start[game] for game in game_ids.tolist()], dtype="datetime64[us]")


def line_of_players(cells: Cells) -> Line:
    """Each cell's main points line: the newest by tip-off, and where the same book opened."""
    snapshots, owner = main_lines(cells)
    return line_of(snapshots, owner, len(cells))


def main_lines(cells: Cells) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every bookmaker's main line at every moment until tip-off, and the cell each belongs to."""
    by_id, by_name = (cells.window(name).rows() for name in INPUTS)
    unknown = np.bincount(by_id.cell, minlength=len(cells)) == 0
    parts = [_main(by_id, by_id["is_main_line"] == 1)]
    parts.append(_main(by_name, (by_name["is_main_line"] == 1) & unknown[by_name.cell]))
    snapshots = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(snapshots["snapshot_label"].astype(str), kind="stable")
    snapshots = {name: values[order] for name, values in snapshots.items()}
    return snapshots, snapshots.pop("owner")


def _main(rows: Rows, keep: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "owner": rows.cell[keep],
        "bookmaker_key": rows["bookmaker"][keep],
        "snapshot_at": rows["snapshot_timestamp"][keep],
        "snapshot_label": rows["snapshot_tag"][keep],
        "outcome_point": rows["points_line"][keep],
    }
