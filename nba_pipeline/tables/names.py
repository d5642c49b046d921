"""Whose names the rows of a raw table are, where its publisher gives no id.

Shared by the tables that have names only: the input they need, the columns they get.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from nba_pipeline.domain.aliases import reviewed_aliases
from nba_pipeline.domain.name_resolution import UNRESOLVED, KnownPlayers, Resolution
from nba_pipeline.domain.players import universal_player_id
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.windows import Array, Cells

#: Everybody who has appeared in the season before the date.
INPUTS = {
    "known": reads(
        "nbac_player_boxscores", "player_name nba_player_id team_abbr", window=history()
    ),
}

# Nullable, because revisions from before the columns existed have no values in them.
COLUMNS = (
    Column("nba_player_id", int, "nba.com's id; NULL where nobody knows whose name it is"),
    Column(
        "universal_player_id",
        str,
        "one for each person, from that id; from the name where there is none",
    ),
    Column(
        "resolution_rule",
        str,
        "what found him: source_id, exact_name, alias, team_and_date, without_suffix; or "
        "unresolved",
    ),
)

#: The lists kept with the code that decide whose a name is.
REVIEWED = {"player_aliases": reviewed_aliases().digest}


def resolve(
    cells: Cells, names: Sequence[Sequence[str]], teams: Sequence[Collection[str]]
) -> list[Resolution]:
    """Find whose name each cell has, from those who had appeared before its date.

    Args:
        cells: With the window of ``INPUTS``.
        names: For each cell the ways its name is written.
        teams: For each cell the teams he may be with.
    """
    window = cells.window("known")
    seen = window.buffer.columns
    ids = seen["nba_player_id"].astype(np.int64)
    found = [UNRESOLVED] * len(cells)
    for rows, sharing in window.groups():
        who = ids[rows].tolist()
        known = KnownPlayers(
            set(zip(seen["player_name"][rows].tolist(), who, strict=True)),
            # Oldest first, so a player is with the team of his last appearance.
            dict(zip(who, seen["team_abbr"][rows].tolist(), strict=True)),
            reviewed_aliases(),
        )
        for cell in sharing.tolist():
            found[cell] = known.resolve_any(names[cell], teams[cell])
    return found


def columns(found: Sequence[Resolution], lookups: Sequence[str]) -> Mapping[str, Array]:
    """The columns of ``COLUMNS``, one row per resolution.

    Args:
        found: Whose names they are.
        lookups: The names' lookup keys.
    """
    ids = [each.nba_player_id for each in found]
    return {
        "nba_player_id": np.array([np.nan if who is None else who for who in ids], dtype=float),
        "universal_player_id": np.array(
            [universal_player_id(who, key) for who, key in zip(ids, lookups, strict=True)],
            dtype=object,
        ),
        "resolution_rule": np.array([each.rule.value for each in found], dtype=object),
    }
