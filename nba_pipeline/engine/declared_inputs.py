"""What a table says it reads: of which table, which of its rows and days, and which columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Window:
    """Which days of an input a cell of date ``D`` may see.

    Attributes:
        first_day: Earliest day, relative to ``D``; None means the start of the season.
        last_day: Latest day, relative to ``D``.
        weekday: Only dates on this day of the week, 0 for Monday, see anything; None means all do.
        earlier_seasons: Whether the window reaches back into earlier seasons. Of those it reads
            what is stored; no run builds them for its sake.
    """

    first_day: int | None
    last_day: int
    weekday: int | None = None
    earlier_seasons: bool = False

    @property
    def holds_date(self) -> bool:
        """Whether the cell's own date lies in it."""
        return self.last_day >= 0 and (self.first_day is None or self.first_day <= 0)

    def describe(self) -> str:
        """The window in words, for docs, plans and lineage."""
        if (self.first_day, self.last_day) == (0, 0):
            return "the date itself"
        if self.last_day > 0:
            return f"from {self.first_day} to {self.last_day} days after"
        until = "the date itself" if self.last_day == 0 else "the day before"
        if self.first_day is None:
            return f"season to date, up to {until}"
        return f"from {-self.first_day} days before, up to {until}"


def same_day() -> Window:
    """Rows of the date itself: the results a summary of finished games describes."""
    return Window(0, 0)


def history() -> Window:
    """Rows of the same season strictly before the date."""
    return Window(None, -1)


def history_and_today() -> Window:
    """Rows of the same season up to and including the date: of facts known before tip-off."""
    return Window(None, 0)


def next_days(days: int) -> Window:
    """Rows of the ``days`` days after the date: of fixtures, with ``known_by``."""
    return Window(1, days)


def days_before(days: int) -> Window:
    """Rows of the ``days`` days before the date, the date itself excluded."""
    return Window(-days, -1)


def days_up_to(days: int) -> Window:
    """Rows of the last ``days`` days, the date itself being one of them."""
    return Window(1 - days, 0)


def all_seasons(days: int, weekday: int) -> Window:
    """Rows of the ``days`` days before the date in any season, for dates on one day of the week."""
    return Window(-days, -1, weekday, earlier_seasons=True)


@dataclass(frozen=True)
class Input:
    """What a table reads: which rows reach a cell, and which of their columns count.

    Attributes:
        table: Bare name of the table read, or of the feed where ``is_feed``.
        columns: The columns handed to compute. A change in any other column is no change.
        window: Which days a cell may see.
        on: Pairs (column of the input, column of the cell) that must be equal.
        is_feed: Whether it is a source's feed rather than a table.
        known_by: Cell column with an instant: only what was first known at or before it is
            handed over, each row in its newest revision of then. Empty for results, which are
            handed over in their newest revision.
    """

    table: str
    columns: tuple[str, ...]
    window: Window = field(default_factory=same_day)
    on: tuple[tuple[str, str], ...] = ()
    is_feed: bool = False
    known_by: str = ""


def reads(
    table: str,
    columns: str,
    *,
    window: Window | None = None,
    on: str | Mapping[str, str] = "",
    known_by: str = "",
) -> Input:
    """Declare an input table.

    Args:
        table: Bare name of the table.
        columns: The columns read, separated by spaces.
        window: Which days; the date itself when omitted.
        on: Columns that must equal the cell's columns of the same name, separated by spaces, or a
            mapping from the input's column to the cell's.
        known_by: For snapshots: the cell column with the moment by which they had to be known.
    """
    pairs = on.items() if isinstance(on, Mapping) else ((name, name) for name in on.split())
    return Input(
        table, tuple(columns.split()), window or same_day(), tuple(pairs), known_by=known_by
    )


def reads_feed(feed: str, columns: str, *, on: str | Mapping[str, str]) -> Input:
    """Declare a source's feed as input, restricted to the date itself; see ``reads``."""
    return replace(reads(feed, columns, on=on), is_feed=True)
