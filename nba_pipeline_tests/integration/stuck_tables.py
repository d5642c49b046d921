"""A job in which one table never ends and another's worker dies, for child processes."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import dagster as dg

from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.tables import REGISTRY

#: The five analytics tables that runs of a date bring up to date side by side.
ANALYTICS = (
    "team_offense_game_summary",
    "team_defense_game_summary",
    "player_game_summary",
    "upcoming_team_game_context",
    "upcoming_player_game_context",
)
STUCK, DYING = "team_defense_game_summary", "player_game_summary"
UNLUCKY = "demarderozan"


def never_ends(cells: Cells) -> Columns:
    """Hang, as a computation that waits for something would."""
    time.sleep(3600)
    return cells.columns


def dies_of_one_player(cells: Cells) -> Columns:
    """Take the whole worker along when one player is among the cells."""
    if UNLUCKY in cells["player_lookup"]:
        os._exit(1)
    return REGISTRY[DYING].compute(cells)


def job() -> dg.JobDefinition:
    """The job over every table, two of them unlucky."""
    tables = {
        **REGISTRY,
        STUCK: replace(REGISTRY[STUCK], compute=never_ends),
        DYING: replace(REGISTRY[DYING], compute=dies_of_one_player),
    }
    return build_definitions(tables=tables).resolve_job_def(NBA_DAYS)
