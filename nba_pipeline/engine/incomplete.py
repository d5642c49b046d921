"""Rows that were written although something is missing behind them, told as failures.

Such a row is there and says of itself that it is not ready; the failure says why, and whether
loading data would cure it. A season's first placeholders are no failures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.incompleteness import IncompleteData
from nba_pipeline.engine import rows
from nba_pipeline.engine.table import FailureCategory, Table

_COUNTS = ("expected_games_count", "actual_games_count", "missing_games_count")
_READ = (
    *_COUNTS,
    "is_production_ready",
    "data_quality_issues",
    "incomplete_data_type",
    "processing_decision_reason",
)
_CASCADE = "all_upstreams_ready"
_PLACEHOLDER = "early_season_placeholder"
_MISSING = ("missing_game_", "unpublished_game_")


@dataclass(frozen=True)
class Incomplete:
    """Why a row is not ready.

    Attributes:
        category: Of the failure.
        reason: One sentence.
        failure_type: Kind of incomplete data; None where no games are missing.
        is_correctable: Whether loading data would cure it; None where that is not known.
        expected: Games the row should stand on.
        actual: Games it stands on.
        missing_dates: Days of the games that are missing, as ISO dates.
    """

    category: str
    reason: str
    failure_type: str | None
    is_correctable: bool | None
    expected: int
    actual: int
    missing_dates: tuple[str, ...]


def says_what_is_missing(table: Table) -> bool:
    """Whether a table's rows have the columns of completeness."""
    return set(_READ) <= {column.name for column in table.columns}


def incomplete(table: Table, found: pa.Table) -> dict[str, Incomplete]:
    """By entity, why its row is incomplete; rows that are complete are left out.

    Args:
        table: A table whose rows say what is missing.
        found: Rows of one date.
    """
    if not found.num_rows:
        return {}
    late = pc.or_(
        pc.invert(found["is_production_ready"]), pc.greater(found["missing_games_count"], 0)
    )
    late = pc.and_(late, pc.not_equal(found["processing_decision_reason"], _PLACEHOLDER))
    if not pc.any(late).as_py():
        return {}
    names = [name for name in (*_READ, _CASCADE) if name in found.column_names]
    theirs = found.select(list(dict.fromkeys([*table.entity, *names]))).filter(late)
    told = theirs.select(names).to_pylist()
    return dict(zip(rows.entities(table, theirs).to_pylist(), map(_told, told), strict=True))


def _told(row: Mapping[str, Any]) -> Incomplete:
    issues = row["data_quality_issues"] or []
    missing = tuple(
        issue.removeprefix(prefix)
        for issue in issues
        for prefix in _MISSING
        if issue.startswith(prefix)
    )
    kind = IncompleteData(row["incomplete_data_type"])
    category, reason = _why(row, issues, missing)
    has_gap = category is FailureCategory.INCOMPLETE_DATA
    return Incomplete(
        category.value,
        reason,
        kind.value if has_gap else None,
        kind.is_correctable if has_gap else None,
        row["expected_games_count"],
        row["actual_games_count"],
        missing,
    )


def _why(
    row: Mapping[str, Any], issues: list[str], missing: tuple[str, ...]
) -> tuple[FailureCategory, str]:
    if row["missing_games_count"]:
        return (
            FailureCategory.INCOMPLETE_DATA,
            f"{row['missing_games_count']} of {row['expected_games_count']} games are missing "
            f"behind the row: {', '.join(missing)}",
        )
    if not row.get(_CASCADE, True):
        upstreams = [issue for issue in issues if issue.startswith("upstream_")]
        return (
            FailureCategory.UPSTREAM_INCOMPLETE,
            f"what the row was computed from is not ready: {', '.join(upstreams)}",
        )
    return (
        FailureCategory.INSUFFICIENT_DATA,
        f"the row stands on {row['actual_games_count']} games, which is too thin to be relied on",
    )
