"""How far each system could be trusted up to yesterday: the spread of its errors, and its weight.

One row per system and date with predictions, from the graded forecasts of the sixty days before it:
how widely games fell around the forecasts, how much a chance against the line has to be pulled to
the base rate, and how much a forecast deserves to count beside the line. Nothing of the date itself
or later enters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from nba_pipeline.domain.distribution import SHARES, calibrate
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column, Numbers
from nba_pipeline.engine.declared_inputs import days_before, reads
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables.player_games import looked_up, points_scored, rows_of
from nba_pipeline.tables.predictions.systems import MARKET, SYSTEMS
from nba_pipeline.tables.predictions.systems.market_blend import OURS

#: Days of graded forecasts that are looked at.
DAYS = 60

INPUTS = {
    # Matched on what no cell has: only that there are predictions on the date.
    "requests": reads("prediction_requests", "game_id", on={"game_id": "system_id"}),
    "forecasts": reads(
        "system_forecasts",
        "game_id player_lookup predicted_points",
        window=days_before(DAYS),
        on={"system_id": "forecast_by"},
    ),
    "results": reads(
        "player_game_summary",
        "game_id player_lookup points minutes_played",
        window=days_before(DAYS),
    ),
    "lines": reads(
        "prediction_requests", "game_id player_lookup points_line", window=days_before(DAYS)
    ),
}

COLUMNS = (
    Column("system_id", str, nullable=False),
    Column("game_date", date, "the date it serves", nullable=False),
    Column("graded_forecasts", int, "behind the spread", nullable=False, minimum=0),
    Column("lined_forecasts", int, "behind the weights", nullable=False, minimum=0),
    Column(
        "error_quantiles",
        Numbers,
        f"scaled errors at {len(SHARES)} shares from 0.01 to 0.99",
        nullable=False,
        decimals=4,
    ),
    Column("offset", float, "added to a forecast, after the slope", unit="points", decimals=4),
    Column("slope", float, "what a forecast is multiplied by", decimals=4, nullable=False),
    Column("line_weight", float, "of a forecast beside the line", decimals=4, nullable=False),
    Column("chance_kept", float, "of a chance's distance from the base rate", decimals=4),
    Column("over_rate", float, "how often points exceed the line", decimals=4, nullable=False),
)


def compute(cells: Cells) -> Columns:
    """Each system's lessons; those of the blend from the blend's own errors."""
    found, counts = [], []
    for system_id, (forecast, points, line) in zip(
        cells["system_id"].tolist(), _graded(cells), strict=True
    ):
        told = calibrate(forecast, points, line)
        if system_id == MARKET.id:
            lined = ~np.isnan(line)
            blend = line[lined] + told.weight * (forecast[lined] - line[lined])
            own = calibrate(blend, points[lined], line[lined])
            told = replace(own, weight=told.weight)
        found.append(told)
        counts.append((len(forecast), np.count_nonzero(~np.isnan(line))))
    return {
        "system_id": cells["system_id"],
        "game_date": cells["game_date"],
        "graded_forecasts": np.array([graded for graded, _ in counts]),
        "lined_forecasts": np.array([lined for _, lined in counts]),
        "error_quantiles": np.array([told.errors for told in found]),
        "offset": rounded(np.array([told.offset for told in found]), 4),
        "slope": rounded(np.array([told.slope for told in found]), 4),
        "line_weight": rounded(np.array([told.weight for told in found]), 4),
        "chance_kept": rounded(np.array([told.kept for told in found]), 4),
        "over_rate": rounded(np.array([told.over for told in found]), 4),
    }


def _graded(cells: Cells) -> Iterator[tuple[Array, Array, Array]]:
    """Of each cell, forecast, points and line of the games that were played."""
    lines = cells.window("lines").buffer.columns["points_line"]
    scored = points_scored(cells, "forecasts")
    for cell, (points, line) in enumerate(
        zip(scored, looked_up(cells, "forecasts", "lines", lines), strict=True)
    ):
        forecast = rows_of(cells, "forecasts", cell)["predicted_points"]
        known = ~np.isnan(points)
        yield forecast[known], points[known], line[known]


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every system on every date with predictions, with whose forecasts it is judged by."""
    days = np.unique(inputs["requests"]["game_date"])
    ids = [*(system.id for system in SYSTEMS), MARKET.id]
    by = [OURS if name == MARKET.id else name for name in ids]
    return {
        "game_date": np.repeat(days, len(ids)),
        "system_id": np.array(ids * len(days), dtype=object),
        "forecast_by": np.array(by * len(days), dtype=object),
    }


TABLE = Table(
    name="system_calibration",
    dataset="nba_predictions",
    description=__doc__,
    entity=("system_id",),
    key=("system_id",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("system", "CALIBRATION_WORKERS", default_workers=4),
)
