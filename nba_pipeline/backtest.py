"""What the stored claims were worth: a walk-forward evaluation over any range of dates.

Every claim in the warehouse was made from what was known before its date, so judging stored claims
date after date is the walk forward; nothing is fitted or shuffled here. Each system stands beside
two baselines on exactly its own rows: the player's season average, and the line itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nba_pipeline.domain.distribution import share_below_number
from nba_pipeline.domain.grading import GRADED, OVER, PUSH, UNDER
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.predictions.systems import BY_ID

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Resamplings of whole dates behind an interval: claims of one night depend on each other.
RESAMPLINGS, SEED = 1000, 20241115

#: Points at which a distribution is held against what happened, whatever the line.
THRESHOLDS = (10, 15, 20, 25)
BINS = 10

#: Below this share of the line's error, or above this share of sides won, look for a leak first.
TOO_GOOD_RATIO, TOO_GOOD_HITS = 0.985, 0.56

_PLACES = {name: place for place, name in enumerate(BY_ID)}

CLAIMS = (
    "game_date",
    "game_id",
    "player_lookup",
    "system_id",
    "line_rule",
    "outcome",
    "predicted_points",
    "over_probability",
    "recommendation",
    "line_value",
    "actual_points",
    "prediction_correct",
    "within_interval",
)


@dataclass(frozen=True)
class Claims:
    """Graded claims as columns; numbers float64 with NaN for NULL."""

    columns: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["game_date"])

    def where(self, keep: Array) -> Claims:
        """The claims of a mask."""
        return Claims({name: values[keep] for name, values in self.columns.items()})


def graded_claims(warehouse: Warehouse, days: Sequence[date]) -> Claims:
    """The graded claims of some dates, each with the season's average and its own distribution.

    Raises:
        WarehouseError: When nothing was graded on these dates.
    """
    rows = warehouse.read(REGISTRY["prediction_accuracy"], days, CLAIMS)
    keep = [name in (GRADED, PUSH) for name in rows["outcome"].to_pylist()]
    rows = rows.filter(pa.array(keep, pa.bool_()))
    if not rows.num_rows:
        raise WarehouseError(
            f"no claim of {days[0]} to {days[-1]} has been graded: bring prediction_accuracy of "
            "these dates up to date first (nba-pipeline backfill)"
        )
    columns = {name: _array(rows[name]) for name in rows.column_names}
    made = warehouse.read(
        REGISTRY["system_forecasts"],
        days,
        ["game_id", "player_lookup", "season_average"],
    )
    average = _lookup(made, ("game_id", "player_lookup"), "season_average")
    spread = warehouse.read(
        REGISTRY["system_calibration"],
        days,
        ["game_date", "system_id", "error_quantiles", "offset", "slope"],
    )
    who = zip(columns["game_id"].tolist(), columns["player_lookup"].tolist(), strict=True)
    whose = [*zip(rows["game_date"].to_pylist(), columns["system_id"].tolist(), strict=True)]
    columns["season_average"] = np.array([average[one] for one in who], dtype=np.float64)
    for name in ("error_quantiles", "offset", "slope"):
        known = _lookup(spread, ("game_date", "system_id"), name)
        columns[name] = np.array([known[one] for one in whose], dtype=np.float64)
    return Claims(columns)


def _array(column: pa.ChunkedArray) -> Array:
    if pa.types.is_string(column.type):
        return np.array(column.to_pylist(), dtype=object)
    if pa.types.is_date(column.type):
        return np.array(column.to_numpy(), dtype="datetime64[D]")
    numbers = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    return np.array(numbers.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _lookup(rows: pa.Table, keys: Sequence[str], value: str) -> dict[tuple[Any, ...], Any]:
    who = zip(*(rows[key].to_pylist() for key in keys), strict=True)
    return dict(zip(who, rows[value].to_pylist(), strict=True))


# Figures -----------------------------------------------------------------------------------------


def evaluate(claims: Claims) -> dict[str, Any]:
    """Every system's figures on its claims with a line, and on all of them.

    Returns:
        ``systems``: by system and line rule one dictionary of figures; ``warnings``: sentences
        about figures that are too good to be true.
    """
    systems: dict[str, dict[str, Any]] = {}
    found = set(zip(claims["system_id"], claims["line_rule"], strict=True))
    for system, rule in sorted(found, key=lambda pair: (_PLACES[pair[0]], pair[1])):
        mine = claims.where((claims["system_id"] == system) & (claims["line_rule"] == rule))
        systems[f"{system} ({rule})"] = {"system_id": system, "line_rule": rule, **_figures(mine)}
    return {"systems": systems, "warnings": _too_good(systems)}


def _figures(claims: Claims) -> dict[str, Any]:
    lined = claims.where(~np.isnan(claims["line_value"]))
    return {
        "claims": len(claims),
        "mae_all": _mean(np.abs(_errors(claims))),
        "season_average_mae_all": _mean(np.abs(_errors(claims, "season_average"))),
        "interval_coverage_all": _mean(claims["within_interval"]),
        "threshold_calibration_error": _threshold_error(claims),
        **(_against_the_line(lined) if len(lined) else {"n": 0}),
    }


def _errors(claims: Claims, of: str = "predicted_points") -> Floats:
    return np.asarray(claims[of] - claims["actual_points"], dtype=np.float64)


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else np.nan


def _against_the_line(claims: Claims) -> dict[str, Any]:
    """Figures on the claims with a line, with intervals from resampled dates."""
    error = np.abs(_errors(claims))
    of_line = np.abs(_errors(claims, "line_value"))
    of_mean = np.abs(_errors(claims, "season_average"))
    hit = _hits(claims)
    taken = _mask(claims["recommendation"], (OVER, UNDER))
    chance, went_over, decided = _chances(claims)
    return {
        "n": len(claims),
        "mae": _mean(error),
        "bias": _mean(_errors(claims)),
        "line_mae": _mean(of_line),
        "season_average_mae": _mean(of_mean),
        "ratio": _mean(error) / _mean(of_line),
        "ratio_interval": _resampled(claims, lambda at: error[at].sum() / of_line[at].sum()),
        "season_average_ratio": _mean(of_mean) / _mean(of_line),
        "hits": int(np.nansum(hit)),
        "decided": int((~np.isnan(hit)).sum()),
        "hit_rate": float(np.nanmean(hit)) if (~np.isnan(hit)).any() else np.nan,
        "hit_rate_interval": _resampled(claims, lambda at: float(np.nanmean(hit[at]))),
        "always_under": _mean(1.0 - went_over),
        "sides_taken": int(taken.sum()),
        "sides_won": int((claims["prediction_correct"][taken] == 1).sum()),
        "sides_lost": int((claims["prediction_correct"][taken] == 0).sum()),
        "interval_coverage": _mean(claims["within_interval"]),
        "log_loss": _mean(-np.log(np.where(went_over == 1, chance, 1 - chance))),
        "brier": _mean((chance - went_over) ** 2),
        "over_calibration_error": _calibration_error(chance, went_over),
        "reliability": _reliability(chance, went_over),
        "decided_chances": int(decided.sum()),
    }


def _mask(values: Array, wanted: Sequence[str]) -> Array:
    return np.array([value in wanted for value in values.tolist()], dtype=bool)


def _hits(claims: Claims) -> Floats:
    """1 where forecast and points lie on one side of the line; NaN for pushes and ties."""
    forecast = claims["predicted_points"] - claims["line_value"]
    actual = claims["actual_points"] - claims["line_value"]
    decided = (forecast != 0) & (actual != 0)
    return np.where(decided, ((forecast > 0) == (actual > 0)).astype(np.float64), np.nan)


def _chances(claims: Claims) -> tuple[Floats, Floats, Array]:
    decided = (claims["actual_points"] != claims["line_value"]) & ~np.isnan(
        claims["over_probability"]
    )
    over = (claims["actual_points"] > claims["line_value"]).astype(np.float64)
    return claims["over_probability"][decided], over[decided], decided


def _resampled(claims: Claims, figure: Callable[[Array], float]) -> tuple[float, float]:
    """95 percent of the figure's values when whole dates are drawn again and again."""
    days, owner = np.unique(claims["game_date"], return_inverse=True)
    rows = [np.flatnonzero(owner == day) for day in range(len(days))]
    draw = np.random.default_rng(SEED)
    values = [
        figure(np.concatenate([rows[day] for day in draw.integers(0, len(days), len(days))]))
        for _ in range(RESAMPLINGS)
    ]
    low, high = np.quantile(np.array(values, dtype=np.float64), [0.025, 0.975])
    return float(low), float(high)


def _threshold_error(claims: Claims) -> float:
    """How far chances of reaching fixed numbers of points lie from what happened."""
    chances, reached = [], []
    middle = claims["offset"] + claims["slope"] * claims["predicted_points"]
    for points in THRESHOLDS:
        below = share_below_number(middle, float(points), claims["error_quantiles"])
        chances.append(1.0 - below)
        reached.append((claims["actual_points"] >= points).astype(np.float64))
    return _calibration_error(np.concatenate(chances), np.concatenate(reached))


def _calibration_error(chance: Floats, happened: Floats) -> float:
    """Mean distance of stated chance and share that happened, over bins of equal width."""
    if not len(chance):
        return np.nan
    return sum(
        row["n"] * abs(row["stated"] - row["happened"]) for row in _reliability(chance, happened)
    ) / len(chance)


def _reliability(chance: Floats, happened: Floats) -> list[dict[str, float]]:
    bins = np.minimum((chance * BINS).astype(np.int64), BINS - 1)
    return [
        {
            "n": int((bins == number).sum()),
            "stated": _mean(chance[bins == number]),
            "happened": _mean(happened[bins == number]),
        }
        for number in np.unique(bins).tolist()
    ]


def _too_good(systems: Mapping[str, Mapping[str, Any]]) -> list[str]:
    warnings = []
    for name, figures in systems.items():
        if figures["n"] and figures["ratio"] < TOO_GOOD_RATIO:
            warnings.append(
                f"{name}: its error is {figures['ratio']:.3f} of the line's, which is too good to "
                "be true: look for a leak before believing it"
            )
        if figures["n"] and figures["hit_rate"] > TOO_GOOD_HITS:
            warnings.append(
                f"{name}: {figures['hit_rate']:.1%} on the right side of the line is too good to "
                "be true: look for a leak before believing it"
            )
    return warnings
