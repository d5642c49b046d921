"""What the checks found wrong with stored data, as rows of a log that open and close.

An issue is named after what is wrong, so finding it again is no news: it is told once, and once
more when a later check of its partition no longer finds it. Logs are no table's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow.compute as pc

from nba_pipeline.domain.calendar import season_year
from nba_pipeline.engine import checks, logs
from nba_pipeline.engine.checks import Violation
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.writer import Writer

# Severity and category by promise; what a table promises beyond those of every table comes last.
_KINDS = {
    checks.SAME_VERSION: ("CRITICAL", "ACCURACY"),
    checks.OWN_HASH: ("CRITICAL", "ACCURACY"),
    checks.NOBODY_FAILED: ("HIGH", "COMPLETENESS"),
    checks.UNIQUE_KEYS: ("CRITICAL", "CONSISTENCY"),
    checks.SOUND_COLUMNS: ("HIGH", "ACCURACY"),
}
_OTHER = ("HIGH", "CONSISTENCY")


def record_issues(
    table: Table, dates: Sequence[date], found: Sequence[Violation], writer: Writer
) -> None:
    """Append what is newly wrong with some partitions, and what no longer is.

    Args:
        table: The table that was checked.
        dates: The partitions that were checked.
        found: Everything that is wrong with them.
        writer: Whose rows are written.
    """
    now = {_id(table, violation): violation for violation in found}
    known = _open(table, dates, writer)
    opened = [_row(table, at, now[at], writer) for at in now if at not in known]
    closed = [
        {
            **row,
            "run_id": writer.run_id,
            "resolved": True,
            "auto_resolved": True,
            "resolution_notes": "a later check of the partition no longer finds it",
            "resolved_at": writer.now,
            "created_at": writer.now,
        }
        for at, row in known.items()
        if at not in now
    ]
    writer.append(logs.DATA_ISSUES, opened + closed)


def _id(table: Table, violation: Violation) -> str:
    where = (table.full_name, violation.date.isoformat())
    return text_digest(*where, violation.promise, violation.sentence)[:32]


def _open(table: Table, dates: Sequence[date], writer: Writer) -> dict[str, dict[str, Any]]:
    """The issues of those partitions that are not resolved, by id."""
    rows = writer.warehouse.read_log(logs.DATA_ISSUES)
    theirs = rows.filter(pc.equal(rows["processor_name"], table.name)).to_pylist()
    newest = {
        row["issue_id"]: row
        for row in sorted(theirs, key=lambda row: row["created_at"])
        if row["analysis_date"] in set(dates)
    }
    return {at: row for at, row in newest.items() if not row["resolved"]}


def _row(table: Table, issue_id: str, violation: Violation, writer: Writer) -> dict[str, Any]:
    severity, category = _KINDS.get(violation.promise, _OTHER)
    return {
        "issue_id": issue_id,
        "processor_name": table.name,
        "run_id": writer.run_id,
        "issue_type": violation.promise,
        "severity": severity,
        "category": category,
        "identifier": f"{table.full_name} of {violation.date}",
        "table_name": table.full_name,
        "field_name": violation.column,
        "issue_description": violation.sentence,
        "expected_value": violation.expected,
        "actual_value": violation.actual,
        "analysis_date": violation.date,
        "game_date": violation.date,
        "season_year": season_year(violation.date),
        "team_abbr": violation.who.get("team_abbr"),
        "player_lookup": violation.who.get("player_lookup"),
        "resolved": False,
        "auto_resolved": False,
        "created_at": writer.now,
    }
