"""Asking every system about a slate, so that one that fails takes nobody else's answer with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nba_pipeline.tables.predictions.systems.slate import Forecast, Slate, System

#: A system that failed for this many players is not asked about further ones of the slate.
MOST_FAILURES = 5


@dataclass
class Asked:
    """What became of a slate.

    Attributes:
        forecasts: By system; a player it failed for counts as one it abstains from.
        broken: By system and player: what it raised.
    """

    forecasts: dict[str, Forecast] = field(default_factory=dict)
    broken: dict[tuple[str, int], str] = field(default_factory=dict)


def ask(systems: Sequence[System], slate: Slate) -> Asked:
    """The answers of every system, in order; each sees those before it."""
    asked = Asked()
    for system in systems:
        failures: dict[int, str] = {}
        forecast = _answer(system, slate, asked.forecasts, 0, len(slate), failures)
        asked.forecasts[system.id] = forecast
        asked.broken |= {(system.id, player): why for player, why in failures.items()}
    return asked


def _answer(
    system: System,
    slate: Slate,
    so_far: Mapping[str, Forecast],
    first: int,
    last: int,
    failures: dict[int, str],
) -> Forecast:
    """The answer for some players, cut in half until the one who breaks it stands alone."""
    if len(failures) >= MOST_FAILURES:
        failures |= dict.fromkeys(range(first, last), f"{system.id} failed too often to be asked")
        return _silence(last - first)
    earlier = {name: forecast.part(first, last) for name, forecast in so_far.items()}
    try:
        return system.predict(slate.part(first, last), earlier)
    except Exception as error:  # noqa: BLE001 - whatever a system raises is its own failure only
        if last - first == 1:
            failures[first] = f"{system.id}: {type(error).__name__}: {error}"
            return _silence(1)
        middle = (first + last) // 2
        halves = [
            _answer(system, slate, so_far, start, stop, failures)
            for start, stop in ((first, middle), (middle, last))
        ]
        return _joined(halves)


def _silence(players: int) -> Forecast:
    lists = np.empty(players, dtype=object)
    lists[:] = [[] for _ in range(players)]
    return Forecast(
        np.full(players, np.nan),
        np.zeros(players),
        lists,
        np.full(players, "failed", dtype=object),
    )


def _joined(parts: Sequence[Forecast]) -> Forecast:
    """Several answers as one; what only some of them detail is unknown in the others."""
    names = {name: part.details[name].dtype for part in parts for name in part.details}
    details = {
        name: np.concatenate(
            [
                part.details.get(name, np.full(len(part.points), _nothing(kind), dtype=kind))
                for part in parts
            ]
        )
        for name, kind in names.items()
    }
    return Forecast(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.reasons for part in parts]),
        np.concatenate([part.silence for part in parts]),
        details,
    )


def _nothing(kind: np.dtype[np.generic]) -> object:
    return None if kind.kind == "O" else np.nan
