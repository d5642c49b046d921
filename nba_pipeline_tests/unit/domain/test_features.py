from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.features import (
    CALCULATED,
    DEFAULT,
    FEATURES,
    NAMES,
    PHASE3,
    PHASE4,
    SHARES,
    Sourced,
    data_source,
    default_count,
    first_known,
    free_throw_share,
    injury_risk,
    minutes_change,
    quality_score,
    recent_trend,
    rest_advantage,
    vectors,
    win_share,
)

UNKNOWN = math.nan
CONTEXT = [number for number, feature in enumerate(FEATURES) if feature.is_context]
OTHERS = [number for number in range(len(FEATURES)) if number not in CONTEXT]


def stat(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def sources(**counts: int) -> np.ndarray:
    """One player's sources: so many of each among the features that have several."""
    row = np.full((1, len(FEATURES)), PHASE3, dtype=object)
    row[0, OTHERS] = [name for name, count in counts.items() for _ in range(count)]
    return row


def everything(**special: Sourced) -> dict[str, Sourced]:
    plain = {name: first_known(name, (PHASE4, stat(UNKNOWN))) for name in NAMES}
    return {**plain, **special}


# The vector --------------------------------------------------------------------------------------


def test_there_are_25_features_in_one_order():
    assert (len(NAMES), NAMES[0], NAMES[13], NAMES[18], NAMES[24]) == (
        25,
        "points_avg_last_5",
        "opponent_def_rating",
        "pct_paint",
        "team_win_pct",
    )


def test_default_shares_are_all_shots():
    defaults = {feature.name: feature.default for feature in FEATURES}
    assert sum(defaults[name] for name in SHARES) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
def test_a_default_can_be_true(feature):
    assert feature.minimum <= feature.default <= feature.maximum


def test_a_row_of_the_matrix_is_a_player():
    points = Sourced(stat(27.5), np.array([PHASE4], dtype=object))
    values, where_from = vectors(everything(points_avg_last_10=points))
    assert values.shape == where_from.shape == (1, 25)
    assert (values[0, 1], where_from[0, 1]) == (27.5, PHASE4)
    assert (values[0, 0], where_from[0, 0]) == (10.0, DEFAULT)


def test_a_feature_out_of_order_is_named():
    known = everything()
    swapped = {"points_avg_last_10": known["points_avg_last_10"], **known}
    with pytest.raises(ValueError, match="points_avg_last_10 stands where points_avg_last_5"):
        vectors(swapped)


def test_a_missing_feature_is_refused():
    known = everything()
    del known["team_win_pct"]
    with pytest.raises(ValueError, match="not the 25 of v1_baseline_25 in their order: 24"):
        vectors(known)


# Where a value comes from ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("precomputed", "summed", "value", "source"),
    [
        (27.5, 26.0, 27.5, PHASE4),
        (UNKNOWN, 26.0, 26.0, PHASE3),
        (UNKNOWN, UNKNOWN, 10.0, DEFAULT),
        (math.inf, 26.0, 26.0, PHASE3),
        (0.0, 26.0, 0.0, PHASE4),
    ],
)
def test_the_first_known_value_counts(precomputed, summed, value, source):
    found = first_known("points_avg_last_10", (PHASE4, stat(precomputed)), (PHASE3, stat(summed)))
    assert (found.values[0], found.sources[0]) == (value, source)


# Calculated features -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "other", "advantage"),
    [(1.0, 0.0, 1.0), (5.0, 0.0, 2.0), (0.0, 4.0, -2.0), (2.0, 2.0, 0.0)],
)
def test_more_rest_than_the_opponent_is_an_advantage(own, other, advantage):
    assert rest_advantage(stat(own), stat(other))[0] == advantage


@pytest.mark.parametrize(("own", "other"), [(UNKNOWN, 1.0), (1.0, UNKNOWN)])
def test_rest_of_one_side_alone_is_no_advantage(own, other):
    assert math.isnan(rest_advantage(stat(own), stat(other))[0])


@pytest.mark.parametrize(
    ("status", "risk"),
    [
        ("available", 0.0),
        ("", 0.0),
        ("unknown", 0.0),
        ("Probable", 1.0),
        ("questionable", 2.0),
        ("doubtful", 3.0),
        ("OUT", 3.0),
        (None, UNKNOWN),
    ],
)
def test_a_status_is_a_risk(status, risk):
    found = injury_risk(np.array([status], dtype=object))
    assert np.array_equal(found, stat(risk), equal_nan=True)


@pytest.mark.parametrize(
    ("newest_first", "trend"),
    [
        ([30, 28, 26, 20, 18], 2.0),
        ([18, 20, 26, 28, 30], -2.0),
        ([22, 22, 22, 20, 20], 1.0),
        ([20, 20, 20, 22, 22], -1.0),
        ([21, 21, 21, 20, 20], 0.0),
    ],
)
def test_a_player_on_the_rise_has_a_positive_trend(newest_first, trend):
    newest, before = newest_first[:3], newest_first[3:]
    assert recent_trend(stat(sum(newest) / 3), stat(sum(before) / 2))[0] == trend


def test_too_few_games_are_no_trend():
    assert math.isnan(recent_trend(stat(20.0), stat(UNKNOWN))[0])


@pytest.mark.parametrize(
    ("recent", "season", "change"),
    [
        (33.0, 30.0, 1.0),
        (36.0, 30.0, 2.0),
        (24.0, 30.0, -2.0),
        (27.0, 30.0, -1.0),
        (32.9, 30.0, 0.0),
        (0.0, 30.0, UNKNOWN),
        (30.0, 0.0, UNKNOWN),
        (UNKNOWN, 30.0, UNKNOWN),
    ],
)
def test_a_growing_role_shows_in_minutes(recent, season, change):
    found = minutes_change(stat(recent), stat(season))
    assert np.array_equal(found, stat(change), equal_nan=True)


@pytest.mark.parametrize(
    ("free_throws", "points", "games", "share"),
    [
        (60.0, 240.0, 10.0, 0.25),
        (60.0, 240.0, 4.0, UNKNOWN),
        (0.0, 0.0, 10.0, UNKNOWN),
        (30.0, 40.0, 5.0, 0.5),
    ],
)
def test_points_at_the_line_are_a_share_of_all_points(free_throws, points, games, share):
    found = free_throw_share(stat(free_throws), stat(points), stat(games))
    assert np.array_equal(found, stat(share), equal_nan=True)


@pytest.mark.parametrize(("wins", "games", "share"), [(9.0, 12.0, 0.75), (4.0, 4.0, UNKNOWN)])
def test_a_team_is_judged_from_its_fifth_game(wins, games, share):
    assert np.array_equal(win_share(stat(wins), stat(games)), stat(share), equal_nan=True)


# Quality -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "score"),
    [
        ({PHASE4: 16, CALCULATED: 6}, 100.0),
        ({PHASE4: 13, CALCULATED: 6, PHASE3: 3}, 97.0),
        ({PHASE4: 9, CALCULATED: 6, PHASE3: 3, DEFAULT: 4}, 87.4),
        ({PHASE4: 6, CALCULATED: 6, PHASE3: 6, DEFAULT: 4}, 84.4),
        ({CALCULATED: 6, DEFAULT: 16}, 61.6),
        ({CALCULATED: 3, PHASE3: 3, DEFAULT: 16}, 58.6),
    ],
)
def test_second_best_and_defaults_cost_quality(counts, score):
    assert quality_score(sources(**counts))[0] == score


def test_tonights_context_is_no_second_best():
    unknown_context = sources(**{PHASE4: 16, CALCULATED: 6})
    unknown_context[0, CONTEXT] = DEFAULT
    assert quality_score(unknown_context)[0] == 92.8


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({PHASE4: 16, CALCULATED: 6}, "phase4"),
        ({PHASE4: 15, CALCULATED: 6, DEFAULT: 1}, "phase4_partial"),
        ({PHASE4: 15, CALCULATED: 6, PHASE3: 1}, "phase4_partial"),
        ({PHASE4: 12, CALCULATED: 6, PHASE3: 4}, "mixed"),
        ({PHASE4: 6, CALCULATED: 6, PHASE3: 10}, "phase3"),
    ],
)
def test_a_vector_says_what_it_stands_on(counts, told):
    assert data_source(sources(**counts)).tolist() == [told]


def test_defaults_are_counted():
    assert default_count(sources(**{PHASE4: 16, CALCULATED: 2, DEFAULT: 4})).tolist() == [4]


@given(
    st.lists(
        st.lists(st.sampled_from([PHASE4, PHASE3, CALCULATED, DEFAULT]), min_size=25, max_size=25),
        min_size=1,
        max_size=5,
    )
)
def test_quality_is_the_mean_weight(rows):
    weights = {PHASE4: 100, CALCULATED: 100, PHASE3: 75, DEFAULT: 40}
    plain = [
        sum(
            100 if number in CONTEXT and source == PHASE3 else weights[source]
            for number, source in enumerate(row)
        )
        / 25
        for row in rows
    ]
    assert quality_score(np.array(rows, dtype=object)).tolist() == plain
