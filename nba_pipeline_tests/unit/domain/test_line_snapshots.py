"""Which of several snapshots of a line is the one that counts."""

from __future__ import annotations

import numpy as np

from nba_pipeline.domain.line_snapshots import Line, line_of

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
