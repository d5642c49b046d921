"""Why an entity is computed: exactly the rows that changed in its windows, in columns it reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from small_world import (
    A_SEASON,
    BONUS,
    DAYS,
    FIRST,
    FORM,
    SCORES,
    SECOND,
    TABLES,
    THIRD,
    UNLUCKY,
    Reports,
    World,
    bring_up_to_date,
    rows_of,
)

from nba_pipeline.engine.causes import ROWS_NAMED, Cause, Kind
from nba_pipeline.engine.changes import RowChange, net
from nba_pipeline.engine.logs import ROW_CHANGES, RUN_CAUSES


def told(reports: Reports, table: str, day: date) -> list[tuple[Any, ...]]:
    """Entity, kind, table, day and row of every cause of a partition."""
    return [
        (cause.entity, cause.kind, cause.table, cause.date, cause.row_key)
        for cause in reports[table, day].causes
    ]


def rows_hashes(world: World, table: str, day: date, player: str) -> str:
    rows = world.session.warehouse.read(TABLES[table], [day]).to_pylist()
    return next(row["data_hash"] for row in rows if row["player"] == player)


# Rows --------------------------------------------------------------------------------------------


def test_a_changed_row_is_named_with_both_its_hashes(world: World) -> None:
    was = rows_hashes(world, "marks", SECOND, "ann")
    world.change(SECOND, "ann", points=31)
    cause = world.run()["form", THIRD].causes[0]
    assert (cause.old_hash, cause.new_hash) == (was, rows_hashes(world, "marks", SECOND, "ann"))


def test_a_changed_row_is_named_for_those_whose_windows_hold_it(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    reports = world.run()
    assert told(reports, "form", THIRD) == [("ann", Kind.ROW_CHANGED, "marks", SECOND, "ann")]


def test_a_changed_value_is_told_with_the_one_before(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    assert world.run()["form", THIRD].causes[0].sentence.endswith("(points 31, was 30)")


def test_what_a_source_says_anew_is_told_under_the_feeds_name(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    reports = world.run()
    assert told(reports, "marks", SECOND) == [("ann", Kind.ROW_CHANGED, "scores", SECOND, "ann")]


def test_a_row_that_changed_only_where_nobody_reads_is_not_named(world: World) -> None:
    world.change(FIRST, "ann", note="corrected spelling")
    world.change(SECOND, "ann", points=31)
    assert told(world.run(), "form", THIRD) == [
        ("ann", Kind.ROW_CHANGED, "marks", SECOND, "ann"),
    ]


def test_a_row_that_came_is_named(world: World) -> None:
    world.scores.append({"game_date": FIRST, "player": "cid", "points": 11, "note": ""})
    world.scores.append({"game_date": THIRD, "player": "cid", "points": 12, "note": ""})
    assert told(world.run(), "form", THIRD) == [
        ("cid", Kind.ROW_ADDED, "marks", THIRD, "cid"),
        ("cid", Kind.ROW_ADDED, "marks", FIRST, "cid"),
    ]


def test_a_row_that_went_is_named_for_those_who_had_it(world: World) -> None:
    world.scores[:] = [
        row for row in world.scores if (row["game_date"], row["player"]) != (FIRST, "bob")
    ]
    reports = world.run()
    assert [told(reports, "form", day) for day in DAYS] == [
        [("bob", Kind.ROW_REMOVED, "marks", FIRST, "bob")],
        [("bob", Kind.ROW_REMOVED, "marks", FIRST, "bob")],
        [("bob", Kind.ROW_REMOVED, "marks", FIRST, "bob")],
    ]


def test_what_changed_before_the_last_computation_is_not_named_again(world: World) -> None:
    world.change(FIRST, "ann", points=25)
    world.run()
    world.change(SECOND, "ann", points=31)
    assert told(world.run(), "form", THIRD) == [("ann", Kind.ROW_CHANGED, "marks", SECOND, "ann")]


def test_what_changed_while_nobody_looked_is_named_when_somebody_does(world: World) -> None:
    world.change(FIRST, "ann", points=25)
    world.run("marks")
    world.change(SECOND, "ann", points=31)
    world.run("marks")
    assert told(world.run(), "form", THIRD) == [
        ("ann", Kind.ROW_CHANGED, "marks", SECOND, "ann"),
        ("ann", Kind.ROW_CHANGED, "marks", FIRST, "ann"),
    ]


def test_what_changed_there_and_back_while_nobody_looked_is_not_named(world: World) -> None:
    world.change(FIRST, "ann", points=25)
    world.change(SECOND, "ann", points=31)
    world.run("marks")
    world.change(FIRST, "ann", points=20)
    assert told(world.run(), "form", THIRD) == [("ann", Kind.ROW_CHANGED, "marks", SECOND, "ann")]


def test_the_newest_rows_are_named_and_the_others_counted(fake_source: Any, session: Any) -> None:
    days = [FIRST + timedelta(days=at) for at in range(ROWS_NAMED + 3)]
    source = fake_source(SCORES, scores=rows_of({(day, "ann"): 10 for day in days}))
    bring_up_to_date(session(source, TABLES), days=days)
    for row in source.rows["scores"][:-1]:
        row["points"] += 1
    causes = bring_up_to_date(session(source, TABLES), days=days)["form", days[-1]].causes
    assert [cause.date for cause in causes] == days[-2 : -2 - ROWS_NAMED : -1]
    assert [cause.further for cause in causes] == [0] * (ROWS_NAMED - 1) + [2]


def test_a_partition_that_comes_late_is_named_for_those_whose_windows_it_fills(
    fake_source: Any, session: Any
) -> None:
    source = fake_source(SCORES, scores=rows_of(A_SEASON | {(THIRD, "cid"): 11}))
    bring_up_to_date(session(source, TABLES), days=[SECOND, THIRD])
    reports = bring_up_to_date(session(source, TABLES))
    assert told(reports, "form", THIRD) == [
        ("ann", Kind.PARTITION_ADDED, "marks", FIRST, ""),
        ("bob", Kind.PARTITION_ADDED, "marks", FIRST, ""),
    ]


# Whole partitions --------------------------------------------------------------------------------


def test_a_first_build_has_one_cause(world: World) -> None:
    assert {tuple(report.causes) for report in world.built.values()} == {
        (Cause(Kind.FIRST_BUILD, "first build of this partition"),)
    }


def test_a_raised_version_is_one_cause_with_both_versions(world: World) -> None:
    tables = {**TABLES, "form": replace(FORM, version=2)}
    (cause,) = world.run(tables=tables)["form", THIRD].causes
    assert (cause.kind, cause.old_hash, cause.new_hash) == (Kind.VERSION, "1", "2")


def test_a_changed_setting_is_one_cause_with_both_values(world: World) -> None:
    tables = {**TABLES, "form": replace(FORM, settings=(BONUS,))}
    world.run(tables=tables)
    (cause,) = world.run(tables=tables, environ={"FORM_BONUS": "2"})["form", THIRD].causes
    assert (cause.kind, cause.sentence) == (Kind.SETTINGS, "FORM_BONUS is 2, was 1")


def test_an_entity_that_broke_says_so(world: World) -> None:
    world.change(SECOND, "ann", points=UNLUCKY)
    world.run()
    (cause,) = world.run()["form", SECOND].causes
    assert (cause.entity, cause.kind) == ("ann", Kind.FAILED)
    assert cause.sentence == "computing it failed last time: ValueError: thirteen points"


def test_without_a_record_the_inputs_themselves_are_the_cause(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    world.run("marks")
    for path in (world.session.warehouse.folder / "nba_processing" / ROW_CHANGES.name).iterdir():
        path.unlink()
    (cause,) = world.run()["form", THIRD].causes
    assert (cause.kind, cause.entity) == (Kind.INPUTS, "ann")
    assert cause.old_hash != cause.new_hash


def test_a_reused_partition_has_no_cause(world: World) -> None:
    assert {tuple(report.causes) for report in world.run().values()} == {()}


# What is kept ------------------------------------------------------------------------------------


def test_a_run_keeps_its_causes(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    reports = world.run()
    kept = [
        (row["processor_name"], row["analysis_date"], row["entity_id"], row["row_key"])
        for row in world.session.warehouse.read_log(RUN_CAUSES).to_pylist()
        if row["run_id"] == "run-2"
    ]
    said = [
        (name, day, cause.entity, cause.row_key)
        for (name, day), report in reports.items()
        for cause in report.causes
    ]
    assert sorted(kept) == sorted(said)


def test_a_first_build_keeps_a_line_for_each_partition(world: World) -> None:
    warehouse = world.session.warehouse
    assert warehouse.read_log(RUN_CAUSES).num_rows == len(TABLES) * len(DAYS)
    assert warehouse.read_log(ROW_CHANGES).num_rows == len(TABLES) * len(DAYS)


def test_an_unchanged_run_keeps_nothing(world: World) -> None:
    world.run()
    assert world.session.warehouse.read_log(RUN_CAUSES, world.session.now).num_rows == 0


# What is different after a moment ----------------------------------------------------------------

MOMENT = datetime(2022, 7, 1)  # noqa: DTZ001


def _change(minute: int, old: str, new: str, **values: tuple[Any, Any]) -> RowChange:
    return RowChange(
        "marks",
        FIRST,
        "ann",
        "ann",
        old,
        new,
        {name: pair[0] for name, pair in values.items()} if old else {},
        {name: pair[1] for name, pair in values.items()} if new else {},
        at=MOMENT + timedelta(minutes=minute),
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([_change(0, "a", "b", points=(1, 2))], []),
        ([_change(1, "a", "b", points=(1, 2))], [("a", "b", {"points"})]),
        ([_change(1, "a", "b", x=(1, 2)), _change(2, "b", "a", x=(2, 1))], []),
        (
            [_change(1, "a", "b", x=(1, 2)), _change(2, "b", "c", x=(2, 1), y=(5, 6))],
            [("a", "c", {"y"})],
        ),
        ([_change(1, "", "b", x=(None, 2)), _change(2, "b", "", x=(2, None))], []),
        ([_change(1, "a", "", x=(1, None)), _change(2, "", "a", x=(None, 1))], []),
    ],
)
def test_only_the_difference_between_first_and_last_counts(
    changes: list[RowChange], expected: list[tuple[Any, ...]]
) -> None:
    found = [(c.old_hash, c.new_hash, c.columns) for c in net(changes, MOMENT)]
    assert found == expected
