"""A payload as a tree that says what it lacks, and by which way to get there.

Providers change their answers without a word. Whatever a parser asks for and does not find, or
finds in another kind, is an ``UnknownPayloadError`` with the file and the path, never a KeyError
from somewhere inside.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, TypeVar

from nba_pipeline.domain.teams import TEAMS, UnknownTeamError, tricode
from nba_pipeline.engine.errors import SourceError

Row: TypeAlias = dict[str, Any]
#: What a payload says: rows by the name of their feed.
Parsed: TypeAlias = Mapping[str, Sequence[Row]]

# Beyond this a float no longer holds every whole number.
_LARGEST = 2**53


class UnknownPayloadError(SourceError):
    """A payload is not what its provider used to send."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file}: {problem}")
        self.file, self.problem = file, problem


@dataclass(frozen=True)
class Origin:
    """Where a payload comes from.

    Attributes:
        file: Its name, for messages.
        day: The NBA day it was fetched for.
        fetched_at: When it was fetched.
    """

    file: str
    day: date
    fetched_at: datetime


@dataclass(frozen=True)
class Node:
    """One place in a payload."""

    value: Any
    path: str
    origin: Origin

    def fails(self, problem: str) -> UnknownPayloadError:
        """The error that this place is not as it should be."""
        where = self.path or "the payload"
        return UnknownPayloadError(self.origin.file, f"{where} {problem}")

    def __getitem__(self, key: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.fails(f"is no object, so it has no {key}")
        if key not in self.value:
            raise self.fails(f"has no {key}")
        return self._under(key)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def _under(self, key: str) -> Node:
        return Node(self.value[key], f"{self.path}.{key}".lstrip("."), self.origin)

    def each(self, key: str) -> Iterator[Node]:
        """The elements of the list under a key."""
        found = self[key]
        if not isinstance(found.value, list):
            raise found.fails("is no list")
        for at, value in enumerate(found.value):
            yield Node(value, f"{found.path}[{at}]", self.origin)

    def text(self, key: str) -> str:
        """The text under a key; a number counts as its digits."""
        found = self[key]
        if isinstance(found.value, int) and not isinstance(found.value, bool):
            return str(found.value)
        if not isinstance(found.value, str):
            raise found.fails(f"is no text: {found.value!r:.60}")
        if not found.value.isprintable() and not found.value.isascii():
            raise found.fails("holds characters that are no text")
        return found.value

    def text_or_none(self, key: str) -> str | None:
        """The text under a key; None where it is missing, null or blank."""
        return (self.text(key).strip() or None) if key in self else None

    def real(self, key: str) -> float:
        """The number under a key, be it written as text."""
        found = self[key]
        value = found.value
        try:
            number = float(value) if isinstance(value, int | float | str) else None
        except (ValueError, OverflowError):
            number = None
        if number is None or isinstance(value, bool) or not abs(number) < _LARGEST:
            raise found.fails(f"is no number: {value!r:.60}")
        return number

    def real_or_none(self, key: str) -> float | None:
        """The number under a key; None where it is missing, null or blank."""
        return self.real(key) if key in self and self.value[key] != "" else None

    def whole(self, key: str) -> int:
        """The whole number under a key, be it written as text or with a point."""
        number = self.real(key)
        if number != int(number):
            raise self[key].fails(f"is no whole number: {number}")
        return int(number)

    def whole_or_none(self, key: str) -> int | None:
        """The whole number under a key; None where it is missing, null or blank."""
        return self.whole(key) if key in self and self.value[key] != "" else None

    def day(self, key: str) -> date:
        """The day under a key, ISO, with or without a time behind it."""
        text = self.text(key)
        try:
            return _of_our_time(date.fromisoformat(text[:10]))
        except ValueError as error:
            raise self[key].fails(f"is no date: {text!r:.60}") from error

    def instant(self, key: str) -> datetime:
        """The moment under a key, in UTC; without a zone it is taken as UTC."""
        text = self.text(key)
        try:
            moment = _of_our_time(datetime.fromisoformat(text))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self[key].fails(f"is no moment: {text!r:.60}") from error

    def instant_or_none(self, key: str) -> datetime | None:
        """The moment under a key; None where it is missing, null or blank."""
        return self.instant(key) if self.text_or_none(key) else None

    def team(self, key: str) -> str:
        """The tricode of the team named under a key, or of nba.com's team id there."""
        text = self.text(key)
        try:
            return _BY_ID.get(text) or tricode(text)
        except UnknownTeamError as error:
            raise self[key].fails(f"names no team: {text!r:.60}") from error

    def is_team(self, key: str) -> bool:
        """Whether what is under a key names one of the thirty teams."""
        try:
            self.team(key)
        except UnknownPayloadError:
            return False
        return True


_Moment = TypeVar("_Moment", date, datetime)
_FIRST_YEAR, _LAST_YEAR = 1946, 2199


def _of_our_time(moment: _Moment) -> _Moment:
    """A day or moment of the league's; others cannot be reckoned with in every zone."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"{moment} is of no season")
    return moment


_BY_ID = {str(team.nba_team_id): team.tricode for team in TEAMS.values()}


def json_of(content: bytes, origin: Origin) -> Node:
    """A JSON payload.

    Raises:
        UnknownPayloadError: When it is none: HTML, cut off, or not text at all.
    """
    try:
        return Node(json.loads(content), "", origin)
    except (ValueError, RecursionError) as error:
        begins = content[:40].decode("utf-8", "replace")
        raise UnknownPayloadError(origin.file, f"is no JSON; it begins {begins!r}") from error


def result_set(root: Node, name: str) -> list[Node]:
    """The rows of one of stats.nba.com's result sets, as objects."""
    for found in root.each("resultSets"):
        if found.text("name") == name:
            headers = found["headers"].value
            rows = []
            for row in found.each("rowSet"):
                if not isinstance(headers, list) or not isinstance(row.value, list):
                    raise row.fails("is no row")
                if len(row.value) != len(headers):
                    raise row.fails(f"has {len(row.value)} values for {len(headers)} headers")
                named = {str(key): value for key, value in zip(headers, row.value, strict=True)}
                rows.append(Node(named, row.path, root.origin))
            return rows
    raise root.fails(f"has no result set {name}")
