"""Similar games: what makes two alike, and what follows from few of them."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.tables.predictions.systems.similarity import (
    SYSTEM,
    confidence,
    context,
    form_before,
    score,
)

LIKE_TONIGHT = {
    "points": 20.0,
    "minutes": 30.0,
    "is_home": 1.0,
    "days_rest": 1.0,
    "opponent_def_rating": 110.0,
}


def like(rating=112.0, rest=1.0, home=1.0, form=0.0):
    return context(np.array([rating]), np.array([rest]), np.array([home]), np.array([form]))


def test_the_same_context_is_fully_alike():
    assert score(like(), like()).tolist() == [100.0]


def test_a_neighbouring_tier_and_rest_count_half_and_other_form_a_third():
    assert score(like(), like(rating=116.0, rest=2.0, form=5.0)).tolist() == [55.0]


@pytest.mark.parametrize(
    ("other", "points"),
    [
        ({"rating": 105.0}, 80.0),
        ({"rating": 120.0}, 80.0),
        ({"rest": 3.0}, 70.0),
        ({"rest": 9.0}, 70.0),
        ({"home": 0.0}, 85.0),
        ({"form": -3.0}, 90.0),
        ({"rating": np.nan}, 60.0),
        ({"rest": np.nan}, 70.0),
        ({"form": np.nan}, 90.0),
    ],
)
def test_each_part_of_a_context_counts_by_itself(other, points):
    assert score(like(), like(**other)).tolist() == [points]


def test_form_is_what_was_known_before_each_game():
    points = np.array([10.0, 20.0, 30.0, 40.0])
    form = form_before(np.zeros(4, dtype=np.int64), points)
    assert form.tolist()[1:] == [0.0, 0.0, 0.0]
    assert np.isnan(form[0])


def test_form_weighs_the_last_five_games_against_all_before():
    points = np.array([0.0, 10.0, 10.0, 10.0, 10.0, 10.0, 99.0])
    assert form_before(np.zeros(7, dtype=np.int64), points)[-1] == pytest.approx(10 - 50 / 6)


def test_a_player_s_form_does_not_reach_into_another_s():
    form = form_before(np.array([0, 0, 1, 1]), np.array([10.0, 20.0, 30.0, 40.0]))
    assert np.isnan(form).tolist() == [True, False, True, False]


def test_enough_similar_games_give_their_mean_and_small_corrections(slate_of):
    told = SYSTEM.predict(slate_of({}, games=[[LIKE_TONIGHT] * 6]), {})
    assert told.points.tolist() == [pytest.approx(20 + 20 * 0.015 + 0.8)]
    assert told.details["similar_games_count"].tolist() == [6.0]


def test_four_similar_games_are_too_few(slate_of):
    told = SYSTEM.predict(slate_of({}, games=[[LIKE_TONIGHT] * 4]), {})
    assert np.isnan(told.points[0])
    assert told.silence.tolist() == ["4 games like tonight's, 5 are needed"]


@pytest.mark.parametrize("nothing", [{"points": np.nan}, {"minutes": 0.0}])
def test_a_game_he_did_not_play_is_no_match(slate_of, nothing):
    games = [LIKE_TONIGHT] * 5 + [LIKE_TONIGHT | nothing]
    told = SYSTEM.predict(slate_of({}, games=[games]), {})
    assert told.details["similar_games_count"].tolist() == [5.0]


def test_only_the_twenty_best_of_the_newest_thirty_count(slate_of):
    old = LIKE_TONIGHT | {"points": 90.0}
    told = SYSTEM.predict(slate_of({}, games=[[old] * 10 + [LIKE_TONIGHT] * 30]), {})
    assert told.details["similar_games_count"].tolist() == [20.0]
    assert told.details["similarity_baseline"].tolist() == [20.0]


def test_a_player_s_answer_does_not_depend_on_his_neighbours(slate_of):
    games = [[LIKE_TONIGHT | {"points": float(p)} for p in range(n, n + 9)] for n in range(5)]
    together = SYSTEM.predict(slate_of(*[{}] * 5, games=games), {})
    alone = [SYSTEM.predict(slate_of({}, games=[theirs]), {}).points[0] for theirs in games]
    assert together.points.tolist() == alone


@pytest.mark.parametrize(
    ("matches", "mean", "spread", "sure"),
    [(15, 85, 3.9, 1.0), (10, 75, 5.9, 0.88), (7, 70, 7.9, 0.73), (5, 70, 8.0, 0.40)],
)
def test_confidence_grows_with_matches_likeness_and_agreement(matches, mean, spread, sure):
    found = confidence(np.array([matches]), np.array([mean]), np.array([spread]))
    assert found.tolist() == [pytest.approx(sure)]
