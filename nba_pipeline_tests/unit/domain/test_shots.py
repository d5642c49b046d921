from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from nba_pipeline.domain.shots import MID_RANGE, PAINT, THREE, hoop_distance, zone


@pytest.mark.parametrize(
    ("is_three", "feet", "expected"),
    [
        (False, 0.0, PAINT),
        (False, 8.0, PAINT),
        (False, 8.49, PAINT),
        (False, 8.5, MID_RANGE),
        (False, 9.0, MID_RANGE),
        (False, 24.0, MID_RANGE),
        (True, 22.0, THREE),
        (True, 2.0, THREE),
        (True, math.nan, THREE),
    ],
)
def test_the_line_decides_before_the_distance(is_three, feet, expected):
    assert zone(np.array([is_three]), np.array([feet])).tolist() == [expected]


def test_a_two_without_a_distance_was_taken_at_the_hoop():
    assert zone(np.array([False]), np.array([math.nan])).tolist() == [PAINT]


def test_a_shot_of_unknown_worth_has_no_zone():
    zones = zone(np.array([0.0, 1.0, math.nan]), np.array([3.0, 3.0, 3.0]))
    assert zones.tolist() == [PAINT, THREE, None]


def test_zones_are_plain_text():
    assert {type(place) for place in zone(np.array([True, False]), np.array([25.0, 1.0]))} == {str}


def test_no_shots_have_no_zones():
    assert zone(np.array([], dtype=bool), np.array([])).tolist() == []


def test_distance_is_straight_to_the_hoop():
    assert hoop_distance(np.array([3.0, np.nan]), np.array([-4.0, 1.0]))[0] == 5.0


def test_recorded_twos_lie_in_the_zone_their_text_says(season_files):
    shots = pd.read_parquet(season_files / "shots_2021_22_first_580_games.parquet")
    plays = pd.read_parquet(
        season_files / "play_by_play_2021_22.parquet",
        columns=["game_id", "event_num", "d_shot_distance_ft"],
    )
    twos = shots[shots.shot_type == "2PT Field Goal"].merge(
        plays, left_on=["game_id", "game_event_id"], right_on=["game_id", "event_num"]
    )
    not_three = np.zeros(len(twos), dtype=bool)
    measured = zone(
        not_three, hoop_distance(twos.loc_x.to_numpy() / 10, twos.loc_y.to_numpy() / 10)
    )
    told = zone(not_three, twos.d_shot_distance_ft.to_numpy(dtype=float))
    assert (len(twos), int((measured != told).sum())) == (61_269, 0)
