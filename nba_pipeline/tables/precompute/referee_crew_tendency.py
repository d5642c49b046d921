"""What the games of tonight's officials were like so far: points and fouls of both teams together.

One row per game. Each of the crew's earlier games of the season counts once for every official who
worked it. The play-by-play names officials by initial and surname; a name that worked two games on
one night is two people, whose games nobody can tell apart, and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Slices

#: Fewer official's games than this, about five each, say nothing of a crew.
FEWEST_GAMES = 15

INPUTS = {
    # Matched on what no cell has: what a row may see of tonight's games is in the cells.
    "games": reads(
        "nbac_schedule",
        "game_id season_year season_first_day game_status scheduled_start actual_tip_off",
        on={"game_status": "season_year"},
    ),
    "crew": reads("nbac_referee", "official", on="game_id", known_by="tip_off"),
    "worked": reads("nbac_referee", "game_id official", window=history(), on="season_year"),
    "played": reads(
        "team_offense_game_summary",
        "game_id points_scored personal_fouls",
        window=history(),
        on="season_year",
    ),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("game_date", date, "NBA day, US Eastern; its own games are left out", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("officials", Texts, "named before tip-off, sorted", nullable=False),
    Column("games_behind", int, "games the averages stand on", nullable=False, minimum=0),
    Column(
        "crew_avg_total",
        float,
        f"mean of both teams' points; NULL below {FEWEST_GAMES} games",
        unit="points",
        decimals=2,
        minimum=0,
    ),
    Column(
        "crew_avg_fouls",
        float,
        f"mean of both teams' personal fouls; NULL below {FEWEST_GAMES} games",
        unit="fouls",
        decimals=2,
        minimum=0,
    ),
)


def compute(cells: Cells) -> Columns:
    """Sums over the crew's games, as whole numbers, and one division each."""
    crews = _crews(cells.window("crew"))
    sums = np.zeros((len(cells), 3))
    worked, played = cells.window("worked"), cells.window("played")
    # Every game of a day has the same past.
    for _, same_day in worked.groups():
        first = int(same_day[0])
        past = _by_official(worked.cells(first, first + 1), played.cells(first, first + 1))
        for at in same_day.tolist():
            sums[at] = np.sum([past[name] for name in crews[at] if name in past], axis=0)
    games = sums[:, 0]
    is_enough = games >= FEWEST_GAMES
    return {
        "game_id": cells["game_id"],
        "game_date": cells["game_date"],
        "season_year": cells["season_year"],
        "officials": crews,
        "games_behind": games,
        "crew_avg_total": np.where(is_enough, rounded(ratio(sums[:, 1], games), 2), np.nan),
        "crew_avg_fouls": np.where(is_enough, rounded(ratio(sums[:, 2], games), 2), np.nan),
    }


def _crews(named: Slices) -> Array:
    """The officials of each cell's game."""
    names = np.empty(len(named), dtype=object)
    names[:] = [[] for _ in range(len(named))]
    rows = named.rows()
    for cell, official in zip(rows.cell.tolist(), rows["official"].tolist(), strict=True):
        names[cell].append(official)
    for crew in names.tolist():
        crew.sort()
    return names


def _by_official(worked: Slices, played: Slices) -> dict[str, Array]:
    """Games, points and fouls of each official whose name is one person's."""
    totals: dict[str, Array] = {}
    rows = played.rows()
    told = (rows[name].tolist() for name in ("game_id", "points_scored", "personal_fouls"))
    for game_id, points, fouls in zip(*told, strict=True):
        totals[game_id] = totals.get(game_id, 0.0) + np.array([0.5, points, fouls])
    rows = worked.rows()
    names, days = rows["official"].tolist(), rows["game_date"].tolist()
    nights, several = set(), set()
    for night in zip(names, days, strict=True):
        if night in nights:
            several.add(night[0])
        nights.add(night)
    found: dict[str, Array] = {}
    for name, game_id in zip(names, rows["game_id"].tolist(), strict=True):
        if name not in several and game_id in totals:
            found[name] = found.get(name, 0.0) + totals[game_id]
    return found


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every game, with the moment by which its officials had to be named."""
    games = inputs["games"]
    tips = tip_off(games["game_date"], games["scheduled_start"], games["actual_tip_off"])
    kept = {name: games[name] for name in ("game_id", "game_date", "season_year")}
    return {**kept, "tip_off": tips}


TABLE = Table(
    name="referee_crew_tendency",
    dataset="nba_precompute",
    description=__doc__,
    entity=("game_id",),
    key=("game_id",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("game", "CREW_WORKERS", default_workers=4),
    clustering=("game_id",),
    bootstrap_days=BOOTSTRAP_DAYS,
)
