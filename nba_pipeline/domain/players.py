"""Player names and ids: the keys by which a player is recognised across providers.

Where a provider gives an id of its own, that id decides and the key only labels. Whose name a
provider wrote is found out in ``name_resolution``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart into a base letter and a mark.
_UNDECOMPOSED = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ı": "i",
        "ŧ": "t",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
_NOT_KEPT = re.compile(r"[^a-z0-9]+")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_TRAILING_SUFFIX = re.compile(r"(?:jr|sr|iii|ii|iv)$")


@lru_cache(maxsize=16_384)
def player_lookup(name: str) -> str:
    """Reduce a player's name to its lookup key.

    Accents, case, spaces and punctuation do not count; generational suffixes do.

    Args:
        name: A name as written by any provider, ``"Nikola Jokić"``, or surname first with a
            comma, ``"Hayes, Killian"``.

    Returns:
        Letters a-z and digits only, ``"nikolajokic"``; empty if the name has none.
    """
    return "".join(_key(part) for part in _in_spoken_order(name))


def universal_player_id(nba_player_id: float | None, lookup: str = "") -> str:
    """The id a person keeps in every table, season and team.

    It follows from nba.com's id, so it cannot depend on who was seen first. A name nobody has an
    id for gets one that follows from its lookup key and says so.

    Args:
        nba_player_id: nba.com's id; None or NaN where it is not known.
        lookup: The name's lookup key.

    Returns:
        ``"nba_1629627"``, or ``"name_zionwilliamson"``.

    Raises:
        ValueError: If there is neither an id nor a lookup key.
    """
    if nba_player_id is not None and not math.isnan(nba_player_id):
        return f"nba_{nba_player_id:.0f}"
    if not lookup:
        raise ValueError("a player has neither an nba.com id nor a letter in his name")
    return f"name_{lookup}"


def without_suffix(lookup: str) -> str:
    """Drop a trailing jr, sr, ii, iii or iv from a lookup key.

    Only for matching injury moves, whose authors leave suffixes off: as an identity it would
    merge fathers with sons, and clip a surname that happens to end that way.

    Args:
        lookup: A key made by `player_lookup`.

    Returns:
        The key without its suffix.
    """
    return _TRAILING_SUFFIX.sub("", lookup)


@lru_cache(maxsize=16_384)
def given_and_surname(name: str) -> tuple[str, str]:
    """The lookup keys of a name's first word and of the rest, suffix included.

    Args:
        name: A name as written by any provider.

    Returns:
        ``("tim", "hardawayjr")`` for ``"Tim Hardaway Jr."``; an only word is the surname.
    """
    words = [key for word in " ".join(_in_spoken_order(name)).split() if (key := _key(word))]
    if len(words) < 2:
        return "", "".join(words)
    return words[0], "".join(words[1:])


def _in_spoken_order(name: str) -> list[str]:
    """The parts between commas, a given name before its surname."""
    parts = name.split(",")
    if len(parts) > 1 and _key(parts[1]) not in _SUFFIXES:
        parts[:2] = parts[1], parts[0]
    return parts


def _key(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower()).translate(_UNDECOMPOSED)
    return _NOT_KEPT.sub("", "".join(c for c in decomposed if not unicodedata.combining(c)))
