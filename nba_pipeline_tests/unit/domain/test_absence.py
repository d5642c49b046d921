"""Who will probably be missing, and what a team's season says of its players."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.domain.absence import TeamGames, chance_out


def chance(status=None, lined=False, listed=False, missed=0, minutes=32.0):
    return chance_out(
        np.array([status], dtype=object),
        np.array([lined]),
        np.array([listed]),
        np.array([float(missed)]),
        np.array([minutes]),
    )[0]


def test_who_is_listed_as_out_is_out():
    assert chance("out", lined=True, listed=True) > 0.99


def test_a_star_without_a_line_among_team_mates_with_one_is_doubtful():
    assert chance(listed=True) > 5 * chance(lined=True, listed=True)


def test_where_no_team_mate_has_a_line_its_absence_says_nothing():
    assert chance(lined=False, listed=False) == chance(lined=True, listed=False)


@pytest.mark.parametrize("listed", [True, False])
def test_who_has_missed_games_will_rather_miss_another(listed):
    never, *ever = [chance(listed=listed, missed=n) for n in range(4)]
    assert 2 * never < min(ever)


def test_more_missed_games_than_three_say_no_more():
    assert chance(missed=3) == chance(missed=30)


@pytest.fixture
def team():
    """Three games: A in all of them, B in the first two, C in the last."""
    return TeamGames(
        np.array(["a", "b", "a", "b", "a", "c"], dtype=object),
        np.array(["2024-11-01"] * 2 + ["2024-11-03"] * 2 + ["2024-11-05"] * 2, "datetime64[D]"),
        {"points": np.array([10.0, 4.0, 20.0, 8.0, 30.0, 2.0])},
        {"points": 0},
    )


def test_means_are_those_before_each_game(team):
    assert team.means["points"][:, team.players["a"]].tolist() == [0, 10, 15, 20]
    assert team.means["points"][:, team.players["b"]].tolist() == [0, 4, 6, 6]


def test_missed_games_count_from_the_last_appearance(team):
    assert team.missed(3).tolist() == [0, 1, 0]
    assert team.missed(2).tolist() == [0, 0, 2]


def test_weight_grows_with_games_and_ends_with_absence(team):
    assert team.weight(3, reach=10, full=5).tolist() == [0.6, 0.4, 0.2]
    assert team.weight(3, reach=1, full=5).tolist() == [0.6, 0.0, 0.2]
