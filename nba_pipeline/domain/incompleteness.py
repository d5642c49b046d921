"""What kind of incomplete: games that could still be loaded, or nights somebody sat out."""

from __future__ import annotations

from enum import StrEnum

#: Below this many expected games nothing can be said about the missing ones.
FEWEST_EXPECTED = 5


class IncompleteData(StrEnum):
    """Why games are missing behind a row."""

    #: None is.
    COMPLETE = "COMPLETE"
    #: The season is too young to tell.
    INSUFFICIENT_HISTORY = "INSUFFICIENT_HISTORY"
    #: They were played and can be loaded.
    DATA_GAP = "DATA_GAP"
    #: He sat them out; there is nothing to load.
    PLAYER_DNP = "PLAYER_DNP"
    #: Some of each.
    MIXED = "MIXED"
    #: Nobody looked at the box scores.
    UNKNOWN = "UNKNOWN"

    @property
    def is_correctable(self) -> bool | None:
        """Whether loading data would cure it; None where that is not known."""
        if self is IncompleteData.UNKNOWN:
            return None
        return self in (IncompleteData.DATA_GAP, IncompleteData.MIXED)


def classify(
    expected: int, gaps: int, nights_off: int, *, has_looked: bool = True
) -> IncompleteData:
    """Tell the kinds apart.

    Args:
        expected: Final games of the team, nights off included.
        gaps: Of those without a summary, the ones he played in by his raw line, and the ones of
            which no raw line of anybody is there.
        nights_off: Of those without a summary, the others.
        has_looked: Whether the raw box scores were consulted.
    """
    if not gaps + nights_off:
        return IncompleteData.COMPLETE
    if expected < FEWEST_EXPECTED:
        return IncompleteData.INSUFFICIENT_HISTORY
    if not has_looked:
        return IncompleteData.UNKNOWN
    if not nights_off:
        return IncompleteData.DATA_GAP
    return IncompleteData.MIXED if gaps else IncompleteData.PLAYER_DNP
