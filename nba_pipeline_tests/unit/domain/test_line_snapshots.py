"""Which of several snapshots of a line is the one that counts."""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.line_snapshots import Line, is_main_line, line_of

Snapshot = tuple[int, str, int, str, float]


def line(*snapshots: Snapshot, owners: int = 1) -> Line:
    """Of (owner, book, hour, label, point) each."""
    owner, books, hours, labels, points = (
        zip(*snapshots, strict=True) if snapshots else ((), (), (), (), ())
    )
    day = np.datetime64("2021-11-15", "us")
    return line_of(
        {
            "bookmaker_key": np.array(books, dtype=object),
            "snapshot_at": day + np.array(hours, dtype="timedelta64[h]"),
            "snapshot_label": np.array(labels, dtype=object),
            "outcome_point": np.array(points, dtype=np.float64),
        },
        np.array(owner, dtype=np.int64),
        owners,
    )


def test_without_a_snapshot_there_is_no_line():
    found = line()
    assert np.isnan([found.current[0], found.opening[0], found.movement[0]]).all()
    assert found.book.tolist() == [None]
    assert np.isnat(found.current_at).all()
    assert found.is_only_opening.tolist() == [False]


def test_the_newest_counts_and_the_oldest_was_the_opening_whatever_their_order():
    found = line((0, "x", 9, "", 3.0), (0, "x", 17, "", 1.0), (0, "x", 12, "", 2.0))
    assert (found.current[0], found.opening[0], found.movement[0]) == (1.0, 3.0, -2.0)
    assert found.current_at[0] == np.datetime64("2021-11-15T17", "us")


def test_draftkings_comes_before_fanduel_and_both_before_the_alphabet():
    snapshots = [(0, "caesars", 9, "", 1.0), (0, "fanduel", 9, "", 2.0)]
    assert line(*snapshots).book.tolist() == ["fanduel"]
    assert line(*snapshots, (0, "draftkings", 8, "", 3.0)).book.tolist() == ["draftkings"]
    assert line((0, "caesars", 9, "", 1.0), (0, "betmgm", 9, "", 2.0)).book.tolist() == ["betmgm"]


def test_each_owner_has_his_own():
    found = line((0, "x", 9, "", 3.0), (2, "y", 9, "", 5.0), owners=3)
    assert found.book.tolist() == ["x", None, "y"]


def test_one_snapshot_is_the_opening_only_when_it_is_called_so():
    assert np.isnan(line((0, "x", 9, "closing", 3.0)).opening[0])
    opening = line((0, "x", 9, "opening", 3.0))
    assert (opening.opening[0], opening.is_only_opening[0]) == (3.0, True)
    assert np.isnan(opening.movement[0])


def main_lines(*offered: tuple[int, float, float | None, float | None, bool]) -> list[float]:
    """The main ones of (market, line, over, under, two-sided) each."""
    market, line, over, under, two_sided = (np.array(part) for part in zip(*offered, strict=True))
    prices = over.astype(np.float64), under.astype(np.float64)
    return line[is_main_line(market, line, *prices, two_sided)].tolist()


def test_the_main_line_is_the_one_whose_sides_are_nearest_to_equally_likely():
    offered = [(0, 9.5, -260, 190, True), (0, 12.5, -105, -125, True), (0, 14.5, 165, -220, True)]
    assert main_lines(*offered) == [12.5]


def test_a_line_with_one_side_is_no_main_line_beside_one_with_both():
    assert main_lines((0, 20.5, None, None, False), (0, 27.5, None, None, True)) == [27.5]


def test_without_odds_the_lowest_line_is_the_main_one_and_each_market_has_one():
    offered = [(1, 8.5, None, None, True), (0, 6.5, None, None, True), (1, 7.5, None, None, True)]
    assert sorted(main_lines(*offered)) == [6.5, 7.5]


def test_a_book_without_an_opening_is_not_named():
    single, moved = line((0, "x", 9, "", 3.0)), line((0, "x", 9, "", 3.0), (0, "x", 10, "", 4.0))
    assert (single.opening_book.tolist(), moved.opening_book.tolist()) == ([None], ["x"])
