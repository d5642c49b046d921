"""What a learned model sees: fading means, ratings, and what absent team-mates leave behind."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from nba_pipeline.tables.predictions.player_points_features import TABLE

DAY = date(2024, 11, 20)
GAME = "20241120_CHI_MIL"
#: Points of each player in the team's five games so far, None where he did not play.
POINTS = {
    "star": [30, 30, 30, 30, 30],
    "guard": [10, 12, 14, 16, 18],
    "hurt": [20, 20, None, 20, 20],
    "gone": [8, None, None, None, None],
}


def games():
    """Each player's games, 30 minutes and as many shots as points."""
    return [
        {
            "game_date": DAY - timedelta(10 - 2 * number),
            "player_lookup": player,
            "team_abbr": "CHI",
            "season_year": 2024,
            "points": points,
            "minutes_played": 30.0,
            "fg_attempts": points,
            "ft_attempts": 0,
            "three_pt_attempts": 2,
            "turnovers": 0,
            "assists": 1,
            "total_rebounds": 4,
            "plus_minus": -3,
            "starter_flag": player == "star",
        }
        for player, each in POINTS.items()
        for number, points in enumerate(each)
        if points is not None
    ]


def expected_tonight(statuses=None, lines=()):
    return [
        {
            "game_date": DAY,
            "game_id": GAME,
            "player_lookup": player,
            "team_abbr": "CHI",
            "opponent_team_abbr": "MIL",
            "season_year": 2024,
            "home_game": True,
            "days_rest": 1,
            "player_status": (statuses or {}).get(player),
            "has_prop_line": player in lines,
        }
        for player in POINTS
    ]


@pytest.fixture
def features(seen_by):
    """``features(statuses, lines)``: each player's row."""

    def build(statuses=None, lines=()):
        tonight = expected_tonight(statuses, lines)
        seen = seen_by(
            TABLE,
            tonight=tonight,
            slate=tonight,
            summaries=games(),
            teammates=games(),
            team_games=[
                {"game_date": DAY - timedelta(2), "team_abbr": "CHI", "season_year": 2024,
                 "pace": 101.0, "offensive_rating": 112.5}
            ],
            opponent_games=[
                {"game_date": DAY - timedelta(2), "defending_team_abbr": "MIL",
                 "season_year": 2024, "defensive_rating": 108.25, "opponent_pace": 99.5}
            ],
        )  # fmt: skip
        return {row["player_lookup"]: row for row in seen.rows}

    return build


def test_plain_means_are_plain(features):
    row = features()["guard"]
    assert (row["games_played"], row["points_mean_season"], row["points_mean_last_5"]) == (
        5,
        14,
        14,
    )
    assert row["points_std_last_10"] == pytest.approx(3.1623, abs=1e-4)


@pytest.mark.parametrize("half_life", [3, 8, 20])
def test_fading_means_halve_a_game_with_every_so_many_later_ones(features, half_life):
    weights = [0.5 ** (age / half_life) for age in (4, 3, 2, 1, 0)]
    mean = sum(w * p for w, p in zip(weights, POINTS["guard"], strict=True)) / sum(weights)
    assert features()["guard"][f"points_fading_{half_life}"] == pytest.approx(mean, abs=1e-4)


def test_a_steady_scorer_s_means_are_all_the_same(features):
    row = features()["star"]
    names = ("points_mean_season", "points_mean_last_10", "points_fading_3", "points_fading_20")
    assert {row[name] for name in names} == {30.0}
    assert (row["starts_fading_3"], row["started_last_game"]) == (1.0, 1.0)


def test_both_teams_ratings_are_there(features):
    row = features()["star"]
    assert (row["team_pace"], row["opponent_def_rating"]) == (101.0, 108.25)


def test_who_is_out_leaves_his_minutes_to_the_others(features):
    healthy, without = features(), features({"hurt": "out"})
    assert without["star"]["missing_minutes"] > healthy["star"]["missing_minutes"] + 20
    assert without["hurt"]["missing_minutes"] < without["star"]["missing_minutes"]


def test_what_is_missing_is_held_against_what_was_missing_in_his_games(features):
    row = features({"hurt": "out"})["star"]
    # Before game 3 "hurt" had played two games of five: he counted for two fifths of 20 points.
    # "gone" had one game of 8 points and then never came back.
    left = [0.0, 8 / 5, 8 / 5 + 20 * 2 / 5, 8 / 5, 8 / 5]
    usual = sum(left) / len(left)
    tonight = 0.995 * 20 * 4 / 5 + 0.60 * 8 / 5 + 0.05 * 14
    assert row["missing_points_change"] == pytest.approx(tonight - usual, abs=1e-4)


def test_a_team_mate_bookmakers_leave_out_is_probably_missing(features):
    listed = features(lines=("star", "guard", "hurt"))
    left_out = features(lines=("star", "guard", "gone"))
    assert left_out["star"]["missing_minutes"] > listed["star"]["missing_minutes"]


def test_games_missed_count_since_the_last_one_played(features):
    rows = features()
    assert {name: row["team_games_missed"] for name, row in rows.items()} == {
        "star": 0.0,
        "guard": 0.0,
        "hurt": 0.0,
        "gone": 4.0,
    }
    assert rows["gone"]["chance_out"] > rows["hurt"]["chance_out"]


def test_nobody_s_features_depend_on_who_is_computed_beside_him(seen_by, features):
    whole = features({"hurt": "out"})
    tonight = expected_tonight({"hurt": "out"})
    for row in tonight:
        alone = seen_by(
            TABLE, tonight=[row], slate=tonight, summaries=games(), teammates=games()
        ).rows[0]
        for name in ("points_fading_8", "missing_minutes", "missing_shots_change"):
            assert alone[name] == whole[row["player_lookup"]][name]
