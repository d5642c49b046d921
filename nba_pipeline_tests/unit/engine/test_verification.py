"""Several ways of computing a date are held against each other, and a difference is found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nba_pipeline.engine.columns import KNOWN_AT, Column
from nba_pipeline.engine.declared_inputs import history, reads, reads_feed
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.verification import Way, verify, ways_of
from nba_pipeline.engine.windows import Cells, Columns
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


World = Mapping[tuple[str, date], int]

TRIO: World = {
    (player, day): points
    for day in DAYS
    for player, points in (("ann", 20), ("bob", 8), ("cat", 11))
}


@pytest.fixture(scope="session")
def verdicts(fake_source, session_in):
    """What verifying the last day says of each table, by the function the second computes with."""

    def run(compute: Any, *ways: Way, world: World = TRIO) -> Any:
        tables = _tables(compute)
        published = [
            {"game_date": day, "player": player, "points": points}
            for (player, day), points in world.items()
        ]
        with tempfile.TemporaryDirectory() as folder:
            working = session_in(Path(folder), fake_source(SCORES, scores=published), tables)
            found = verify(list(tables.values()), TODAY, working, ways, (DAYS[0], TODAY))
            assert not list(Path(folder).rglob("*.parquet"))
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


# Any world ----------------------------------------------------------------------------------------

PLAYERS = st.sampled_from(["ann", "bob", "cat", "dan", "eve"])
#: Points by player and day; nobody need play, and who plays need not score.
WORLDS = st.dictionaries(
    st.tuples(PLAYERS, st.sampled_from(DAYS)), st.integers(0, 60), min_size=1, max_size=15
)
WAYS = st.lists(
    st.builds(Way, st.sampled_from(["serial", "threads"]), st.integers(1, 8)),
    min_size=2,
    max_size=4,
    unique_by=lambda way: way.name,
)
WHOLE, ALONE = Way("serial", 1000), Way("serial", 1)


def wrong_when_alone(player: str) -> Callable[[Cells], Columns]:
    """A mistake: one player's score is one too many where he is computed by himself."""

    def compute(cells: Cells) -> Columns:
        told = honest(cells)
        return {**told, "score": told["score"] + ((cells["player"] == player) & (len(cells) == 1))}

    return compute


@settings(max_examples=25)
@given(world=WORLDS, ways=WAYS)
def test_whatever_was_played_every_way_is_the_same(verdicts, world, ways):
    found = verdicts(honest, *ways, world=world)
    assert all(verdict.equal and verdict.first_difference is None for verdict in found.values())
    assert {*found["nba_test.form"].hashes} == {way.name for way in ways}


@settings(max_examples=25)
@given(world=WORLDS, two=st.lists(PLAYERS, min_size=2, max_size=2, unique=True), between=WAYS)
def test_whoever_comes_out_differently_is_found_with_both_values(verdicts, world, two, between):
    player, _ = two
    world = {**world, **dict.fromkeys(((who, TODAY) for who in two), 20)}
    playing = {who for who, day in world if day == TODAY}
    honest_ways = [way for way in between if way.chunk_cells >= len(playing)]
    found = verdicts(wrong_when_alone(player), WHOLE, *honest_ways, ALONE, world=world)
    score = float(sum(p for (who, day), p in world.items() if who == player and day < TODAY))
    way, difference = found["nba_test.form"].first_difference
    assert (way, difference.key, difference.column) == (ALONE.name, player, "score")
    assert (difference.then, difference.now) == (score, score + 1)
    assert found["nba_test.marks"].equal


@settings(max_examples=15)
@given(world=WORLDS)
def test_of_several_that_differ_the_first_by_key_is_named(verdicts, world):
    scores = {
        player: sum(p for (who, day), p in world.items() if who == player and day < TODAY)
        for player, today in world
        if today == TODAY
    }
    different = sorted(p for p, score in scores.items() if score != max(scores.values()))
    assume(different)
    _, difference = verdicts(neighbourly, WHOLE, ALONE, world=world)[
        "nba_test.form"
    ].first_difference
    assert difference.key == different[0]
    assert difference.then == scores[different[0]] - max(scores.values())
