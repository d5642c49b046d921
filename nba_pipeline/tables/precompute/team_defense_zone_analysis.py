"""How each team defended the zones of the court over its last 15 games, beside the league.

One row per team on every date with games, whether it plays or not, from its fifth game of the
season on. In the comparisons a positive number means a weaker defense.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Slices
from nba_pipeline.tables import completeness, samples

WINDOW_GAMES = 15
FEWEST_GAMES = 5
TIERS = (("high", 15), ("medium", 10), ("low", 0))

#: Our zones as the strongest and weakest are named.
ZONES = {"paint": "paint", "mid_range": "mid_range", "three_pt": "perimeter"}

INPUTS = {
    # Matched on what no cell has: whether the date's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule", "game_status season_year season_first_day", on={"game_id": "team_abbr"}
    ),
    **completeness.TEAM_INPUTS,
    "summaries": reads(
        "team_defense_game_summary",
        "opp_paint_attempts opp_paint_makes opp_mid_range_attempts opp_mid_range_makes "
        "opp_three_pt_attempts opp_three_pt_makes points_in_paint_allowed blocks_paint "
        "blocks_mid_range blocks_three_pt defensive_rating points_allowed opponent_pace",
        window=history(),
        on={"defending_team_abbr": "team_abbr", "season_year": "season_year"},
    ),
    "league": reads("league_daily_averages", "paint_pct mid_range_pct three_pt_pct"),
}


def _fraction(name: str, what: str) -> Column:
    return Column(name, float, what, unit="fraction", decimals=3, minimum=0, maximum=1)


def _per_game(name: str, what: str, unit: str = "") -> Column:
    return Column(name, float, what, unit=unit, decimals=1, minimum=0)


def _difference(name: str) -> Column:
    return Column(
        name,
        float,
        "allowed less the league's fraction; positive is weaker",
        unit="percentage points",
        decimals=2,
        minimum=-100,
        maximum=100,
    )


COLUMNS = (
    Column("team_abbr", str, "the defending team", nullable=False),
    Column("analysis_date", date, "the date; its own games are left out", nullable=False),
    Column("game_date", date, "the same", nullable=False),
    _fraction("paint_pct_allowed_last_15", "makes / attempts within 8.5 ft"),
    _per_game("paint_attempts_allowed_per_game", "over games with zone data"),
    _per_game("paint_points_allowed_per_game", "over games with zone data", "points"),
    _per_game("paint_blocks_per_game", "over games with plays"),
    _difference("paint_defense_vs_league_avg"),
    _fraction("mid_range_pct_allowed_last_15", "makes / attempts of other twos"),
    _per_game("mid_range_attempts_allowed_per_game", "over games with zone data"),
    _per_game("mid_range_blocks_per_game", "over games with plays"),
    _difference("mid_range_defense_vs_league_avg"),
    _fraction("three_pt_pct_allowed_last_15", "makes / attempts of threes"),
    _per_game("three_pt_attempts_allowed_per_game", "over all games"),
    _per_game("three_pt_blocks_per_game", "over games with plays"),
    _difference("three_pt_defense_vs_league_avg"),
    Column(
        "defensive_rating_last_15",
        float,
        "mean of the games' ratings",
        unit="points per 100 possessions",
        decimals=4,
        minimum=40,
        maximum=200,
    ),
    _per_game("opponent_points_per_game", "points allowed", "points"),
    Column(
        "opponent_pace",
        float,
        "mean of the opponents' pace",
        unit="possessions",
        decimals=4,
        minimum=60,
        maximum=140,
    ),
    Column(
        "games_in_sample",
        int,
        "of the last 15",
        nullable=False,
        minimum=FEWEST_GAMES,
        maximum=WINDOW_GAMES,
    ),
    Column(
        "games_with_zone_data", int, "of those", nullable=False, minimum=0, maximum=WINDOW_GAMES
    ),
    Column("strongest_zone", str, "paint, mid_range or perimeter: least allowed of the league's"),
    Column("weakest_zone", str, "paint, mid_range or perimeter: most allowed of the league's"),
    Column("data_quality_tier", str, "high, medium or low, by games", in_hash=False),
    Column("calculation_notes", str, "what the sample lacks", in_hash=False),
    *samples.EARLY,
    *completeness.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """Sums over the last 15 games, and how they compare with the league's row."""
    recent = cells.window("summaries").last(WINDOW_GAMES)
    games, zoned = recent.count(), recent.count("opp_paint_attempts")
    fractions = {zone: _allowed(recent, zone) for zone in ZONES}
    league = cells.one("league")
    differences = {
        zone: rounded(100 * (allowed - league[f"{zone}_pct"]), 2)
        for zone, allowed in fractions.items()
    }
    return {
        "team_abbr": cells["team_abbr"],
        "analysis_date": cells["game_date"],
        "game_date": cells["game_date"],
        **{f"{zone}_pct_allowed_last_15": rounded(f, 3) for zone, f in fractions.items()},
        **{f"{zone}_defense_vs_league_avg": d for zone, d in differences.items()},
        **_volumes(recent),
        "defensive_rating_last_15": rounded(recent.mean("defensive_rating"), 4),
        "opponent_points_per_game": rounded(recent.mean("points_allowed"), 1),
        "opponent_pace": rounded(recent.mean("opponent_pace"), 4),
        "games_in_sample": games,
        "games_with_zone_data": zoned,
        "strongest_zone": _zone_of_least([differences[zone] for zone in ZONES]),
        "weakest_zone": _zone_of_least([-differences[zone] for zone in ZONES]),
        "data_quality_tier": samples.graded(games, TIERS),
        "calculation_notes": _notes(recent, zoned),
        **samples.early_season(games, WINDOW_GAMES),
        **completeness.of_teams(cells, "l15"),
    }


def _allowed(recent: Slices, zone: str) -> Array:
    return ratio(recent.sum(f"opp_{zone}_makes"), recent.sum(f"opp_{zone}_attempts"))


def _volumes(recent: Slices) -> Columns:
    """Per game; what a game does not know of itself is left out of its mean."""
    return {
        "paint_points_allowed_per_game": rounded(recent.mean("points_in_paint_allowed"), 1),
        **{
            f"{zone}_attempts_allowed_per_game": rounded(recent.mean(f"opp_{zone}_attempts"), 1)
            for zone in ZONES
        },
        **{f"{zone}_blocks_per_game": rounded(recent.mean(f"blocks_{zone}"), 1) for zone in ZONES},
    }


def _zone_of_least(values: list[Array]) -> Array:
    """Name of the zone with the smallest value, the first of equals; NULLs are left out."""
    table = np.column_stack(values)
    known = ~np.isnan(table)
    names = np.array([*ZONES.values()], dtype=object)
    least: Array = names[np.where(known, table, np.inf).argmin(axis=1)]
    least[~known.any(axis=1)] = None
    return least


def _notes(recent: Slices, zoned: Array) -> Array:
    names = {"paint": "paint", "mid_range": "mid-range", "three_pt": "three-point"}
    return samples.notes(
        {
            **{
                f"No {name} attempts": (recent.count(f"opp_{zone}_attempts") > 0)
                & (recent.sum(f"opp_{zone}_attempts") == 0)
                for zone, name in names.items()
            },
            **samples.share_known(zoned, recent.count(), "zone data"),
        }
    )


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """All thirty teams on each date."""
    dates = each("games", "season_year")(inputs)
    repeated = {name: np.repeat(values, len(TEAMS)) for name, values in dates.items()}
    teams = np.array([*TEAMS] * len(dates["game_date"]), dtype=object)
    return {**repeated, "team_abbr": teams}


def _few_games(cells: Cells) -> Array:
    return cells.window("summaries").count() < FEWEST_GAMES


def _few_played(cells: Cells) -> Array:
    return _few_games(cells) & (completeness.final_games(cells) < FEWEST_GAMES)


def _no_league(cells: Cells) -> Array:
    return ~cells.one("league").found


TABLE = Table(
    name="team_defense_zone_analysis",
    dataset="nba_precompute",
    description=__doc__,
    entity=("team_abbr",),
    key=("team_abbr", "analysis_date"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    settings=completeness.SETTINGS,
    fan_out=FanOut("team", "TDZA_WORKERS", default_workers=4),
    gates=(
        Gate(
            FailureCategory.MISSING_DEPENDENCY,
            "there are no league averages of {game_date} to compare {team_abbr} with",
            _no_league,
        ),
        Gate(
            FailureCategory.EXPECTED_INCOMPLETE,
            f"{{team_abbr}} has played fewer than {FEWEST_GAMES} games of the season",
            _few_played,
        ),
        Gate(
            FailureCategory.INSUFFICIENT_DATA,
            f"fewer than {FEWEST_GAMES} of {{team_abbr}}'s games have a defensive summary",
            _few_games,
        ),
    ),
    clustering=("team_abbr", "analysis_date"),
    bootstrap_days=BOOTSTRAP_DAYS,
    marks_season=True,
    plot=("team_abbr", "defensive_rating_last_15"),
)
