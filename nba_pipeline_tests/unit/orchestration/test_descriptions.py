"""What a person reads of a materialization."""

from __future__ import annotations

import base64
import io
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from PIL import Image

from nba_pipeline.engine.protocols import Outcome
from nba_pipeline.engine.session import Partition
from nba_pipeline.orchestration.checks import counted
from nba_pipeline.orchestration.metadata import column_schema, of_partition, pictures
from nba_pipeline.tables import REGISTRY

DAY = date(2021, 11, 15)
TABLE = REGISTRY["player_game_summary"]


def _partition(**given: Any) -> Partition:
    return Partition(TABLE.full_name, DAY, **given)


def _rows(points: list[int | None], names: list[str | None]) -> pa.Table:
    return pa.table({"points": points, "player_full_name": names})


def _image(value: Any) -> Image.Image:
    text = value.value
    encoded = text[text.index("base64,") + 7 : -1]
    return Image.open(io.BytesIO(base64.b64decode(encoded)))


@pytest.mark.parametrize("name", ["rows", "computed", "reused", "rejected", "failed", "gone"])
def test_counts_are_whole_numbers_that_dagster_plots(name: str) -> None:
    described = of_partition(_partition(**{name: 3}))
    assert described[name] == 3
    assert type(described[name]) is int


def test_seconds_are_the_sum_of_the_phases() -> None:
    described = of_partition(_partition(seconds={"read": 0.25, "compute": 0.5}))
    assert described["seconds"] == 0.75
    assert described["seconds_by_phase"].value == {"read": 0.25, "compute": 0.5}


def test_a_reason_for_nothing_is_given_where_there_is_nothing() -> None:
    assert of_partition(_partition(skip_reason="no_games"))["skip_reason"] == "no_games"
    assert "skip_reason" not in of_partition(_partition(rows=3))


def test_players_without_rows_are_listed_with_the_reason() -> None:
    outcome = Outcome("20211115_IND_NYK|kembawalker", "INSUFFICIENT_DATA", "4 games", "x")
    text = of_partition(_partition(outcomes=(outcome,)))["without_rows"].value
    assert "| 20211115_IND_NYK|kembawalker | INSUFFICIENT_DATA | 4 games |" in text


def test_a_long_list_of_players_is_cut() -> None:
    outcomes = tuple(Outcome(f"player{n}", "INSUFFICIENT_DATA", "", "x") for n in range(30))
    text = of_partition(_partition(outcomes=outcomes))["without_rows"].value
    assert text.count("player") == 25
    assert text.endswith("| … and 5 more | | |")


def test_a_plot_names_the_day_and_how_many_it_shows() -> None:
    names: list[str | None] = [f"Player {number}" for number in range(30)]
    rows = _rows(list(range(30)), names)
    made = pictures(TABLE, _partition(), rows)
    assert made["plot"].value.startswith("![points on 2021-11-15: the top 24 of 30](data:image/png")


def test_a_plot_of_few_says_nothing_of_a_top() -> None:
    made = pictures(TABLE, _partition(), _rows([20, 10], ["Luka Dončić", "Kristaps Porziņģis"]))
    assert made["plot"].value.startswith("![points on 2021-11-15](data:image/png")


def test_a_plot_is_small_and_taller_with_more_bars() -> None:
    few = pictures(TABLE, _partition(), _rows([20], ["A"]))["plot"]
    many = pictures(TABLE, _partition(), _rows([20] * 24, ["A"] * 24))["plot"]
    assert _image(few).width == _image(many).width
    assert _image(few).height < _image(many).height
    assert len(many.value) < 20_000


def test_a_plot_survives_what_is_not_known() -> None:
    rows = _rows([None, 0, -3, 12, 12], ["A", "B", "C", None, "E"])
    assert "plot" in pictures(TABLE, _partition(), rows)


def test_no_rows_make_no_plot() -> None:
    assert pictures(TABLE, _partition(), _rows([], [])) == {}


def test_a_table_without_a_plot_has_none() -> None:
    rows = pa.table({"game_id": ["20211115_IND_NYK"]})
    assert pictures(REGISTRY["nbac_schedule"], _partition(), rows) == {}


@pytest.mark.parametrize(("seconds", "shown"), [((), False), ((0.1,), False), ((0.1, 0.2), True)])
def test_the_time_of_chunks_is_shown_where_there_are_several(
    seconds: tuple[float, ...], shown: bool
) -> None:
    made = pictures(TABLE, _partition(chunk_seconds=seconds), _rows([], []))
    assert ("time_per_chunk" in made) is shown


@pytest.mark.parametrize("name", REGISTRY)
def test_every_stored_column_is_in_the_schema_in_order(name: str) -> None:
    schema = column_schema(REGISTRY[name])
    assert [column.name for column in schema.columns] == REGISTRY[name].schema.names


def test_a_column_says_its_meaning_and_its_unit() -> None:
    columns = {column.name: column for column in column_schema(TABLE).columns}
    declared = TABLE.column("minutes_played")
    assert columns["minutes_played"].description == f"{declared.description} [{declared.unit}]"
    assert not columns["player_lookup"].constraints.nullable


def test_what_the_engine_adds_is_explained_too() -> None:
    columns = {column.name: column for column in column_schema(TABLE).columns}
    assert "16 hex digits" in (columns["data_hash"].description or "")


@pytest.mark.parametrize(("number", "text"), [(0, "0 days"), (1, "1 day"), (2, "2 days")])
def test_one_is_singular(number: int, text: str) -> None:
    assert counted(number, "day") == text


def test_metadata_is_what_dagster_takes() -> None:
    described = of_partition(_partition(rows=1, seconds={"read": 1.0}, cause="first"))
    dg.AssetMaterialization("x", metadata=described)
