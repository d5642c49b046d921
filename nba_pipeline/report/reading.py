"""Reading one evening: the rows of every table the page shows, and how far each table has got."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.calendar import instant
from nba_pipeline.engine.declared_inputs import Input, days_before, reads
from nba_pipeline.engine.inputs import window_dates
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.recording import run_log
from nba_pipeline.engine.table import Table
from nba_pipeline.tables import REGISTRY

Row = dict[str, Any]

#: Days of games among which a player's last ten are looked for, and of grades that say how far a
#: system could be trusted.
FORM_DAYS, TRUST_DAYS = 90, 60

#: What the page reads, as a table would declare it.
INPUTS: Mapping[str, Input] = {
    "games": reads(
        "nbac_schedule",
        "game_id game_status away_team_abbr home_team_abbr away_team_score home_team_score "
        "scheduled_start actual_tip_off arena_name arena_city game_label was_postponed",
    ),
    "teams": reads(
        "upcoming_team_game_context",
        "game_id team_abbr home_game team_days_rest team_back_to_back games_in_last_7_days "
        "travel_miles time_zone_changes consecutive_road_games game_spread opening_spread "
        "game_total opening_total game_total_source starters_out_count",
    ),
    "expected": reads(
        "upcoming_player_game_context",
        "player_lookup game_id team_abbr opponent_team_abbr home_game player_status "
        "injury_report days_rest back_to_back games_in_last_7_days avg_minutes_per_game_last_7 "
        "points_avg_last_5 points_avg_last_10 opening_points_line star_teammates_out "
        "quality_score quality_issues",
    ),
    # For who was turned away and which systems were silent, kept beside the rows.
    "requests": reads("prediction_requests", "player_lookup"),
    "forecasts": reads("system_forecasts", "player_lookup"),
    "factors": reads(
        "player_composite_factors",
        "player_lookup game_id fatigue_score shot_zone_mismatch_score pace_score "
        "usage_spike_score total_composite_adjustment missing_data_fields warning_details "
        "shot_zone_context_json pace_context_json usage_context_json",
    ),
    "features": reads(
        "ml_feature_store_v2",
        "player_lookup game_id feature_names feature_sources feature_quality_score "
        "is_production_ready",
    ),
    "claims": reads(
        "player_prop_predictions",
        "player_lookup game_id system_id line_rule team_abbr opponent_team_abbr is_home "
        "projected_minutes predicted_points "
        "interval_low interval_high interval_coverage over_probability confidence_score "
        "recommendation line_value line_book line_taken_at estimated_line_value "
        "estimation_method key_factors model_version feature_quality_score is_production_ready",
    ),
    "form": reads(
        "player_game_summary",
        "player_lookup player_full_name game_id opponent_team_abbr points minutes_played",
        window=days_before(FORM_DAYS),
    ),
    "results": reads(
        "player_game_summary", "player_lookup player_full_name game_id points minutes_played"
    ),
    "grades": reads(
        "prediction_accuracy",
        "player_lookup game_id system_id line_rule outcome actual_points first_actual_points "
        "is_regraded prediction_correct signed_error within_interval line_value",
    ),
    "earlier": reads(
        "prediction_accuracy",
        "system_id outcome signed_error line_value over_probability actual_points "
        "prediction_correct within_interval",
        window=days_before(TRUST_DAYS),
    ),
}


@dataclass(frozen=True)
class Evening:
    """What the warehouse holds of one NBA day.

    Attributes:
        day: The NBA day.
        rows: By input name, in order of the tables' keys.
        stored: By table name, what is known of the day's partition; without the unbuilt.
        failures: By table name, what the newest run of the day's partition broke on.
    """

    day: date
    rows: Mapping[str, list[Row]]
    stored: Mapping[str, Stored]
    failures: Mapping[str, str]


def tables_read() -> dict[str, list[Input]]:
    """The tables the page reads, in data-flow order, each with all the ways it is read."""
    ways: dict[str, list[Input]] = {}
    for declared in INPUTS.values():
        ways.setdefault(declared.table, []).append(declared)
    return {name: ways[name] for name in REGISTRY if name in ways}


def read_evening(warehouse: Warehouse, day: date) -> Evening:
    """Everything the page shows of a day.

    Raises:
        WarehouseError: When a stored partition is damaged.
    """
    names = list(tables_read())
    stored = {name: warehouse.stored(REGISTRY[name], [day]).get(day) for name in names}
    return Evening(
        day,
        {name: _rows(warehouse, declared, day) for name, declared in INPUTS.items()},
        {name: about for name, about in stored.items() if about is not None},
        _failures(warehouse, [REGISTRY[name] for name in names], day),
    )


def _rows(warehouse: Warehouse, declared: Input, day: date) -> list[Row]:
    dates = window_dates(declared.window, [day])
    columns = sorted({*declared.columns, "game_date"})
    found: list[Row] = warehouse.read(REGISTRY[declared.table], dates, columns).to_pylist()
    return found


def _failures(warehouse: Warehouse, tables: list[Table], day: date) -> dict[str, str]:
    """Of each table whose newest run failed on the day, the first sentence it left."""
    # Nobody runs a date long before it comes.
    since = instant(day - timedelta(days=7), 0)
    newest: dict[str, Row] = {}
    for log in {run_log(table).name: run_log(table) for table in tables}.values():
        told = warehouse.read_log(log, since)
        of_day = told.filter(pc.equal(told["analysis_date"], pa.scalar(day)))
        columns = ["processor_name", "run_date", "created_at", "success", "errors_json"]
        for run in sorted(of_day.select(columns).to_pylist(), key=_moment):
            newest[run["processor_name"]] = run
    return {
        table.name: (json.loads(newest[table.name]["errors_json"] or "[]") or ["no reason kept"])[0]
        for table in tables
        if table.name in newest and newest[table.name]["success"] is False
    }


def _moment(run: Row) -> tuple[Any, Any]:
    return run["run_date"], run["created_at"]
