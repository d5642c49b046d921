"""What Dagster loads: no side effects on the way, and every table as it was declared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from nba_pipeline.engine.checks import promises
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.orchestration.slate import SLATE
from nba_pipeline.report.reading import tables_read
from nba_pipeline.tables import REGISTRY

CHECKOUT = Path(__file__).resolve().parents[2]

every_table = pytest.mark.parametrize("name", REGISTRY)

# Reports what loading the code location opened, connected to and wrote, and how long it worked.
_LOAD = """
import json, socket, sys, time

def refuse(*args, **kwargs):
    raise AssertionError("loading the definitions opened a connection")

socket.socket.connect = socket.socket.connect_ex = refuse
opened = []

def watch(event, args):
    if event == "open" and isinstance(args[0], str):
        path, mode = args[0], args[1] or "r"
        if path.endswith(".parquet") or any(letter in mode for letter in "wax+"):
            opened.append(path)

import dagster
sys.addaudithook(watch)
started = time.process_time()
from nba_pipeline.definitions import defs
seconds = time.process_time() - started
dagster.Definitions.validate_loadable(defs)
print(json.dumps({"seconds": seconds, "opened": opened}))
"""


@pytest.fixture(scope="module")
def loaded() -> subprocess.CompletedProcess[str]:
    """The code location loaded by a stranger: no home, no secrets, no network, no archive."""
    nowhere = f"{os.devnull}/nowhere"
    return subprocess.run(
        [sys.executable, "-B", "-W", "error::DeprecationWarning", "-c", _LOAD],
        env={"PATH": os.environ["PATH"], "HOME": nowhere, "NBA_ARCHIVE_DIR": nowhere},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_definitions_load_without_home_secrets_or_network(
    loaded: subprocess.CompletedProcess[str],
) -> None:
    assert loaded.returncode == 0, loaded.stderr


def test_loading_prints_no_warning_of_ours(loaded: subprocess.CompletedProcess[str]) -> None:
    assert loaded.stderr == ""


def test_loading_reads_no_data_and_writes_nothing(loaded: subprocess.CompletedProcess[str]) -> None:
    assert json.loads(loaded.stdout)["opened"] == []


def test_our_own_imports_are_quick(loaded: subprocess.CompletedProcess[str]) -> None:
    assert json.loads(loaded.stdout)["seconds"] < 2.0


def test_dagster_validates_the_checkout_as_it_is() -> None:
    before = {path.name for path in CHECKOUT.iterdir()}
    environ = {name: text for name, text in os.environ.items() if not name.startswith("DAGSTER")}
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate"],
        env=environ,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = answer.stdout + answer.stderr
    assert answer.returncode == 0, said
    assert "Validation successful for code location nba_pipeline" in said
    ours = str(CHECKOUT / "nba_pipeline")
    assert not [line for line in said.splitlines() if "Warning" in line and ours in line]
    assert {path.name for path in CHECKOUT.iterdir()} - before <= {".pytest_cache"}


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    return build_definitions().resolve_asset_graph()


def test_every_table_is_an_asset_and_so_is_the_slate_s_page(graph: dg.AssetGraph) -> None:
    tables = {key_of(table) for table in REGISTRY.values()}
    assert graph.get_all_asset_keys() == tables | {SLATE}


@every_table
def test_the_key_is_what_sql_says(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    assert table.full_name in {".".join(key.path) for key in graph.get_all_asset_keys()}


@every_table
def test_the_group_is_the_layer(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    assert f"nba_{graph.get(key_of(table)).group_name}" == table.dataset


@every_table
def test_an_asset_depends_on_the_tables_it_reads(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    read = {declared.table for declared in table.inputs.values() if not declared.is_feed}
    expected = {key_of(REGISTRY[name]) for name in read}
    assert graph.get(key_of(table)).parent_keys == expected


@pytest.mark.parametrize(
    ("name", "parents"),
    [
        ("nbac_schedule", ""),
        ("nbac_player_boxscores", "nbac_schedule"),
        ("team_offense_game_summary", "nbac_team_boxscore nbac_play_by_play"),
        ("team_defense_game_summary", "team_offense_game_summary nbac_play_by_play"),
        ("player_game_summary", "nbac_player_boxscores nbac_play_by_play nbac_shots"),
    ],
)
def test_the_edges_people_know(graph: dg.AssetGraph, name: str, parents: str) -> None:
    known = {key.path[-1] for key in graph.get(key_of(REGISTRY[name])).parent_keys}
    assert set(parents.split()) <= known


@every_table
def test_data_flows_in_the_order_of_the_registry(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    names = list(REGISTRY)
    for parent in graph.get(key_of(table)).parent_keys:
        assert names.index(parent.path[-1]) < names.index(table.name)


@every_table
def test_every_asset_has_the_same_plain_days(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    days = graph.get(key_of(table)).partitions_def
    assert isinstance(days, dg.DailyPartitionsDefinition)
    assert days.timezone == "America/New_York"
    assert days.get_first_partition_key() == "2020-10-01"
    assert days.has_partition_key("2021-11-25"), "a day without games is a partition like any"


@every_table
def test_partitions_reach_tomorrow(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    days = graph.get(key_of(table)).partitions_def
    assert days is not None
    noon = datetime(2021, 11, 15, 17, tzinfo=UTC)
    assert days.get_partition_keys(noon)[-1] == "2021-11-16"


def test_tomorrow_is_tomorrow_in_new_york(graph: dg.AssetGraph) -> None:
    days = graph.get(key_of(REGISTRY["nbac_schedule"])).partitions_def
    assert days is not None
    # 22:00 on the 15th in New York is already the 16th in UTC.
    evening = datetime(2021, 11, 15, 22, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert days.get_partition_keys(evening)[-1] == "2021-11-16"


@every_table
def test_the_code_version_is_the_table_s_version_and_that_of_its_lists(
    graph: dg.AssetGraph, name: str
) -> None:
    table = REGISTRY[name]
    assert graph.get(key_of(table)).code_version == table.meaning


@every_table
def test_an_asset_says_what_it_is_made_of_and_whose_it_is(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    asset = graph.get(key_of(table))
    assert asset.kinds == {"python", "parquet"}
    assert asset.owners == ["team:nba-data"]
    assert asset.description == table.description
    assert asset.description


@every_table
def test_a_range_of_days_is_one_run(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    assert graph.get(key_of(table)).backfill_policy == dg.BackfillPolicy.single_run()


def _columns(graph: dg.AssetGraph, table: Table) -> dict[str, dg.TableColumn]:
    schema = graph.get(key_of(table)).metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    return {column.name: column for column in schema.columns}


@every_table
def test_the_column_schema_is_the_stored_schema(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    shown = _columns(graph, table)
    stored = {entry.name: (str(entry.type), entry.nullable) for entry in table.schema}
    assert {
        name: (column.type, column.constraints.nullable) for name, column in shown.items()
    } == stored


@every_table
def test_units_are_part_of_a_column_description(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    shown = _columns(graph, table)
    with_units = [column for column in table.columns if column.unit]
    for column in with_units:
        assert f"[{column.unit}]" in (shown[column.name].description or "")


def test_the_minutes_of_a_player_are_in_minutes(graph: dg.AssetGraph) -> None:
    column = _columns(graph, REGISTRY["player_game_summary"])["minutes_played"]
    assert "[minutes]" in (column.description or "")


@every_table
def test_every_table_has_a_check_that_names_its_promises(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    key = dg.AssetCheckKey(key_of(table), "partition_is_sound")
    description = graph.get(key).description or ""
    for promise in promises(table):
        assert promise in description


@every_table
def test_every_table_has_a_check_of_what_is_out_of_date(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    names = {key.name for key in graph.get_check_keys_for_assets({key_of(table)})}
    assert names == {"partition_is_sound", "partitions_are_up_to_date"}


@every_table
def test_a_window_is_drawn_as_the_days_it_reads(graph: dg.AssetGraph, name: str) -> None:
    table = REGISTRY[name]
    day = date(2021, 11, 15)
    for declared in table.inputs.values():
        if declared.is_feed:
            continue
        parent = key_of(REGISTRY[declared.table])
        mapped = graph.get_parent_partition_keys_for_child(
            day.isoformat(), parent, key_of(table)
        ).partitions_subset.get_partition_keys()
        last = day + timedelta(days=declared.window.last_day)
        assert last.isoformat() in set(mapped)


def test_the_page_depends_on_the_tables_it_reads(graph: dg.AssetGraph) -> None:
    parents = {key.path[-1] for key in graph.get(SLATE).parent_keys}
    assert parents == set(tables_read())
    assert {"player_prop_predictions", "prediction_accuracy"} <= parents


def test_the_job_covers_every_table_and_the_page() -> None:
    job = build_definitions().resolve_job_def(NBA_DAYS)
    tables = {key_of(table) for table in REGISTRY.values()}
    assert job.asset_layer.executable_asset_keys == tables | {SLATE}
