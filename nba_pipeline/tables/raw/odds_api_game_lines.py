"""Spreads, totals and moneylines per game and moment: one row per outcome of a market.

The season files hold two moments of one unnamed book (``consensus``): the opening line, known at
noon the day before, and the closing line, known at tip-off. Prices of spreads and totals are not
published and stay NULL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import numpy as np

from nba_pipeline.domain.clocks import opening_lines_known_at, tip_off
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import origin

INPUTS = {
    "lines": reads_feed(
        "game_lines",
        "game_id open_home_spread close_home_spread open_total close_total home_moneyline "
        "away_moneyline" + origin.FEED_COLUMNS,
        on={"game_id": "nba_game_id"},
    ),
    "snapshots": reads_feed(
        "game_line_snapshots",
        "game_id snapshot_at bookmaker market outcome point price" + origin.FEED_COLUMNS,
        on={"game_id": "nba_game_id"},
    ),
    "games": reads(
        "nbac_schedule",
        "game_id season_year game_status away_team_abbr home_team_abbr "
        "scheduled_start actual_tip_off",
        on="nba_game_id",
    ),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("snapshot_at", datetime, "when the line stood", nullable=False),
    Column("snapshot_label", str, "opening or closing; NULL of other moments"),
    Column("bookmaker_key", str, nullable=False),
    Column("market_key", str, "spreads, totals or h2h", nullable=False),
    Column("outcome_name", str, "a team, Over or Under", nullable=False),
    Column("outcome_point", float, "spread or total; NULL for h2h", unit="points", decimals=1),
    Column("outcome_price_american", int, "NULL where not published"),
    Column("home_team_abbr", str, nullable=False),
    Column("away_team_abbr", str, nullable=False),
    *origin.COLUMNS,
)

# (label, market, outcome, column of the feed, sign). The away spread mirrors the home one.
_OUTCOMES = (
    ("opening", "spreads", "home", "open_home_spread", 1.0),
    ("opening", "spreads", "away", "open_home_spread", -1.0),
    ("opening", "totals", "Over", "open_total", 1.0),
    ("opening", "totals", "Under", "open_total", 1.0),
    ("closing", "spreads", "home", "close_home_spread", 1.0),
    ("closing", "spreads", "away", "close_home_spread", -1.0),
    ("closing", "totals", "Over", "close_total", 1.0),
    ("closing", "totals", "Under", "close_total", 1.0),
    ("closing", "h2h", "home", "home_moneyline", 1.0),
    ("closing", "h2h", "away", "away_moneyline", 1.0),
)


def compute(cells: Cells) -> Columns:
    """Each published number as a snapshot; a number that is not published has no row."""
    pieces = [*_two_moments(cells), _snapshots(cells)]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _two_moments(cells: Cells) -> Iterator[Columns]:
    """The opening and the closing line, outcome by outcome."""
    lines, games = cells.one("lines"), cells.one("games")
    days = cells["game_date"].astype("datetime64[D]")
    moments = {
        "opening": opening_lines_known_at(days),
        "closing": tip_off(days, games["scheduled_start"], games["actual_tip_off"]),
    }
    for label, market, outcome, column, sign in _OUTCOMES:
        number = lines[column]
        keep = ~np.isnan(number)
        none = np.full(int(keep.sum()), np.nan)
        told = origin.told(lines, moments[label])
        yield {
            **_of_game(cells, games, keep),
            "snapshot_at": moments[label][keep],
            "snapshot_label": np.full(len(none), label, dtype=object),
            "bookmaker_key": np.full(len(none), "consensus", dtype=object),
            "market_key": np.full(len(none), market, dtype=object),
            "outcome_name": _named(outcome, games["home_team_abbr"], games["away_team_abbr"])[keep],
            "outcome_point": none if market == "h2h" else sign * number[keep],
            "outcome_price_american": number[keep] if market == "h2h" else none,
            **{name: values[keep] for name, values in told.items()},
        }


def _snapshots(cells: Cells) -> Columns:
    """Every outcome of every moment as it was published."""
    rows = cells.window("snapshots").rows()
    return {
        **_of_game(cells, cells.one("games"), rows.cell),
        "snapshot_at": rows["snapshot_at"],
        "snapshot_label": np.full(len(rows), None, dtype=object),
        "bookmaker_key": rows["bookmaker"],
        "market_key": rows["market"],
        "outcome_name": rows["outcome"],
        "outcome_point": rows["point"],
        "outcome_price_american": rows["price"],
        **origin.told(rows, rows["snapshot_at"]),
    }


def _of_game(cells: Cells, games: Rows, picked: Array) -> dict[str, Array]:
    """What every row says of its game, for some cells."""
    return {
        "nba_game_id": cells["nba_game_id"][picked],
        "game_date": cells["game_date"].astype("datetime64[D]")[picked],
        **{name: games[name][picked] for name in _GAME},
    }


_GAME = ("game_id", "season_year", "home_team_abbr", "away_team_abbr")


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every game with a line of either kind, once."""
    found = {
        (day, game): None
        for name in ("lines", "snapshots")
        for day, game in zip(*(inputs[name][c].tolist() for c in _OF_CELL), strict=True)
    }
    days = [day for day, _ in found]
    return {
        "game_date": np.array(days, dtype=inputs["lines"]["game_date"].dtype),
        "nba_game_id": np.array([game for _, game in found], dtype=object),
    }


_OF_CELL = ("game_date", "game_id")


def _named(outcome: str, home: Array, away: Array) -> Array:
    if outcome in ("home", "away"):
        return home if outcome == "home" else away
    return np.full(len(home), outcome, dtype=object)


TABLE = Table(
    name="odds_api_game_lines",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id", "snapshot_at", "bookmaker_key", "market_key", "outcome_name"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("game_id", "bookmaker_key", "market_key"),
    keeps_revisions=True,
)
