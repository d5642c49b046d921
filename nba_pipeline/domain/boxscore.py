"""Box-score arithmetic: what providers write in a line, and the rates made from it.

The formulas are the usual public ones (Basketball Reference's glossary, Dean Oliver's possessions
in their simple form). Rates are returned unrounded: a caller rounds once, to the decimals of its
column. Numbers come as float64 arrays in which NaN means NULL. Where shots came from is the
business of the shots module.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from nba_pipeline.domain.rounding import FloatArray, ratio

FREE_THROW_WEIGHT = 0.44
"""Share of free throws that end a possession."""

PLAYERS_ON_COURT = 5
REGULATION_MINUTES = 48
_REGULATION_PLAYER_MINUTES = REGULATION_MINUTES * PLAYERS_ON_COURT
_OVERTIME_PLAYER_MINUTES = 5 * PLAYERS_ON_COURT
_HIGHEST_USAGE = 100.0

_CLOCK = re.compile(r"(\d+):([0-5]?\d)", re.ASCII)
_DECIMAL = re.compile(r"\d+(?:\.\d*)?", re.ASCII)
_SIGNED_WHOLE = re.compile(r"([+-]?\d+)(?:\.0*)?", re.ASCII)


def parse_minutes(text: str | float | None) -> float:
    """Read playing time.

    Args:
        text: ``"34:12"``, ``"34"``, ``34.5``, or anything a provider writes for nothing.

    Returns:
        Minutes as a decimal number, 34.2 for ``"34:12"``; NaN for None, ``""``, ``"-"``, a seconds
        part of 60 or more, a negative number and whatever else is no time.
    """
    if isinstance(text, str):
        text = text.strip()
        if clock := _CLOCK.fullmatch(text):
            return int(clock[1]) + int(clock[2]) / 60
        return float(text) if _DECIMAL.fullmatch(text) else math.nan
    return float(text) if text is not None and 0 <= text < math.inf else math.nan


def parse_plus_minus(value: str | float | None) -> int | None:
    """Read a plus-minus; zero is a value, not a blank.

    Args:
        value: ``"+7"``, ``"-3"``, ``0``, ``5.0``, or anything a provider writes for nothing.

    Returns:
        Points, or None for None, NaN, ``""``, ``"-"`` and whatever else is no whole number.
    """
    if isinstance(value, str):
        whole = _SIGNED_WHOLE.fullmatch(value.strip())
        return int(whole[1]) if whole else None
    return int(value) if value is not None and float(value).is_integer() else None


def true_shooting_pct(points: FloatArray, fga: FloatArray, fta: FloatArray) -> FloatArray:
    """Points per two shooting chances: ``PTS / (2 * (FGA + 0.44 * FTA))``.

    A line of free throws only has a true shooting like any other.

    Args:
        points: Points scored.
        fga: Field-goal attempts.
        fta: Free-throw attempts.

    Returns:
        A fraction from 0 to 1.5; NaN without an attempt or where an input is NaN.
    """
    return ratio(points, 2 * (fga + FREE_THROW_WEIGHT * fta))


def effective_fg_pct(fgm: FloatArray, three_made: FloatArray, fga: FloatArray) -> FloatArray:
    """Field-goal share with a three worth one and a half: ``(FGM + 0.5 * 3PM) / FGA``.

    Args:
        fgm: Field goals made, threes included.
        three_made: Threes made; NaN counts as none.
        fga: Field-goal attempts.

    Returns:
        A fraction from 0 to 1.5; NaN without an attempt or where makes or attempts are NaN.
    """
    return ratio(fgm + 0.5 * np.nan_to_num(three_made), fga)


def possessions(
    fga: FloatArray, fta: FloatArray, turnovers: FloatArray, oreb: FloatArray
) -> FloatArray:
    """Possessions of a team in the simple form: ``FGA + 0.44 * FTA + TOV - OREB``.

    Args:
        fga: Field-goal attempts.
        fta: Free-throw attempts.
        turnovers: Turnovers, those charged to the team included.
        oreb: Offensive rebounds.

    Returns:
        Possessions, not whole in general; NaN where an input is NaN.
    """
    return fga + FREE_THROW_WEIGHT * fta + turnovers - oreb


def pace(possessions: FloatArray, game_minutes: FloatArray) -> FloatArray:
    """Possessions per 48 minutes.

    Args:
        possessions: A team's possessions in the game.
        game_minutes: Length of the game, 48 without overtime: a team's player-minutes over five.

    Returns:
        Possessions per 48 minutes; NaN without playing time.
    """
    return ratio(possessions * REGULATION_MINUTES, game_minutes)


def rating(points: FloatArray, possessions: FloatArray) -> FloatArray:
    """Points per 100 possessions.

    A team's own numbers give its offensive rating, its opponent's its defensive rating.

    Args:
        points: Points scored.
        possessions: Possessions they were scored on.

    Returns:
        Points per 100 possessions; NaN where there were none.
    """
    return ratio(100 * points, possessions)


def usage_rate(
    fga: FloatArray,
    fta: FloatArray,
    turnovers: FloatArray,
    minutes: FloatArray,
    team_fga: FloatArray,
    team_fta: FloatArray,
    team_turnovers: FloatArray,
    team_minutes: FloatArray,
) -> FloatArray:
    """Share of his team's plays a player ended while on court.

    ``100 * (FGA + 0.44 * FTA + TOV) * (TeamMin / 5)
    / (MIN * (TeamFGA + 0.44 * TeamFTA + TeamTOV))``. With the turnovers of the players alone,
    minutes times usage add up to exactly 100 % of a team's game.

    Args:
        fga: The player's field-goal attempts.
        fta: His free-throw attempts.
        turnovers: His turnovers.
        minutes: His minutes.
        team_fga: His team's field-goal attempts.
        team_fta: Its free-throw attempts.
        team_turnovers: The turnovers of its players, without those charged to the team.
        team_minutes: Its player-minutes, 240 without overtime.

    Returns:
        Percent from 0 to 100. NaN without playing time or team plays, and above 100, which only
        appearances of a few seconds reach.
    """
    plays = fga + FREE_THROW_WEIGHT * fta + turnovers
    team_plays = team_fga + FREE_THROW_WEIGHT * team_fta + team_turnovers
    usage = ratio(100 * plays * (team_minutes / PLAYERS_ON_COURT), minutes * team_plays)
    return np.where(usage <= _HIGHEST_USAGE, usage, np.nan)


def overtime_periods(team_player_minutes: FloatArray) -> FloatArray:
    """Overtimes played, five minutes each.

    Args:
        team_player_minutes: Minutes of all a team's players together, 240 without overtime.

    Returns:
        Whole overtimes, never below 0; NaN where the minutes are NaN.
    """
    beyond = team_player_minutes - _REGULATION_PLAYER_MINUTES
    return np.maximum(0.0, np.floor(beyond / _OVERTIME_PLAYER_MINUTES))


def game_score(line: Mapping[str, FloatArray]) -> FloatArray:
    """John Hollinger's game score: one number for a box-score line, on the scale of points.

    Args:
        line: Columns points, fg_makes, fg_attempts, ft_makes, ft_attempts, offensive_rebounds,
            defensive_rebounds, steals, assists, blocks, personal_fouls and turnovers.

    Returns:
        ``PTS + 0.4 FGM - 0.7 FGA - 0.4 (FTA - FTM) + 0.7 OREB + 0.3 DREB + STL + 0.7 AST
        + 0.7 BLK - 0.4 PF - TOV``.
    """
    # In tenths, so that the sum is exact and no order of addition can change a bit.
    tenths = (
        10 * line["points"]
        + 4 * line["fg_makes"]
        - 7 * line["fg_attempts"]
        - 4 * (line["ft_attempts"] - line["ft_makes"])
        + 7 * line["offensive_rebounds"]
        + 3 * line["defensive_rebounds"]
        + 10 * line["steals"]
        + 7 * line["assists"]
        + 7 * line["blocks"]
        - 4 * line["personal_fouls"]
        - 10 * line["turnovers"]
    )
    return tenths / 10.0
