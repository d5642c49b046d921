"""The learned points model: trained anew every Monday on every game before it that is stored.

One row per Monday of a season, with the model itself as text. Between two Mondays the newest one
serves. It learns from this season and from earlier ones as far as they are in the warehouse, so a
first season is learned from less. A model's error is measured on games it has not seen: the last
weeks before its cutoff, foretold by a model of everything before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain import learning
from nba_pipeline.domain.learning import Examples
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import Window, all_seasons, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables.player_games import points_scored, rows_of
from nba_pipeline.tables.points_features import NAMES, examples_of

#: The day of the week models are trained on, and the days before it they learn from.
MONDAY, DAYS = 0, 4 * 365

#: Games of players below this many minutes teach nothing about those who are predicted.
LEAST_MINUTES = 5.0

#: Fewest games to learn from.
LEAST_EXAMPLES = 500

#: Days before the cutoff on which a model's error is measured.
HELD_OUT_DAYS = 14

INPUTS = {
    # Matched on what no cell has: only whether there are games in the week to come.
    "week": reads(
        "nbac_schedule",
        "game_status",
        window=Window(0, 6, MONDAY),
        on={"game_id": "model_id"},
    ),
    "examples": reads(
        "player_points_features",
        "player_lookup game_id " + " ".join(NAMES),
        window=all_seasons(DAYS, MONDAY),
    ),
    "results": reads(
        "player_game_summary",
        "player_lookup game_id points minutes_played",
        window=all_seasons(DAYS, MONDAY),
    ),
}

COLUMNS = (
    Column("model_id", str, "what it foretells", nullable=False),
    Column("game_date", date, "its cutoff: it knows no game of that day or later", nullable=False),
    Column("model_version", str, "xgb_v1_YYYYMMDD, by its cutoff", nullable=False),
    Column("feature_names", Texts, "what it reads, in order", nullable=False),
    Column("parameters", str, "of the training", nullable=False),
    Column("training_rows", int, "player-games it learned from", nullable=False, minimum=0),
    Column("first_training_day", date, nullable=False),
    Column("last_training_day", date, nullable=False),
    Column("held_out_rows", int, "player-games its error was measured on", nullable=False),
    *(
        Column(name, float, what, unit="points", decimals=3)
        for name, what in {
            "held_out_mae": "mean absolute error on them",
            "held_out_bias": "mean forecast less actual on them",
            "held_out_season_mean_mae": "error of the season's mean on them",
        }.items()
    ),
    Column("model", str, "XGBoost's JSON", nullable=False),
)


def compute(cells: Cells) -> Columns:
    """Learn each cell's model, and measure it on the weeks it would have faced."""
    found: dict[str, list[object]] = {column.name: [] for column in COLUMNS}
    for cell, (rows, days) in enumerate(_examples(cells)):
        for name, value in _model(cells, cell, rows, days).items():
            found[name].append(value)
    kinds = {column.name: column.type for column in COLUMNS}
    return {name: _as_array(values, kinds[name]) for name, values in found.items()}


def _as_array(values: list[object], kind: type) -> Array:
    if kind is date:
        return np.array(values, dtype="datetime64[D]")
    if kind in (int, float):
        return np.array(values, dtype=np.float64 if kind is float else np.int64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _model(cells: Cells, cell: int, rows: Examples, days: Array) -> dict[str, object]:
    day = cells["game_date"][cell]
    held_out = days >= day - HELD_OUT_DAYS
    version = f"xgb_v1_{day.astype(object):%Y%m%d}"
    return {
        "model_id": cells["model_id"][cell],
        "game_date": day,
        "model_version": version,
        "feature_names": list(NAMES),
        "parameters": repr({**learning.PARAMETERS, "trees": learning.trees(len(days))}),
        "training_rows": len(days),
        "first_training_day": days.min(),
        "last_training_day": days.max(),
        "held_out_rows": np.count_nonzero(held_out),
        **_measured(rows, held_out),
        "model": learning.learn(rows),
    }


def _measured(rows: Examples, held_out: Array) -> dict[str, object]:
    """The error on the held-out games of a model of the others."""
    nothing = np.nan, np.nan, np.nan
    mae, bias, season = nothing
    if held_out.any() and np.count_nonzero(~held_out) >= LEAST_EXAMPLES:
        unseen = _part(rows, held_out)
        model = learning.learn(_part(rows, ~held_out))
        error = learning.foretell(model, unseen) - unseen.points
        of_mean = unseen.features[:, NAMES.index("points_mean_season")] - unseen.points
        mae, bias, season = np.abs(error).mean(), error.mean(), np.abs(of_mean).mean()
    figures = rounded(np.array([mae, bias, season]), 3).tolist()
    names = ("held_out_mae", "held_out_bias", "held_out_season_mean_mae")
    return dict(zip(names, figures, strict=True))


def _part(rows: Examples, keep: Array) -> Examples:
    return Examples(rows.features[keep], rows.start[keep], rows.points[keep])


def _examples(cells: Cells) -> Iterator[tuple[Examples, Array]]:
    """Of each cell, games that were played, as they looked before them, and their days."""
    for cell, points in enumerate(points_scored(cells, "examples")):
        seen = rows_of(cells, "examples", cell)
        keep = ~np.isnan(points) & (seen["minutes_fading_8"] >= LEAST_MINUTES)
        columns = {name: values[keep] for name, values in seen.items()}
        yield examples_of(columns, points[keep]), columns["game_date"]


def _too_few(cells: Cells) -> Array:
    return np.array([len(days) < LEAST_EXAMPLES for _, days in _examples(cells)], dtype=bool)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every Monday that begins a week with games."""
    days = inputs["week"]["game_date"].astype(np.int64)
    mondays = np.unique(days - (days - _A_MONDAY) % 7).astype("datetime64[D]")
    return {"game_date": mondays, "model_id": np.full(len(mondays), "points", dtype=object)}


_A_MONDAY = np.datetime64("2024-11-18", "D").astype(np.int64)


TABLE = Table(
    name="points_model",
    dataset="nba_predictions",
    description=__doc__,
    entity=("model_id",),
    key=("model_id",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    fan_out=FanOut("model", "MODEL_WORKERS", default_workers=2),
    gates=(
        Gate(
            FailureCategory.INSUFFICIENT_DATA,
            f"fewer than {LEAST_EXAMPLES} player-games to learn from",
            _too_few,
        ),
    ),
)
