"""A gap can be loaded, a night off cannot, and some rows have both."""

import pytest

from nba_pipeline.domain.incompleteness import IncompleteData, classify


@pytest.mark.parametrize(
    ("expected", "gaps", "nights_off", "kind", "is_correctable"),
    [
        (10, 0, 0, "COMPLETE", False),
        (3, 0, 0, "COMPLETE", False),
        (4, 2, 0, "INSUFFICIENT_HISTORY", False),
        (5, 2, 0, "DATA_GAP", True),
        (10, 0, 2, "PLAYER_DNP", False),
        (10, 1, 1, "MIXED", True),
    ],
)
def test_missing_games_are_told_apart(expected, gaps, nights_off, kind, is_correctable):
    found = classify(expected, gaps, nights_off)
    assert (found, found.is_correctable) == (kind, is_correctable)


def test_without_a_look_at_the_box_scores_nothing_is_known():
    found = classify(10, 2, 0, has_looked=False)
    assert (found, found.is_correctable) == (IncompleteData.UNKNOWN, None)
