"""Numbers and lists as sentences say them, wherever a sentence stands."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, what: str, many: str = "") -> str:
    """``1 row``, ``1,200 rows``; ``many`` is a plural that needs more than an s."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {many or f'{what}s'}"


def some_of(names: Sequence[str], most: int = 3) -> str:
    """The first few of some names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
