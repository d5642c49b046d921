"""Several ways of computing a date are held against each other, and a difference is found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.table import (
    KNOWN_AT,
    Column,
    Columns,
    FanOut,
    Table,
    each,
    history,
    reads,
    reads_feed,
)
from nba_pipeline.engine.verification import Way, verify, ways_of
from nba_pipeline.engine.windows import Cells
from nba_pipeline.sources.feeds import Feed

DAYS = [date(2021, 11, 15) + timedelta(days=at) for at in range(3)]
TODAY = DAYS[-1]
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
        "known_at": rows["game_date"].astype("datetime64[us]"),
        "known_at_is_estimated": np.ones(len(rows), dtype=bool),
    }


def honest(cells: Cells) -> Columns:
    before = cells.window("before")
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "score": before.sum("points"),
    }


def neighbourly(cells: Cells) -> Columns:
    """A mistake: the result depends on who is computed beside a player."""
    told = honest(cells)
    return {**told, "score": told["score"] - told["score"].max()}


def _tables(compute: Any) -> dict[str, Table]:
    common = {
        "dataset": "nba_test",
        "description": "Made for tests.",
        "entity": ("player",),
        "key": ("player",),
        "version": 1,
        "fan_out": FanOut("player", "TEST_WORKERS", default_workers=2),
    }
    who = (Column("player", str, nullable=False), Column("game_date", date, nullable=False))
    raw = Table(
        name="marks",
        columns=(*who, Column("points", int), *KNOWN_AT),
        inputs={"scores": reads_feed("scores", "player points", on={"player": "player"})},
        cells=each("scores", "player"),
        compute=marks,
        keeps_revisions=True,
        **common,
    )
    form = Table(
        name="form",
        columns=(*who, Column("score", float, decimals=1)),
        inputs={
            "today": reads("marks", "points", on="player"),
            "before": reads("marks", "points", window=history(), on="player"),
        },
        cells=each("today", "player"),
        compute=compute,
        **common,
    )
    return {table.name: table for table in (raw, form)}


@pytest.fixture
def verdicts(fake_source, session):
    """What verifying the last day says of the second table, by the function it computes with."""

    def run(compute: Any, *ways: Way) -> Any:
        tables = _tables(compute)
        published = [
            {"game_date": day, "player": player, "points": points}
            for day in DAYS
            for player, points in (("ann", 20), ("bob", 8), ("cat", 11))
        ]
        working = session(fake_source(SCORES, scores=published), tables)
        found = verify(list(tables.values()), TODAY, working, ways, (DAYS[0], TODAY))
        assert not list(working.warehouse.folder.rglob("*.parquet"))
        return {verdict.table: verdict for verdict in found}

    return run


def test_every_executor_gives_one_hash_per_table(verdicts):
    found = verdicts(honest, *ways_of(("serial", "threads", "processes"), ()))
    assert all(verdict.equal for verdict in found.values())
    assert set(found["nba_test.form"].hashes) == {"serial", "threads", "processes"}


def test_every_size_of_chunks_gives_one_hash_per_table(verdicts):
    found = verdicts(honest, *ways_of(("serial",), (1, 2, 1000)))
    assert set(found["nba_test.form"].hashes) == {"serial/1", "serial/2", "serial/1000"}
    assert all(verdict.equal for verdict in found.values())


def test_a_row_that_depends_on_its_neighbours_is_found_and_named(verdicts):
    found = verdicts(neighbourly, *ways_of(("serial",), (1000, 1)))
    way, difference = found["nba_test.form"].first_difference
    assert (way, difference.key, difference.column) == ("serial/1", "bob", "score")
    assert (difference.then, difference.now) == (-24.0, 0.0)


def test_a_table_that_is_the_same_is_not_accused_with_one_that_is_not(verdicts):
    assert verdicts(neighbourly, *ways_of(("serial",), (1000, 1)))["nba_test.marks"].equal


def test_one_way_alone_proves_nothing():
    with pytest.raises(ConfigurationError, match="one way alone proves nothing"):
        ways_of(("serial",), ())
