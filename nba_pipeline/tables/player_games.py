"""Rows of different tables about the same player and game, brought together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from nba_pipeline.engine.windows import Array, Buffer, Cells, Ints


def rows_of(cells: Cells, name: str, cell: int) -> dict[str, Array]:
    """The rows that one cell sees of an input, as columns."""
    window = cells.window(name)
    rows = slice(int(window.start[cell]), int(window.stop[cell]))
    return {column: values[rows] for column, values in window.buffer.columns.items()}


def looked_up(cells: Cells, wanted: str, among: str, values: Array) -> Iterator[Array]:
    """The number that the player and game of each row has in another input, cell after cell.

    Windows of neighbouring dates hold nearly the same rows, so each row is looked for once and not
    once a cell. Where a cell sees a player and game twice, the later row counts.

    Args:
        cells: Whose windows.
        wanted: An input with game_id and player_lookup.
        among: Likewise.
        values: One number for each row in the buffer of ``among``.

    Yields:
        Of each cell, as many numbers as it sees rows of ``wanted``; NaN where ``among`` has none
        that the cell sees.
    """
    rows, others = cells.window(wanted), cells.window(among)
    of_rows, of_others = _codes(rows.buffer, others.buffer)
    newest = np.full(max(of_rows.max(initial=-1), of_others.max(initial=-1)) + 1, -1)
    newest[of_others] = np.arange(len(of_others))
    older, told = _older(of_others), np.append(values, np.nan)
    for cell in range(len(cells)):
        place = newest[of_rows[rows.start[cell] : rows.stop[cell]]]
        while (unseen := place >= others.stop[cell]).any():
            place[unseen] = older[place[unseen]]
        yield told[np.where(place >= others.start[cell], place, -1)]


def points_scored(cells: Cells, wanted: str) -> Iterator[Array]:
    """What the player of each row scored, by the input ``results``; NaN where he did not play."""
    results = cells.window("results").buffer.columns
    played = np.where(results["minutes_played"] > 0, results["points"], np.nan)
    return looked_up(cells, wanted, "results", played)


def _codes(*buffers: Buffer) -> list[Ints]:
    """One number for each player and game, the same in all of the buffers."""
    code = np.zeros(sum(map(len, buffers)), dtype=np.int64)
    for name in ("game_id", "player_lookup"):
        text = pa.array(np.concatenate([buffer.columns[name] for buffer in buffers]), pa.string())
        found = text.dictionary_encode()
        code = code * len(found.dictionary) + found.indices.to_numpy()
    _, code = np.unique(code, return_inverse=True)
    return np.split(code, np.cumsum([len(buffer) for buffer in buffers])[:-1])


def _older(code: Ints) -> Ints:
    """The last row before each with the same code, -1 without one."""
    order = np.argsort(code, kind="stable")
    again = np.flatnonzero(code[order[1:]] == code[order[:-1]])
    older = np.full(len(code), -1)
    older[order[again + 1]] = order[again]
    return older
