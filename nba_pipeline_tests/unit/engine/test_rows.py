"""From computed columns to stored rows: what is refused, and what a correction leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.columns import KNOWN_AT, Column, Numbers, Texts
from nba_pipeline.engine.errors import RowError
from nba_pipeline.engine.table import FanOut, Table

DAY = date(2021, 11, 15)
MORNING_AFTER = datetime(2021, 11, 16, 11, tzinfo=UTC)
FIRST_RUN = datetime(2021, 11, 16, 12, tzinfo=UTC)


def table_of(*columns: Column, keeps_revisions: bool = False) -> Table:
    """One row per player and date, with the given columns beside."""
    return Table(
        name="points_scored",
        dataset="nba_test",
        description="Points by player.",
        entity=("player",),
        key=("player",),
        columns=(
            Column("player", str, nullable=False),
            Column("game_date", date, nullable=False),
            *columns,
            *(KNOWN_AT if keeps_revisions else ()),
        ),
        inputs={},
        cells=lambda inputs: inputs["nobody"],
        compute=lambda cells: cells.columns,
        version=1,
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=1),
        keeps_revisions=keeps_revisions,
    )


POINTS = Column("points", int, nullable=False)
SUMMARY = table_of(POINTS)
RAW = table_of(POINTS, keeps_revisions=True)


def columns_of(count: int = 2, **values: Any) -> dict[str, Any]:
    """Columns as compute gives them, for the players a, b, …"""
    return {
        "player": np.array([chr(ord("a") + at) for at in range(count)], dtype=object),
        "game_date": np.full(count, np.datetime64(DAY, "D")),
        **values,
    }


def conformed(column: Column, values: Any) -> list[Any]:
    table = table_of(column)
    piece = columns_of(len(values), **{column.name: values})
    return rows.conform(table, [piece])[column.name].to_pylist()


# What may be stored ------------------------------------------------------------------------------


def test_columns_come_in_declared_order():
    piece = {"points": np.array([1.0, 2.0]), **columns_of()}
    assert rows.conform(SUMMARY, [piece]).column_names == ["player", "game_date", "points"]


def test_rows_come_in_the_order_of_their_key():
    pieces = [columns_of(points=np.array([1.0, 2.0]))]
    pieces[0]["player"] = pieces[0]["player"][::-1]
    assert rows.conform(SUMMARY, pieces)["player"].to_pylist() == ["a", "b"]


def test_a_column_that_was_not_computed_is_null():
    rebounds = Column("rebounds", int)
    piece = columns_of(points=np.array([1.0, 2.0]))
    table = table_of(POINTS, rebounds)
    assert rows.conform(table, [piece])["rebounds"].to_pylist() == [None, None]


def test_nothing_computed_gives_no_rows():
    assert rows.conform(SUMMARY, []).num_rows == 0


@pytest.mark.parametrize(
    ("column", "values", "stored"),
    [
        (Column("x", int), np.array([3.0, np.nan]), [3, None]),
        (Column("x", int), np.array([3, 4]), [3, 4]),
        (Column("x", int), np.array([np.inf, 4.0]), [None, 4]),
        (Column("x", int), np.array([2**53 + 1, 4]), [2**53 + 1, 4]),
        (Column("x", int), np.array([3, None], dtype=object), [3, None]),
        (Column("x", float, decimals=1), np.array([0.5, np.nan]), [0.5, None]),
        (Column("x", float, decimals=1), np.array([0.5, np.inf]), [0.5, None]),
        (Column("x", float, decimals=1), np.array([0.5, np.nan], dtype=object), [0.5, None]),
        (Column("x", float, decimals=1), np.array([1, 2]), [1.0, 2.0]),
        (Column("x", bool), np.array([1.0, np.nan]), [True, None]),
        (Column("x", bool), np.array([True, False]), [True, False]),
        (Column("x", str), np.array(["text", None], dtype=object), ["text", None]),
        (Column("x", str), np.array(["text", ""]), ["text", ""]),
        (Column("x", date), np.array(["2021-11-15", "NaT"], "datetime64[D]"), [DAY, None]),
        (
            Column("x", datetime),
            np.array(["2021-11-16T11:00", "NaT"], "datetime64[us]"),
            [MORNING_AFTER, None],
        ),
        (Column("x", Texts), np.array([["a", "b"], []], dtype=object), [["a", "b"], []]),
        (
            Column("x", Numbers, decimals=1),
            np.array([[0.5, np.nan], [np.inf, 2.0]]),
            [[0.5, None], [None, 2.0]],
        ),
    ],
)
def test_a_value_is_stored_in_its_declared_type(column, values, stored):
    assert conformed(column, values) == stored


def test_minus_zero_is_stored_as_zero():
    stored = conformed(Column("x", float, decimals=1), np.array([-0.0]))
    assert str(stored[0]) == "0.0"


def test_minus_zero_in_a_list_is_stored_as_zero():
    stored = conformed(Column("x", Numbers, decimals=1), np.array([[-0.0]]))
    assert str(stored[0]) == "[0.0]"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Column("x", int), np.array([1.5])),
        (Column("x", int), np.array([1.5], dtype=object)),
        (Column("x", int), np.array(["1"])),
        (Column("x", int), np.array(["1"], dtype=object)),
        (Column("x", int), np.array([1e300])),
        (Column("x", int), np.array(["2021-11-15"], "datetime64[D]")),
        (Column("x", float, decimals=1), np.array(["1.5"])),
        (Column("x", float, decimals=1), np.array(["1.5"], dtype=object)),
        (Column("x", bool), np.array([0.5])),
        (Column("x", bool), np.array([2])),
        (Column("x", str), np.array([1.5])),
        (Column("x", str), np.array([True])),
        (Column("x", str), np.array([7], dtype=object)),
        (Column("x", date), np.array([18946])),
        (Column("x", date), np.array(["2021-11-15T19:00"], "datetime64[us]")),
        (Column("x", datetime), np.array([18946.0])),
        (Column("x", Texts), np.array(["text"])),
        (Column("x", Numbers, decimals=1), np.array([1.5])),
        (Column("x", Numbers, decimals=1), np.array([["1.5"]])),
    ],
)
def test_a_value_of_another_kind_is_refused_with_table_and_column(column, values):
    with pytest.raises(RowError, match=rf"^points_scored\.x is declared {column.type.__name__}: "):
        conformed(column, values)


def test_a_fraction_where_whole_numbers_are_declared_is_named():
    with pytest.raises(RowError, match=r"points_scored\.x is declared int: a fraction where whole"):
        conformed(Column("x", int), np.array([1.5]))


def test_a_column_that_is_not_declared_is_named():
    piece = columns_of(points=np.array([1.0, 2.0]), steals=np.array([0.0, 1.0]))
    with pytest.raises(RowError, match="points_scored computed steals, which it does not declare"):
        rows.conform(SUMMARY, [piece])


def test_a_null_where_none_may_be_is_named_with_its_key():
    piece = columns_of(points=np.array([1.0, np.nan]))
    with pytest.raises(RowError, match=r"^points_scored\.points is NULL for b$"):
        rows.conform(SUMMARY, [piece])


def test_columns_of_different_length_are_named():
    piece = columns_of(points=np.array([1.0, 2.0, 3.0]))
    with pytest.raises(RowError, match=r"^points_scored\.points has 3 values .* has 2$"):
        rows.conform(SUMMARY, [piece])


def test_two_rows_of_one_key_are_named():
    piece = columns_of(points=np.array([1.0, 2.0]))
    piece["player"][1] = "a"
    stored = rows.conform(SUMMARY, [piece])
    with pytest.raises(
        RowError, match="points_scored has two rows for game_date 2021-11-15, player a"
    ):
        rows.refuse_duplicates(SUMMARY, stored)


def test_one_player_may_have_a_row_on_each_of_two_dates():
    piece = columns_of(points=np.array([1.0, 2.0]))
    piece["player"][1], piece["game_date"][1] = "a", np.datetime64("2021-11-17")
    stored = rows.conform(SUMMARY, [piece])
    assert rows.refuse_duplicates(SUMMARY, stored) is None


def test_two_raw_rows_of_one_key_and_moment_are_refused():
    piece = columns_of(points=np.array([1.0, 2.0]), **known_at(2))
    piece["player"][1] = "a"
    with pytest.raises(RowError, match="has two rows for game_date 2021-11-15, player a"):
        rows.refuse_duplicates(RAW, rows.conform(RAW, [piece]))


def test_a_row_nobody_asked_for_is_named():
    stored = rows.conform(SUMMARY, [columns_of(points=np.array([1.0, 2.0]))])
    with pytest.raises(RowError, match="computed b of 2021-11-15, which nobody asked for"):
        rows.finish(SUMMARY, stored, asked_for(["a"], "inputs"), "run-1", FIRST_RUN)


# Revisions ---------------------------------------------------------------------------------------


def known_at(count: int, moment: datetime = MORNING_AFTER) -> dict[str, Any]:
    instant = np.datetime64(moment.replace(tzinfo=None), "us")
    return {
        "known_at": np.full(count, instant),
        "known_at_is_estimated": np.ones(count, dtype=bool),
    }


def computed(table: Table, points: Mapping[str, int], run: int) -> pa.Table:
    """The rows of a run, before they meet what is stored."""
    piece = {
        "player": np.array(list(points), dtype=object),
        "game_date": np.full(len(points), np.datetime64(DAY, "D")),
        "points": np.array(list(points.values()), dtype=np.float64),
        **(known_at(len(points)) if table.keeps_revisions else {}),
    }
    asked = asked_for(points, f"inputs of run {run}")
    return rows.finish(table, rows.conform(table, [piece]), asked, f"run-{run}", at_run(run))


def asked_for(players: Iterable[str], inputs_hash: str) -> pa.Table:
    whose = pa.array(list(players), pa.string())
    days = pa.array([DAY] * len(whose), pa.date32())
    hashes = pa.array([inputs_hash] * len(whose), pa.string())
    return pa.table({"owner": rows.owners(days, whose), "inputs_hash": hashes})


def at_run(run: int) -> datetime:
    return FIRST_RUN + timedelta(hours=run - 1)


def after(*publications: Mapping[str, int], table: Table = RAW) -> pa.Table:
    """What is stored after one run on each publication."""
    stored = table.schema.empty_table()
    for run, points in enumerate(publications, start=1):
        stored = rows.merge(table, computed(table, points, run), stored, at_run(run))
        rows.refuse_duplicates(table, stored)
    return stored


def of(stored: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in stored.to_pylist()]


def data_version(table: Table, stored: pa.Table) -> str:
    found = rows.current(table, stored)
    return hashing.partition_version(found.select(["player"]), hashing.joined(found["data_hash"]))


def test_a_first_publication_is_revision_one():
    stored = after({"a": 20})
    assert of(stored, "revision", "is_current", "is_retracted", "known_at") == [
        (1, True, False, MORNING_AFTER)
    ]


def test_a_correction_adds_a_revision():
    stored = after({"a": 20}, {"a": 21})
    assert of(stored, "points", "revision", "is_current") == [(20, 1, False), (21, 2, True)]


def test_a_correction_is_known_from_the_run_that_saw_it():
    stored = after({"a": 20}, {"a": 21})
    assert of(stored, "known_at", "known_at_is_estimated") == [
        (MORNING_AFTER, True),
        (at_run(2), False),
    ]


def test_a_correction_leaves_the_creation_of_its_key():
    stored = after({"a": 20}, {"a": 21})
    assert of(stored, "created_at", "processed_at") == [
        (at_run(1), at_run(1)),
        (at_run(1), at_run(2)),
    ]


def test_the_same_row_published_again_is_no_revision():
    again = after({"a": 20}, {"a": 20})
    once = after({"a": 20})
    assert again.drop_columns("inputs_hash").equals(once.drop_columns("inputs_hash"))


def test_the_same_row_published_again_takes_the_new_inputs_hash():
    assert of(after({"a": 20}, {"a": 20}), "inputs_hash") == [("inputs of run 2",)]


def test_a_correction_that_is_reverted_brings_the_old_data_version_back():
    reverted = after({"a": 20, "b": 5}, {"a": 21, "b": 5}, {"a": 20, "b": 5})
    assert data_version(RAW, reverted) == data_version(RAW, after({"a": 20, "b": 5}))


def test_a_correction_that_is_reverted_stays_on_record():
    reverted = after({"a": 20}, {"a": 21}, {"a": 20})
    assert of(reverted, "points", "revision") == [(20, 1), (21, 2), (20, 3)]


def test_a_withdrawn_row_is_retracted():
    stored = after({"a": 20, "b": 5}, {"b": 5})
    assert of(stored, "player", "revision", "is_retracted", "is_current") == [
        ("a", 1, False, False),
        ("a", 2, True, True),
        ("b", 1, False, True),
    ]


def test_a_withdrawn_row_is_not_read():
    assert of(rows.current(RAW, after({"a": 20, "b": 5}, {"b": 5})), "player") == [("b",)]


def test_a_row_stays_withdrawn_without_another_retraction():
    assert after({"a": 20}, {}, {}).equals(after({"a": 20}, {}))


def test_a_withdrawn_row_that_returns_is_read_again():
    returned = after({"a": 20}, {}, {"a": 20})
    assert of(rows.current(RAW, returned), "player", "points", "revision") == [("a", 20, 3)]


def test_a_withdrawn_row_that_returns_brings_the_old_data_version_back():
    returned = after({"a": 20}, {}, {"a": 20})
    assert data_version(RAW, returned) == data_version(RAW, after({"a": 20}))


def test_a_correction_known_before_its_original_was_due_is_the_newest():
    early = MORNING_AFTER - timedelta(hours=4)
    original = computed(RAW, {"a": 20}, run=1)
    corrected = rows.merge(RAW, computed(RAW, {"a": 21}, run=2), original, early)
    reverted = rows.merge(RAW, computed(RAW, {"a": 20}, run=3), corrected, early)
    assert of(reverted, "points", "revision", "is_current") == [
        (20, 1, False),
        (21, 2, False),
        (20, 3, True),
    ]


def test_two_corrections_of_one_moment_are_two_revisions():
    stored = rows.merge(RAW, computed(RAW, {"a": 21}, run=2), after({"a": 20}), FIRST_RUN)
    stored = rows.merge(RAW, computed(RAW, {"a": 22}, run=3), stored, FIRST_RUN)
    assert rows.refuse_duplicates(RAW, stored) is None


PUBLICATIONS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)), min_size=1, max_size=5
)


@given(PUBLICATIONS)
def test_a_reader_gets_what_was_published_last(publications):
    found = rows.current(RAW, after(*publications))
    assert dict(of(found, "player", "points")) == publications[-1]


@given(PUBLICATIONS)
def test_the_data_version_is_that_of_a_first_build(publications):
    stored = after(*publications)
    assert data_version(RAW, stored) == data_version(RAW, after(publications[-1]))


@given(PUBLICATIONS)
def test_revisions_are_numbered_without_a_gap(publications):
    numbers: dict[str, list[int]] = {}
    for player, revision in of(after(*publications), "player", "revision"):
        numbers.setdefault(player, []).append(revision)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


@given(PUBLICATIONS)
def test_of_each_key_only_the_last_revision_is_current(publications):
    newest: dict[str, list[bool]] = {}
    for player, is_current in of(after(*publications), "player", "is_current"):
        newest.setdefault(player, []).append(is_current)
    assert all(found == [False] * (len(found) - 1) + [True] for found in newest.values())


@given(PUBLICATIONS)
def test_a_revision_is_never_rewritten(publications):
    kept = ("player", "revision", "points", "is_retracted", "known_at", "data_hash")
    before = of(after(*publications[:-1]), *kept) if publications[1:] else []
    assert set(before) <= set(of(after(*publications), *kept))


# Tables that keep no revisions -------------------------------------------------------------------


def test_an_equal_row_keeps_the_run_that_wrote_it():
    stored = after({"a": 20}, {"a": 20}, table=SUMMARY)
    assert of(stored, "run_id", "processed_at", "inputs_hash") == [
        ("run-1", at_run(1), "inputs of run 2")
    ]


def test_a_changed_row_names_the_run_that_changed_it():
    stored = after({"a": 20}, {"a": 21}, table=SUMMARY)
    assert of(stored, "points", "run_id", "created_at", "processed_at") == [
        (21, "run-2", at_run(1), at_run(2))
    ]


def test_a_row_that_is_computed_no_more_is_dropped():
    assert of(after({"a": 20, "b": 5}, {"b": 5}, table=SUMMARY), "player") == [("b",)]
