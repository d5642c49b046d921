"""What comes after tonight for a team, as far as it was known by tip-off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from nba_pipeline.domain.rest import days_between
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, next_days, reads
from nba_pipeline.engine.windows import Array, Cells, Columns

#: How far ahead the next game is looked for.
DAYS_AHEAD = 14

#: Games to come; cells need team_abbr, season_year and tip_off.
FIXTURES = {
    f"next_{side}_games": reads(
        "nbac_schedule",
        f"game_id {other}_team_abbr has_national_tv",
        window=next_days(DAYS_AHEAD),
        on={f"{side}_team_abbr": "team_abbr", "season_year": "season_year"},
        known_by="tip_off",
    )
    for side, other in (("home", "away"), ("away", "home"))
}

#: How the next opponent has done so far; cells need next_opponent_team_abbr, too.
RESULTS = {
    "next_opponent_results": reads(
        "team_offense_game_summary",
        "win_flag",
        window=history(),
        on={"team_abbr": "next_opponent_team_abbr", "season_year": "season_year"},
    ),
}

COLUMNS = (
    Column("next_opponent_team_abbr", str, f"NULL where no game is known within {DAYS_AHEAD} days"),
    Column(
        "next_game_is_primetime",
        bool,
        "whether that game is shown everywhere; NULL where broadcasts are not published",
    ),
    Column("next_game_days_rest", int, "full days off between tonight and then", minimum=0),
    Column("games_in_next_7_days", int, "in (D, D+7]", nullable=False, minimum=0, maximum=7),
    Column(
        "next_opponent_win_pct",
        float,
        "wins by games of the season before tonight",
        unit="fraction",
        decimals=3,
        minimum=0,
        maximum=1,
    ),
)


def opponents(sides: Columns, fixtures: Columns) -> Array:
    """Whom each side was to play next, as known by its tip-off.

    Args:
        sides: Columns team_abbr, season_year, game_date and tip_off.
        fixtures: Every revision of the games of the days ahead, with both teams.
    """
    names = ("home_team_abbr", "away_team_abbr", "season_year")
    told = ("game_date", "game_id", "known_at", "is_retracted")
    by_team: dict[tuple[str, float], list[tuple[Any, ...]]] = {}
    for home, away, season, *row in zip(*(fixtures[n].tolist() for n in names + told), strict=True):
        by_team.setdefault((home, season), []).append((*row, away))
        by_team.setdefault((away, season), []).append((*row, home))
    own = ("team_abbr", "season_year", "game_date", "tip_off")
    return np.array(
        [
            _soonest(by_team.get((team, season), []), today, tip)
            for team, season, today, tip in zip(*(sides[n].tolist() for n in own), strict=True)
        ],
        dtype=object,
    )


def ahead(cells: Cells) -> Columns:
    """The columns of each cell but for the opponent, which is a column it is matched on."""
    size = len(cells)
    sides = [cells.window(name).rows() for name in ("next_home_games", "next_away_games")]
    cell = np.concatenate([rows.cell for rows in sides])
    days = np.concatenate([rows["game_date"] for rows in sides])
    until = days_between(cells["game_date"][cell], days)
    soonest = np.full(size, np.inf)
    np.minimum.at(soonest, cell, until)
    is_next = until == soonest[cell]
    shown = np.full(size, np.nan)
    shown[cell[is_next]] = np.concatenate([rows["has_national_tv"] for rows in sides])[is_next]
    return {
        "next_game_is_primetime": shown,
        "next_game_days_rest": np.where(np.isinf(soonest), np.nan, soonest - 1),
        "games_in_next_7_days": np.bincount(cell[until <= 7], minlength=size),
        "next_opponent_win_pct": rounded(cells.window("next_opponent_results").mean("win_flag"), 3),
    }


def _soonest(fixtures: list[tuple[Any, ...]], today: date, tip: datetime) -> str | None:
    """Opponent in the first fixture after today; later revisions of a fixture replace earlier."""
    last = today + timedelta(days=DAYS_AHEAD)
    known: dict[str, tuple[date, str]] = {}
    for day, game_id, known_at, is_retracted, opponent in fixtures:
        if today < day <= last and known_at <= tip:
            known[game_id] = (day, opponent)
            if is_retracted:
                del known[game_id]
    return min(known.values())[1] if known else None
