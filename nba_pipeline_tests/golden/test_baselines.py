"""What the baselines compute is what our tables hold, so that their times are of the same thing.

It is also the strongest check of those tables that there is: every hashed value computed three more
times, by others' means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from slate import DAYS, Slate

from nba_pipeline.benchmarks import beside
from nba_pipeline.benchmarks.baselines import duckdb_sql, pandas_rows, polars_frames
from nba_pipeline.benchmarks.baselines.features import FEATURES, key_columns
from nba_pipeline.engine.errors import RowError
from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.rehearsal import bring
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import FailureCategory, Gate, Table
from nba_pipeline.engine.windows import Cells
from nba_pipeline.sources.base import versions_by_date
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

STYLES = (duckdb_sql, polars_frames, pandas_rows)
LAST = DAYS[-3:]

# Lost so far back that some rows are incomplete over 14 days alone, and others over no window.
LOST, PLAY_IN = ("0022500017", "0022500063"), "0022500125"
CHANGED_TEAMS = {9000018: (9000152, "De'Shaun Halworth"), 9000152: (9000018, "Zeke Brackworth")}
FROM_DAY = date(2025, 11, 9)


class Flawed(Slate):
    """The slate with all that completeness and positions are about.

    Two games have lost their lines, one is a play-in game without any, two players have changed
    places, and players are listed.
    """

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those days."""
        rows = super().read(feed, dates)
        if feed == "player_list":
            return _listed(super().read("player_box", dates), rows.schema)
        if feed == "player_box":
            rows = _places_changed(rows.filter(pc.invert(_is_of(rows, *LOST, PLAY_IN))))
        if "game_id" in rows.column_names:
            at = rows.column_names.index("game_id")
            ids = pc.if_else(_is_of(rows, PLAY_IN), "005" + PLAY_IN[3:], rows["game_id"])
            rows = rows.set_column(at, "game_id", ids)
        return rows

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows."""
        return versions_by_date(self.read(feed, dates), dates)


def _is_of(rows: pa.Table, *games: str) -> pa.ChunkedArray:
    return pc.is_in(rows["game_id"], pa.array(games))


def _places_changed(box: pa.Table) -> pa.Table:
    lines = box.to_pylist()
    for line in lines:
        if line["game_date"] >= FROM_DAY and line["player_id"] in CHANGED_TEAMS:
            line["player_id"], line["player_name"] = CHANGED_TEAMS[line["player_id"]]
    return pa.Table.from_pylist(lines, schema=box.schema)


def _listed(box: pa.Table, schema: pa.Schema) -> pa.Table:
    """Everybody who plays on a day, with a position in three of four cases."""
    positions = ("G-F", "C", "F", None)
    lines = [
        {**line, "date": line["game_date"], "position": positions[line["player_id"] % 4]}
        for line in box.to_pylist()
    ]
    return pa.Table.from_pylist(lines, schema=schema)


def with_losses(table: Table, every: int, entity: str) -> Table:
    """A table that has no row for one of so many cells."""

    def turns_away(cells: Cells) -> np.ndarray[Any, Any]:
        whose = zip(cells["game_date"].tolist(), cells[entity].tolist(), strict=True)
        return np.array([(day.toordinal() + len(name)) % every == 0 for day, name in whose])

    lost = Gate(FailureCategory.MISSING_DATA, "it was lost", turns_away)
    return replace(table, gates=(*table.gates, lost))


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
    """The flawed slate without some summaries, built as far as the baselines' tables."""
    wanted = _read_by(set(FEATURES))
    lossy = {
        name: with_losses(REGISTRY[name], every, entity)
        for name, every, entity in (
            ("player_game_summary", 12, "player_lookup"),
            ("team_defense_game_summary", 6, "defending_team_abbr"),
        )
    }
    session = Session(
        warehouse=LocalWarehouse(tmp_path_factory.mktemp("slate"), list(REGISTRY.values())),
        source=Flawed(),
        tables={**REGISTRY, **lossy},
        pools=Pools(),
        environ={},
        run_id="slate",
        now=datetime(2026, 7, 1, tzinfo=UTC),
    )
    tables = [table for table in session.tables.values() if table.name in wanted]
    refuse_problems(bring(tables, DAYS, session, None))
    return session.warehouse  # type: ignore[return-value]


def ours(warehouse: LocalWarehouse, table: str) -> pa.Table:
    columns = [*REGISTRY[table].hash_fields, "data_hash"]
    return in_order(table, warehouse.read(REGISTRY[table], LAST, columns))


def in_order(table: str, rows: pa.Table) -> pa.Table:
    entity, day = key_columns(table)
    return rows.sort_by([(day, "ascending"), (entity, "ascending")])


@pytest.fixture(params=STYLES, ids=lambda style: style.__name__.rpartition(".")[2])
def style(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


@pytest.mark.parametrize("table", FEATURES)
def test_every_hashed_value_and_its_hash_are_ours(
    warehouse: LocalWarehouse, style: ModuleType, table: str
) -> None:
    mine = ours(warehouse, table)
    theirs = in_order(table, style.rows(table, warehouse.folder, LAST))
    assert theirs.num_rows == mine.num_rows > 0
    for name in mine.column_names:
        assert theirs[name].to_pylist() == mine[name].to_pylist(), name


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("player_daily_cache", "is_production_ready", {True, False}),
        ("player_daily_cache", "cache_quality_score", {100.0, 80.0, 75.0}),
        ("player_shot_zone_analysis", "is_production_ready", {True, False}),
        ("player_shot_zone_analysis", "player_position", {"G", "C", "F", None}),
        ("team_defense_zone_analysis", "is_production_ready", {True, False}),
    ],
)
def test_the_slate_has_rows_of_every_kind(
    warehouse: LocalWarehouse, table: str, column: str, values: set[Any]
) -> None:
    assert values <= {*ours(warehouse, table)[column].to_pylist()}


@pytest.mark.parametrize("table", FEATURES)
def test_a_file_is_written_for_each_date(
    warehouse: LocalWarehouse, style: ModuleType, table: str, tmp_path: Path
) -> None:
    style.build(table, warehouse.folder, LAST, tmp_path / "made")
    days = set(style.rows(table, warehouse.folder, LAST)["game_date"].to_pylist())
    written = "".join(str(path) for path in (tmp_path / "made").rglob("*.parquet"))
    assert len([*(tmp_path / "made").rglob("*.parquet")]) == len(days)
    assert all(day.isoformat() in written for day in days)


@pytest.mark.parametrize("options", [{"threads": 10}, {"needed": True}])
def test_threads_and_picked_columns_make_the_same_rows(
    warehouse: LocalWarehouse, options: dict[str, Any]
) -> None:
    table, day = "player_daily_cache", LAST[-1:]
    alone = pandas_rows.rows(table, warehouse.folder, day)
    assert pandas_rows.rows(table, warehouse.folder, day, **options) == alone


@pytest.mark.parametrize("table", FEATURES)
def test_the_benchmark_knows_other_rows_from_ours(
    warehouse: LocalWarehouse, style: ModuleType, table: str
) -> None:
    whole = warehouse.read(REGISTRY[table], LAST)
    theirs = beside.Made.of(table, style.rows(table, warehouse.folder, LAST))
    made = {beside.OURS: beside.Made.of(table, whole), "theirs": theirs}
    beside._refuse_other_rows(table, "theirs", made)
    place = whole.column_names.index("data_hash")
    others = whole.set_column(
        place, "data_hash", whole["data_hash"].take([*range(1, len(whole)), 0])
    )
    made["theirs"] = beside.Made.of(table, others)
    with pytest.raises(RowError, match="not the same hash for hash"):
        beside._refuse_other_rows(table, "theirs", made)
