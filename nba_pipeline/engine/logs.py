"""The processing tables: what every run leaves behind about itself, appended and never replaced.

They say what happened, not what is true of a game, so no table reads them and they enter no data
version. A status change is a new row; the view of a log shows the newest row of each subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from nba_pipeline.engine.columns import Column, Texts

DATASET = "nba_processing"


@dataclass(frozen=True)
class Log:
    """One appended table.

    Attributes:
        name: Its name in the dataset ``nba_processing``.
        description: What a row is.
        columns: Its columns; all hold metadata.
        subject: Columns of which the view shows only the newest row; empty shows every row.
        newest_by: Column that says which row is newest.
        partitioned_by: Column that production storage is partitioned by.
        clustering: Columns that production storage is clustered by.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    subject: tuple[str, ...] = ()
    newest_by: str = "created_at"
    partitioned_by: str = "created_at"
    clustering: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """``nba_processing.name``."""
        return f"{DATASET}.{self.name}"

    @property
    def newest_first(self) -> str:
        """The order its view looks at rows in, as SQL; ``in_order`` is the same backwards."""
        return f"{self.newest_by} > CURRENT_TIMESTAMP, {self.newest_by} DESC"

    @cached_property
    def schema(self) -> pa.Schema:
        """The log as an Arrow schema."""
        return pa.schema(
            [pa.field(c.name, c.arrow_type, nullable=c.nullable) for c in self.columns]
        )


def in_order(log: Log, told: pa.Table, now: datetime) -> Sequence[dict[str, Any]]:
    """Rows of a log from the oldest to the newest.

    A row from the future was written by a clock that was wrong. It counts as older than anything,
    or it would hide what is told until then.

    Args:
        log: The log.
        told: Some of its rows.
        now: The moment it is.
    """
    by = log.newest_by
    return sorted(told.to_pylist(), key=lambda row: (row[by] <= now, row[by]))


def _failure_columns() -> tuple[Column, ...]:
    return (
        Column("processor_name", str, "table that was being brought up to date", nullable=False),
        Column("run_id", str, nullable=False),
        Column("analysis_date", date, "the partition", nullable=False),
        Column("entity_id", str, "the entity, or DATE_LEVEL", nullable=False),
        Column("entity_type", str, "PLAYER, TEAM, GAME or DATE"),
        Column("failure_category", str, "see FailureCategory", nullable=False),
        Column("failure_reason", str, "one sentence", nullable=False),
        Column("can_retry", bool, nullable=False),
        Column("failure_type", str, "DATA_GAP, INSUFFICIENT_HISTORY, … of incomplete data"),
        Column("is_correctable", bool, "whether loading data would cure it"),
        Column("expected_game_count", int),
        Column("actual_game_count", int),
        Column("missing_game_dates", str, "JSON list of ISO dates"),
        Column("raw_data_checked", bool),
        Column("resolution_status", str, "UNRESOLVED or RESOLVED", nullable=False),
        Column("resolved_at", datetime),
        Column("created_at", datetime, nullable=False),
    )


def _run_columns() -> tuple[Column, ...]:
    return (
        Column("processor_name", str, "table that was brought up to date", nullable=False),
        Column("run_id", str, nullable=False),
        Column("run_date", datetime, "when the run began", nullable=False),
        Column("success", bool, "NULL while unknown"),
        Column("duration_seconds", float, unit="seconds", decimals=3),
        Column("analysis_date", date, "the partition"),
        Column("records_processed", int, "entities computed"),
        Column("records_inserted", int, "entities that were new"),
        Column("records_updated", int, "entities computed again"),
        Column("records_skipped", int, "entities reused or turned away"),
        Column("dependency_check_passed", bool),
        Column("data_completeness_pct", float, unit="percent of entities with rows", decimals=2),
        Column(
            "upstream_data_age_hours",
            float,
            "since the oldest partition of the day that was read was written; NULL where only a "
            "source is read",
            unit="hours",
            decimals=2,
        ),
        Column("errors_json", str, "JSON list of sentences"),
        Column("warning_count", int, "entities turned away"),
        Column("bytes_processed", int, unit="bytes"),
        Column("slot_ms", int, "of BigQuery; NULL locally", unit="milliseconds"),
        Column("processor_version", str, "the table's version"),
        Column("config_hash", str, "digest of the version and the settings that change rows"),
        Column("skip_reason", str, "why nothing was computed or there are no rows"),
        Column("cause", str, "why it was or was not computed, in words"),
        Column("data_version", str),
        Column("created_at", datetime, nullable=False),
    )


_FAILED_SUBJECT = ("processor_name", "analysis_date", "entity_id")

ANALYTICS_FAILURES = Log(
    "analytics_failures",
    "Entities of analytics tables that have no row, or an incomplete one.",
    _failure_columns(),
    _FAILED_SUBJECT,
    partitioned_by="analysis_date",
    clustering=("processor_name", "failure_category", "can_retry"),
)
PRECOMPUTE_FAILURES = Log(
    "precompute_failures",
    "Entities of precompute tables that have no row, or an incomplete one.",
    _failure_columns(),
    _FAILED_SUBJECT,
    partitioned_by="analysis_date",
    clustering=("processor_name", "failure_category", "can_retry"),
)
PREDICTION_FAILURES = Log(
    "prediction_failures",
    "Entities of prediction tables that have no row: nobody predicts them, a system failed "
    "or abstained.",
    _failure_columns(),
    _FAILED_SUBJECT,
)
PREDICTION_WORKER_RUNS = Log(
    "prediction_worker_runs",
    "Which systems a run asked about a player, and which of them answered.",
    (
        Column("request_id", str, "run, game and player", nullable=False),
        Column("run_id", str, nullable=False),
        Column("run_date", datetime, "when the run began", nullable=False),
        Column("game_date", date, nullable=False),
        Column("game_id", str, nullable=False),
        Column("player_lookup", str, nullable=False),
        Column("success", bool, "whether no system failed", nullable=False),
        Column("predictions_generated", int, nullable=False),
        Column("systems_attempted", Texts),
        Column("systems_succeeded", Texts),
        Column("systems_failed", Texts),
        Column("system_errors", str, "JSON object: system to what it raised"),
        Column("skip_reason", str, "why systems abstained"),
        Column("feature_quality_score", float, unit="of 100", decimals=2),
        Column("historical_games_count", int),
        Column("error_message", str),
        Column("created_at", datetime, nullable=False),
    ),
)
ANALYTICS_RUNS = Log(
    "analytics_processor_runs",
    "What a run did to one partition of a raw or analytics table.",
    _run_columns(),
    partitioned_by="run_date",
    clustering=("processor_name", "success", "run_date"),
)
PRECOMPUTE_RUNS = Log(
    "precompute_processor_runs",
    "What a run did to one partition of a precompute or prediction table.",
    _run_columns(),
    partitioned_by="run_date",
    clustering=("processor_name", "success", "run_date"),
)
DATA_ISSUES = Log(
    "precompute_data_issues",
    "Something that is wrong with stored data, as the checks found it.",
    (
        Column("issue_id", str, nullable=False),
        Column("processor_name", str, nullable=False),
        Column("run_id", str, nullable=False),
        Column("issue_type", str, "the broken promise", nullable=False),
        Column("severity", str, "CRITICAL, HIGH, MEDIUM or LOW", nullable=False),
        Column("category", str, "ACCURACY, COMPLETENESS, CONSISTENCY or PERFORMANCE"),
        Column("identifier", str, "table and date", nullable=False),
        Column("table_name", str),
        Column("field_name", str),
        Column("issue_description", str, nullable=False),
        Column("expected_value", str),
        Column("actual_value", str),
        Column("analysis_date", date),
        Column("game_date", date),
        Column("season_year", int),
        Column("team_abbr", str),
        Column("player_lookup", str),
        Column("resolved", bool, nullable=False),
        Column("resolution_notes", str),
        Column("auto_resolved", bool, nullable=False),
        Column("created_at", datetime, nullable=False),
        Column("resolved_at", datetime),
    ),
    ("issue_id",),
    clustering=("processor_name", "resolved", "severity", "created_at"),
)
REPROCESS_ATTEMPTS = Log(
    "reprocess_attempts",
    "Attempts to compute an entity that broke.",
    (
        Column("processor_name", str, nullable=False),
        Column("entity_id", str, nullable=False),
        Column("analysis_date", date, nullable=False),
        Column("attempt_number", int, nullable=False),
        Column("attempted_at", datetime, nullable=False),
        Column("inputs_hash", str, "what was attempted; changed inputs start anew"),
        Column("completeness_pct", float, unit="percent", decimals=1),
        Column("skip_reason", str),
        Column("circuit_breaker_tripped", bool, nullable=False),
        Column("circuit_breaker_until", datetime),
        Column("manual_override_applied", bool),
        Column("notes", str),
        Column("created_at", datetime, nullable=False),
    ),
    ("processor_name", "entity_id", "analysis_date"),
    "attempted_at",
    partitioned_by="analysis_date",
    clustering=("processor_name", "entity_id", "analysis_date"),
)
CIRCUIT_BREAKER_STATE = Log(
    "circuit_breaker_state",
    "Whether a table's partition may be tried, after failures of the whole partition.",
    (
        Column("processor_name", str, "table and date", nullable=False),
        Column("state", str, "CLOSED, OPEN or HALF_OPEN", nullable=False),
        Column("failure_count", int),
        Column("success_count", int),
        Column("last_failure", datetime),
        Column("last_success", datetime),
        Column("opened_at", datetime),
        Column("half_opened_at", datetime),
        Column("updated_at", datetime, nullable=False),
        Column("last_error_message", str, "at most 500 characters"),
        Column("last_error_type", str),
        Column("failure_history", Texts, "the last ten, newest last"),
        Column("threshold", int),
        Column("timeout_seconds", int),
        Column("half_open_max_calls", int),
    ),
    ("processor_name",),
    "updated_at",
    partitioned_by="updated_at",
    clustering=("processor_name", "state"),
)

ROW_CHANGES = Log(
    "row_changes",
    "A stored row that came, went or changed, or a whole partition that was not there before.",
    (
        Column("table_name", str, "bare name of the table", nullable=False),
        Column("game_date", date, "the partition", nullable=False),
        Column("row_key", str, "the key joined by |; empty for a whole partition", nullable=False),
        Column("entity_id", str, "the entity the row belongs to", nullable=False),
        Column("old_hash", str, "data_hash before; empty for a row that came", nullable=False),
        Column("new_hash", str, "data_hash now; empty for a row that went", nullable=False),
        Column("old_values", str, "JSON of what differs, and of what readers find it by"),
        Column("new_values", str, "JSON of the same columns"),
        Column("known_at", datetime, "when it could first have been known"),
        Column("run_id", str, nullable=False),
        Column("created_at", datetime, nullable=False),
    ),
)
RUN_CAUSES = Log(
    "run_causes",
    "Why a run computed an entity: what changed that it reads, newest first.",
    (
        Column("processor_name", str, "table that was brought up to date", nullable=False),
        Column("run_id", str, nullable=False),
        Column("analysis_date", date, "the partition", nullable=False),
        Column("entity_id", str, "the entity; empty for the whole partition", nullable=False),
        Column("decision", str, "new, input_changed, code_changed or gone"),
        Column("kind", str, "what happened, see causes.Kind", nullable=False),
        Column("input_table", str, "table or feed it happened in"),
        Column("input_date", date, "on which day of it"),
        Column("row_key", str, "to which row"),
        Column("old_hash", str, "the row's hash before"),
        Column("new_hash", str, "the row's hash now"),
        Column("sentence", str, "the cause in words", nullable=False),
        Column("further_rows", int, "further rows that are not named", unit="rows"),
        Column("created_at", datetime, nullable=False),
    ),
)

QUARANTINED_PAYLOADS = Log(
    "quarantined_payloads",
    "A payload, or part of one, that no row comes from; recorded when it was first met.",
    (
        Column("file", str, "where it lies, or its kind where it is a part", nullable=False),
        Column("problem", str, "one sentence", nullable=False),
        Column("game_date", date, "the NBA day it was fetched for", nullable=False),
        Column("run_id", str, nullable=False),
        Column("created_at", datetime, nullable=False),
    ),
    ("file", "problem"),
    clustering=("file",),
)

ALERTS = Log(
    "alerts",
    "What somebody was told about a date: a cause once, again when it got worse or was over.",
    (
        Column("cause", str, "the check that failed, or what a run failed of", nullable=False),
        Column("game_date", date, "the NBA day it is about", nullable=False),
        Column("severity", str, "warning, critical or resolved", nullable=False),
        Column("sentence", str, nullable=False),
        Column("fix", str, "the command that helps"),
        Column("run_id", str, "the run that failed"),
        Column("delivered", bool, "whether the webhook took it", nullable=False),
        Column("created_at", datetime, nullable=False),
    ),
    ("cause", "game_date"),
    clustering=("cause",),
)

LOGS: tuple[Log, ...] = (
    ANALYTICS_RUNS,
    PRECOMPUTE_RUNS,
    ANALYTICS_FAILURES,
    PRECOMPUTE_FAILURES,
    PREDICTION_FAILURES,
    PREDICTION_WORKER_RUNS,
    DATA_ISSUES,
    REPROCESS_ATTEMPTS,
    CIRCUIT_BREAKER_STATE,
    ROW_CHANGES,
    RUN_CAUSES,
    QUARANTINED_PAYLOADS,
    ALERTS,
)
