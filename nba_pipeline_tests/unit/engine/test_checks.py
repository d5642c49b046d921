"""Stored partitions are held to their promises; days that are read together are told apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from small_world import DAYS, FIRST, MARKS, SECOND, TABLES, THIRD, World

from nba_pipeline.engine import checks
from nba_pipeline.engine.checks import OWN_HASH, SAME_VERSION, SOUND_COLUMNS, UNIQUE_KEYS, Violation
from nba_pipeline.engine.columns import Column

STRICT = replace(
    MARKS,
    columns=tuple(
        Column("points", int, nullable=False, minimum=0, maximum=50)
        if column.name == "points"
        else column
        for column in MARKS.columns
    ),
)


def found(world: World, *days: date) -> list[Violation]:
    return checks.violations(STRICT, days or DAYS, TABLES, world.session.warehouse)


def tamper(world: World, day: date, change) -> None:
    """Replace the stored rows of a day behind the engine's back."""
    warehouse = world.session.warehouse
    rows = warehouse.read(MARKS, [day], every_revision=True)
    warehouse.replace(MARKS, {day: (change(rows), warehouse.stored(MARKS, [day])[day])})


def with_points(*points: int | None):
    def change(rows: pa.Table) -> pa.Table:
        at = rows.column_names.index("points")
        return rows.set_column(at, "points", pa.array(points, pa.int64()))

    return change


def first_row_twice(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows.slice(0, 1), rows])


def told(violations: list[Violation]) -> Counter:
    return Counter((violation.date, violation.promise) for violation in violations)


def test_what_was_just_built_is_sound(world: World) -> None:
    assert found(world) == []


def test_a_day_that_was_tampered_with_is_told_of_and_no_other(world: World) -> None:
    tamper(world, SECOND, with_points(31, 4))
    assert told(found(world)) == {(SECOND, SAME_VERSION): 1, (SECOND, OWN_HASH): 1}


def test_a_value_out_of_its_range_names_its_day_and_its_row(world: World) -> None:
    tamper(world, FIRST, with_points(20, -8))
    tamper(world, THIRD, with_points(60, None))
    of_columns = [each for each in found(world) if each.promise == SOUND_COLUMNS]
    assert [(each.date, each.sentence) for each in of_columns] == [
        (FIRST, "points is -8, below 0, for bob"),
        (THIRD, "points is NULL in 1 rows"),
        (THIRD, "points is 60, above 50, for ann"),
    ]


def test_a_key_that_is_there_twice_is_told_of_on_its_day(world: World) -> None:
    tamper(world, THIRD, first_row_twice)
    assert told(found(world))[THIRD, UNIQUE_KEYS] == 1
    assert {each.date for each in found(world)} == {THIRD}


def test_a_row_of_another_day_is_not_taken_for_sound(world: World) -> None:
    def moved(rows: pa.Table) -> pa.Table:
        at = rows.column_names.index("game_date")
        days = pc.if_else(pc.equal(rows["player"], "bob"), pa.scalar(FIRST), rows["game_date"])
        return rows.set_column(at, "game_date", days)

    tamper(world, SECOND, moved)
    assert (SECOND, SAME_VERSION) in told(found(world))


def test_of_days_where_one_cannot_be_read_the_others_are_still_looked_at(world: World) -> None:
    tamper(world, FIRST, with_points(21, 8))
    path = world.session.warehouse.path(MARKS, SECOND)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(bytes(content))
    assert told(found(world)) == {
        (FIRST, SAME_VERSION): 1,
        (FIRST, OWN_HASH): 1,
        (SECOND, SAME_VERSION): 1,
    }


@pytest.mark.parametrize("rows_together", [1, 3, 1000])
def test_how_many_days_are_read_together_changes_no_word(
    world: World, monkeypatch: pytest.MonkeyPatch, rows_together: int
) -> None:
    tamper(world, FIRST, with_points(99, None))
    tamper(world, SECOND, first_row_twice)
    tamper(world, THIRD, with_points(-1, 77))
    alone = [violation for day in DAYS for violation in found(world, day)]
    monkeypatch.setattr(checks, "_ROWS_TOGETHER", rows_together)
    assert found(world) == alone
    assert {each.date for each in alone} == set(DAYS)
