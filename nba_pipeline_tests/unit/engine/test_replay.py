"""A date rebuilt from what was known at a moment.

The world is small: ``marks`` keeps what each player scored, known at noon of the day after, and
``form`` says before a day's games what he averaged so far.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import KNOWN_AT, Column
from nba_pipeline.engine.declared_inputs import history, reads, reads_feed
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.replay import ABSENT, PRESENT, differences, replay
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.sources.feeds import Feed

DAYS = [date(2021, 11, 15) + timedelta(days=at) for at in range(4)]
FIRST, SECOND, THIRD, FOURTH = DAYS
#: Of the fourth day, before its games; by then the third day's have been known since noon.
EVENING = datetime(2021, 11, 18, 23, tzinfo=UTC)

SCORES = Feed(
    name="scores",
    required={"player": pa.string(), "points": pa.int64()},
    key=("player",),
)


def marks(cells: Cells) -> Columns:
    rows = cells.window("scores").rows()
    return {
        "player": cells["player"][rows.cell],
        "game_date": rows["game_date"],
        "points": rows["points"],
        "known_at": rows["game_date"].astype("datetime64[us]") + np.timedelta64(36, "h"),
        "known_at_is_estimated": np.ones(len(rows), dtype=bool),
    }


def form(cells: Cells) -> Columns:
    before = cells.window("before")
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "points_avg": rounded(before.mean("points"), 2),
        "games_before": before.count(),
    }


def squads(cells: Cells) -> Columns:
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "known_at": cells["game_date"].astype("datetime64[us]"),
        "known_at_is_estimated": np.ones(len(cells), dtype=bool),
    }


def _table(compute: Any, cells: str, inputs: Any, *columns: Column, **options: Any) -> Table:
    return Table(
        name=compute.__name__,
        dataset="nba_test",
        description="Made for tests.",
        entity=("player",),
        key=("player",),
        columns=(
            Column("player", str, nullable=False),
            Column("game_date", date, nullable=False),
            *columns,
        ),
        inputs=inputs,
        cells=each(cells, "player"),
        compute=compute,
        version=1,
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=1),
        **options,
    )


MARKS = _table(
    marks,
    "scores",
    {"scores": reads_feed("scores", "player points", on={"player": "player"})},
    Column("points", int),
    *KNOWN_AT,
    keeps_revisions=True,
)
SQUADS = _table(
    squads,
    "scores",
    {"scores": reads_feed("scores", "player", on={"player": "player"})},
    *KNOWN_AT,
    keeps_revisions=True,
)
FORM = _table(
    form,
    "tonight",
    {
        "tonight": reads("squads", "player", on="player"),
        "before": reads("marks", "points", window=history(), on="player"),
    },
    Column("points_avg", float, decimals=2),
    Column("games_before", int),
)
TABLES = {table.name: table for table in (MARKS, SQUADS, FORM)}
NEEDED = dict.fromkeys(TABLES, DAYS)


class Desk:
    """A warehouse with four days in it, and replays of the fourth beside it."""

    def __init__(self, source: Any, session: Any, session_in: Any, folder: Any) -> None:
        self.source, self._session, self._session_in = source, session, session_in
        self._folder, self._replays = folder, 0
        self.run()

    def run(self) -> None:
        """Make every day true with what is published now."""
        self.session = self._session(self.source, TABLES)
        for table in TABLES.values():
            list(materialize(table, DAYS, self.session))

    def change(self, day: date, player: str, points: int) -> None:
        for row in self.source.rows["scores"]:
            if (row["game_date"], row["player"]) == (day, player):
                row["points"] = points

    def replay(self, moment: datetime, needed: Any = NEEDED) -> Any:
        """A fresh replay: its warehouse and its reports."""
        self._replays += 1
        own = self._session_in(self._folder / f"replay-{self._replays}", self.source, TABLES)
        reports = list(replay(needed, self.session.warehouse, own, moment))
        return own.warehouse, reports

    def form(self, warehouse: Any) -> dict[str, tuple[float | None, int]]:
        rows = warehouse.read(FORM, [FOURTH]).to_pylist()
        return {row["player"]: (row["points_avg"], row["games_before"]) for row in rows}


@pytest.fixture
def desk(fake_source, session, session_in, tmp_path):
    published = [
        {"game_date": day, "player": player, "points": points}
        for player, all_points in (("ann", (20, 30, 10, 40)), ("bob", (8, 4, 6, 2)))
        for day, points in zip(DAYS, all_points, strict=True)
    ]
    return Desk(fake_source(SCORES, scores=published), session, session_in, tmp_path)


def test_before_the_games_the_form_is_what_it_is_with_hindsight(desk):
    then, _ = desk.replay(EVENING)
    assert desk.form(then) == desk.form(desk.session.warehouse) == {"ann": (20, 3), "bob": (6, 3)}


def test_a_night_whose_scores_are_not_out_yet_is_left_out(desk):
    then, _ = desk.replay(datetime(2021, 11, 18, 11, tzinfo=UTC))
    assert desk.form(then) == {"ann": (25, 2), "bob": (6, 2)}


def test_a_correction_that_comes_later_does_not_change_the_past(desk):
    before, _ = desk.replay(EVENING)
    desk.change(SECOND, "ann", 36)
    desk.run()
    after, _ = desk.replay(EVENING)
    assert desk.form(desk.session.warehouse)["ann"] == (22, 3)
    for table in TABLES.values():
        versions = [
            {day: known.data_version for day, known in found.stored(table, DAYS).items()}
            for found in (before, after)
        ]
        assert versions[0] == versions[1]


def test_what_the_correction_changed_is_named(desk):
    desk.change(SECOND, "ann", 36)
    desk.run()
    then, _ = desk.replay(EVENING)
    now = desk.session.warehouse
    found = differences(FORM, then.read(FORM, [FOURTH]), now.read(FORM, [FOURTH]))
    assert [(d.key, d.column, d.then, d.now) for d in found] == [("ann", "points_avg", 20, 22)]


def test_results_that_came_later_are_rows_that_were_not_there(desk):
    then, _ = desk.replay(EVENING)
    now = desk.session.warehouse
    found = differences(MARKS, then.read(MARKS, [FOURTH]), now.read(MARKS, [FOURTH]))
    assert [(d.key, d.column, d.then, d.now) for d in found] == [
        ("ann", "", ABSENT, PRESENT),
        ("bob", "", ABSENT, PRESENT),
    ]


def test_what_hindsight_did_not_change_is_taken_over_and_not_computed(desk):
    _, reports = desk.replay(EVENING)
    assert sum(report.computed for report in reports) == 0


def test_only_what_stands_on_a_correction_is_computed(desk):
    desk.change(THIRD, "ann", 13)
    desk.run()
    _, reports = desk.replay(EVENING)
    assert {report.date: report.computed for report in reports if report.computed} == {FOURTH: 2}


def test_days_the_warehouse_has_nothing_of_are_passed_over(desk):
    earlier = {name: [FIRST - timedelta(days=9), *days] for name, days in NEEDED.items()}
    then, reports = desk.replay(EVENING, earlier)
    assert [report.problem for report in reports if report.problem] == []
    assert desk.form(then) == desk.form(desk.session.warehouse)


def test_a_replay_leaves_the_warehouse_alone(desk):
    before = {
        path: path.stat().st_mtime_ns for path in desk.session.warehouse.folder.rglob("*.parquet")
    }
    desk.replay(EVENING)
    after = {
        path: path.stat().st_mtime_ns for path in desk.session.warehouse.folder.rglob("*.parquet")
    }
    assert before == after
