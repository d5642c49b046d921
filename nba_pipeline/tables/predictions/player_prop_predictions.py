"""What we claim: points, an interval, the chance of going over the line and which side to take.

One row per player, system and line rule. The forecasts come from systems that know no line; the
line joins them here, so that a line that moves costs one player's rows and no forecast. Around a
forecast lies the distribution that the system's own errors of earlier dates have; the market blend,
which is the line moved a little towards a forecast, is made here and is a system of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from nba_pipeline.domain.distribution import COVERAGE, chance_over, interval, pulled
from nba_pipeline.domain.grading import NO_LINE, OVER, PASS, UNDER, recommend, tier_factor, tier_of
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import Check, FailureCategory, FanOut, Gate, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables.predictions.systems import BY_ID, MARKET, ensemble
from nba_pipeline.tables.predictions.systems.market_blend import OURS
from nba_pipeline.tables.predictions.systems.slate import (
    ADJUSTMENTS,
    Forecast,
    Games,
    Slate,
)

_OF_REQUEST = (
    "universal_player_id",
    "team_abbr",
    "opponent_team_abbr",
    "is_home",
    "projected_minutes",
    "has_prop_line",
    "line_rule",
    "line_book",
    "line_taken_at",
    "line_source",
    "estimated_line_value",
    "estimation_method",
    "feature_quality_score",
    "is_production_ready",
)

# Of the system's own row, none of which the blend has.
_OF_SYSTEM = (
    *ADJUSTMENTS,
    "similarity_baseline",
    "similar_games_count",
    "avg_similarity_score",
    "min_similarity_score",
    "prediction_variance",
    "system_agreement_score",
    "contributing_systems",
)

INPUTS = {
    "requests": reads(
        "prediction_requests",
        "game_id player_lookup points_line " + " ".join(_OF_REQUEST),
        on="game_id player_lookup",
    ),
    # To know who was predicted by whom; each row's own forecast is the one below.
    "made": reads(
        "system_forecasts", "game_id player_lookup system_id", on="game_id player_lookup system_id"
    ),
    "forecast": reads(
        "system_forecasts",
        "predicted_points confidence_score season_average model_version key_factors "
        "historical_games_count " + " ".join(_OF_SYSTEM),
        on={"game_id": "game_id", "player_lookup": "player_lookup", "system_id": "forecast_by"},
    ),
    "components": reads(
        "system_forecasts", "system_id predicted_points", on="game_id player_lookup"
    ),
    "calibration": reads(
        "system_calibration",
        "error_quantiles offset slope line_weight chance_kept over_rate",
        on="system_id",
    ),
    "tiers": reads(
        "scoring_tier_adjustments", "scoring_tier recommended_adjustment", on="system_id"
    ),
}


def _points(name: str, what: str = "", decimals: int = 2) -> Column:
    return Column(name, float, what, unit="points", decimals=decimals)


COLUMNS = (
    Column("prediction_id", str, "follows from the key", nullable=False),
    Column("system_id", str, "which system", nullable=False),
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person"),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("is_home", bool, nullable=False),
    Column("projected_minutes", float, unit="minutes", nullable=False, decimals=2, minimum=0),
    # The claim
    Column(
        "predicted_points",
        float,
        "expected points",
        unit="points",
        nullable=False,
        decimals=1,
        minimum=0,
        maximum=80,
    ),
    _points("interval_low", f"{COVERAGE:.0%} of games lie within the interval", 1),
    _points("interval_high", f"{COVERAGE:.0%} of games lie within the interval", 1),
    Column("interval_coverage", float, "share stated", nullable=False, decimals=2),
    Column(
        "over_probability",
        float,
        "of points above the line, given that they do not equal it; NULL without a line",
        decimals=4,
        minimum=0,
        maximum=1,
    ),
    Column("confidence_score", float, "0 to 1", nullable=False, decimals=2, minimum=0, maximum=1),
    Column("recommendation", str, "OVER, UNDER, PASS or NO_LINE", nullable=False),
    Column("recommendation_edge", float, "points that are needed", nullable=False, decimals=1),
    Column("recommendation_confidence", float, "that is needed", nullable=False, decimals=2),
    # The line
    Column("has_prop_line", bool, nullable=False),
    Column("line_rule", str, "closing, first or at_prediction", nullable=False),
    _points("line_value", "the line it is held against", 1),
    _points("line_margin", "predicted less the line"),
    Column("line_book", str, "bookmaker"),
    Column("line_taken_at", datetime, "when the line stood"),
    Column("line_source", str, "ACTUAL_PROP or ESTIMATED_AVG", nullable=False),
    _points("estimated_line_value", "recent average, where there is no line", 1),
    Column("estimation_method", str),
    # How it came about
    *(_points(name, f"for {what}") for name, what in ADJUSTMENTS.items()),
    _points("similarity_baseline", "mean of the similar games", 1),
    Column("similar_games_count", int, minimum=0),
    Column("avg_similarity_score", float, unit="of 100", decimals=2),
    Column("min_similarity_score", float, unit="of 100", decimals=2),
    Column("prediction_variance", float, "spread of the components", unit="points", decimals=2),
    Column("system_agreement_score", float, unit="percent", decimals=2),
    Column("contributing_systems", int, "components that spoke", minimum=0),
    Column("model_version", str, "which model spoke"),
    Column("key_factors", Texts, "what drove it, in short", nullable=False),
    Column("historical_games_count", int, "games read", nullable=False, minimum=0),
    # What the last thirty days say of such scorers; never mixed into predicted_points.
    Column("scoring_tier", str, "by season average", nullable=False),
    _points("tier_adjustment", "NULL where too few were graded, and of other systems"),
    _points("adjusted_points", "predicted plus the adjustment", 1),
    # Whether to trust it
    Column("feature_quality_score", float, unit="of 100", nullable=False, decimals=2),
    Column("is_production_ready", bool, nullable=False),
)


def compute(cells: Cells) -> Columns:
    """The forecast, what surrounds it, the line and the side to take."""
    request, calibration = cells.one("requests"), cells.one("calibration")
    line = request["points_line"]
    forecast = _forecast(cells, line, calibration["line_weight"])
    stored = rounded(forecast.points, 1)
    middle = calibration["offset"] + calibration["slope"] * forecast.points
    low, high = interval(middle, _errors(calibration))
    return {
        **{name: cells[name] for name in ("system_id", "player_lookup", "game_date", "game_id")},
        **{name: request[name] for name in _OF_REQUEST},
        "prediction_id": _ids(cells, request["line_rule"]),
        "predicted_points": stored,
        "interval_low": rounded(low, 1),
        "interval_high": rounded(high, 1),
        "interval_coverage": np.full(len(cells), COVERAGE),
        "over_probability": _chances(middle, line, calibration),
        "confidence_score": rounded(forecast.confidence, 2),
        "key_factors": forecast.reasons,
        **_sides(cells, forecast, line),
        "line_value": line,
        "line_margin": rounded(stored - line, 2),
        **_background(cells),
        **_tiers(cells, stored),
    }


def _forecast(cells: Cells, line: Array, weight: Array) -> Forecast:
    """Each cell's stored forecast, or the market's blend of it."""
    made = cells.one("forecast")
    ours = Forecast(
        made["predicted_points"],
        made["confidence_score"],
        made["key_factors"].copy(),
        np.full(len(cells), None, dtype=object),
    )
    nobody = Games(np.empty(0), {})
    slate = Slate({}, weight, weight, nobody, line=line, line_weight=weight)
    blend = MARKET.predict(slate, {OURS: ours})
    of_market = cells["system_id"] == MARKET.id
    ours.reasons[of_market] = blend.reasons[of_market]
    return Forecast(
        np.where(of_market, blend.points, ours.points),
        np.where(of_market, blend.confidence, ours.confidence),
        ours.reasons,
        ours.silence,
    )


def _errors(calibration: Rows) -> Array:
    return np.array(calibration["error_quantiles"].tolist(), dtype=np.float64)


def _chances(middle: Array, line: Array, calibration: Rows) -> Array:
    has_line = ~np.isnan(line)
    chances = np.full(len(line), np.nan)
    raw = chance_over(middle[has_line], line[has_line], _errors(calibration)[has_line])
    kept, over = calibration["chance_kept"][has_line], calibration["over_rate"][has_line]
    chances[has_line] = rounded(pulled(raw, kept, over), 4)
    return chances


def _ids(cells: Cells, rules: Array) -> Array:
    """The same claim has the same id, whenever it is made."""
    keys = zip(cells["game_id"], cells["player_lookup"], cells["system_id"], rules, strict=True)
    return np.array([str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join(key))) for key in keys])


def _sides(cells: Cells, forecast: Forecast, line: Array) -> Columns:
    """OVER, UNDER, PASS or NO_LINE, with what was needed for a side."""
    systems = [BY_ID[name] for name in cells["system_id"].tolist()]
    edge = np.array([system.edge for system in systems])
    least = np.array([system.least_confidence for system in systems])
    strict = np.array([system.is_strict for system in systems])
    sides = recommend(forecast.points, line, forecast.confidence, edge, least, strict)
    sides = np.where(_contradicted(cells, sides, line), PASS, sides)
    return {
        "recommendation": sides.astype(object),
        "recommendation_edge": edge,
        "recommendation_confidence": least,
    }


def _contradicted(cells: Cells, sides: Array, line: Array) -> Array:
    """Whether most of the ensemble's components stand on the other side of the line."""
    components = cells.window("components").rows()
    counts = np.isin(components["system_id"].astype(str), ensemble.COMPONENTS)
    cell = components.cell[counts]
    apart = components["predicted_points"][counts] - line[cell]
    size = len(cells)
    over = np.bincount(cell[apart > 0], minlength=size)
    under = np.bincount(cell[apart < 0], minlength=size)
    spoke = np.bincount(cell, minlength=size)
    against = np.where(sides == OVER, under, np.where(sides == UNDER, over, 0))
    return np.asarray((cells["system_id"] == ensemble.SYSTEM.id) & (against * 2 > spoke))


def _background(cells: Cells) -> Columns:
    """What the system's own row says of how it came about; the blend shares the model alone."""
    made = cells.one("forecast")
    of_market = cells["system_id"] == MARKET.id
    return {
        **{name: np.where(of_market, np.nan, made[name]) for name in _OF_SYSTEM},
        "model_version": made["model_version"],
        "historical_games_count": made["historical_games_count"],
    }


def _tiers(cells: Cells, points: Array) -> Columns:
    """The tier of a player's scoring, and what its recent misses would change."""
    tier = tier_of(cells.one("forecast")["season_average"])
    rows = cells.window("tiers").rows()
    adjustment = np.full(len(cells), np.nan)
    mine = rows["scoring_tier"] == tier[rows.cell]
    adjustment[rows.cell[mine]] = rows["recommended_adjustment"][mine]
    adjustment = rounded(adjustment * tier_factor(tier), 2)
    return {
        "scoring_tier": tier,
        "tier_adjustment": adjustment,
        "adjusted_points": rounded(np.maximum(points + adjustment, 0.0), 1),
    }


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every forecast there is, and the blend where a player has a line and a forecast of ours."""
    made, requests = inputs["made"], inputs["requests"]
    lined = {
        who
        for who, line in zip(
            zip(requests["game_id"].tolist(), requests["player_lookup"].tolist(), strict=True),
            requests["points_line"].tolist(),
            strict=True,
        )
        if not np.isnan(line)
    }
    who = zip(made["game_id"].tolist(), made["player_lookup"].tolist(), strict=True)
    blended = np.array([one in lined for one in who], dtype=bool) & (made["system_id"] == OURS)
    at = np.concatenate([np.arange(len(blended)), np.flatnonzero(blended)])
    by = made["system_id"][at]
    systems = by.copy()
    systems[len(blended) :] = MARKET.id
    names = ("game_date", "game_id", "player_lookup")
    return {**{name: made[name][at] for name in names}, "system_id": systems, "forecast_by": by}


def _no_request(cells: Cells) -> Array:
    return ~cells.one("requests").found | ~cells.one("calibration").found


def _no_line_no_side(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Without a line there is no margin, no chance and no side, and with one there are."""
    del others
    names = ("player_lookup", "system_id", "recommendation", "line_value", "over_probability")
    return [
        f"{row['player_lookup']}, {row['system_id']}: {row['recommendation']} at line "
        f"{row['line_value']}"
        for row in rows.select(list(names)).to_pylist()
        if (row["recommendation"] == NO_LINE) != (row["line_value"] is None)
        or (row["over_probability"] is None) != (row["line_value"] is None)
    ]


TABLE = Table(
    name="player_prop_predictions",
    dataset="nba_predictions",
    description=__doc__,
    entity=("game_id", "player_lookup", "system_id"),
    key=("game_id", "player_lookup", "system_id", "line_rule"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("player", "PREDICTION_WORKERS", default_workers=10),
    gates=(
        Gate(
            FailureCategory.MISSING_DEPENDENCY,
            "{player_lookup}, {system_id}: no request or no calibration of that date",
            _no_request,
        ),
    ),
    checks=(Check("a side is taken only against a line", _no_line_no_side),),
    clustering=("player_lookup", "system_id", "game_date"),
    plot=("player_lookup", "predicted_points"),
)
