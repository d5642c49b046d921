"""The game of a player in another table: every cell finds what a dictionary of its rows would."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from nba_pipeline.engine.windows import STRIDE, Buffer, Cells, Slices
from nba_pipeline.tables.player_games import looked_up, points_scored

# Few enough that a player and game is often met again: a game was put off and asked about twice.
PLAYED = st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.sampled_from(["ann", "bob"]))
SEASON = st.lists(PLAYED, max_size=25).map(sorted)
CUTOFFS = st.lists(st.integers(0, 5), min_size=1, max_size=6)


def window(rows, cutoffs, days=3, **columns):
    """The rows of the days before each cutoff."""
    day = np.array([row[0] for row in rows], dtype=np.int64)
    texts = {
        name: np.array([row[at] for row in rows], dtype=object)
        for at, name in ((1, "game_id"), (2, "player_lookup"))
    }
    buffer = Buffer(texts | columns, dict.fromkeys(columns, 0), day)
    cutoff = np.array(cutoffs, dtype=np.int64)
    assert day.max(initial=0) < STRIDE
    start, stop = np.searchsorted(day, cutoff - days), np.searchsorted(day, cutoff)
    return Slices(buffer, start, stop, np.zeros_like(cutoff), cutoff)


def cells_of(cutoffs, **windows):
    return Cells({"game_date": np.array(cutoffs)}, windows)


@given(SEASON, SEASON, CUTOFFS)
@example([(0, "a", "ann")], [(0, "a", "ann"), (1, "a", "ann"), (3, "a", "ann")], [0, 1, 2, 3, 4, 5])
def test_every_cell_finds_the_newest_row_it_sees(wanted, among, cutoffs):
    cells = cells_of(cutoffs, wanted=window(wanted, cutoffs), among=window(among, cutoffs))
    values = np.arange(len(among), dtype=np.float64)

    found = [numbers.tolist() for numbers in looked_up(cells, "wanted", "among", values)]

    def by_hand(cutoff):
        seen = {row[1:]: n for n, row in enumerate(among) if cutoff - 3 <= row[0] < cutoff}
        return [seen.get(row[1:]) for row in wanted if cutoff - 3 <= row[0] < cutoff]

    told = [[None if np.isnan(number) else number for number in numbers] for numbers in found]
    assert told == [by_hand(cutoff) for cutoff in cutoffs]


def test_a_cell_does_not_see_what_a_later_one_sees():
    wanted, among = [(0, "a", "ann")], [(2, "a", "ann")]
    cells = cells_of([1, 3], wanted=window(wanted, [1, 3]), among=window(among, [1, 3]))
    before, after = looked_up(cells, "wanted", "among", np.array([31.0]))
    assert np.isnan(before).all()
    assert after.tolist() == [31.0]


def test_who_did_not_play_scored_nothing_that_counts():
    rows = [(0, "a", name) for name in ("ann", "bob", "cyd")]
    results = window(
        rows,
        [1],
        points=np.array([12.0, 0.0, np.nan]),
        minutes_played=np.array([30.0, 0.0, np.nan]),
    )
    asked = window([*rows, (0, "a", "dee")], [1])
    (found,) = points_scored(cells_of([1], asked=asked, results=results), "asked")
    assert found[0] == 12.0
    assert np.isnan(found[1:]).all()
