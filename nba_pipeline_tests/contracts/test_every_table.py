"""What every registered table promises, on a real night: 2021-11-15, eleven games.

The ten days before are built once. Each way of building the night begins with a copy of them.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nba_pipeline.benchmarks.working import copied
from nba_pipeline.engine.columns import Column, Numbers
from nba_pipeline.engine.fanout import Pools, open_pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import Table
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY

NIGHT, NO_GAMES = date(2021, 11, 15), date(2021, 11, 25)
HISTORY = [NIGHT - timedelta(days=back) for back in range(10, 0, -1)]
TABLES = list(REGISTRY.values())

#: The season's files hold none of these.
UNPUBLISHED = {"odds_api_player_points_props", "nbac_player_list"}

# Every way to spread the cells: executor and cells of a chunk.
WAYS = {
    "serial in chunks of 1": ("serial", 1),
    "serial in chunks of 7": ("serial", 7),
    "serial in chunks of 1000": ("serial", 1000),
    "threads": ("threads", 64),
    "threads in chunks of 7": ("threads", 7),
    "processes": ("processes", 64),
    "processes in chunks of 7": ("processes", 7),
}

every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@dataclass(frozen=True)
class Built:
    """A warehouse and what the last run said about each table of the night."""

    session: Session
    reports: dict[str, Partition]

    def rows(self, table: Table, **options: Any) -> pa.Table:
        return self.session.warehouse.read(table, [NIGHT], **options)


def build(session: Session, day: date = NIGHT) -> Built:
    reports = {
        table.name: report for table in TABLES for report in materialize(table, [day], session)
    }
    return Built(session, reports)


@pytest.fixture(scope="module")
def archive(season_files: Path) -> Archive:
    return Archive(season_files)


@pytest.fixture(scope="module")
def history(archive: Archive, session_in: Any, tmp_path_factory: Any) -> Path:
    """The warehouse as it is before the night."""
    folder: Path = tmp_path_factory.mktemp("history") / "warehouse"
    session = session_in(folder, archive, REGISTRY)
    for table in TABLES:
        refuse_problems(list(materialize(table, HISTORY, session)))
    return folder


@pytest.fixture(scope="module")
def built(
    archive: Archive, history: Path, session_in: Any, tmp_path_factory: Any
) -> Iterator[Callable[..., Built]]:
    """Builds the night in a given way, each way once. The clock and the run id are always equal."""
    made: dict[tuple[str, int], Built] = {}
    opened: dict[str, Pools] = {}
    with ExitStack() as stack:

        def pools_of(executor: str, chunk_cells: int) -> Pools:
            """Processes take seconds to start, so that one set works in chunks of any size."""
            if executor not in opened:
                opened[executor] = stack.enter_context(open_pools(executor))
            return replace(opened[executor], chunk_cells=chunk_cells)

        def build_in(executor: str = "serial", chunk_cells: int = 64) -> Built:
            if (executor, chunk_cells) not in made:
                folder = copied(history, tmp_path_factory.mktemp("night") / "warehouse")
                pools = pools_of(executor, chunk_cells)
                session = session_in(folder, archive, REGISTRY, run=2, pools=pools)
                made[executor, chunk_cells] = build(session)
            return made[executor, chunk_cells]

        yield build_in


@pytest.fixture(scope="module")
def night(built: Callable[..., Built]) -> Built:
    """The night as the plain serial loop builds it."""
    return built()


# Same inputs, same bytes -------------------------------------------------------------------------


@every_table
def test_a_table_is_built_without_a_problem(night, table):
    report = night.reports[table.name]
    assert (report.problem, report.failed) == ("", 0)


@every_table
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_spreading_the_work_gives_the_same_bytes(built, night, way, table):
    found = built(*WAYS[way]).rows(table, every_revision=True)
    assert found.equals(night.rows(table, every_revision=True))


@every_table
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_spreading_the_work_gives_the_same_data_version(built, night, way, table):
    version = built(*WAYS[way]).reports[table.name].data_version
    assert version == night.reports[table.name].data_version


@pytest.fixture(scope="module")
def shuffled(
    season_files: Path, history: Path, session_in: Any, tmp_path_factory: Any
) -> dict[str, Partition]:
    """The night from season files whose rows were shuffled."""
    folder: Path = tmp_path_factory.mktemp("shuffled")
    warehouse = copied(history, folder / "warehouse")
    games = pq.read_table(season_files / "schedule_2021_22.parquet")
    tonight = games.filter(pc.equal(games["game_date"], pa.scalar(NIGHT)))["game_id"]
    for file in sorted(season_files.glob("*2021*.parquet")):
        _shuffle(file, None if file.name.startswith("schedule") else tonight, folder)
    return build(session_in(warehouse, Archive(folder), REGISTRY, run=2)).reports


def _shuffle(file: Path, games: pa.ChunkedArray | None, folder: Path) -> None:
    rows = pq.read_table(file)
    if games is not None and "game_id" in rows.column_names:
        rows = rows.filter(pc.is_in(rows["game_id"], games.combine_chunks()))
    order = np.random.default_rng(20211115).permutation(rows.num_rows)
    pq.write_table(rows.take(pa.array(order)), folder / file.name)


@every_table
def test_the_order_of_rows_in_the_season_files_changes_no_data_version(shuffled, night, table):
    assert shuffled[table.name].data_version == night.reports[table.name].data_version


# Keys and columns --------------------------------------------------------------------------------


@every_table
def test_a_table_has_rows_on_a_night_with_eleven_games(night, table):
    assert (night.rows(table).num_rows > 0) == (table.name not in UNPUBLISHED)


@every_table
def test_keys_are_unique(night, table):
    keys = night.rows(table).select(list(table.key))
    assert keys.group_by(keys.column_names).aggregate([]).num_rows == keys.num_rows


@every_table
def test_keys_are_never_null(night, table):
    keys = night.rows(table).select(sorted({"game_date", *table.key}))
    assert [name for name in keys.column_names if keys[name].null_count] == []


@every_table
def test_what_is_stored_is_what_is_declared(night, table):
    stored = pq.read_schema(night.session.warehouse.path(table, NIGHT))
    declared = [(entry.name, entry.type) for entry in table.schema]
    assert [(entry.name, entry.type) for entry in stored] == declared


FLOATS = [
    pytest.param(table, column, id=f"{table.name}.{column.name}")
    for table in TABLES
    for column in table.columns
    if column.type in (float, Numbers)
]


@pytest.mark.parametrize(("table", "column"), FLOATS)
def test_a_float_has_no_more_decimals_than_it_declares(night, table, column):
    values = _numbers(night.rows(table, columns=[column.name]), column)
    assert [v for v in values if v != float(f"{v:.{column.decimals}f}")] == []


def _numbers(rows: pa.Table, column: Column) -> list[float]:
    values = rows[column.name]
    flat = pc.list_flatten(values) if column.type is Numbers else values
    return [value for value in flat.to_pylist() if value is not None]


@every_table
def test_rows_are_dated_as_their_partition(night, table):
    assert set(night.rows(table)["game_date"].to_pylist()) <= {NIGHT}


# Empty dates and reruns --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thanksgiving(history: Path, night: Built, session_in: Any, tmp_path_factory: Any) -> Built:
    """A date on which nobody plays."""
    folder = copied(history, tmp_path_factory.mktemp("thanksgiving") / "warehouse")
    return build(session_in(folder, night.session.source, REGISTRY, run=2), NO_GAMES)


@every_table
def test_a_date_without_games_gives_an_empty_partition_that_says_why(thanksgiving, table):
    report = thanksgiving.reports[table.name]
    reads_schedule = any(read.table == "nbac_schedule" for read in table.inputs.values())
    reason = "no_games" if reads_schedule else "nothing_published"
    if any(read.window.weekday not in (None, NO_GAMES.weekday()) for read in table.inputs.values()):
        reason = "not_its_weekday"
    assert (report.rows, report.problem, report.skip_reason) == (0, "", reason)


@every_table
def test_a_date_without_games_is_complete(thanksgiving, table):
    stored = thanksgiving.session.warehouse.stored(table, [NO_GAMES])[NO_GAMES]
    assert stored.fingerprint == thanksgiving.reports[table.name].fingerprint != ""


@pytest.fixture(scope="module")
def again(night: Built) -> dict[str, Partition]:
    """The night brought up to date once more, by a later run."""
    return build(replace(night.session, run_id="run-3")).reports


@every_table
def test_a_rerun_computes_nothing(again, table):
    assert again[table.name].computed == 0


@every_table
def test_a_rerun_keeps_the_data_version(again, night, table):
    assert again[table.name].data_version == night.reports[table.name].data_version


# Compute -----------------------------------------------------------------------------------------


@every_table
def test_compute_pickles(table):
    assert pickle.loads(pickle.dumps(table.compute)) is table.compute  # noqa: S301


SECONDS_TO_IMPORT = """
import importlib, sys, time
import nba_pipeline.tables  # libraries and files are warm after this

def seconds():
    for known in [known for known in sys.modules if known.partition(".")[0] == "nba_pipeline"]:
        del sys.modules[known]
    started = time.process_time()
    importlib.import_module("nba_pipeline.tables")
    return time.process_time() - started

print(min(seconds(), seconds()))
"""


def test_the_modules_of_all_tables_together_import_in_under_half_a_second():
    """Their package imports them all, so whoever asks for one of them waits for every one."""
    told = subprocess.run(
        [sys.executable, "-c", SECONDS_TO_IMPORT], check=True, capture_output=True, text=True
    )
    assert float(told.stdout) < 0.5
