"""What the baselines compute is what our tables hold, so that their times are of the same thing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from slate import DAYS, Slate

from nba_pipeline.benchmarks.baselines import duckdb_sql, pandas_rows, polars_frames
from nba_pipeline.benchmarks.baselines.features import FEATURES, day_column
from nba_pipeline.engine import hashing
from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.materialize import refuse_problems
from nba_pipeline.engine.rehearsal import bring
from nba_pipeline.engine.session import Session
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

STYLES = (duckdb_sql, polars_frames, pandas_rows)
LAST = DAYS[-3:]

Rows = list[dict[str, Any]]


def _read_by(names: set[str]) -> set[str]:
    """Some tables and all that they stand on."""
    read = {
        declared.table
        for name in names
        for declared in REGISTRY[name].inputs.values()
        if not declared.is_feed
    }
    return names if read <= names else _read_by(names | read)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> LocalWarehouse:
    """The frozen slate, built as far as the baselines' tables."""
    wanted = _read_by(set(FEATURES))
    session = Session(
        warehouse=LocalWarehouse(tmp_path_factory.mktemp("slate"), list(REGISTRY.values())),
        source=Slate(),
        tables=REGISTRY,
        pools=Pools(),
        environ={},
        run_id="slate",
        now=datetime(2026, 7, 1, tzinfo=UTC),
    )
    tables = [table for table in REGISTRY.values() if table.name in wanted]
    refuse_problems(bring(tables, DAYS, session, None))
    return session.warehouse  # type: ignore[return-value]


def in_order(table: str, rows: pa.Table) -> pa.Table:
    keys = (day_column(table), FEATURES[table][0])
    return rows.sort_by([(name, "ascending") for name in keys])


def by_hand(style: ModuleType, table: str, folder: Path, dates: list[date]) -> pa.Table:
    return in_order(table, style.rows(table, folder, dates))


@pytest.fixture(params=STYLES, ids=lambda style: style.__name__.rpartition(".")[2])
def style(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


@pytest.mark.parametrize("table", FEATURES)
def test_the_values_are_ours(warehouse: LocalWarehouse, style: ModuleType, table: str) -> None:
    ours = in_order(table, warehouse.read(REGISTRY[table], LAST, [*FEATURES[table]]))
    theirs = by_hand(style, table, warehouse.folder, LAST)
    assert theirs.num_rows == ours.num_rows > 0
    for name in FEATURES[table]:
        mine, other = ours[name].to_pylist(), theirs[name].to_pylist()
        if REGISTRY[table].column(name).type is float:
            other = [value if value is None else pytest.approx(value, abs=1e-9) for value in other]
        assert mine == other, name


@pytest.mark.parametrize("table", FEATURES)
def test_rows_are_hashed_as_the_contract_says(
    warehouse: LocalWarehouse, style: ModuleType, table: str
) -> None:
    theirs = by_hand(style, table, warehouse.folder, LAST)
    typed = {n: theirs[n].cast(REGISTRY[table].column(n).arrow_type) for n in FEATURES[table]}
    expected = hashing.row_hashes(pa.table(typed), FEATURES[table])
    assert theirs["data_hash"].to_pylist() == expected.to_pylist()


@pytest.mark.parametrize("table", FEATURES)
def test_a_file_is_written_for_each_date(
    warehouse: LocalWarehouse, style: ModuleType, table: str, tmp_path: Path
) -> None:
    style.build(table, warehouse.folder, LAST, tmp_path / "made")
    days = set(style.rows(table, warehouse.folder, LAST)[day_column(table)].to_pylist())
    written = "".join(str(path) for path in (tmp_path / "made").rglob("*.parquet"))
    assert len([*(tmp_path / "made").rglob("*.parquet")]) == len(days)
    assert all(day.isoformat() in written for day in days)


def test_threads_make_the_same_rows(warehouse: LocalWarehouse) -> None:
    table, day = "player_daily_cache", LAST[-1:]
    alone, together = (
        pandas_rows.rows(table, warehouse.folder, day, threads) for threads in (1, 10)
    )
    assert alone == together
