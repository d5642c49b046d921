"""Claims: what a line adds to a forecast, and whom a moved line touches."""

from __future__ import annotations

import numpy as np
import pytest
from evening_rows import DAY, GAME, features, forecast, learned, request

from nba_pipeline.domain.distribution import PRIOR_KEPT, PRIOR_OVER, PRIOR_WEIGHT, calibrate
from nba_pipeline.tables.predictions import system_forecasts
from nba_pipeline.tables.predictions.player_prop_predictions import TABLE
from nba_pipeline.tables.predictions.systems import MARKET, SYSTEMS

IDS = [system.id for system in SYSTEMS]


def calibration(system):
    usual = calibrate(*(np.empty(0) for _ in range(3)))
    return {
        "game_date": DAY,
        "system_id": system,
        "error_quantiles": usual.errors.tolist(),
        "offset": 0.0,
        "slope": 1.0,
        "line_weight": PRIOR_WEIGHT,
        "chance_kept": PRIOR_KEPT,
        "over_rate": PRIOR_OVER,
    }


@pytest.fixture
def claims(seen_by):
    """``claims(requests, forecasts)``: the claims by player and system."""

    def build(requests, forecasts, tiers=()):
        seen = seen_by(
            TABLE,
            requests=requests,
            made=forecasts,
            forecast=forecasts,
            components=forecasts,
            calibration=[calibration(name) for name in (*IDS, MARKET.id)],
            tiers=list(tiers),
        )
        return {(row["player_lookup"], row["system_id"]): row for row in seen.rows}, seen

    return build


def everybody(points=25.0, player="demarderozan"):
    return [forecast(name, points, player) for name in IDS]


def test_without_a_line_there_is_no_side_no_margin_and_no_chance(claims):
    rows, _ = claims([request(points_line=None)], everybody())
    assert len(rows) == len(SYSTEMS)
    for row in rows.values():
        assert row["recommendation"] == "NO_LINE"
        nothing = ("line_value", "line_margin", "over_probability")
        assert [row[name] for name in nothing] == [None, None, None]
        assert (row["estimated_line_value"], row["line_source"]) == (21.5, "ESTIMATED_AVG")


def test_with_a_line_there_is_one_claim_more_the_market_s(claims):
    rows, _ = claims([request()], everybody())
    assert len(rows) == len(SYSTEMS) + 1
    market = rows["demarderozan", MARKET.id]
    assert market["predicted_points"] == pytest.approx(20.5 + PRIOR_WEIGHT * 4.5, abs=0.05)


def test_a_margin_is_the_forecast_less_the_line(claims):
    rows, _ = claims([request(points_line=20.5)], everybody(25.04))
    assert rows["demarderozan", "xgboost_v1"]["line_margin"] == 4.5


@pytest.mark.parametrize(
    ("system", "points", "side"),
    [
        ("moving_average", 22.5, "PASS"),
        ("moving_average", 22.6, "OVER"),
        ("similarity_balanced_v1", 22.5, "OVER"),
        ("similarity_balanced_v1", 18.5, "UNDER"),
        ("xgboost_v1", 22.0, "OVER"),
        ("xgboost_v1", 21.9, "PASS"),
    ],
)
def test_each_system_has_an_edge_of_its_own(claims, system, points, side):
    rows, _ = claims([request(points_line=20.5)], [forecast(system, points)])
    assert rows["demarderozan", system]["recommendation"] == side


def test_the_ensemble_passes_where_most_of_its_parts_stand_on_the_other_side(claims):
    parts = [forecast(name, 20.0) for name in IDS[:3]] + [forecast("xgboost_v1", 40.0)]
    rows, _ = claims([request(points_line=20.5)], [*parts, forecast("ensemble_v1", 25.0)])
    assert rows["demarderozan", "ensemble_v1"]["recommendation"] == "PASS"


def test_the_ensemble_takes_its_side_where_they_stand_with_it(claims):
    rows, _ = claims([request(points_line=20.5)], everybody(25.0))
    assert rows["demarderozan", "ensemble_v1"]["recommendation"] == "OVER"


def test_the_interval_surrounds_the_forecast_and_states_its_share(claims):
    rows, _ = claims([request()], everybody(25.0))
    row = rows["demarderozan", "xgboost_v1"]
    assert row["interval_low"] < 25.0 < row["interval_high"]
    assert row["interval_coverage"] == 0.8


def test_a_chance_against_the_line_is_modest(claims):
    rows, _ = claims([request(points_line=20.5)], everybody(25.0))
    assert 0.5 < rows["demarderozan", "xgboost_v1"]["over_probability"] < 0.6


def test_a_tier_s_adjustment_stands_beside_the_forecast(claims):
    tier = {
        "game_date": DAY,
        "system_id": "ensemble_v1",
        "scoring_tier": "STARTER_20_29",
        "recommended_adjustment": 2.0,
    }
    rows, _ = claims([request()], everybody(25.0), [tier])
    row = rows["demarderozan", "ensemble_v1"]
    assert (row["predicted_points"], row["tier_adjustment"], row["adjusted_points"]) == (
        25.0,
        1.5,
        26.5,
    )
    assert rows["demarderozan", "xgboost_v1"]["adjusted_points"] is None


def test_the_same_claim_has_the_same_id_and_no_two_claims_share_one(claims):
    rows, _ = claims([request()], everybody())
    again, _ = claims([request(points_line=25.5)], everybody())
    ids = [row["prediction_id"] for row in rows.values()]
    assert len(set(ids)) == len(ids)
    assert ids == [row["prediction_id"] for row in again.values()]


# Lines that move ---------------------------------------------------------------------------------

TWO = everybody() + everybody(player="coltonwhite")


def hashes(claims, first_line, second_line):
    requests = [request("demarderozan", first_line), request("coltonwhite", second_line)]
    return claims(requests, TWO)[1].inputs_hashes


def test_a_line_that_moves_touches_its_player_s_claims_and_nobody_else_s(claims):
    before, after = hashes(claims, 20.5, 9.5), hashes(claims, 21.5, 9.5)
    moved = {entity for entity in before if before[entity] != after[entity]}
    assert moved == {entity for entity in before if "|demarderozan|" in entity}


def test_a_line_that_moves_touches_no_forecast(seen_by):
    def hashes(points_line):
        return seen_by(
            system_forecasts.TABLE,
            requests=[request(points_line=points_line)],
            features=[features("demarderozan")],
            learned=[learned("demarderozan")],
        ).inputs_hashes

    assert hashes(20.5) == hashes(25.5)


def test_every_system_is_asked_about_every_player(seen_by):
    seen = seen_by(
        system_forecasts.TABLE,
        requests=[request()],
        features=[features("demarderozan")],
        learned=[learned("demarderozan")],
    )
    answered = {row["system_id"] for row in seen.rows}
    assert answered | {entity.split("|")[2] for entity in seen.turned_away} == set(IDS)
    assert seen.turned_away == {f"{GAME}|demarderozan|similarity_balanced_v1": "INSUFFICIENT_DATA"}
