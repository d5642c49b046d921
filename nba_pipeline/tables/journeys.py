"""How a team travels: the way to tonight's game, and all ways of two weeks from game to game."""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.rest import days_between, streaks
from nba_pipeline.domain.travel import Venue, direction, jet_lag_factor, leg, venue
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.windows import Cells, Columns, Rows

#: Travel is added up over this many days.
TRAVEL_DAYS = 14

#: The columns of the schedule that say where a game is played.
VENUE = "season_year home_team_abbr arena_city is_neutral_site"

COLUMNS = (
    Column("consecutive_road_games", int, "tonight's included; 0 at home", nullable=False),
    Column(
        "travel_miles",
        int,
        "great circle from the last game's venue; NULL before a first game or from or to an "
        "unknown venue",
        unit="miles",
        minimum=0,
    ),
    Column("time_zone_changes", int, "hours the clock moved on that way", unit="hours", minimum=0),
    Column("travel_direction", str, "east, west or neutral, by the clock"),
    Column(
        "jet_lag_factor",
        float,
        "time_zone_changes, those eastward counting 1.5",
        decimals=1,
        minimum=0,
    ),
    Column(
        "miles_traveled_last_14_days",
        int,
        "all ways between two games that both lie in [D-14, D], tonight's included",
        unit="miles",
        minimum=0,
    ),
    Column(
        "time_zones_crossed_last_14_days",
        int,
        "hours the clock moved on those ways",
        unit="hours",
        minimum=0,
    ),
)


def travelled(cells: Cells, past: Rows) -> Columns:
    """The columns of each cell.

    Args:
        cells: Teams with ``home_game`` and an input ``tonight``, which has ``VENUE``.
        past: The earlier games of each, oldest first, with ``VENUE`` and ``is_home``.
    """
    size = len(cells)
    route = _with_tonight(cells, past)
    days, cell = route["game_date"], route.cell
    tonight = np.searchsorted(cell, np.arange(size), side="right") - 1
    is_way = np.append(False, cell[1:] == cell[:-1])[: len(cell)]
    begins = np.append(np.datetime64("NaT", "D"), days)[: len(cell)]
    recent = is_way & (days_between(begins, cells["game_date"][cell]) <= TRAVEL_DAYS)
    wanted = recent.copy()
    wanted[tonight] = is_way[tonight]
    miles, hours = np.full(len(cell), np.nan), np.full(len(cell), np.nan)
    for at in np.flatnonzero(wanted).tolist():
        miles[at], hours[at] = leg(_venue(route, at - 1), _venue(route, at), days[at].item())
    road_games = streaks(route["is_home"], cell, size)
    return {
        "consecutive_road_games": np.where(cells["home_game"] == 1, 0, road_games),
        "travel_miles": miles[tonight],
        "time_zone_changes": np.abs(hours[tonight]),
        "travel_direction": direction(hours[tonight]),
        "jet_lag_factor": jet_lag_factor(hours[tonight]),
        **{
            name: np.where(
                is_way[tonight],
                np.bincount(cell[recent], weights=each_way[recent], minlength=size),
                np.nan,
            )
            for name, each_way in (
                ("miles_traveled_last_14_days", miles),
                ("time_zones_crossed_last_14_days", np.abs(hours)),
            )
        },
    }


def _with_tonight(cells: Cells, past: Rows) -> Rows:
    """Every game of the season so far and, after them, tonight's."""
    game = cells.one("tonight")
    tonight = {name: game[name] for name in ("game_date", *VENUE.split())}
    tonight["is_home"] = cells["home_game"] == 1
    cell = np.concatenate([past.cell, np.arange(len(cells))])
    order = np.argsort(cell, kind="stable")
    return Rows(
        {name: np.concatenate([past[name], values])[order] for name, values in tonight.items()},
        cell[order],
    )


def _venue(route: Rows, at: int) -> Venue | None:
    return venue(
        route["home_team_abbr"][at],
        int(route["season_year"][at]),
        route["arena_city"][at],
        is_neutral=bool(route["is_neutral_site"][at] == 1),
    )
