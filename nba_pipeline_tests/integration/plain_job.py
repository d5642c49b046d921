"""Two tables of the job over all of them, as they are, for child processes to build again."""

from __future__ import annotations

import dagster as dg

from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.tables import REGISTRY

#: Tables of teams and of players; the second reads the first.
BUILT = ("team_offense_game_summary", "player_game_summary")


def job() -> dg.JobDefinition:
    """The job of the two; without their checks, which would be processes, too."""
    return (
        build_definitions()
        .resolve_job_def(NBA_DAYS)
        .get_subset(
            asset_selection={key_of(REGISTRY[name]) for name in BUILT}, asset_check_selection=set()
        )
    )
