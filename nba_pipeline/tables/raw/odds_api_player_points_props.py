"""Points props per player, bookmaker and moment: one row per line that was offered.

A line's moment is part of its key. Season files have no clock for it: their lines count as known
from tip-off, and only the labels of their files say which came first. Where a bookmaker offers
several lines at once, one is the main line and the others are alternates. Where the publisher has
no id for a player, he is found among those who had appeared before the date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np

from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.line_snapshots import is_main_line
from nba_pipeline.domain.name_resolution import Resolution, Rule
from nba_pipeline.domain.players import player_lookup
from nba_pipeline.domain.teams import UnknownTeamError, tricode
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads, reads_feed
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import names, origin

MARKET = "player_points"

INPUTS = {
    "lines": reads_feed(
        "player_props",
        "event_id home_team away_team player_name player_id market bookmaker snapshot snapshot_at "
        "line is_two_sided over_price under_price" + origin.FEED_COLUMNS,
        on={"event_id": "odds_api_event_id", "player_name": "player_name", "market": "market"},
    ),
    "game": reads(
        "nbac_schedule",
        "game_id nba_game_id season_year game_status scheduled_start actual_tip_off",
        on="home_team_abbr away_team_abbr",
    ),
    **names.INPUTS,
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("odds_api_event_id", str, "The Odds API's id of the game", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("home_team_abbr", str, nullable=False),
    Column("away_team_abbr", str, nullable=False),
    Column("game_start_time", datetime, "tip-off: scheduled, else actual, else 19:00 Eastern"),
    Column("player_name", str, "as the bookmakers write it", nullable=False),
    Column("player_lookup", str, "normalised name", nullable=False),
    *names.COLUMNS,
    Column("bookmaker", str, "in lower case", nullable=False),
    Column("snapshot_timestamp", datetime, "when the line stood", nullable=False),
    Column("snapshot_tag", str, "which look at the market, as published", nullable=False),
    Column("minutes_before_tipoff", int, "below 0 once the game is on", unit="minutes"),
    Column("points_line", float, unit="points", nullable=False, decimals=1, minimum=0, maximum=80),
    Column("is_main_line", bool, "FALSE of a bookmaker's alternate lines", nullable=False),
    Column("over_price_american", int, "NULL where not published, or a placeholder"),
    Column("under_price_american", int, "NULL where not published, or a placeholder"),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """Every line of each player, with the main one of each bookmaker and moment marked."""
    lines, game = cells.window("lines").rows(), cells.one("game")
    cell = lines.cell
    starts = tip_off(cells["game_date"], game["scheduled_start"], game["actual_tip_off"])[cell]
    stood = np.where(np.isnat(lines["snapshot_at"]), starts, lines["snapshot_at"])
    lookups = [player_lookup(name) for name in lines["player_name"].tolist()]
    books = np.array([name.lower() for name in lines["bookmaker"].tolist()], dtype=object)
    return {
        "game_id": game["game_id"][cell],
        "nba_game_id": game["nba_game_id"][cell],
        "season_year": game["season_year"][cell],
        **{name: cells[name][cell] for name in _OF_CELL},
        "game_start_time": starts,
        "player_lookup": np.array(lookups, dtype=object),
        **names.columns(_players(cells, lines), lookups),
        "bookmaker": books,
        "snapshot_timestamp": stood,
        "snapshot_tag": lines["snapshot"],
        "minutes_before_tipoff": _minutes(starts - stood),
        "points_line": lines["line"],
        "is_main_line": is_main_line(
            _numbered(cell, books, lines["snapshot"]),
            lines["line"],
            lines["over_price"],
            lines["under_price"],
            lines["is_two_sided"] == 1,
        ),
        "over_price_american": lines["over_price"],
        "under_price_american": lines["under_price"],
        **origin.told(_known_when_they_stood(lines), starts),
    }


_OF_CELL = ("odds_api_event_id", "game_date", "home_team_abbr", "away_team_abbr", "player_name")


def _known_when_they_stood(lines: Rows) -> Rows:
    known = np.where(np.isnat(lines["known_at"]), lines["snapshot_at"], lines["known_at"])
    return Rows({**lines.columns, "known_at": known}, lines.cell)


def _minutes(spans: Array) -> Array:
    """Whole minutes of some spans of time."""
    return np.floor_divide(spans.astype("timedelta64[s]").astype(np.int64), 60)


def _players(cells: Cells, lines: Rows) -> list[Resolution]:
    """Whose each line is: as published, else by his name and the two teams."""
    sides = zip(cells["home_team_abbr"].tolist(), cells["away_team_abbr"].tolist(), strict=True)
    found = names.resolve(cells, [[name] for name in cells["player_name"].tolist()], [*sides])
    return [
        found[at] if np.isnan(who) else Resolution(int(who), Rule.SOURCE_ID)
        for at, who in zip(lines.cell.tolist(), lines["player_id"].tolist(), strict=True)
    ]


def _numbered(*parts: Array) -> Array:
    """Equal numbers for equal combinations."""
    seen: dict[tuple[object, ...], int] = {}
    combinations = zip(*(part.tolist() for part in parts), strict=True)
    return np.array([seen.setdefault(each, len(seen)) for each in combinations], dtype=np.int64)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every player with a points prop in an event."""
    lines = inputs["lines"]
    wanted = lines["market"] == MARKET
    read = ("game_date", "event_id", "player_name", "home_team", "away_team")
    rows = zip(*(lines[name][wanted].tolist() for name in read), strict=True)
    first: dict[tuple[object, ...], tuple[str, str]] = {}
    for day, event, player, home, away in rows:
        first.setdefault((day, event, player), (home, away))
    teams = {text: _team(text) for sides in first.values() for text in sides}
    days, events, players = zip(*first, strict=True) if first else ((), (), ())
    return {
        "game_date": np.array(days, dtype=lines["game_date"].dtype),
        "odds_api_event_id": np.array(events, dtype=object),
        "player_name": np.array(players, dtype=object),
        "market": np.full(len(first), MARKET, dtype=object),
        "home_team_abbr": np.array([teams[home] for home, _ in first.values()], dtype=object),
        "away_team_abbr": np.array([teams[away] for _, away in first.values()], dtype=object),
    }


def _team(text: str) -> str:
    """The tricode, or what was published where it names none of the thirty."""
    try:
        return tricode(text)
    except UnknownTeamError:
        return text


def _no_game(cells: Cells) -> Array:
    return ~cells.one("game").found


TABLE = Table(
    name="odds_api_player_points_props",
    dataset="nba_raw",
    description=__doc__,
    entity=("odds_api_event_id", "player_name"),
    key=(
        "game_id",
        "player_lookup",
        "player_name",
        "bookmaker",
        "snapshot_timestamp",
        "snapshot_tag",
        "points_line",
    ),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    reviewed=names.REVIEWED,
    fan_out=FanOut("player", "RAW_WORKERS", default_workers=1),
    gates=(
        Gate(
            FailureCategory.MISSING_DATA,
            "{player_name} has a points line for {away_team_abbr} at {home_team_abbr} on "
            "{game_date}, a game that is not scheduled for that day",
            _no_game,
        ),
    ),
    clustering=("player_lookup", "bookmaker"),
    keeps_revisions=True,
)
