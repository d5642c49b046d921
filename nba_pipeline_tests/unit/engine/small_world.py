"""A small world for tests of the engine: a source, four tables, and a warehouse built once.

The source publishes what each player scored on a day. ``marks`` keeps that, ``form`` adds what he
did before, ``scorers`` says who reached ten points, ``fans`` reads only that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import KNOWN_AT, Column, Tracked
from nba_pipeline.engine.declared_inputs import history, reads, reads_feed
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.rehearsal import rehearse
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.variables import Variable
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.sources.feeds import Feed

DAYS = [date(2021, 11, 15) + timedelta(days=at) for at in range(3)]
FIRST, SECOND, THIRD = DAYS
UNLUCKY, SITS_OUT = 13, 7

SCORES = Feed(
    name="scores",
    required={"player": pa.string(), "points": pa.int64(), "note": pa.string()},
    key=("player",),
)

#: (table, day, player) of every cell handed to compute since the list was last cleared.
COMPUTED: list[tuple[str, date, str]] = []


def _note(table: str, cells: Cells) -> None:
    days = cells["game_date"].astype("datetime64[D]").tolist()
    COMPUTED.extend((table, *cell) for cell in zip(days, cells["player"].tolist(), strict=True))


def marks(cells: Cells) -> Columns:
    _note("marks", cells)
    rows = cells.window("scores").rows()
    noon = rows["game_date"].astype("datetime64[us]") + np.timedelta64(36, "h")
    return {
        "player": cells["player"][rows.cell],
        "game_date": rows["game_date"],
        "points": rows["points"],
        "note": rows["note"],
        "known_at": noon,
        "known_at_is_estimated": np.ones(len(rows), dtype=bool),
    }


def form(cells: Cells) -> Columns:
    _note("form", cells)
    points = cells.one("today")["points"]
    if (points == UNLUCKY).any():
        raise ValueError("thirteen points")
    before = cells.window("before")
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "points": points,
        "points_avg_last_2": rounded(before.last(2).mean("points"), 2),
        "games_before": before.count(),
    }


def scorers(cells: Cells) -> Columns:
    _note("scorers", cells)
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "is_scorer": cells.one("today")["points"] >= 10,
    }


def fans(cells: Cells) -> Columns:
    _note("fans", cells)
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "has_fans": cells.one("today")["is_scorer"] == 1,
    }


def _sits_out(cells: Cells) -> Array:
    return cells.one("today")["points"] == SITS_OUT


def declare(
    compute: Callable[[Cells], Columns],
    cells: str,
    inputs: Mapping[str, Any],
    *columns: Column,
    **options: Any,
) -> Table:
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
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=2),
        **options,
    )


MARKS = declare(
    marks,
    "scores",
    {"scores": reads_feed("scores", "player points note", on={"player": "player"})},
    Column("points", int),
    Column("note", str),
    *KNOWN_AT,
    keeps_revisions=True,
)
FORM = declare(
    form,
    "today",
    {
        "today": reads("marks", "points", on="player"),
        "before": reads("marks", "points", window=history(), on="player"),
    },
    Column("points", int),
    Column("points_avg_last_2", float, decimals=2),
    Column("games_before", int),
    gates=(Gate(FailureCategory.INSUFFICIENT_DATA, "{player} sits out", _sits_out),),
    tracked=(Tracked("source_marks", "today", expected_rows=1),),
)
SCORERS = declare(
    scorers,
    "today",
    {"today": reads("marks", "points", on="player")},
    Column("is_scorer", bool),
)
FANS = declare(
    fans,
    "today",
    {"today": reads("scorers", "is_scorer", on="player")},
    Column("has_fans", bool),
)
#: A setting that a test may give a table; it changes no row.
BONUS = Variable("FORM_BONUS", "points on top", default="1", unit="points", whole=False)

TABLES = {table.name: table for table in (MARKS, FORM, SCORERS, FANS)}

Reports = dict[tuple[str, date], Partition]
Published = dict[tuple[date, str], int]


def rows_of(published: Published, note: str = "") -> list[dict[str, Any]]:
    return [
        {"game_date": day, "player": player, "points": points, "note": note}
        for (day, player), points in published.items()
    ]


def bring_up_to_date(
    session: Session, *names: str, days: Sequence[date] = DAYS, tables: Any = TABLES
) -> Reports:
    """Materialize tables in the order of the registry."""
    COMPUTED.clear()
    return {
        (name, report.date): report
        for name, table in tables.items()
        if name in (names or tables)
        for report in materialize(table, days, session)
    }


def stored(session: Session, name: str, days: Sequence[date] = DAYS) -> list[dict[str, Any]]:
    """What a reader is handed."""
    return session.warehouse.read(session.tables[name], days).to_pylist()


def total(reports: Reports, what: str) -> int:
    return sum(getattr(report, what) for report in reports.values())


def versions(reports: Reports) -> dict[tuple[str, date], str]:
    return {key: report.data_version for key, report in reports.items()}


def files(session: Session) -> dict[Path, tuple[int, int]]:
    """Inode and time of each stored partition; a run's log is written whatever happens."""
    paths = sorted((session.warehouse.folder / MARKS.dataset).rglob("*.parquet"))
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


A_SEASON: Published = {
    (FIRST, "ann"): 20,
    (FIRST, "bob"): 8,
    (SECOND, "ann"): 30,
    (SECOND, "bob"): 4,
    (THIRD, "ann"): 12,
    (THIRD, "bob"): 16,
}


class World:
    """A source and a warehouse, built once; change ``scores`` and run again."""

    def __init__(self, source: Any, session: Callable[..., Session]) -> None:
        self.source, self._session = source, session
        self.built = self.run()

    @property
    def scores(self) -> list[dict[str, Any]]:
        return self.source.rows["scores"]

    def change(self, day: date, player: str, **values: Any) -> None:
        for row in self.scores:
            if (row["game_date"], row["player"]) == (day, player):
                row.update(values)

    def fresh_session(self, **options: Any) -> Session:
        """A session over the warehouse that no run has used yet."""
        return self._session(self.source, TABLES, **options)

    def plan(self, **options: Any) -> Reports:
        """What ``run`` would do."""
        days, tables = options.pop("days", DAYS), options.pop("tables", TABLES)
        span = options.pop("span", None)
        session = self._session(self.source, tables, **options)
        reports = rehearse(list(tables.values()), days, session, span)
        return {(report.table.partition(".")[2], report.date): report for report in reports}

    def run(self, *names: str, **options: Any) -> Reports:
        days = options.pop("days", DAYS)
        tables = options.pop("tables", TABLES)
        self.session = self._session(self.source, tables, **options)
        return bring_up_to_date(self.session, *names, days=days, tables=tables)
