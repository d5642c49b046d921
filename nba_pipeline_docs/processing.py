"""The processing tables: what every run leaves behind, and the views over it."""

from __future__ import annotations

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.logs import LOGS, Log
from nba_pipeline_docs.columns import type_of
from nba_pipeline_docs.markdown import code, codes, grid, plain

_HEAD = """\
# Processing tables

What every run leaves behind about itself, in the dataset `nba_processing`. Rows are appended and
never changed; a change of status is a new row. Where a table has a subject, its view shows the
newest row of each subject, and the view that ends in `_history` shows all of them. No table reads
these, and they enter no data version.

"""
_VIEWS = {
    "nba_processing.entity_breakers": "of every entity that ever broke: how often it was tried, "
    "and whether it is locked out now",
    "nba_processing.analytics_failures_correctable": "what loading data would cure, with ten names "
    "each; also of precompute_failures",
    "nba_processing.analytics_failures_summary": "counts of the last 90 days by table, date and "
    "category; also of precompute_failures",
    "nba_processing.cascade_timing": "when each phase of a date was done, and the minutes between; "
    "local warehouse only",
    "nba_processing.table_timings": "when each table of a date began and was done; local warehouse "
    "only",
    "nba_precompute.player_daily_cache_with_attempts": "rows of a table beside the attempts at "
    "their entities; also of every other table that marks the season",
}


def page() -> str:
    """The page."""
    views = ([code(name), plain(shown)] for name, shown in _VIEWS.items())
    listed = grid(("View", "Shows"), views)
    sections = "\n".join(_section(log) for log in LOGS)
    return f"{_HEAD}## Views over several\n\n{listed}\n{sections}"


def _section(log: Log) -> str:
    facts = [
        ("One row per", codes(log.subject) + " in the view" if log.subject else "event"),
        ("Newest by", code(log.newest_by) if log.subject else "–"),
        ("Partitioned in BigQuery by", code(log.partitioned_by)),
        ("Clustered in BigQuery by", codes(log.clustering) or "–"),
    ]
    return "\n".join(
        [
            f"## {log.name}\n",
            f"{log.description}\n",
            grid(("", ""), facts),
            grid(("Column", "Type", "Meaning"), (_row(column) for column in log.columns)),
        ]
    )


def _row(column: Column) -> tuple[str, str, str]:
    required = "" if column.nullable else ", required"
    return code(column.name), f"{type_of(column)}{required}", plain(column.description)
