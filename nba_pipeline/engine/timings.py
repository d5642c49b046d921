"""When each table of a date ran, and how the phases followed each other, from the run records.

Both are SQL over ``nba_processing``: the local warehouse shows them as views, and here the same
text is asked of the records as any warehouse hands them out, so that there is one rule.

Everything goes by the partition's date, never by the day on which something ran: an evening run for
tomorrow belongs to tomorrow. A run that found nothing changed is no completion, for nobody waited
for it. Of a range of dates one record says when the whole began; a date was done when the seconds
of those before it and its own had passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from nba_pipeline.domain.calendar import instant
from nba_pipeline.engine.logs import ANALYTICS_RUNS, DATASET, PRECOMPUTE_RUNS
from nba_pipeline.engine.phases import PHASES, PREDICTIONS, phase_of
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.table import Table

#: Nobody runs a date longer than this before it comes; only the schedule is read further ahead.
LEAD = timedelta(days=7)
#: Dates that percentiles of gaps are taken over.
WINDOW_DAYS = 7

TABLE_TIMINGS, CASCADE_TIMING = f"{DATASET}.table_timings", f"{DATASET}.cascade_timing"

#: Minutes between two phases, by the column that holds them.
GAPS = {
    "phase2_to_3_delay_min": ("phase2_completed_at", "phase3_started_at"),
    "phase3_to_4_delay_min": ("phase3_completed_at", "phase4_started_at"),
    "phase4_to_5_delay_min": ("phase4_completed_at", "phase5_started_at"),
    "total_delay_min": ("phase3_completed_at", "phase5_completed_at"),
}

Row = dict[str, Any]


def table_timings_sql(tables: Iterable[Table]) -> str:
    """A query for every run of a table on a date: when it began, when it was done, how it went.

    One row per table, date and run, with ``started_at``, ``completed_at``, ``seconds``,
    ``success``, ``is_unchanged`` (nothing it reads had changed) and ``errors_json``.

    Args:
        tables: Every table; those of no phase are left out.
    """
    known = ((table.name, phase_of(table)) for table in tables)
    listed = ", ".join(f"('{name}', {phase.number})" for name, phase in known if phase)
    listed = listed or "('', 0)"
    runs = " UNION ALL ".join(
        f"SELECT * FROM {log.full_name}"  # noqa: S608
        for log in (ANALYTICS_RUNS, PRECOMPUTE_RUNS)
    )
    so_far = (
        "sum(coalesce(duration_seconds, 0)) OVER (PARTITION BY processor_name, run_id, run_date "
        "ORDER BY analysis_date)"
    )
    return (
        "SELECT analysis_date AS game_date, phase, processor_name AS table_name, run_id, "  # noqa: S608
        "run_date AS started_at, "
        f"run_date + to_microseconds(CAST(round(1e6 * {so_far}) AS BIGINT)) AS completed_at, "
        "coalesce(duration_seconds, 0) AS seconds, coalesce(success, false) AS success, "
        "coalesce(skip_reason, '') = 'source_unchanged' AS is_unchanged, errors_json "
        f"FROM ({runs}) JOIN (VALUES {listed}) AS phases (named, phase) ON named = processor_name"
    )


def cascade_timing_sql() -> str:
    """A query for one row per date: when each phase began and was done, and the minutes between.

    A phase before the predictions is done with the last completion of any of its tables before the
    next phase first began, so that a later correction moves nothing; the predictions and the grades
    are done when they were there for the first time. A gap is NULL where one of its sides is
    missing or they are in the wrong order. Every gap has the median and the 95th percentile of the
    seven days up to the date.
    """
    firsts = ", ".join(f"'{phase.begins_with}'" for phase in PHASES)
    times = ", ".join(
        f"max({what}) FILTER (WHERE phase = {phase.number}) AS phase{phase.number}_{what}"
        for phase in PHASES
        for what in ("started_at", "completed_at")
    )
    gaps = ", ".join(
        f"CASE WHEN {since} <= {until} "
        f"THEN round(date_diff('microsecond', {since}, {until}) / 6e7, 3) END AS {name}"
        for name, (since, until) in GAPS.items()
    )
    percentiles = ", ".join(
        f"round(quantile_cont({name}, {share}) OVER week, 3) AS {name}_{label}"
        for name in GAPS
        for label, share in (("p50", 0.5), ("p95", 0.95))
    )
    return f"""
        WITH timed AS (FROM {TABLE_TIMINGS} WHERE NOT is_unchanged),
        begun AS (
            SELECT game_date, phase, min(started_at) AS started_at
            FROM timed WHERE table_name IN ({firsts}) GROUP BY ALL
        ),
        done AS (
            SELECT this.game_date, this.phase, max(this.completed_at) AS completed_at
            FROM timed AS this LEFT JOIN begun AS later
            ON later.game_date = this.game_date AND later.phase = this.phase + 1
            WHERE this.success AND this.phase < {PREDICTIONS.number}
            AND (later.started_at IS NULL OR this.completed_at <= later.started_at)
            GROUP BY ALL
            UNION ALL
            SELECT game_date, phase, min(completed_at)
            FROM timed WHERE success AND phase >= {PREDICTIONS.number}
            AND table_name IN ({firsts}) GROUP BY ALL
        ),
        dates AS (
            SELECT game_date, {times}
            FROM begun FULL JOIN done USING (game_date, phase) GROUP BY game_date
        ),
        apart AS (SELECT *, {gaps} FROM dates)
        SELECT *, {percentiles} FROM apart
        WINDOW week AS (
            ORDER BY game_date
            RANGE BETWEEN INTERVAL {WINDOW_DAYS - 1} DAY PRECEDING AND CURRENT ROW
        )
    """  # noqa: S608


@dataclass(frozen=True)
class Timings:
    """What both views say of some dates.

    Attributes:
        runs: Every run of a table on one of them, oldest date and run first.
        cascade: How the phases followed each other; a date nobody ran has no row.
    """

    runs: Sequence[Row]
    cascade: Sequence[Row]


def timings_of(warehouse: Warehouse, tables: Sequence[Table], first: date, last: date) -> Timings:
    """The timings of a range of dates, from the run records of any warehouse.

    Args:
        warehouse: Where the records are.
        tables: Every table.
        first: The first date.
        last: The last date.
    """
    import duckdb

    since = earliest_run(first - timedelta(days=WINDOW_DAYS - 1))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE SCHEMA {DATASET}")
        for log in (ANALYTICS_RUNS, PRECOMPUTE_RUNS):
            connection.register(log.name, warehouse.read_log(log, since))
            connection.execute(f"CREATE VIEW {log.full_name} AS FROM main.{log.name}")
        # A table, not a view as in the warehouse: it is asked several times.
        connection.execute(f"CREATE TABLE {TABLE_TIMINGS} AS {table_timings_sql(tables)}")
        connection.execute(f"CREATE VIEW {CASCADE_TIMING} AS {cascade_timing_sql()}")

        def rows(what: str, order: str) -> list[Row]:
            asked = f"FROM {what} WHERE game_date BETWEEN ? AND ? ORDER BY {order}"
            found: list[Row] = (
                connection.sql(asked, params=[first, last]).to_arrow_table().to_pylist()
            )
            return found

        return Timings(
            rows(TABLE_TIMINGS, "game_date, started_at"), rows(CASCADE_TIMING, "game_date")
        )


def earliest_run(day: date) -> datetime:
    """The moment before which nobody has run a date."""
    return instant(day - LEAD, 0)
