"""The prediction systems, in the order they speak: later ones may look at earlier ones."""

from __future__ import annotations

from nba_pipeline.tables.predictions.systems import (
    boosted_trees,
    ensemble,
    market_blend,
    moving_average,
    similarity,
    zone_matchup,
)
from nba_pipeline.tables.predictions.systems.slate import System

#: Those that never see a line.
SYSTEMS: tuple[System, ...] = (
    moving_average.SYSTEM,
    zone_matchup.SYSTEM,
    similarity.SYSTEM,
    boosted_trees.SYSTEM,
    ensemble.SYSTEM,
)

#: The one that does.
MARKET: System = market_blend.SYSTEM

BY_ID = {system.id: system for system in (*SYSTEMS, MARKET)}
