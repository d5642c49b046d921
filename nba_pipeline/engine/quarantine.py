"""Payloads that nothing is made of, on record: each once, with the run that met it first."""

from __future__ import annotations

from nba_pipeline.engine import logs
from nba_pipeline.engine.protocols import Quarantine
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.writer import Writer


def record_set_aside(session: Session) -> None:
    """Append what the source has set aside so far and no run has recorded yet."""
    source = session.source
    if not (isinstance(source, Quarantine) and source.set_aside):
        return
    before = session.warehouse.read_log(logs.QUARANTINED_PAYLOADS)
    known = set(zip(before["file"].to_pylist(), before["problem"].to_pylist(), strict=True))
    new = [each for each in source.set_aside.values() if (each.file, each.problem) not in known]
    Writer(session.warehouse, session.run_id, session.now).append(
        logs.QUARANTINED_PAYLOADS,
        [
            {
                "file": each.file,
                "problem": each.problem,
                "game_date": each.day,
                "run_id": session.run_id,
                "created_at": session.now,
            }
            for each in new
        ],
    )
