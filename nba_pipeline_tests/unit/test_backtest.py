"""The backtest: figures of claims whose worth is known beforehand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from nba_pipeline.backtest import Claims, evaluate, graded_claims
from nba_pipeline.backtest_plots import draw
from nba_pipeline.domain.distribution import calibrate
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

FIRST = date(2024, 11, 15)
USUAL = calibrate(*(np.empty(0) for _ in range(3))).errors


def claims(many: int = 400, **changed) -> Claims:
    """Claims of one system that is always two points too high, on lines that are one too low."""
    draw_ = np.random.default_rng(1)
    points = draw_.integers(5, 35, many).astype(np.float64)
    days = np.array([FIRST + timedelta(n % 20) for n in range(many)], dtype="datetime64[D]")
    text = {"system_id": "xgboost_v1", "line_rule": "closing", "recommendation": "OVER"}
    columns = {
        "game_date": days,
        **{name: np.full(many, value, dtype=object) for name, value in text.items()},
        "predicted_points": points + 2,
        "line_value": points - 1,
        "actual_points": points,
        "season_average": points + 4,
        "over_probability": np.full(many, 0.75),
        "prediction_correct": np.ones(many),
        "within_interval": np.ones(many),
        "error_quantiles": np.tile(USUAL, (many, 1)),
        "offset": np.zeros(many),
        "slope": np.ones(many),
    }
    return Claims(columns | changed)


def figures(found: Claims):
    return evaluate(found)["systems"]["xgboost_v1 (closing)"]


def test_errors_stand_beside_those_of_both_baselines_on_the_same_rows():
    told = figures(claims())
    assert (told["n"], told["mae"], told["bias"]) == (400, 2.0, 2.0)
    assert (told["line_mae"], told["season_average_mae"]) == (1.0, 4.0)
    assert (told["ratio"], told["season_average_ratio"]) == (2.0, 4.0)


def test_a_constant_ratio_has_no_interval_to_speak_of():
    assert figures(claims())["ratio_interval"] == (2.0, 2.0)


def test_an_interval_comes_from_resampled_dates():
    points = claims()["actual_points"]
    noisy = points + np.random.default_rng(2).normal(0, 5, len(points))
    low, high = figures(claims(predicted_points=noisy))["ratio_interval"]
    told = figures(claims(predicted_points=noisy))
    assert low < told["ratio"] < high


def test_a_hit_is_a_forecast_on_the_right_side_of_the_line():
    assert figures(claims())["hit_rate"] == 1.0


def test_pushes_and_ties_are_no_hits_and_no_misses():
    points = claims()["actual_points"]
    line = points.copy()
    line[: len(line) // 2] -= 1
    told = figures(claims(line_value=line))
    assert (told["decided"], told["hit_rate"]) == (200, 1.0)


def test_claims_without_a_line_count_only_where_no_line_is_needed():
    line = np.where(np.arange(400) < 100, claims()["line_value"], np.nan)
    told = figures(claims(line_value=line, over_probability=np.where(np.isnan(line), np.nan, 0.75)))
    assert (told["claims"], told["n"]) == (400, 100)


def test_the_loss_is_that_of_the_stated_chances():
    told = figures(claims())
    assert told["log_loss"] == pytest.approx(-np.log(0.75))
    assert told["brier"] == pytest.approx(0.0625)
    assert told["over_calibration_error"] == pytest.approx(0.25)


def test_honest_distributions_have_no_calibration_error():
    draw_ = np.random.default_rng(4)
    middle = draw_.uniform(8, 28, 20_000)
    share = draw_.uniform(0.01, 0.99, 20_000)
    error = np.interp(share, np.linspace(0.01, 0.99, len(USUAL)), USUAL)
    points = np.round(middle + (1.6 + 1.34 * np.sqrt(middle)) * error)
    told = figures(claims(20_000, predicted_points=middle, actual_points=points))
    assert told["threshold_calibration_error"] < 0.02


def test_what_is_too_good_to_be_true_is_called_so():
    points = claims()["actual_points"]
    said = evaluate(claims(predicted_points=points))["warnings"]
    assert any("look for a leak" in sentence for sentence in said)


def test_ordinary_figures_call_for_no_warning():
    draw_ = np.random.default_rng(5)
    points = claims(4000)["actual_points"]
    line = points + draw_.normal(0, 5, 4000)
    near = line + draw_.normal(0, 2, 4000)
    assert evaluate(claims(4000, predicted_points=near, line_value=line))["warnings"] == []


def test_the_same_claims_give_the_same_figures():
    assert evaluate(claims()) == evaluate(claims())


def test_a_range_without_a_graded_claim_is_one_sentence(tmp_path):
    warehouse = LocalWarehouse(tmp_path, list(REGISTRY.values()))
    with pytest.raises(WarehouseError, match="no claim of 2024-11-15 to 2024-11-15"):
        graded_claims(warehouse, [FIRST])


def test_pictures_are_drawn(tmp_path):
    written = draw(evaluate(claims())["systems"], tmp_path / "pictures")
    assert [path.name for path in written] == [
        "error_ratio.png",
        "reliability.png",
        "coverage.png",
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
