"""Forecasts of a real night: how inputs are read, and what earlier dates teach."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from evening_rows import DAY

from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.read_cache import ReadCache
from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.predictions import scoring_tier_adjustments, system_calibration
from nba_pipeline.tables.predictions.system_forecasts import TABLE
from nba_pipeline.tables.predictions.systems import MARKET, SYSTEMS

NIGHT = date(2021, 11, 15)


class Watched:
    """A warehouse that counts what is read of it and keeps nothing that is written."""

    def __init__(self, warehouse):
        self._warehouse, self.reads = warehouse, Counter()

    def read(self, table, *args, **options):
        self.reads[table.name] += 1
        return self._warehouse.read(table, *args, **options)

    def replace(self, table, partitions):
        pass

    def append(self, log, rows):
        pass

    def __getattr__(self, name):
        return getattr(self._warehouse, name)


def test_the_history_of_a_whole_slate_is_read_once(autumn):
    watched = Watched(autumn.session.warehouse)
    session = replace(autumn.session, warehouse=watched, force=True, cache=ReadCache())
    reports = list(materialize(TABLE, [NIGHT], session))
    refuse_problems(reports)
    assert reports[0].computed > 100 * len(SYSTEMS)
    assert watched.reads["player_game_summary"] == 1
    assert watched.reads["points_model"] == 1


def test_every_requested_player_is_answered_by_every_system_or_told_why_not(autumn):
    requested = {row["player_lookup"] for row in autumn.rows("prediction_requests", NIGHT)}
    answered = {
        (row["player_lookup"], row["system_id"]) for row in autumn.rows("system_forecasts", NIGHT)
    }
    silent = {tuple(entity.split("|")[1:]) for entity in autumn.outcomes("system_forecasts", NIGHT)}
    assert answered | silent == {(who, s.id) for who in requested for s in SYSTEMS}


def test_nobody_on_the_injured_list_is_predicted(autumn):
    requested = {row["player_lookup"] for row in autumn.rows("prediction_requests", NIGHT)}
    out = {
        row["player_lookup"] for row in autumn.rows("player_availability", NIGHT) if row["is_out"]
    }
    assert requested
    assert requested.isdisjoint(out)


# What earlier dates teach ------------------------------------------------------------------------


def graded_past(days: int, miss: float, season_average: float = 22.0, players: int = 10):
    """Forecasts on each of some days before ``DAY`` that are ``miss`` points too high."""
    forecasts, results = [], []
    for back in range(1, days + 1):
        for player in range(players):
            who = {
                "game_date": DAY - timedelta(back),
                "game_id": f"game{back}",
                "player_lookup": f"player{player}",
            }
            points = 10 + (7 * player + 3 * back) % 15
            results.append({**who, "points": points, "minutes_played": 30.0})
            forecasts += [
                {
                    **who,
                    "system_id": system.id,
                    "predicted_points": points + miss,
                    "season_average": season_average,
                }
                for system in SYSTEMS
            ]
    return {"forecasts": forecasts, "results": results}


REQUESTS = [{"game_date": DAY, "game_id": "tonight", "player_lookup": "player0"}]


def tiers(seen_by, **past):
    return seen_by(scoring_tier_adjustments.TABLE, requests=REQUESTS, **past)


def test_a_tier_that_is_forecast_too_high_is_adjusted_down(seen_by):
    row = tiers(seen_by, **graded_past(5, miss=2.0)).rows[0]
    assert (row["scoring_tier"], row["sample_size"]) == ("STARTER_20_29", 50)
    assert (row["recommended_adjustment"], row["adjustment_confidence"]) == (-2.0, 0.5)


def test_tiers_with_few_graded_forecasts_have_no_adjustment(seen_by):
    seen = tiers(seen_by, **graded_past(1, miss=2.0))
    assert seen.rows == []
    assert set(seen.turned_away.values()) == {"INSUFFICIENT_DATA"}


def test_a_tier_learns_nothing_of_its_own_date_or_later(seen_by):
    past = graded_past(5, miss=2.0)
    late = [
        row | {"game_date": DAY + timedelta(n), "predicted_points": 99.0}
        for n in (0, 1)
        for row in past["forecasts"]
    ]
    with_late = past | {"forecasts": past["forecasts"] + late}
    assert tiers(seen_by, **with_late).rows == tiers(seen_by, **past).rows


def calibrations(seen_by, **past):
    past.setdefault("lines", [])
    seen = seen_by(system_calibration.TABLE, requests=REQUESTS, **past)
    return {row["system_id"]: row for row in seen.rows}


def test_every_system_and_the_market_are_calibrated(seen_by):
    found = calibrations(seen_by, **graded_past(5, miss=2.0))
    assert set(found) == {MARKET.id, *(system.id for system in SYSTEMS)}
    assert found["xgboost_v1"]["graded_forecasts"] == 50


def test_with_enough_games_a_steady_miss_is_taken_back(seen_by):
    row = calibrations(seen_by, **graded_past(40, miss=2.0))["xgboost_v1"]
    assert (row["offset"], row["slope"]) == pytest.approx((-2.0, 1.0), abs=0.01)


def test_who_did_not_play_teaches_nothing(seen_by):
    past = graded_past(5, miss=2.0)
    past["results"] = [row | {"minutes_played": 0.0} for row in past["results"]]
    assert calibrations(seen_by, **past)["xgboost_v1"]["graded_forecasts"] == 0


def test_every_table_of_claims_reads_only_what_was_there_before():
    for name in ("system_calibration", "scoring_tier_adjustments"):
        windows = {
            key: read.window.last_day
            for key, read in REGISTRY[name].inputs.items()
            if key != "requests"
        }
        assert set(windows.values()) == {-1}
