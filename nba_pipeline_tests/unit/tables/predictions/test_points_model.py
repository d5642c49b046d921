"""The learned model: when it is trained, on what, and that it never looks at its day or beyond."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from nba_pipeline.engine.history import partitions_needed
from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.points_features import NAMES
from nba_pipeline.tables.predictions.points_model import DAYS, MONDAY, TABLE

A_MONDAY = date(2024, 11, 18)
FIRST_DAY = date(2020, 10, 1)


def season(until: date, days: int = 30, players: int = 40):
    """Games of ``players`` players on each of some days before ``until``, and their results."""
    draw = np.random.default_rng(11)
    examples, results = [], []
    for back in range(days, 0, -1):
        for player in range(players):
            who = {
                "game_date": until - timedelta(back),
                "game_id": f"game{back}",
                "player_lookup": f"player{player}",
            }
            values = draw.gamma(4, 4, len(NAMES)).round(4).tolist()
            known = dict(zip(NAMES, values, strict=True)) | {"minutes_fading_8": 30.0}
            examples.append(who | known)
            level = examples[-1]["points_fading_8"]
            points = max(0, round(level + draw.normal(0, 4)))
            results.append({**who, "points": points, "minutes_played": 30.0})
    return examples, results


def trained(seen_by, until=A_MONDAY, more=(), **options):
    examples, results = season(A_MONDAY, **options)
    week = [{"game_date": until + timedelta(2), "game_status": 1}]
    return seen_by(TABLE, week=week, examples=[*examples, *more], results=results)


def test_a_week_with_games_begins_with_a_model(seen_by):
    row = trained(seen_by).rows[0]
    assert (row["game_date"], row["model_version"]) == (A_MONDAY, "xgb_v1_20241118")
    assert (row["training_rows"], row["feature_names"]) == (1200, list(NAMES))


def test_it_learns_from_the_days_before_its_cutoff_only(seen_by):
    row = trained(seen_by).rows[0]
    assert row["last_training_day"] == A_MONDAY - timedelta(1)


def test_what_happens_on_its_day_or_later_changes_no_byte_of_it(seen_by):
    late, _ = season(A_MONDAY + timedelta(4), days=4)
    assert trained(seen_by, more=late).rows == trained(seen_by).rows


def test_its_error_is_measured_on_games_it_has_not_seen(seen_by):
    row = trained(seen_by, days=40).rows[0]
    assert row["held_out_rows"] == 14 * 40
    # Points are the level of a player and noise of four points, whose mean size is 3.2.
    assert 3.0 < row["held_out_mae"] < row["held_out_season_mean_mae"]


def test_too_few_games_teach_nothing(seen_by):
    seen = trained(seen_by, days=10)
    assert (seen.rows, seen.turned_away) == ([], {"points": "INSUFFICIENT_DATA"})


def test_players_who_hardly_play_teach_nothing(seen_by):
    idle, _ = season(A_MONDAY, days=1)
    benched = [row | {"minutes_fading_8": 4.9, "player_lookup": "benched"} for row in idle]
    assert trained(seen_by, more=benched).rows[0]["training_rows"] == 1200


def test_no_run_builds_earlier_seasons_for_a_model():
    needed = partitions_needed([TABLE], A_MONDAY, REGISTRY, FIRST_DAY)
    assert min(needed["player_points_features"]) == date(2024, 10, 1)


@pytest.mark.parametrize("offset", range(1, 7))
def test_between_two_mondays_a_model_needs_nothing(offset):
    day = A_MONDAY + timedelta(offset)
    needed = partitions_needed([TABLE], day, REGISTRY, FIRST_DAY)
    assert {name for name, dates in needed.items() if dates} == {"points_model"}


@pytest.mark.parametrize("offset", range(7))
def test_every_day_of_a_week_finds_exactly_one_monday(offset):
    from nba_pipeline.engine.inputs import window_dates
    from nba_pipeline.tables.predictions.system_forecasts import INPUTS

    reached = window_dates(INPUTS["models"].window, [A_MONDAY + timedelta(offset)])
    assert [day for day in reached if day.weekday() == MONDAY] == [A_MONDAY]


def test_it_reaches_back_four_seasons():
    assert timedelta(DAYS) > A_MONDAY - date(2021, 10, 19)
