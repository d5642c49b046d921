"""How cost grows with players, dates and seasons; an exponent of 1 is in step with them.

Sixteen whole seasons, or a season of sixteen times the players, would take hours. So a fixed window
of each season is built: its first two weeks, in which the precompute tables have no rows, come
before, and what follows them is measured. Raw tables are built before, too: of a simulated league
their cost is mostly that of playing its games. With more players nothing is predicted: they share a
game's minutes, and nobody has enough of them to be asked about.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from nba_pipeline.benchmarks.bench import Bench, Figures, range_of
from nba_pipeline.benchmarks.measuring import Spent, apart
from nba_pipeline.benchmarks.working import Done, Work, World, do
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY

TIMES = (1, 4, 16)

# Days of a season before those measured; days measured; and days from one season to the next.
_BEFORE, _WINDOW, _A_YEAR = 14, 10, 364
_RAW = tuple(name for name, table in REGISTRY.items() if table.layer in ("raw", "reference"))
_REST = tuple(name for name in REGISTRY if name not in _RAW)
_FEATURES = _REST[: _REST.index("ml_feature_store_v2") + 1]


@dataclass(frozen=True)
class _Size:
    """So many times as much of something.

    Attributes:
        world: Whose dates they are.
        seasons: How many of its seasons are built.
        days: Days measured of each.
        tables: Those measured.
    """

    world: World
    seasons: int = 1
    days: int = _WINDOW
    tables: tuple[str, ...] = _REST

    def dates(self, first: int, last: int) -> tuple[date, ...]:
        """Days ``first`` to ``last`` of each season."""
        opening = SimulatedLeague().calendar().seasons[0].first_day
        starts = [opening + timedelta(days=_A_YEAR * at + first) for at in range(self.seasons)]
        return tuple(day for start in starts for day in range_of(start, last - first))


def growth(bench: Bench, times: Sequence[int] = TIMES) -> Figures:
    """So many times the players, the dates and the seasons of a simulated league."""
    most = max(times)
    grown = {
        "players": [_Size(World(scale=n), tables=_FEATURES) for n in times],
        "dates": [_Size(World(), days=_WINDOW * n) for n in times],
        "seasons": [_Size(World(seasons=most), seasons=n) for n in times],
    }
    found = Figures()
    for what, sizes in grown.items():
        costs, entities = [], []
        for n, size in zip(times, sizes, strict=True):
            bench.say(f"building {n} times the {what} of a simulated league")
            done, spent = _cost(size, bench.scratch / f"{what}_{n}")
            found.add(what, spent, times=n, **done.record(), tables=done.tables)
            costs.append(spent)
            entities.append(done.computed)
        cpu, memory = ([getattr(c, name) for c in costs] for name in ("cpu_seconds", "peak_mb"))
        found.ratios[f"{what}: growth exponent of entities"] = exponent(times, entities)
        found.ratios[f"{what}: growth exponent of CPU"] = exponent(times, cpu)
        found.ratios[f"{what}: growth exponent of peak memory"] = exponent(times, memory)
    return found


def _cost(size: _Size, folder: Path) -> tuple[Done, Spent]:
    """What the window costs once everything before it is built."""
    before, window = size.dates(0, _BEFORE), size.dates(_BEFORE, _BEFORE + size.days)
    whole = Work(size.world, folder, tuple(sorted((*before, *window))), tables=_RAW)
    apart(_prepare, whole, Work(size.world, folder, before, tables=size.tables))
    done, spent, _ = apart(do, Work(size.world, folder, window, tables=size.tables))
    shutil.rmtree(folder)
    return done, spent


def _prepare(*works: Work) -> None:
    source = works[0].world.open()
    for work in works:
        do(work, source)


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of log cost over log size, by least squares; 1 is in step, 2 is quadratic."""
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return round(above / sum((a - mean_x) ** 2 for a in x), 3)
