"""Who was asked about each player and who answered: the rows of ``prediction_worker_runs``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.engine.protocols import Outcome
from nba_pipeline.engine.session import Partition
from nba_pipeline.engine.table import Table


@dataclass
class _Asked:
    """One player's answers of a run."""

    succeeded: list[str] = field(default_factory=list)
    abstained: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def worker_rows(
    table: Table,
    told: Partition,
    before: Iterable[Outcome],
    written: pa.Table | None,
    run_id: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """One row for each player that was asked about in a run.

    Args:
        table: A table whose ``answered_by`` names the column of who answers.
        told: The partition as it is now.
        before: Its outcomes before the run; what stands as it stood was not asked again.
        written: Its rows; None where nothing was computed.
        run_id: The run, which wrote the rows that count.
        now: Its moment.
    """
    if written is None:
        return []
    asked: dict[str, _Asked] = {}
    stood = set(before)
    for row in written.filter(pc.equal(written["run_id"], run_id)).to_pylist():
        entity = "|".join(str(row[name]) for name in table.entity)
        who, system = _split(table, entity)
        answers = asked.setdefault(who, _Asked())
        answers.succeeded.append(system)
        answers.about = row
    for outcome in told.outcomes:
        if outcome.is_broken or outcome not in stood:
            who, system = _split(table, outcome.entity)
            answers = asked.setdefault(who, _Asked())
            reasons = answers.failed if outcome.is_broken else answers.abstained
            reasons[system] = outcome.reason
    return [_row(table, told, who, asked[who], run_id, now) for who in sorted(asked)]


def _split(table: Table, entity: str) -> tuple[str, str]:
    """An entity without who answered, and who did."""
    parts = entity.split("|")
    system = parts.pop(table.entity.index(table.answered_by))
    return "|".join(parts), system


def _row(
    table: Table, told: Partition, who: str, asked: _Asked, run_id: str, now: datetime
) -> dict[str, Any]:
    names = [name for name in table.entity if name != table.answered_by]
    everybody = [*asked.succeeded, *asked.abstained, *asked.failed]
    return {
        "request_id": f"{run_id}|{who}",
        "run_id": run_id,
        "run_date": now,
        "game_date": told.date,
        **dict(zip(names, who.split("|"), strict=True)),
        "success": not asked.failed,
        "predictions_generated": len(asked.succeeded),
        "systems_attempted": sorted(everybody),
        "systems_succeeded": sorted(asked.succeeded),
        "systems_failed": sorted(asked.failed),
        "system_errors": json.dumps(asked.failed, sort_keys=True),
        "skip_reason": "; ".join(asked.abstained.values()) or None,
        "feature_quality_score": asked.about.get("feature_quality_score"),
        "historical_games_count": asked.about.get("historical_games_count"),
        "error_message": "; ".join(asked.failed.values()) or None,
        "created_at": now,
    }
