from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.fatigue import Workload, fatigue

UNKNOWN = dict.fromkeys(Workload.__dataclass_fields__, math.nan)


def score(**known: float) -> float:
    load = Workload(**{name: np.array([value]) for name, value in {**UNKNOWN, **known}.items()})
    return float(fatigue(load).score[0])


def test_a_tired_veteran_is_penalised_for_everything_at_once():
    load = {
        "back_to_back": 1.0,
        "days_rest": 0.0,
        "games_in_last_7_days": 4.0,
        "minutes_in_last_7_days": 150.0,
        "avg_minutes_per_game_last_7": 37.5,
        "back_to_backs_last_14_days": 1.0,
        "player_age": 31.0,
    }
    columns = {name: np.array([value]) for name, value in load.items()}
    assert score(**load) == 57.0
    assert fatigue(Workload(**columns)).adjustment[0] == pytest.approx(-2.15, abs=1e-12)


def test_nothing_known_is_no_fatigue():
    assert score() == 100.0


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"days_rest": 3.0, "player_age": 36.0}, 95.0),
        ({"days_rest": 4.0}, 100.0),
        ({"back_to_back": 1.0}, 85.0),
        ({"back_to_back": 0.0, "days_rest": 0.0}, 100.0),
        ({"games_in_last_7_days": 3.0}, 100.0),
        ({"games_in_last_7_days": 4.0}, 90.0),
        ({"minutes_in_last_7_days": 240.0}, 100.0),
        ({"minutes_in_last_7_days": 240.1}, 90.0),
        ({"avg_minutes_per_game_last_7": 35.0}, 100.0),
        ({"avg_minutes_per_game_last_7": 35.1}, 92.0),
        ({"back_to_backs_last_14_days": 2.0}, 88.0),
        ({"back_to_backs_last_14_days": 1.0}, 95.0),
        ({"player_age": 29.0}, 100.0),
        ({"player_age": 30.0}, 95.0),
        ({"player_age": 35.0}, 90.0),
    ],
)
def test_each_strain_has_its_weight(known, expected):
    assert score(**known) == expected


def test_no_day_off_is_a_back_to_back_where_nobody_says_so():
    assert score(days_rest=0.0) == 85.0


def test_a_long_rest_is_no_bonus_on_a_back_to_back():
    assert score(back_to_back=1.0, days_rest=3.0) == 85.0


def test_a_long_rest_offsets_a_penalty():
    assert score(days_rest=3.0, games_in_last_7_days=4.0) == 95.0


LOADS = {
    "back_to_back": st.sampled_from([0.0, 1.0, math.nan]),
    "days_rest": st.sampled_from([0.0, 1.0, 3.0, 9.0, math.nan]),
    "games_in_last_7_days": st.sampled_from([0.0, 3.0, 4.0, 5.0, math.nan]),
    "minutes_in_last_7_days": st.sampled_from([0.0, 200.0, 260.0, math.nan]),
    "avg_minutes_per_game_last_7": st.sampled_from([0.0, 30.0, 42.0, math.nan]),
    "back_to_backs_last_14_days": st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan]),
    "player_age": st.sampled_from([19.0, 30.0, 34.0, 35.0, 41.0, math.nan]),
}

# What an unknown strain is taken for, rule by rule.
ORDINARY = {
    "back_to_back": 0.0,
    "days_rest": 1.0,
    "games_in_last_7_days": 3.0,
    "minutes_in_last_7_days": 200.0,
    "avg_minutes_per_game_last_7": 30.0,
    "back_to_backs_last_14_days": 0.0,
    "player_age": 25.0,
}


def plainly(load: dict[str, float]) -> float:
    """The table of penalties, read line by line."""
    known = {name: ORDINARY[name] if math.isnan(v) else v for name, v in load.items()}
    unsaid = math.isnan(load["back_to_back"])
    total = 100
    if known["back_to_back"] == 1 or (unsaid and load["days_rest"] == 0):
        total -= 15
    elif known["days_rest"] >= 3:
        total += 5
    total -= 10 * (known["games_in_last_7_days"] >= 4)
    total -= 10 * (known["minutes_in_last_7_days"] > 240)
    total -= 8 * (known["avg_minutes_per_game_last_7"] > 35)
    total -= {0: 0, 1: 5}.get(int(known["back_to_backs_last_14_days"]), 12)
    if known["player_age"] >= 30:
        total -= 10 if known["player_age"] >= 35 else 5
    return float(max(0, min(100, total)))


@given(st.fixed_dictionaries(LOADS))
def test_the_score_is_the_table_of_penalties(load):
    assert score(**load) == plainly(load)


@given(st.lists(st.fixed_dictionaries(LOADS), min_size=1, max_size=6))
def test_players_do_not_tire_each_other(loads):
    together = Workload(**{n: np.array([load[n] for load in loads]) for n in LOADS})
    assert fatigue(together).score.tolist() == [score(**load) for load in loads]
