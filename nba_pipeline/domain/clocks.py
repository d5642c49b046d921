"""When a fact could first have been known, where its publisher does not say.

Archive rows carry no fetch time, so their ``known_at`` is estimated by the rules below, the only
place that has them. Facts fetched live carry the moment of the fetch instead.

=====================  ==================================================================
Fact                   Known from
=====================  ==================================================================
box scores, plays      06:00 Eastern the morning after
fixtures               midnight Eastern before the season's first day, or seven days before
                       the game where its id shows that it was rescheduled or added late
final scores           with the box scores
opening line           noon Eastern the day before
closing line           tip-off: scheduled, else actual, else 19:00 Eastern
injury moves           noon Eastern of their day
officials              09:00 Eastern of the day
=====================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.calendar import instant, morning_after

Days = npt.NDArray[np.datetime64]
Instants = npt.NDArray[np.datetime64]

#: Days before a rescheduled game from which its new date is taken to be known.
RESCHEDULED_NOTICE = timedelta(days=7)


def results_known_at(days: Days) -> Instants:
    """Of box scores, play-by-play and final scores of games on those days."""
    return _each_day(days, morning_after)


def fixtures_known_at(days: Days) -> Instants:
    """Of fixtures made public on those days: from the midnight they begin with."""
    return _each_day(days, lambda day: instant(day, 0))


def opening_lines_known_at(days: Days) -> Instants:
    """Of opening lines of games on those days."""
    return _each_day(days, lambda day: instant(day - timedelta(days=1), 12))


def injury_moves_known_at(days: Days) -> Instants:
    """Of moves to and from the injured list dated those days."""
    return _each_day(days, lambda day: instant(day, 12))


def officials_known_at(days: Days) -> Instants:
    """Of the officials of games on those days."""
    return _each_day(days, lambda day: instant(day, 9))


def tip_off(days: Days, scheduled: Instants, actual: Instants) -> Instants:
    """When games begin: as scheduled, else as they did, else at 19:00 Eastern."""
    usual = _each_day(days, lambda day: instant(day, 19))
    known = np.where(np.isnat(scheduled), actual, scheduled)
    return np.where(np.isnat(known), usual, known)


def _each_day(days: Days, rule: Callable[[date], datetime]) -> Instants:
    distinct, owner = np.unique(days.astype("datetime64[D]"), return_inverse=True)
    moments = [rule(day).replace(tzinfo=None) for day in distinct.tolist()]
    return np.array(moments, dtype="datetime64[us]")[owner.ravel()]
