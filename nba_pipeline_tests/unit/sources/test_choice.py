"""What one publisher leaves open another may fill, but never a play."""

from __future__ import annotations

import pytest

from nba_pipeline.sources.choice import filled
from nba_pipeline.sources.feeds import FEEDS

MINE = {"game_id": "0022400561", "points": 20, "steals": None}
THEIRS = {"game_id": "0022400561", "points": 21, "steals": 3}


def test_what_a_publisher_leaves_open_is_filled_from_another():
    assert filled(FEEDS["player_box"], MINE, THEIRS) == {**MINE, "steals": 3}


@pytest.mark.parametrize("theirs", [THEIRS, {}])
def test_a_play_is_never_filled_from_another_publisher_s_play_of_the_same_number(theirs):
    assert filled(FEEDS["play_by_play"], MINE, theirs) == MINE
