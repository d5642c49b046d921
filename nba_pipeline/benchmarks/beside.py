"""Ours beside the same features by hand: rows of pandas, DuckDB and Polars, on the same files."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.dates import unbuild
from nba_pipeline.benchmarks.measuring import Spent, apart, typical
from nba_pipeline.benchmarks.working import Work, do
from nba_pipeline.engine.errors import ConfigurationError, RowError
from nba_pipeline.tables import REGISTRY

if TYPE_CHECKING:
    from types import ModuleType

OURS, PANDAS, PANDAS_THREADS = "ours", "pandas rows", "pandas rows, ten threads"
TOGETHER = "ours, three tables in one run"
_SETS = ("duckdb", "polars")
_THREADS = {PANDAS: 1, PANDAS_THREADS: 10}
_DATE_TIMES, _RANGE_TIMES = 5, 1

Costs = dict[tuple[str, str], Spent]


def baselines(bench: Bench) -> Figures:
    """Three tables for a date and for the range, in four styles that agree hash for hash.

    Every style makes every hashed column, hashes its rows and writes them.
    """
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
    tables = tuple(name for name in REGISTRY if name in FEATURES)
    bench.say(f"{', '.join(tables)} of {day}: {TOGETHER}")
    work = Work(bench.world, folder, (day,), tables=tables)
    (together, rows), _, _ = apart(_ours, work, _DATE_TIMES)
    found.add("date", together, style=TOGETHER, dates=1, rows=rows)
    _compare_rows(found, together)
    return found


def _compare_rows(found: Figures, together: Spent) -> None:
    """Hold rows of pandas against one run of the three tables, which reads shared rows once."""
    by_style = {
        style: [r for r in found.records if (r["what"], r["style"]) == ("date", style)]
        for style in _THREADS
    }
    for style, records in by_style.items():
        for measure in ("wall_seconds", "cpu_seconds"):
            found.compare(
                f"date, three tables: {style} of ours, {measure.removesuffix('_seconds')}",
                sum(record[measure] for record in records),
                getattr(together, measure),
            )


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

        for table in tables:
            better = min(getattr(costs[table, style], measure) for style in _SETS)
            ours = getattr(costs[table, OURS], measure)
            found.compare(f"{what}, {table}: ours of the better by hand, {unit}", ours, better)


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
