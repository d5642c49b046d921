"""Coverage-guided fuzzing of every payload parser, with atheris (extra ``fuzz``).

``python -m nba_pipeline_tests.hostile.fuzz -max_total_time=300`` runs until the time is up or until
something else than rows or a refusal comes of a payload. What it found is a file ``crash-…``, and
naming that file runs it again. A folder that is named keeps what reached new code, for next time.

Payloads are bytes as they come, or made up as parsers ask for them and then spoilt, one place after
the other. Which, and of what kind, is drawn from the input like everything else, so that coverage
leads to all of it.
"""

from __future__ import annotations

import copy
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["nba_pipeline.sources.parsers", "nba_pipeline.domain"]):
    from nba_pipeline.domain.teams import TEAMS
    from nba_pipeline.sources.parsers import KINDS
    from nba_pipeline_tests.hostile.made_up import (
        HOLLOW,
        JSON_KINDS,
        NUMBERS,
        WORDS,
        oblige,
        problem_of,
        problem_with,
    )

_STEPS = 500

# What a parser is content with where it says so: without, no payload would come far.
_FITTING = {
    "whole number": (0, 1, 2, 7, 48, 2**53),
    "number": (0, 1.5, -110, "12.5"),
    "date": ("2025-01-15", "01/15/2025", "20250115"),
    "moment": ("2025-01-15T19:00:00Z", "2025-01-15T19:00:00-05:00"),
    "team": tuple(TEAMS)[:4],
    "text": WORDS,
}

# Short inputs first is a good rule for bytes, but from these a payload is drawn value by value.
_LONG_AT_ONCE = ("-len_control=0", "-max_len=4096")


def read_one(data: bytes) -> None:
    """Read the payload that some bytes stand for."""
    told = atheris.FuzzedDataProvider(data)
    kind = KINDS[told.ConsumeIntInRange(0, len(KINDS) - 1)]
    if kind not in JSON_KINDS or not told.ConsumeIntInRange(0, 5):
        problem_of(kind, told.ConsumeBytes(told.remaining_bytes()))
        return
    payload: dict[str, Any] = {}
    for _ in range(_STEPS):
        if not told.remaining_bytes():
            return
        problem = problem_with(kind, payload)
        if problem:
            oblige(payload, problem, _wanted(problem, told))
        else:
            _spoil(payload, told)


def _wanted(problem: str, told: Any) -> Any:
    """Mostly what a parser misses, where it says so."""
    if told.ConsumeIntInRange(0, 7):
        for what, values in _FITTING.items():
            if f"no {what}" in problem:
                return told.PickValueInList(list(values))
    return _value(told)


def _value(told: Any) -> Any:
    known = told.PickValueInList([WORDS, NUMBERS, HOLLOW, ()])
    if known:
        return copy.deepcopy(told.PickValueInList(list(known)))
    if told.ConsumeBool():
        return told.ConsumeUnicode(8)
    return told.PickValueInList([told.ConsumeFloat, lambda: told.ConsumeInt(8)])()


def _spoil(inside: Any, told: Any) -> None:
    """Put something else into one place of a payload that was rows."""
    while True:
        steps = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not steps:
            return
        step = told.PickValueInList(steps)
        if not isinstance(inside[step], dict | list) or not told.ConsumeIntInRange(0, 5):
            inside[step] = _value(told)
            return
        inside = inside[step]


if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *_LONG_AT_ONCE, *sys.argv[1:]], read_one)
    atheris.Fuzz()
