"""A rehearsal says what the run then does, and leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_world import (
    A_SEASON,
    BONUS,
    COMPUTED,
    DAYS,
    FIRST,
    FORM,
    MARKS,
    SCORES,
    SECOND,
    SITS_OUT,
    TABLES,
    THIRD,
    UNLUCKY,
    Reports,
    World,
    rows_of,
)

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.history import rounds
from nba_pipeline.engine.logs import PRECOMPUTE_RUNS
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.overlay import Overlay
from nba_pipeline.engine.plan import Decision
from nba_pipeline.engine.rehearsal import rehearse
from nba_pipeline.engine.session import Session

WITH_SETTING = {**TABLES, "form": replace(FORM, settings=(BONUS,))}


def told(reports: Reports) -> dict[tuple[str, date], tuple[Any, ...]]:
    """All that a report says, but for how long it took."""
    return {
        key: (
            report.verdict,
            report.changed,
            report.computed,
            report.reused,
            report.rejected,
            report.failed,
            report.rows,
            report.data_version,
            report.before,
            report.cause,
            report.problem,
            report.outcomes,
        )
        for key, report in reports.items()
    }


def everything(folder: Path) -> dict[Path, tuple[int, int]]:
    """Inode and time of every file and folder, logs included."""
    return {
        path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))
    }


# The run does what was said ----------------------------------------------------------------------


def corrected(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", points=31)
    return {}


def corrected_and_reverted(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", points=31)
    world.run()
    world.change(SECOND, "ann", points=30)
    return {}


def respelled(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", note="corrected spelling")
    return {}


def withdrawn(world: World) -> dict[str, Any]:
    world.scores[:] = [row for row in world.scores if row["game_date"] != SECOND]
    return {}


def joined_by_another(world: World) -> dict[str, Any]:
    world.scores.append({"game_date": SECOND, "player": "cid", "points": 11, "note": ""})
    return {}


def turned_away(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", points=SITS_OUT)
    return {}


def broken(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", points=UNLUCKY)
    return {}


def healed(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", points=UNLUCKY)
    world.run()
    world.change(SECOND, "ann", points=30)
    return {}


def contradicted(world: World) -> dict[str, Any]:
    world.change(SECOND, "ann", points=31)
    world.source.breaks("scores", SECOND, "scores.parquet contradicts itself")
    return {}


def unchanged(world: World) -> dict[str, Any]:
    del world
    return {}


def forced(world: World) -> dict[str, Any]:
    del world
    return {"force": True}


def a_later_version(world: World) -> dict[str, Any]:
    del world
    return {"tables": {**TABLES, "form": replace(FORM, version=2)}}


def another_setting(world: World) -> dict[str, Any]:
    world.run(tables=WITH_SETTING)
    return {"tables": WITH_SETTING, "environ": {"FORM_BONUS": "2"}}


def a_later_day(world: World) -> dict[str, Any]:
    after = THIRD + timedelta(days=1)
    world.scores.append({"game_date": after, "player": "ann", "points": 11, "note": ""})
    return {"days": [*DAYS, after]}


@pytest.mark.parametrize(
    "what_happens",
    [
        unchanged,
        corrected,
        corrected_and_reverted,
        respelled,
        withdrawn,
        joined_by_another,
        turned_away,
        broken,
        healed,
        forced,
        a_later_version,
        another_setting,
        a_later_day,
    ],
)
def test_the_run_does_what_the_rehearsal_said(
    world: World, what_happens: Callable[[World], dict[str, Any]]
) -> None:
    options = what_happens(world)
    said = told(world.plan(**options))
    assert said == told(world.run(**options))


def test_a_first_build_is_foreseen(fake_source: Any, session: Any) -> None:
    source = fake_source(SCORES, scores=rows_of(A_SEASON))
    selected = list(TABLES.values())
    said = rehearse(selected, DAYS, session(source, TABLES), None)
    run = session(source, TABLES)
    done = [report for table in selected for report in materialize(table, DAYS, run)]
    key = {(report.table, report.date): report for report in done}
    assert told({(report.table, report.date): report for report in said}) == told(key)


def test_a_problem_stops_what_reads_the_table_as_in_a_run(world: World) -> None:
    contradicted(world)
    assert {name for name, _ in world.plan()} == {"marks"}


# Nothing is written ------------------------------------------------------------------------------


def test_a_rehearsal_writes_nothing(world: World) -> None:
    world.change(SECOND, "ann", points=UNLUCKY)
    before = everything(world.session.warehouse.folder)
    world.plan()
    assert everything(world.session.warehouse.folder) == before


def test_a_rehearsal_of_a_first_build_makes_no_folder(
    fake_source: Any, session: Any, tmp_path: Path
) -> None:
    source = fake_source(SCORES, scores=rows_of(A_SEASON))
    rehearse(list(TABLES.values()), DAYS, session(source, TABLES), (FIRST, THIRD))
    assert list(tmp_path.iterdir()) == []


# Where a change dies out -------------------------------------------------------------------------


def test_a_change_that_gives_the_same_row_is_followed_no_further(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    said = world.plan()
    assert {key: dict(report.changed) for key, report in said.items() if report.changed} == {
        ("marks", SECOND): {"ann": Decision.INPUT_CHANGED},
        ("form", SECOND): {"ann": Decision.INPUT_CHANGED},
        ("form", THIRD): {"ann": Decision.INPUT_CHANGED},
        ("scorers", SECOND): {"ann": Decision.INPUT_CHANGED},
    }


def test_a_rehearsal_computes_only_what_changed(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    COMPUTED.clear()
    world.plan()
    assert sorted(COMPUTED) == [
        ("form", SECOND, "ann"),
        ("form", THIRD, "ann"),
        ("marks", SECOND, "ann"),
        ("scorers", SECOND, "ann"),
    ]


# History -----------------------------------------------------------------------------------------


def test_what_a_date_stands_on_is_rehearsed_with_it(world: World) -> None:
    world.change(FIRST, "ann", points=25)
    said = world.plan(days=[THIRD], span=(FIRST, THIRD))
    assert {key for key, report in said.items() if report.changed} == {
        ("marks", FIRST),
        ("form", THIRD),
    }


def test_the_history_is_rehearsed_as_a_run_would_bring_it(world: World) -> None:
    world.change(FIRST, "bob", points=12)
    said = world.plan(days=[THIRD], span=(FIRST, THIRD))
    run = world.fresh_session()
    done = {
        (report.table.partition(".")[2], report.date): report
        for report in _brought(world, run, (FIRST, THIRD))
        if report.verdict == "compute"
    }
    busy = {key: report for key, report in said.items() if report.verdict == "compute"}
    assert told(busy) == told(done)


def _brought(world: World, run: Session, span: tuple[date, date]) -> list[Any]:
    selected = list(TABLES.values())
    reports = []
    for late in rounds(selected, [THIRD], span, TABLES, run.warehouse, world.source, {}):
        for stretch in late:
            for table in stretch.tables:
                reports += materialize(table, stretch.dates, run)
    return reports + [r for table in selected for r in materialize(table, [THIRD], run)]


# The overlay -------------------------------------------------------------------------------------


@pytest.fixture
def overlay(world: World) -> Overlay:
    """The world's warehouse under an overlay in which ann's points were corrected."""
    world.change(SECOND, "ann", points=31)
    overlay = Overlay(world.session.warehouse)
    list(materialize(MARKS, DAYS, replace(world.fresh_session(), warehouse=overlay)))
    return overlay


def test_what_is_replaced_is_read_between_what_lies_below(overlay: Overlay) -> None:
    found = overlay.read(MARKS, DAYS, ["points"])
    assert found["points"].to_pylist() == [20, 8, 31, 4, 12, 16]


def test_the_columns_asked_for_are_the_columns_read(overlay: Overlay) -> None:
    assert overlay.read(MARKS, DAYS, ["points"]).column_names == ["points"]


def test_every_revision_is_read_when_asked_for(overlay: Overlay) -> None:
    found = overlay.read(MARKS, [SECOND], ["points", "revision"], every_revision=True)
    assert found.to_pylist() == [
        {"points": 30, "revision": 1},
        {"points": 31, "revision": 2},
        {"points": 4, "revision": 1},
    ]


def test_what_was_known_at_a_moment_is_read_when_asked_for(overlay: Overlay) -> None:
    then = datetime(2021, 12, 1, tzinfo=UTC)
    assert overlay.read(MARKS, [SECOND], ["points"], as_of=then)["points"].to_pylist() == [30, 4]


def test_logs_hold_what_lies_below_and_what_was_appended(world: World, overlay: Overlay) -> None:
    below = world.session.warehouse.read_log(PRECOMPUTE_RUNS).num_rows
    appended = overlay.read_log(PRECOMPUTE_RUNS).num_rows - below
    assert appended == len(DAYS)


def test_sql_is_refused(overlay: Overlay) -> None:
    with pytest.raises(WarehouseError, match="cannot be asked in SQL: select 1"):
        overlay.query("select 1")
