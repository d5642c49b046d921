"""Ours beside the same features by hand: rows of pandas, DuckDB and Polars, on the same files."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.dates import unbuild
from nba_pipeline.benchmarks.measuring import Spent, apart, typical
from nba_pipeline.benchmarks.working import Work, do
from nba_pipeline.engine.errors import ConfigurationError, RowError

if TYPE_CHECKING:
    from types import ModuleType

OURS, PANDAS, PANDAS_THREADS = "ours", "pandas rows", "pandas rows, ten threads"
_SETS = ("duckdb", "polars")
_THREADS = {PANDAS: 1, PANDAS_THREADS: 10}
_DATE_TIMES, _RANGE_TIMES = 5, 1

Costs = dict[tuple[str, str], Spent]


def baselines(bench: Bench) -> Figures:
    """Three tables for one date and for the range, in four styles; hashing and writing included."""
    from nba_pipeline.benchmarks.baselines.features import FEATURES

    found = Figures()
    folder = bench.copy("beside")
    day = bench.newest_day("ml_feature_store_v2")
    for what, times in (("date", _DATE_TIMES), ("range", _RANGE_TIMES)):
        costs: Costs = {}
        for table in FEATURES:
            days = bench.days_with_rows(table) if what == "range" else (day,)
            for style in _styles(what):
                bench.say(f"{table}, {len(days)} dates: {style}")
                work = Work(bench.world, folder, days, tables=(table,))
                target = bench.scratch / "by_hand"
                (spent, rows), _, _ = apart(_measured, style, work, target, times)
                _refuse_other_rows(costs, table, style, rows, found)
                costs[table, style] = spent
                found.add(what, spent, table=table, style=style, dates=len(days), rows=rows)
        _compare(found, what, costs, tuple(FEATURES))
    return found


def _styles(what: str) -> tuple[str, ...]:
    # A season of rows one by one is a quarter of an hour; its dates cost about the same.
    return (OURS, *_SETS, *(_THREADS if what == "date" else ()))


def _refuse_other_rows(costs: Costs, table: str, style: str, rows: int, found: Figures) -> None:
    """Check that a style made as many rows as ours, which comes first.

    Raises:
        RowError: When it did not: a time of something else means nothing.
    """
    if (table, OURS) in costs:
        ours = next(
            r["rows"] for r in reversed(found.records) if (r["table"], r["style"]) == (table, OURS)
        )
        if rows != ours:
            raise RowError(f"{table}: {style} made {rows} rows, ours {ours}")


def _compare(found: Figures, what: str, costs: Costs, tables: tuple[str, ...]) -> None:
    for measure in ("wall_seconds", "cpu_seconds"):
        unit = measure.removesuffix("_seconds")

        def cost(style: str, of: Iterable[str], measure: str = measure) -> float:
            return float(sum(getattr(costs[table, style], measure) for table in of))

        for table in tables:
            better = min(cost(style, [table]) for style in _SETS)
            ours = cost(OURS, [table])
            found.compare(f"{what}, {table}: ours of the better by hand, {unit}", ours, better)
        for style in _THREADS if what == "date" else ():
            found.compare(
                f"{what}, three tables: {style} of ours, {unit}",
                cost(style, tables),
                cost(OURS, tables),
            )


def _measured(style: str, work: Work, target: Path, times: int) -> tuple[Spent, int]:
    """The typical cost of a style in a process that has done it before, and rows made."""
    (table,) = work.tables
    if style == OURS:
        return _ours(work, times)
    module = _module(style)
    threads = {"threads": _THREADS[style]} if style in _THREADS else {}
    build = partial(module.build, table, work.folder, work.dates, target, **threads)
    spent = typical(build, times, lambda: shutil.rmtree(target, ignore_errors=True))
    return spent, _rows_in(target)


def _ours(work: Work, times: int) -> tuple[Spent, int]:
    source, rows = work.world.open(), [0]

    def once() -> None:
        rows[0] = do(work, source).rows

    def ready() -> None:
        for day in work.dates:
            unbuild(work.folder, work.tables, day)

    return typical(once, times, ready), rows[0]


def _module(style: str) -> ModuleType:
    try:
        if style == "duckdb":
            from nba_pipeline.benchmarks.baselines import duckdb_sql

            return duckdb_sql
        if style == "polars":
            from nba_pipeline.benchmarks.baselines import polars_frames

            return polars_frames
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the scenario baselines needs {error.name}: install nba-pipeline[bench]"
        ) from error
    from nba_pipeline.benchmarks.baselines import pandas_rows

    return pandas_rows


def _rows_in(target: Path) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in target.rglob("*.parquet"))
