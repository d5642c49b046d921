"""Every table, in the order data flows. The only registration there is.

Adding a table means one file under its layer, one line here and one test.
"""

from __future__ import annotations

from nba_pipeline.engine.errors import DeclarationError
from nba_pipeline.engine.table import Table
from nba_pipeline.tables.analytics import (
    player_availability,
    player_game_summary,
    team_defense_game_summary,
    team_offense_game_summary,
    upcoming_player_game_context,
    upcoming_team_game_context,
)
from nba_pipeline.tables.precompute import (
    league_daily_averages,
    player_composite_factors,
    player_daily_cache,
    player_shot_zone_analysis,
    referee_crew_tendency,
    team_defense_zone_analysis,
)
from nba_pipeline.tables.predictions import (
    ml_feature_store_v2,
    player_points_features,
    player_prop_predictions,
    points_model,
    prediction_accuracy,
    prediction_requests,
    scoring_tier_adjustments,
    system_calibration,
    system_daily_performance,
    system_forecasts,
)
from nba_pipeline.tables.raw import (
    nbac_injury_report,
    nbac_play_by_play,
    nbac_player_boxscores,
    nbac_player_list,
    nbac_referee,
    nbac_schedule,
    nbac_shots,
    nbac_team_boxscore,
    odds_api_game_lines,
    odds_api_player_points_props,
)
from nba_pipeline.tables.reference import player_registry, unresolved_names

_IN_ORDER = (
    nbac_schedule,
    nbac_player_boxscores,
    nbac_team_boxscore,
    nbac_play_by_play,
    nbac_shots,
    nbac_referee,
    nbac_player_list,
    odds_api_game_lines,
    odds_api_player_points_props,
    nbac_injury_report,
    player_registry,
    unresolved_names,
    player_availability,
    team_offense_game_summary,
    team_defense_game_summary,
    player_game_summary,
    upcoming_team_game_context,
    upcoming_player_game_context,
    league_daily_averages,
    referee_crew_tendency,
    team_defense_zone_analysis,
    player_shot_zone_analysis,
    player_daily_cache,
    player_composite_factors,
    ml_feature_store_v2,
    player_points_features,
    points_model,
    prediction_requests,
    system_forecasts,
    system_calibration,
    scoring_tier_adjustments,
    player_prop_predictions,
    prediction_accuracy,
    system_daily_performance,
)


def _register(tables: tuple[Table, ...]) -> dict[str, Table]:
    """Tables by bare name.

    Raises:
        DeclarationError: When a table reads one that comes later, a column that does not exist, or
            a column that is in no hash, so that a change in it could never be seen.
    """
    known: dict[str, Table] = {}
    for table in tables:
        for name, declared in table.inputs.items():
            if declared.is_feed:
                continue
            if declared.table not in known:
                raise DeclarationError(
                    f"{table.name} reads {declared.table} as {name}, which is not registered "
                    "before it"
                )
            upstream = known[declared.table]
            for column in (*declared.columns, *(theirs for theirs, _ in declared.on)):
                if not upstream.column(column).in_hash:
                    raise DeclarationError(
                        f"{table.name} reads {declared.table}.{column}, which is in no hash"
                    )
        known[table.name] = table
    return known


REGISTRY: dict[str, Table] = _register(tuple(module.TABLE for module in _IN_ORDER))
