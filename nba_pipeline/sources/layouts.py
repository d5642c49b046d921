"""Season files whose publishers wrote a feed in their own columns, as the feed's.

A layout takes the rows of a file and gives rows with the feed's columns; types, NULLs and keys are
checked afterwards, as they are in files that have the feed's columns from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine.errors import SourceError


def cast(column: pa.ChunkedArray, kind: pa.DataType, name: str, path: Path) -> pa.ChunkedArray:
    """A column of a file in another type.

    Raises:
        SourceError: Naming the file, the column and both types.
    """
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f"{path.name}: column {name} is {column.type}, expected {kind} ({error})"
        ) from error


# The feed's column = the layout's. What the two layouts share keeps its name.
_OLD_SHOTS = {
    "x": "loc_x",
    "y": "loc_y",
    "minutes": "minutes_remaining",
    "seconds": "seconds_remaining",
    "shot_made": "shot_made_flag",
    "shot_zone": "shot_zone_basic",
    "event_num": "game_event_id",
}
_NEW_SHOTS = {
    "x": "loc_x",
    "y": "loc_y",
    "minutes": "mins_left",
    "seconds": "secs_left",
    "shot_made": "shot_made",
    "shot_zone": "basic_zone",
}


def _shots_layout(rows: pa.Table, path: Path) -> pa.Table:
    """Both published layouts of shots as one: feet from the hoop, seconds left, place in game.

    The older layout gives tenths of a foot from the hoop, the newer one feet from the middle of
    the baseline (the hoop is 5.25 ft above it) with x mirrored.
    """
    names = set(rows.column_names)
    is_old = len(names.intersection(_OLD_SHOTS.values())) > len(
        names.intersection(_NEW_SHOTS.values())
    )
    layout = _OLD_SHOTS if is_old else _NEW_SHOTS
    _require(path, names, (*layout.values(), "game_id", "player_id", "period"))
    numbers = {
        ours: cast(rows[layout[ours]], kind, layout[ours], path)
        for ours, kind in (
            ("x", pa.float64()),
            ("y", pa.float64()),
            ("minutes", pa.int64()),
            ("seconds", pa.int64()),
            ("shot_made", pa.bool_()),
        )
    }
    if is_old:
        x, y = pc.divide(numbers["x"], 10.0), pc.divide(numbers["y"], 10.0)
    else:
        # The subtraction leaves noise behind the two decimals that are published.
        x, y = pc.negate(numbers["x"]), pc.round(pc.subtract(numbers["y"], 5.25), 2)
    left = pc.add(pc.multiply(numbers["minutes"], 60), numbers["seconds"])
    whole = rows.select([name for name in rows.column_names if name not in layout.values()])
    for name, values in {
        "hoop_x_ft": x,
        "hoop_y_ft": y,
        "seconds_left": left,
        "shot_made": numbers["shot_made"],
        "shot_zone": rows[layout["shot_zone"]],
        **({"event_num": rows[layout["event_num"]]} if is_old else {}),
    }.items():
        whole = whole.append_column(name, values)
    return numbered(whole)


def numbered(rows: pa.Table) -> pa.Table:
    """Shots with their place in the game: by period, then time, then what tells two apart."""
    first = {
        "game_id": "ascending",
        "period": "ascending",
        "seconds_left": "descending",
        **dict.fromkeys(("player_id", "hoop_x_ft", "hoop_y_ft", "shot_made"), "ascending"),
    }
    # Two tips of one second at one spot differ in something else; their order in the file is no
    # such thing.
    others = {name: "ascending" for name in sorted(rows.column_names) if name not in first}
    rows = rows.take(pc.sort_indices(rows, list({**first, **others}.items())))
    games = rows["game_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    number = np.arange(len(games))
    starts = np.append(True, games[1:] != games[:-1]) if len(games) else np.zeros(0, dtype=bool)
    first_of_game = np.maximum.accumulate(np.where(starts, number, 0)) if len(games) else number
    return rows.append_column("shot_number", pa.array(number - first_of_game))


# Pick'em sites sell one price for everything: what stands in its column is no price of the line.
_WITHOUT_PRICES = ("PrizePicks", "Underdog")

_OF_A_LINE = ("event_id", "player_name", "market", "bookmaker", "snapshot", "line")


def _props_layout(rows: pa.Table, path: Path) -> pa.Table:
    """Both published layouts of player props as one: a row per line, with the day of its game.

    One layout has a row per side and the date of its file, the other a row with both prices and the
    time of its file. Neither is a clock: files are dated after the game, and no zone is stated.
    """
    names = set(rows.column_names)
    if "snapshot" in names:
        return rows
    label, sides = (
        ("file_date", ("side", "price"))
        if "side" in names
        else ("snapshot_label", ("over_price", "under_price"))
    )
    _require(path, names, (label, *sides, "game_date", "event_id", "bookmaker", "line"))
    rows = rows.filter(pc.is_valid(rows["line"]))  # "will he score" has no line to be above
    rows = rows.append_column("date", rows["game_date"])
    rows = rows.append_column("snapshot", pc.cast(rows[label], pa.string()))
    if "side" in names:
        return _sides_joined(rows)
    both = pc.and_(pc.is_valid(rows["over_price"]), pc.is_valid(rows["under_price"]))
    return rows.append_column("is_two_sided", both)


def _sides_joined(rows: pa.Table) -> pa.Table:
    """One row of a line's over and under."""
    priced = pc.invert(pc.is_in(rows["bookmaker"], pa.array(_WITHOUT_PRICES)))
    for ours, side in (("over_price", "Over"), ("under_price", "Under")):
        is_side = pc.equal(rows["side"], side)
        rows = rows.append_column(ours.removesuffix("_price"), is_side)
        price = pc.if_else(pc.and_(is_side, priced), rows["price"], None)
        rows = rows.append_column(ours, price)
    constant = ("date", "home_team", "away_team", "commence_time", "player_id")
    sides = ("over", "under", "over_price", "under_price")
    lines = rows.group_by(list(_OF_A_LINE), use_threads=False).aggregate(
        [(name, "max") for name in (*constant, *sides)]
    )
    lines = lines.rename_columns([name.removesuffix("_max") for name in lines.column_names])
    return lines.append_column("is_two_sided", pc.and_(lines["over"], lines["under"]))


def _require(path: Path, names: set[str], wanted: Sequence[str]) -> None:
    for name in wanted:
        if name not in names:
            raise SourceError(f"{path.name} has no column {name}")


#: By feed: from a file's rows to rows with the feed's columns.
LAYOUTS: dict[str, Callable[[pa.Table, Path], pa.Table]] = {
    "shots": _shots_layout,
    "player_props": _props_layout,
}
