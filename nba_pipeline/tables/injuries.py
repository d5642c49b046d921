"""The two kinds of entry of the injury table, and how tables read them by tip-off.

Moves to and from the injured list hold until the next one; a report speaks of one game. A report
published after tip-off is nothing that a table of the evening may see.
"""

from __future__ import annotations

import numpy as np

from nba_pipeline.engine.declared_inputs import history_and_today, reads
from nba_pipeline.engine.windows import Array, Cells, Columns

SOURCE = "nbac_injury_report"

MOVE, REPORT = "move", "report"

#: What ``speaks_of_team`` reads; cells need team_abbr, tip_off and the columns of ``kinds``.
INPUTS = {
    "moves": reads(
        SOURCE,
        "injury_status",
        window=history_and_today(),
        on={"team_abbr": "team_abbr", "entry_kind": "by_move"},
    ),
    "reports": reads(
        SOURCE,
        "injury_status",
        on={"team_abbr": "team_abbr", "entry_kind": "by_report"},
        known_by="tip_off",
    ),
}


def kinds(size: int) -> Columns:
    """Columns of cells that one kind of entry is matched on.

    Args:
        size: How many cells there are.
    """
    return {
        "by_move": np.full(size, MOVE, dtype=object),
        "by_report": np.full(size, REPORT, dtype=object),
    }


def speaks_of_team(cells: Cells) -> Array:
    """Whether anything was said of who of the team can play, by tip-off."""
    moves: Array = cells.window("moves").count() > 0
    return moves | reported(cells)


def reported(cells: Cells) -> Array:
    """Whether the league's report on the game lists anybody of the team, by tip-off."""
    reports: Array = cells.window("reports").count() > 0
    return reports
