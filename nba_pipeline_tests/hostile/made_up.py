"""Payloads made up while they are read: whatever a parser asks for it gets, and mostly junk.

A parser that lacks something says what and where. The next payload has something in that place, and
so the made-up ones come as far as real ones do, with nothing recorded to begin from. Whatever comes
is rows, or is refused by name.
"""

from __future__ import annotations

import copy
import json
import math
import re
from datetime import UTC, date, datetime
from typing import Any

from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.parsers import KINDS, Kind, Origin, UnknownPayloadError, parse

ORIGIN = Origin("made up", date(2025, 1, 15), datetime(2025, 1, 16, tzinfo=UTC))
JSON_KINDS = [k for k in KINDS if k.source != "simulated" and k.title != "nbac.injury_report"]

#: Letters that combine, run backwards, have no width, look like others, or are half of one.
NAMES = (
    "Nikola Jokić",
    "Nikola Jokić",
    "\u202eevoli drawkcab\u202c",
    "Lu\u200bka Dončić",
    "Ѕtерhеn Сurrу",
    "a" + "\u0301" * 500,
    "\ud83d",
    "İI ı ß ﬃ",
    "'; drop table nba_raw.nbac_schedule; --",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\x00\x1b[31m",
)
WORDS = (
    *NAMES,
    *list(TEAMS)[:4],
    *("1610612737", "0022400561", "0022400561x", "20250115", "2025-01-15", "01/15/2025"),
    *("2025-01-15T19:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01", "2025-01-15T25:61:00-99:99"),
    *("PT12M00.00S", "PT1e9M", "12:00", "-1:-1", "Final", "made", "2pt", "Over", "points", ""),
)
#: Numbers at and past the edges of what a column holds.
NUMBERS = (0, 1, 2, 3, -1, 10**30, 2**63, 1e308, math.inf, math.nan)
#: Something where something else should be, and nothing.
HOLLOW = ({}, [], [{}], [{}, {}], None, True, False)

_LACKS = re.compile(r"(?P<where>\S+|the payload) has no (?P<key>\w+)")
_SET = re.compile(r"the payload has no result set (?P<name>\w+)")
_NO = re.compile(r"(?P<where>\S+) is no (?P<what>list|object)")
_TOP = re.compile(r"the payload has none of (?P<keys>[\w, ]+) at its top")
_PLACE = re.compile(r"(?P<where>[\w.\[\]]+) ")


def _way(where: str) -> list[Any]:
    """``games[0].name`` as steps from the top."""
    if where == "the payload":
        return []
    return [int(step) if step.isdigit() else step for step in re.findall(r"\w+", where)]


def _put(payload: dict[str, Any], way: list[Any], value: Any) -> None:
    """Put a value where the way leads, as far as there is something to put it into."""
    inside: Any = payload
    for step in way[:-1]:
        inside = _at(inside, step)
    if (way and isinstance(inside, dict)) or (way and _at(inside, way[-1]) is not None):
        inside[way[-1]] = value


def _at(inside: Any, step: Any) -> Any:
    """What lies behind a step; None where nothing does."""
    if isinstance(inside, dict):
        return inside.get(step)
    if isinstance(inside, list) and isinstance(step, int) and step < len(inside):
        return inside[step]
    return None


def oblige(payload: dict[str, Any], problem: str, value: Any) -> None:
    """Put into a payload what its parser says it lacks."""
    value = copy.deepcopy(value)
    if found := _TOP.match(problem):
        payload[found["keys"].split(", ")[0]] = {}
    elif found := _SET.match(problem):
        sets = payload.setdefault("resultSets", [])
        if isinstance(sets, list):
            headers = [value] if isinstance(value, str) else ["GAME_ID"]
            sets.append({"name": found["name"], "headers": headers, "rowSet": [[value]]})
    elif found := _LACKS.match(problem):
        _put(payload, [*_way(found["where"]), found["key"]], value)
    elif found := _NO.match(problem):
        _put(payload, _way(found["where"]), [{}] if found["what"] == "list" else {})
    elif found := _PLACE.match(problem):
        _put(payload, _way(found["where"]), value)


def problem_of(kind: Kind, content: bytes) -> str:
    """Why a payload is refused; empty where it is rows of feeds there are."""
    try:
        found = parse(kind, content, ORIGIN)
    except UnknownPayloadError as error:
        return error.problem
    assert set(found) <= {*FEEDS, "bettingpros_events"}
    return ""


def problem_with(kind: Kind, payload: dict[str, Any]) -> str:
    """Why something made up is refused as JSON; empty where it is rows."""
    return problem_of(kind, json.dumps(payload).encode())
