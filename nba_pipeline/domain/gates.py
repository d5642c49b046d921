"""Which days are worked on: a season's first days and its last, and what launching leaves out.

Everything here is about a day, never about a player or a team. None of it decides what a row says;
``run`` on any day works on that day.
"""

from __future__ import annotations

from datetime import date, timedelta

from nba_pipeline.domain.calendar import Season

#: Days from opening night on which precomputed tables have no rows: about seven games a team.
BOOTSTRAP_DAYS = 14

#: Days from opening night on which rows stand on little and say so.
BOOTSTRAP_MODE_DAYS = 30

#: The last days of a regular season, when regulars rest and a team is no longer what it was.
LAST_DAYS = 14

#: Nobody is waiting for a day that lies further back than this.
HISTORICAL = timedelta(days=90)


def season_day(day: date, season: Season) -> int:
    """Days since opening night, which is 0; negative before it."""
    return (day - season.regular_first_day).days


def is_bootstrap_skip(day: date, season: Season) -> bool:
    """Whether too little of the season has been played for any precomputed row."""
    return 0 <= season_day(day, season) < BOOTSTRAP_DAYS


def is_bootstrap_mode(day: date, season: Season) -> bool:
    """Whether rows of the day stand on less than a month; also before the season begins."""
    return season_day(day, season) < BOOTSTRAP_MODE_DAYS


def is_season_boundary(day: date, season: Season) -> bool:
    """Whether a day is among the first 30 or the last 14 days of the regular season."""
    is_first = 0 <= season_day(day, season) < BOOTSTRAP_MODE_DAYS
    return is_first or 0 <= (season.regular_last_day - day).days < LAST_DAYS


def why_not_launched(
    day: date,
    today: date,
    *,
    has_games: bool,
    is_between_seasons: bool,
    is_backfill: bool,
) -> str:
    """Why a sensor or a schedule leaves a day alone; empty where it does not.

    A person who asks for a day gets it, so ``run`` and ``backfill`` never come here.

    Args:
        day: An NBA day.
        today: The NBA day it is now.
        has_games: Whether any game of the day is scheduled, in progress or final.
        is_between_seasons: Whether no season is on.
        is_backfill: Whether old days are what is wanted.

    Returns:
        ``offseason``, ``no_games``, ``too_historical`` or nothing, the first that holds: that it is
        summer says more than that there are no games.
    """
    if is_between_seasons:
        return "offseason"
    if not has_games:
        return "no_games"
    if today - day > HISTORICAL and not is_backfill:
        return "too_historical"
    return ""
