"""Lines that move until tip-off: which bookmaker's to take, where it opened and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.rest import newest

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Whose line is taken where there are several; after these, the first in the alphabet.
PREFERRED_BOOKS = ("draftkings", "fanduel")

OPENING = "opening"


@dataclass(frozen=True)
class Line:
    """One market of some owners, all of it from one bookmaker each; NULL where there is no line.

    Attributes:
        current: The newest snapshot's number.
        opening: The oldest one's. Of a single snapshot only where it is published as the opening.
        movement: Current less opening; NULL without two snapshots.
        book: The bookmaker.
        current_at: When the newest snapshot was taken.
        is_only_opening: Whether the current number is the opening one, for want of another.
    """

    current: Floats
    opening: Floats
    movement: Floats
    book: Array
    current_at: Array
    is_only_opening: Array

    @property
    def opening_book(self) -> Array:
        """The bookmaker, where the opening number is known."""
        books = self.book.copy()
        books[np.isnan(self.opening)] = None
        return books


def line_of(snapshots: Mapping[str, Array], owner: Ints, owners: int) -> Line:
    """The line of each owner.

    Args:
        snapshots: Columns bookmaker_key, snapshot_at, snapshot_label and outcome_point, every row
            of one market and outcome, and all of them known by now.
        owner: Whose each snapshot is, as a number from 0.
        owners: How many owners there are.
    """
    books = snapshots["bookmaker_key"].astype(str)
    preference = np.full(len(books), len(PREFERRED_BOOKS))
    for rank, name in enumerate(PREFERRED_BOOKS):
        preference[books == name] = rank
    order = np.lexsort([snapshots["snapshot_at"], books, preference, owner])
    owner, books = owner[order], books[order]
    points, labels = snapshots["outcome_point"][order], snapshots["snapshot_label"][order]
    first = np.searchsorted(owner, np.arange(owners))
    same_book = books == books[first[owner]]
    last = newest(same_book, owner, owners)
    has_line, has_two = last >= 0, last > first
    is_opening = _at(labels, first, has_line, None) == OPENING
    opening = np.where(has_two | is_opening, _at(points, first, has_line, np.nan), np.nan)
    current = _at(points, last, has_line, np.nan)
    return Line(
        current=current,
        opening=opening,
        movement=np.where(has_two, current - opening, np.nan),
        book=_at(snapshots["bookmaker_key"][order], last, has_line, None),
        current_at=_at(snapshots["snapshot_at"][order], last, has_line, np.datetime64("NaT")),
        is_only_opening=has_line & ~has_two & is_opening,
    )


#: Which of a player's lines a forecast is held against: the newest by tip-off, the oldest, or the
#: newest by the morning on which forecasts are made.
CLOSING, FIRST, AT_PREDICTION = "closing", "first", "at_prediction"
RULES = (CLOSING, FIRST, AT_PREDICTION)

#: The hour, Eastern, of the day of the game on which forecasts are made.
PREDICTION_HOUR = 7


def line_by_rule(
    snapshots: Mapping[str, Array], owner: Ints, owners: int, rule: str, made_at: Array
) -> Line:
    """The line of each owner that a rule names, as ``current``.

    Args:
        snapshots: As ``line_of`` takes them.
        owner: Whose each snapshot is, as a number from 0.
        owners: How many owners there are.
        rule: One of ``RULES``.
        made_at: When each owner's forecast is made.
    """
    taken = snapshots["snapshot_at"]
    keep = np.ones(len(owner), dtype=bool)
    if rule == AT_PREDICTION:
        keep = taken <= made_at[owner]
    if rule == FIRST:
        book = np.unique(snapshots["bookmaker_key"].astype(str), return_inverse=True)[1]
        order = np.lexsort([taken, book, owner])
        pair = np.stack([owner, book])[:, order]
        oldest = np.ones(len(order), dtype=bool)
        oldest[1:] = (pair[:, 1:] != pair[:, :-1]).any(axis=0)
        keep[order] = oldest
    return line_of({name: values[keep] for name, values in snapshots.items()}, owner[keep], owners)


def _at(values: Array, index: Ints, known: Array, null: Any) -> Array:
    picked = np.full(len(index), null, dtype=values.dtype)
    picked[known] = values[index[known]]
    return picked


def is_main_line(
    market: Ints, line: Floats, over_price: Floats, under_price: Floats, two_sided: Array
) -> Array:
    """Which of the lines that a bookmaker offers at once is his main one.

    Of those on which both sides can be taken, the one whose sides are nearest to equally likely by
    their American odds; among equals, and where there are no odds, the lowest.

    Args:
        market: Which lines were offered together, as equal numbers.
        line: The number to be above or below.
        over_price: American odds, NaN where not published.
        under_price: American odds, NaN where not published.
        two_sided: Whether both sides could be taken.
    """
    apart = np.abs(_chance(over_price) - _chance(under_price))
    order = np.lexsort([line, np.where(np.isnan(apart), 2.0, apart), ~two_sided, market])
    first = np.append(True, market[order][1:] != market[order][:-1])[: len(order)]
    main = np.zeros(len(order), dtype=bool)
    main[order[first]] = True
    return main


def _chance(american: Floats) -> Floats:
    """The chance that American odds stand for, the bookmaker's share included."""
    stake = np.where(american < 0, -american, 100.0)
    return np.asarray(stake / (np.abs(american) + 100.0))
