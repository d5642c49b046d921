"""The quality columns every analytics table carries, and the one way they are filled.

They say how good a row's sources were. They describe the row rather than the game, so none of them
is part of its ``data_hash``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.windows import Columns
from nba_pipeline.tables import samples

Array = npt.NDArray[Any]

#: Lowest score of each tier, best first.
TIERS = (("gold", 95.0), ("silver", 75.0), ("bronze", 50.0), ("poor", 25.0), ("unusable", 0.0))

#: Issues that keep a row from being used in production, whatever its score.
BLOCKING = frozenset({"all_sources_failed", "missing_required", "placeholder_created"})

COLUMNS = (
    Column("quality_tier", str, "gold, silver, bronze, poor or unusable", in_hash=False),
    Column(
        "quality_score",
        float,
        "of the weakest source used",
        unit="of 100",
        in_hash=False,
        decimals=1,
        minimum=0,
        maximum=100,
    ),
    Column("quality_issues", Texts, "what is missing or second best", in_hash=False),
    Column("data_sources", Texts, "raw tables that contributed", in_hash=False),
    Column("quality_used_fallback", bool, "whether a backup source was used", in_hash=False),
    Column("quality_reconstructed", bool, "whether totals were summed from players", in_hash=False),
    Column("processed_with_issues", bool, "whether there is any issue", in_hash=False),
    Column(
        "is_production_ready",
        bool,
        "score of at least 50 and no blocking issue",
        nullable=False,
        in_hash=False,
    ),
)


def assess(
    score: Array,
    issues: Mapping[str, Array],
    sources: Mapping[str, Array],
    *,
    fallback: Array,
    reconstructed: Array,
) -> Columns:
    """The quality columns of some rows.

    Args:
        score: 0 to 100, of the weakest source a row stands on.
        issues: For each issue a mask of the rows that have it.
        sources: For each raw table a mask of the rows it contributed to.
        fallback: Rows that used a backup source.
        reconstructed: Rows whose totals were summed from players.
    """
    found = _names(issues, len(score))
    blocked = np.array([bool(BLOCKING.intersection(names)) for names in found], dtype=bool)
    return {
        "quality_tier": tiers(score),
        "quality_score": score,
        "quality_issues": found,
        "data_sources": _names(sources, len(score)),
        "quality_used_fallback": fallback,
        "quality_reconstructed": reconstructed,
        "processed_with_issues": np.array([bool(names) for names in found], dtype=bool),
        "is_production_ready": (score >= TIERS[2][1]) & ~blocked,
    }


def tiers(scores: Array) -> Array:
    """The tier of each score."""
    return samples.graded(scores, TIERS)


def _names(masks: Mapping[str, Array], length: int) -> Array:
    rows = np.empty(length, dtype=object)
    rows[:] = [[] for _ in range(length)]
    for name, mask in masks.items():
        for at in np.flatnonzero(mask).tolist():
            rows[at].append(name)
    return rows
