"""How rested a player comes to tonight's game, and how much he has played of late."""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.rest import days_between, days_rest, newest, rest_before_each
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows, Slices


def _count(name: str, what: str = "") -> Column:
    return Column(name, int, what, minimum=0)


COLUMNS = (
    _count("days_rest", "full days off since his last game: 0 after one yesterday"),
    Column("back_to_back", bool, "he played yesterday", nullable=False),
    _count("days_rest_before_last_game"),
    _count("days_since_2_plus_days_rest", "since a game he entered on two full days off or more"),
    _count("games_in_last_7_days", "in [D-7, D)"),
    _count("games_in_last_14_days", "in [D-14, D)"),
    *(
        Column(
            f"minutes_in_last_{days}_days", float, f"in [D-{days}, D)", unit="minutes", decimals=1
        )
        for days in (7, 14)
    ),
    Column(
        "avg_minutes_per_game_last_7",
        float,
        "over the games in [D-7, D)",
        unit="minutes",
        decimals=2,
        minimum=0,
    ),
    _count("back_to_backs_last_14_days", "pairs of games on consecutive days in [D-14, D)"),
    Column(
        "fourth_quarter_minutes_last_7",
        float,
        "on court in fourth quarters of [D-7, D); NULL where a game has no plays",
        unit="minutes",
        decimals=2,
        minimum=0,
    ),
    Column(
        "clutch_minutes_last_7_games",
        float,
        "last five minutes and overtime, within five points; NULL where a game has no plays",
        unit="minutes",
        decimals=2,
        minimum=0,
    ),
)


def before_tonight(cells: Cells) -> Columns:
    """The columns of each cell, from an input ``summaries`` with his earlier games.

    It needs minutes_played, fourth_quarter_seconds and clutch_seconds.
    """
    played = cells.window("summaries")
    return {**_rest(cells, played.rows()), **_load(played)}


def _rest(cells: Cells, played: Rows) -> Columns:
    """Days off before tonight and before earlier games."""
    size, today = len(cells), cells["game_date"]
    days, cell = played["game_date"], played.cell
    rest = rest_before_each(cell, days)
    last = newest(np.ones(len(cell), dtype=bool), cell, size)
    rested = newest(rest >= 2, cell, size)
    off = days_rest(_picked(days, last), today)
    # Both games of a pair lie in the window when the later one is a day short of its edge.
    paired = (rest == 0) & (days_between(days, today[cell]) < 14)
    return {
        "days_rest": off,
        "back_to_back": off == 0,
        "days_rest_before_last_game": _picked(rest, last),
        "days_since_2_plus_days_rest": days_between(_picked(days, rested), today),
        "back_to_backs_last_14_days": np.bincount(cell[paired], minlength=size),
    }


def _picked(values: Array, index: Array) -> Array:
    """Values at some places, NULL at place -1."""
    null = np.datetime64("NaT", "D") if values.dtype.kind == "M" else np.nan
    return np.append(values, null)[index]


def _load(played: Slices) -> Columns:
    """Games and minutes of late."""
    week, fortnight = played.days(7), played.days(14)
    return {
        "games_in_last_7_days": week.count(),
        "games_in_last_14_days": fortnight.count(),
        "minutes_in_last_7_days": week.sum("minutes_played"),
        "minutes_in_last_14_days": fortnight.sum("minutes_played"),
        "avg_minutes_per_game_last_7": rounded(week.mean("minutes_played"), 2),
        "fourth_quarter_minutes_last_7": _minutes(played, week, "fourth_quarter_seconds"),
        "clutch_minutes_last_7_games": _minutes(played, played.last(7), "clutch_seconds"),
    }


def _minutes(season: Slices, games: Slices, seconds: str) -> Array:
    """Minutes of games that all tell them; a week off is known to have none where others do."""
    told = (season.count(seconds) > 0) & (games.count(seconds) == games.count())
    return rounded(np.where(told, games.sum(seconds) / 60, np.nan), 2)
