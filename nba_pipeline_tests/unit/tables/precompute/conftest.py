"""The recorded files asked in plain SQL, and what a table's cells would be computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from nba_pipeline.engine.inputs import plan_cells
from nba_pipeline.engine.table import Table
from nba_pipeline.tables import REGISTRY

Row = Mapping[str, Any]
Ask = Callable[..., list[tuple[Any, ...]]]

VIEWS = {"box": "player_box", "team": "team_box", "plays": "play_by_play"}
CREWS = {"team": "team_box", "schedule": "schedule", "officials": "officials_from_play_by_play"}
SHOT = """
create view shot as
select game_id, player1_id as player_id, player1_team_id as team_id, d_is_made as made,
    coalesce(d_assist_player_id, 0) > 0 as assisted, coalesce(d_block_player_id, 0) > 0 as blocked,
    case when d_is_three then 'three_pt' when coalesce(d_shot_distance_ft, 0) <= 8 then 'paint'
        else 'mid_range' end as zone
from plays where d_is_fg_attempt
"""


@pytest.fixture(scope="session")
def ask(season_files: Path) -> Iterator[Ask]:
    """``ask(query, day=...)`` of the recorded season: box, team, plays, and shot with its zone."""
    with duckdb.connect() as database:
        for view, name in VIEWS.items():
            database.execute(f"create view {view} as from '{season_files}/{name}_2021_22.parquet'")
        database.execute(SHOT)

        def run(query: str, **values: Any) -> list[tuple[Any, ...]]:
            return database.execute(query, values).fetchall()

        yield run


@pytest.fixture(scope="session")
def ask_officials(season_files: Path) -> Ask:
    """``ask_officials(query, day=...)`` of the recorded season: team, schedule and officials."""

    def run(query: str, **values: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect() as database:
            for view, name in CREWS.items():
                file = season_files / f"{name}_2021_22.parquet"
                database.execute(f"create view {view} as from '{file}'")
            return database.execute(query, values).fetchall()

    return run


@pytest.fixture(scope="session")
def inputs_hashes() -> Callable[..., list[str]]:
    """``inputs_hashes(TABLE, games=[...])``: the digest of each cell's inputs."""

    def digests(table: Table, **written: Sequence[Row]) -> list[str]:
        inputs = {}
        for name, declared in table.inputs.items():
            schema = REGISTRY[declared.table].schema
            wanted = sorted({*declared.columns, *(n for n, _ in declared.on), "game_date"})
            fields = [schema.field(column).with_nullable(True) for column in wanted]
            inputs[name] = pa.Table.from_pylist([*written.get(name, ())], schema=pa.schema(fields))
        return plan_cells(table, table.settings_in({}), inputs).inputs_hashes

    return digests
