"""Rows of different tables about the same player and game, brought together."""

from __future__ import annotations

import numpy as np

from nba_pipeline.engine.windows import Array, Cells, Columns


def rows_of(cells: Cells, name: str, cell: int) -> dict[str, Array]:
    """The rows that one cell sees of an input, as columns."""
    window = cells.window(name)
    rows = slice(int(window.start[cell]), int(window.stop[cell]))
    return {column: values[rows] for column, values in window.buffer.columns.items()}


def looked_up(wanted: Columns, rows: Columns, values: Array) -> Array:
    """The number that each wanted player and game has among other rows; NaN where it has none.

    Args:
        wanted: With game_id and player_lookup.
        rows: Likewise, no player and game twice.
        values: One number for each of ``rows``.
    """
    found = dict(zip(_keys(rows), values.tolist(), strict=True))
    return np.array([found.get(key, np.nan) for key in _keys(wanted)], dtype=np.float64)


def points_scored(cells: Cells, cell: int, wanted: Columns) -> Array:
    """What each wanted player scored, by the input ``results``; NaN where he did not play."""
    results = rows_of(cells, "results", cell)
    played = np.where(results["minutes_played"] > 0, results["points"], np.nan)
    return looked_up(wanted, results, played)


def _keys(rows: Columns) -> list[tuple[str, str]]:
    return [*zip(rows["game_id"].tolist(), rows["player_lookup"].tolist(), strict=True)]
