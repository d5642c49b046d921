"""Ours beside the same features by hand: rows of pandas, DuckDB and Polars, on the same files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.dates import unbuild
from nba_pipeline.benchmarks.measuring import Spent, apart, middle, typical
from nba_pipeline.benchmarks.working import Work, do
from nba_pipeline.engine import hashing
from nba_pipeline.engine.errors import ConfigurationError, RowError
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

if TYPE_CHECKING:
    from types import ModuleType

OURS, TOGETHER = "ours", "ours, three tables in one run"
_SETS = ("duckdb", "polars")
_PANDAS: dict[str, dict[str, Any]] = {
    "pandas rows": {},
    "pandas rows, ten threads": {"threads": 10},
    "pandas rows, needed columns": {"needed": True},
}
# A tenth of a second is measured often, what takes seconds less so.
_DATE_TIMES, _PANDAS_TIMES, _RANGE_TIMES = 20, 5, 3

Costs = dict[tuple[str, str], Spent]


@dataclass(frozen=True)
class Made:
    """What a style made.

    Attributes:
        rows: How many rows.
        version: A hash over the key and the ``data_hash`` of every row.
    """

    rows: int
    version: str

    @classmethod
    def of(cls, table: str, found: pa.Table) -> Made:
        """What rows of a table are, as a partition's data version says it of a date's."""
        keys = found.select(list(REGISTRY[table].key))
        hashes = hashing.joined(found["data_hash"]).cast(pa.string())
        return cls(found.num_rows, hashing.partition_version(keys, hashes))


def baselines(bench: Bench) -> Figures:
    """Three tables for a date and for the range, in four styles that agree hash for hash.

    Every style makes every hashed column, hashes its rows and writes them.
    """
    from nba_pipeline.benchmarks.baselines.features import FEATURES

    found = Figures()
    folder = bench.copy("beside")
    day = min(bench.newest_day(table) for table in FEATURES)
    tables = tuple(name for name in REGISTRY if name in FEATURES)
    together: list[Spent] = []
    for what, times in (("date", _DATE_TIMES), ("range", _RANGE_TIMES)):
        costs: Costs = {}
        for table in FEATURES:
            days = bench.days_with_rows(table) if what == "range" else (day,)
            if what == "date":  # between the others, because a machine is not always as fast
                bench.say(f"{', '.join(tables)} of {day}: {TOGETHER}")
                work = Work(bench.world, folder, days, tables=tables)
                together.append(apart(_ours, work, _DATE_TIMES)[0])
            made: dict[str, Made] = {}
            for style in _styles(what):
                bench.say(f"{table}, {len(days)} dates: {style}")
                work = Work(bench.world, folder, days, tables=(table,))
                target = bench.scratch / "by_hand"
                often = _PANDAS_TIMES if style in _PANDAS else times
                (spent, made[style]), _, _ = apart(_measured, style, work, target, often)
                _refuse_other_rows(table, style, made)
                costs[table, style], rows = spent, made[style].rows
                found.add(what, spent, table=table, style=style, dates=len(days), rows=rows)
        _compare(found, what, costs, tuple(FEATURES))
    found.add("date", middle(together), style=TOGETHER, dates=1)
    _compare_rows(found, middle(together))
    return found


def _compare_rows(found: Figures, together: Spent) -> None:
    """Hold rows of pandas against one run of the three tables, which reads shared rows once."""
    by_style = {
        style: [r for r in found.records if (r["what"], r["style"]) == ("date", style)]
        for style in _PANDAS
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
    return (OURS, *_SETS, *(_PANDAS if what == "date" else ()))


def _refuse_other_rows(table: str, style: str, made: Mapping[str, Made]) -> None:
    """Check that a style made the rows that ours are, which come first.

    Raises:
        RowError: When it did not: a time of something else means nothing.
    """
    if made[style] != made[OURS]:
        raise RowError(
            f"{table}: {style} made {made[style].rows} rows, ours {made[OURS].rows}, and they are "
            "not the same hash for hash"
        )


def _compare(found: Figures, what: str, costs: Costs, tables: tuple[str, ...]) -> None:
    for measure in ("wall_seconds", "cpu_seconds"):
        unit = measure.removesuffix("_seconds")

        for table in tables:
            better = min(getattr(costs[table, style], measure) for style in _SETS)
            ours = getattr(costs[table, OURS], measure)
            found.compare(f"{what}, {table}: ours of the better by hand, {unit}", ours, better)


def _measured(style: str, work: Work, target: Path, times: int) -> tuple[Spent, Made]:
    """The typical cost of a style in a process that has done it before, and what it made."""
    (name,) = work.tables
    table = REGISTRY[name]
    if style == OURS:
        spent = _ours(work, times)
        stored = LocalWarehouse(work.folder, [table])
        return spent, Made.of(name, stored.read(table, work.dates, [*table.key, "data_hash"]))
    module, options = _module(style), _PANDAS.get(style, {})
    build = partial(module.build, name, work.folder, work.dates, target, **options)
    spent = typical(build, times, lambda: shutil.rmtree(target, ignore_errors=True))
    return spent, Made.of(name, _written(target, [*table.key, "data_hash"]))


def _ours(work: Work, times: int) -> Spent:
    source = work.world.open()

    def ready() -> None:
        for day in work.dates:
            unbuild(work.folder, work.tables, day)

    return typical(partial(do, work, source), times, ready)


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


def _written(target: Path, columns: list[str]) -> pa.Table:
    """Some columns of every row in the files of a folder."""
    import pyarrow.parquet as pq

    files = sorted(target.rglob("*.parquet"))
    # Only a file's own columns: what DuckDB makes of its folders' names is none of them.
    return pa.concat_tables([pq.ParquetFile(path).read(columns) for path in files])
