"""What SQL sees of a folder of Parquet files: a view per table and log, and a few over several.

Whether an entity is locked out, and how often it was tried, is true of a moment and not of a row:
stored with the row it would be wrong an hour later. So those columns are joined to the rows when
somebody asks, in the views that end in ``_with_attempts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from nba_pipeline.engine.logs import (
    ANALYTICS_FAILURES,
    DATASET,
    LOGS,
    PRECOMPUTE_FAILURES,
    REPROCESS_ATTEMPTS,
    Log,
)
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.timings import (
    CASCADE_TIMING,
    TABLE_TIMINGS,
    cascade_timing_sql,
    table_timings_sql,
)

_BREAKERS = f"{DATASET}.entity_breakers"
_ATTEMPT_COLUMNS = {
    "last_reprocess_attempt_at": "b.last_reprocess_attempt_at",
    "reprocess_attempt_count": "coalesce(b.reprocess_attempt_count, 0)",
    "circuit_breaker_active": "coalesce(b.circuit_breaker_active, false)",
    "circuit_breaker_until": "b.circuit_breaker_until",
    "manual_override_required": "coalesce(b.manual_override_required, false)",
}


def statements(tables: Sequence[Table], folder: Path) -> Iterator[str]:
    """The statements that make every view.

    Args:
        tables: The warehouse's tables.
        folder: Where their files are.
    """
    for table in tables:
        yield from _views(table, folder)
    for log in LOGS:
        yield from _log_views(log, folder)
    yield _breakers()
    yield f"CREATE VIEW {TABLE_TIMINGS} AS {table_timings_sql(tables)}"
    yield f"CREATE VIEW {CASCADE_TIMING} AS {cascade_timing_sql()}"
    for log in (ANALYTICS_FAILURES, PRECOMPUTE_FAILURES):
        yield from _failure_views(log)
    for table in tables:
        if table.marks_season:
            yield _with_attempts(table)


def quoted(text: str) -> str:
    """A text as it stands between single quotes in SQL."""
    return text.replace("'", "''")


def _rows_of(files: Path, schema: pa.Schema) -> str:
    """A query for every row stored in a folder; typed but empty where there is none."""
    if any(files.glob("*.parquet")):
        pattern = f"{quoted(str(files.resolve()))}/*.parquet"
        return f"SELECT * FROM read_parquet('{pattern}', union_by_name = true)"  # noqa: S608
    typed = (f"CAST(NULL AS {_sql_type(entry.type)}) AS {entry.name}" for entry in schema)
    return f"SELECT {', '.join(typed)} WHERE false"


def _views(table: Table, folder: Path) -> list[str]:
    """A table's view; where revisions are kept, the newest of each row, with all beside it."""
    rows = _rows_of(folder / table.dataset / table.name, table.schema)
    views = [f"CREATE SCHEMA IF NOT EXISTS {table.dataset}"]
    if not table.keeps_revisions:
        return [*views, f"CREATE VIEW {table.full_name} AS {rows}"]
    everything = f"{table.full_name}_revisions"
    newest = f"SELECT * FROM {everything} WHERE is_current AND NOT is_retracted"  # noqa: S608
    return [
        *views,
        f"CREATE VIEW {everything} AS {rows}",
        f"CREATE VIEW {table.full_name} AS {newest}",
    ]


def _log_views(log: Log, folder: Path) -> list[str]:
    """The newest row of each subject; where a log has subjects, its history beside it."""
    rows = _rows_of(folder / DATASET / log.name, log.schema)
    views = [f"CREATE SCHEMA IF NOT EXISTS {DATASET}"]
    if not log.subject:
        return [*views, f"CREATE VIEW {log.full_name} AS {rows}"]
    newest = f"PARTITION BY {', '.join(log.subject)} ORDER BY {log.newest_first}"
    return [
        *views,
        f"CREATE VIEW {log.full_name}_history AS {rows}",
        f"CREATE VIEW {log.full_name} AS FROM {log.full_name}_history "
        f"QUALIFY row_number() OVER ({newest}) = 1",
    ]


def _sql_type(kind: pa.DataType) -> str:
    names = {
        pa.int64(): "BIGINT",
        pa.float64(): "DOUBLE",
        pa.string(): "VARCHAR",
        pa.bool_(): "BOOLEAN",
        pa.date32(): "DATE",
        pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
        pa.list_(pa.string()): "VARCHAR[]",
        pa.list_(pa.float64()): "DOUBLE[]",
    }
    return names[kind]


def _breakers() -> str:
    """What the newest attempt at each entity says now."""
    locked = "coalesce(attempted_at <= now() AND now() < circuit_breaker_until, false)"
    return (
        f"CREATE VIEW {_BREAKERS} AS SELECT processor_name, entity_id, analysis_date, "  # noqa: S608
        "attempted_at AS last_reprocess_attempt_at, attempt_number AS reprocess_attempt_count, "
        f"{locked} AS circuit_breaker_active, circuit_breaker_until, "
        f"{locked} AS manual_override_required FROM {REPROCESS_ATTEMPTS.full_name}"
    )


def _with_attempts(table: Table) -> str:
    """A table's rows beside the attempts at their entities."""
    entity = ", ".join(f"t.{name}" for name in table.entity)
    columns = ", ".join(f"{value} AS {name}" for name, value in _ATTEMPT_COLUMNS.items())
    return (
        f"CREATE VIEW {table.full_name}_with_attempts AS SELECT t.*, {columns} "  # noqa: S608
        f"FROM {table.full_name} t LEFT JOIN {_BREAKERS} b ON b.processor_name = '{table.name}' "
        f"AND b.analysis_date = t.game_date AND b.entity_id = concat_ws('|', {entity})"
    )


def _failure_views(log: Log) -> list[str]:
    """What loading data would cure, with ten names each, and counts of the last 90 days."""
    unresolved = "resolution_status = 'UNRESOLVED'"
    by = "processor_name, analysis_date"
    return [
        f"CREATE VIEW {log.full_name}_correctable AS SELECT {by}, count(*) AS entities, "  # noqa: S608
        "list_slice(list(entity_id ORDER BY entity_id), 1, 10) AS sample_entities "
        f"FROM {log.full_name} WHERE failure_type IN ('DATA_GAP', 'MIXED') AND is_correctable "
        f"AND {unresolved} GROUP BY {by}",
        f"CREATE VIEW {log.full_name}_summary AS SELECT {by}, failure_category, "  # noqa: S608
        f"count(*) AS entities, count(*) FILTER ({unresolved}) AS unresolved "
        f"FROM {log.full_name} WHERE created_at > now() - INTERVAL 90 DAY "
        f"GROUP BY {by}, failure_category",
    ]
