"""The phases of an NBA day: which tables each has, and how long it may take.

A phase is a layer, but for the feature store, which ends the precomputed layer though it is kept
with the predictions, and for the grades, which come after the games. A new table finds its phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from nba_pipeline.engine.table import Table


@dataclass(frozen=True)
class Phase:
    """One phase.

    Attributes:
        number: As people know it: 2 is raw, 5 are the predictions, 6 their grades.
        name: For people.
        begins_with: The table whose start is the start of the phase where gaps are measured. It
            reads what the phase before made; other tables of a phase may run much earlier.
        stuck_after: How long after its first table is done a phase may still be incomplete.
        slow: Seconds of work that are worth a look.
        too_slow: Seconds of work that are wrong.
    """

    number: int
    name: str
    begins_with: str
    stuck_after: timedelta
    slow: float
    too_slow: float


RAW = Phase(2, "raw", "nbac_schedule", timedelta(hours=2), 300, 600)
ANALYTICS = Phase(
    3, "analytics", "upcoming_player_game_context", timedelta(hours=1), slow=600, too_slow=1200
)
PRECOMPUTE = Phase(4, "precompute", "ml_feature_store_v2", timedelta(hours=1), 600, 1200)
PREDICTIONS = Phase(5, "predictions", "player_prop_predictions", timedelta(hours=1), 900, 1800)
GRADES = Phase(6, "grades", "prediction_accuracy", timedelta(hours=1), slow=300, too_slow=600)

PHASES = (RAW, ANALYTICS, PRECOMPUTE, PREDICTIONS, GRADES)

#: Longest seconds from the end of a phase to the start of the next, where nothing has to wait for
#: a clock, by the number of the first.
LATENCY_SECONDS = {2: 600, 3: 300, 4: 600}
#: The same from the end of the analytics to the predictions.
TOTAL_SECONDS = 1800

_BY_LAYER = {
    "raw": RAW,
    "reference": RAW,
    "analytics": ANALYTICS,
    "precompute": PRECOMPUTE,
    "predictions": PREDICTIONS,
}
_ELSEWHERE = {
    "ml_feature_store_v2": PRECOMPUTE,
    "prediction_accuracy": GRADES,
    "system_daily_performance": GRADES,
}


def phase_of(table: Table) -> Phase | None:
    """The phase a table belongs to; None of a table in no known layer."""
    return _ELSEWHERE.get(table.name) or _BY_LAYER.get(table.layer)
