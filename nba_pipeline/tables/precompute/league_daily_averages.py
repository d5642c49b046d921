"""The league over the 30 days before a date: pace, efficiency and shooting by zone.

One row per date with games. Whoever compares with the league reads this row, rounded as it is
stored: a correction that does not move it stops here instead of touching every player.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import days_before, reads
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows

LOOKBACK_DAYS = 30

#: A team counts for the zones from this many games on, and zones are measured from so many teams.
FEWEST_GAMES, FEWEST_TEAMS = 10, 10

#: What stands in for the league while too little has been played.
DEFAULT_PACE, DEFAULT_OFFENSIVE_RATING = 100.0, 112.0
DEFAULT_FRACTIONS = {"paint": 0.580, "mid_range": 0.410, "three_pt": 0.355}

INPUTS = {
    # Matched on what no cell has: whether the date's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule", "game_status season_year season_first_day", on={"game_id": "league"}
    ),
    "defenses": reads(
        "team_defense_game_summary",
        "defending_team_abbr opp_paint_attempts opp_paint_makes opp_mid_range_attempts "
        "opp_mid_range_makes opp_three_pt_attempts opp_three_pt_makes",
        window=days_before(LOOKBACK_DAYS),
        on="season_year",
    ),
    "offenses": reads(
        "team_offense_game_summary",
        "pace offensive_rating",
        window=days_before(LOOKBACK_DAYS),
        on="season_year",
    ),
}

COLUMNS = (
    Column("league", str, "NBA", nullable=False),
    Column("game_date", date, "NBA day, US Eastern; the day itself is left out", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column(
        "pace",
        float,
        "mean over the teams' games",
        unit="possessions",
        nullable=False,
        decimals=1,
        minimum=80,
        maximum=120,
    ),
    Column(
        "offensive_rating",
        float,
        "mean over the teams' games",
        unit="points per 100 possessions",
        nullable=False,
        decimals=1,
        minimum=80,
        maximum=140,
    ),
    Column("pace_source", str, "measured or default, of pace and rating", nullable=False),
    *(
        Column(
            f"{zone}_pct",
            float,
            "makes / attempts allowed, mean over teams",
            unit="fraction",
            nullable=False,
            decimals=3,
            minimum=0,
            maximum=1,
        )
        for zone in DEFAULT_FRACTIONS
    ),
    Column(
        "teams_in_sample",
        int,
        "teams with at least 10 games behind the fractions; 0 for defaults",
        nullable=False,
        minimum=0,
        maximum=30,
    ),
    Column("zone_source", str, "measured or default, of the fractions", nullable=False),
    *(
        Column(
            f"{zone}_share",
            float,
            "attempts of all attempts; NULL where no zones are known",
            unit="fraction",
            decimals=3,
            minimum=0,
            maximum=1,
        )
        for zone in DEFAULT_FRACTIONS
    ),
)


def compute(cells: Cells) -> Columns:
    """Means of what the teams did, or the defaults."""
    games = cells.window("offenses")
    played = games.count("pace") > 0
    fractions, teams = _fractions(cells)
    return {
        "league": cells["league"],
        "game_date": cells["game_date"],
        "season_year": cells["season_year"],
        "pace": np.where(played, rounded(games.mean("pace"), 1), DEFAULT_PACE),
        "offensive_rating": np.where(
            played, rounded(games.mean("offensive_rating"), 1), DEFAULT_OFFENSIVE_RATING
        ),
        "pace_source": _source(played),
        **fractions,
        "teams_in_sample": teams,
        "zone_source": _source(teams > 0),
        **_shares(cells),
    }


def _fractions(cells: Cells) -> tuple[Columns, Array]:
    """Unweighted means over the teams, and how many teams they stand on."""
    rows, size = cells.window("defenses").rows(), len(cells)
    known = ~np.isnan(rows["opp_paint_attempts"]) & ~np.isnan(rows["opp_mid_range_attempts"])
    teams = sorted(TEAMS)
    team = rows.cell * len(teams) + np.searchsorted(teams, rows["defending_team_abbr"].astype(str))
    by_team = {zone: _by_team(rows, zone, team, known, size) for zone in DEFAULT_FRACTIONS}
    games = np.bincount(team[known], minlength=size * len(teams)).reshape(size, len(teams))
    sampled = games >= FEWEST_GAMES
    for values in by_team.values():
        sampled = sampled & ~np.isnan(values)
    counted = sampled.sum(axis=1)
    measured = counted >= FEWEST_TEAMS
    return {
        f"{zone}_pct": np.where(
            measured, rounded(_mean(values, sampled), 3), DEFAULT_FRACTIONS[zone]
        )
        for zone, values in by_team.items()
    }, np.where(measured, counted, 0)


def _by_team(rows: Rows, zone: str, team: Array, known: Array, cells: int) -> Array:
    """Makes / attempts of one zone, a row per cell and a column per team."""
    size = cells * len(TEAMS)
    makes, attempts = (
        np.bincount(team[known], rows[f"opp_{zone}_{what}"][known], size).astype(np.float64)
        for what in ("makes", "attempts")
    )
    return ratio(makes, attempts).reshape(cells, len(TEAMS))


def _mean(values: Array, sampled: Array) -> Array:
    """Mean of the sampled columns of each row, added in the order of the teams."""
    total = np.zeros(len(values))
    for number in range(values.shape[1]):
        total = total + np.where(sampled[:, number], values[:, number], 0.0)
    return ratio(total, sampled.sum(axis=1).astype(np.float64))


def _shares(cells: Cells) -> Columns:
    """Where the league shoots from, over all games whose zones are known."""
    games = cells.window("defenses")
    rows = games.buffer.columns
    games = games.where(
        ~np.isnan(rows["opp_paint_attempts"]) & ~np.isnan(rows["opp_mid_range_attempts"])
    )
    attempts = {zone: games.sum(f"opp_{zone}_attempts") for zone in DEFAULT_FRACTIONS}
    total = attempts["paint"] + attempts["mid_range"] + attempts["three_pt"]
    return {f"{zone}_share": rounded(ratio(taken, total), 3) for zone, taken in attempts.items()}


def _source(measured: Array) -> Array:
    return np.where(measured, "measured", "default").astype(object)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    dates = each("games", "season_year")(inputs)
    return {**dates, "league": np.full(len(dates["game_date"]), "NBA", dtype=object)}


TABLE = Table(
    name="league_daily_averages",
    dataset="nba_precompute",
    description=__doc__,
    entity=("league",),
    key=("league",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=1,
    fan_out=FanOut("league", "LEAGUE_WORKERS", default_workers=1),
    bootstrap_days=BOOTSTRAP_DAYS,
)
