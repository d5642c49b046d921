"""What a team allowed in a finished game: the opponent's offence from the defence's side.

One row per team and game. Everything the opponent did is read from the opponent's offensive
summary, so that both tables always say the same; steals, rebounds and fouls are the defence's own.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.shots import MID_RANGE, PAINT, THREE, zone
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import quality

# Ours = the opponent's column in team_offense_game_summary.
ALLOWED = {
    "points_allowed": "points_scored",
    "opp_fg_attempts": "fg_attempts",
    "opp_fg_makes": "fg_makes",
    "opp_three_pt_attempts": "three_pt_attempts",
    "opp_three_pt_makes": "three_pt_makes",
    "opp_ft_attempts": "ft_attempts",
    "opp_ft_makes": "ft_makes",
    "opp_rebounds": "rebounds",
    "opp_assists": "assists",
    "turnovers_forced": "turnovers",
    "opp_paint_attempts": "team_paint_attempts",
    "opp_paint_makes": "team_paint_makes",
    "opp_mid_range_attempts": "team_mid_range_attempts",
    "opp_mid_range_makes": "team_mid_range_makes",
    "points_in_paint_allowed": "points_in_paint_scored",
    "second_chance_points_allowed": "second_chance_points_scored",
    "defensive_rating": "offensive_rating",
    "opponent_pace": "pace",
    "opp_possessions": "possessions",
    "opponent_ts_pct": "ts_pct",
    "opp_efg_pct": "efg_pct",
}

# Ours = the team's own column there.
OWN = {
    "fouls_committed": "personal_fouls",
    "steals": "steals",
    "defensive_rebounds": "defensive_rebounds",
    "blocks_total": "blocks",
    "win_flag": "win_flag",
    "margin_of_victory": "margin_of_victory",
    "overtime_periods": "overtime_periods",
    "players_inactive": "players_inactive",
    "starters_inactive": "starters_inactive",
    "referee_crew_id": "referee_crew_id",
}

INPUTS = {
    "games": reads("nbac_schedule", "game_id game_status", on="game_id"),
    "own": reads(
        "team_offense_game_summary",
        "nba_game_id season_year home_game opponent_team_abbr shot_zones_available "
        "primary_source_used " + " ".join(OWN.values()),
        on={"game_id": "game_id", "team_abbr": "defending_team_abbr"},
    ),
    "opponent": reads(
        "team_offense_game_summary",
        " ".join(ALLOWED.values()),
        on={"game_id": "game_id", "opponent_team_abbr": "defending_team_abbr"},
    ),
    "blocked_shots": reads(
        "nbac_play_by_play",
        "is_three shot_distance block_player_id player_1_team_abbr",
        on={"game_id": "game_id"},
    ),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id"),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("defending_team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("points_allowed", int, unit="points", nullable=False, minimum=0),
    Column("opp_fg_attempts", int, minimum=0),
    Column("opp_fg_makes", int, minimum=0),
    Column("opp_three_pt_attempts", int, minimum=0),
    Column("opp_three_pt_makes", int, minimum=0),
    Column("opp_ft_attempts", int, minimum=0),
    Column("opp_ft_makes", int, minimum=0),
    Column("opp_rebounds", int, minimum=0),
    Column("opp_assists", int, minimum=0),
    Column("turnovers_forced", int, "the opponent's turnovers, unforced ones included", minimum=0),
    Column("fouls_committed", int, minimum=0),
    Column("opp_paint_attempts", int, "twos from within 8.5 ft", minimum=0),
    Column("opp_paint_makes", int, minimum=0),
    Column("opp_mid_range_attempts", int, "other twos", minimum=0),
    Column("opp_mid_range_makes", int, minimum=0),
    Column("points_in_paint_allowed", int, "2 x makes", unit="points", minimum=0),
    Column("mid_range_points_allowed", int, "2 x makes", unit="points", minimum=0),
    Column("three_pt_points_allowed", int, "3 x makes", unit="points", minimum=0),
    Column(
        "second_chance_points_allowed",
        int,
        "the opponent's second_chance_points_scored",
        unit="points",
        minimum=0,
    ),
    Column(
        "fast_break_points_allowed", int, "NULL: no source says which points are", unit="points"
    ),
    Column("blocks_paint", int, "blocked twos from within 8.5 ft; NULL without plays", minimum=0),
    Column("blocks_mid_range", int, "other blocked twos", minimum=0),
    Column("blocks_three_pt", int, "blocked threes", minimum=0),
    Column("blocks_total", int, "from the box score", minimum=0),
    Column("steals", int, minimum=0),
    Column("defensive_rebounds", int, minimum=0),
    Column(
        "defensive_rating",
        float,
        "points allowed per 100 opponent possessions",
        unit="points per 100 possessions",
        decimals=2,
        minimum=40,
        maximum=200,
    ),
    Column(
        "opponent_pace",
        float,
        "opponent possessions per 48 minutes",
        unit="possessions",
        decimals=1,
        minimum=60,
        maximum=140,
    ),
    Column(
        "opp_possessions",
        float,
        "the opponent's possessions",
        unit="possessions",
        decimals=1,
        minimum=50,
    ),
    Column(
        "opponent_ts_pct",
        float,
        "the opponent's ts_pct",
        unit="fraction",
        decimals=3,
        minimum=0,
        maximum=1.5,
    ),
    Column(
        "opp_efg_pct",
        float,
        "the opponent's efg_pct",
        unit="fraction",
        decimals=3,
        minimum=0,
        maximum=1.5,
    ),
    Column("home_game", bool, "whether the defending team was at home", nullable=False),
    Column("win_flag", bool),
    Column("margin_of_victory", int, "of the defending team", unit="points"),
    Column("overtime_periods", int, minimum=0),
    Column("players_inactive", int, "of the defending team; a lower bound", minimum=0),
    Column("starters_inactive", int, "of the defending team; a lower bound", minimum=0),
    Column("referee_crew_id", str, "the three officials, sorted"),
    Column("primary_source_used", str, "table the totals come from", nullable=False),
    *quality.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The opponent's offence, with the defence's own blocks by zone."""
    own, opponent = cells.one("own"), cells.one("opponent")
    allowed = {ours: opponent[theirs] for ours, theirs in ALLOWED.items()}
    blocks = _blocks_by_zone(cells)
    return {
        "game_id": cells["game_id"],
        "game_date": cells["game_date"],
        "defending_team_abbr": cells["defending_team_abbr"],
        "opponent_team_abbr": own["opponent_team_abbr"],
        "nba_game_id": own["nba_game_id"],
        "season_year": own["season_year"],
        "home_game": own["home_game"],
        **allowed,
        "mid_range_points_allowed": 2 * allowed["opp_mid_range_makes"],
        "three_pt_points_allowed": 3 * allowed["opp_three_pt_makes"],
        **{ours: own[theirs] for ours, theirs in OWN.items()},
        **blocks,
        "primary_source_used": own["primary_source_used"],
        **_quality(own, blocks["blocks_paint"]),
    }


def _blocks_by_zone(cells: Cells) -> Columns:
    """Shots of the opponent that were blocked; a shot is never blocked by its own side."""
    plays = cells.window("blocked_shots").rows()
    blocked = (plays["block_player_id"] > 0) & (
        plays["player_1_team_abbr"] != cells["defending_team_abbr"][plays.cell]
    )
    zones = zone(plays["is_three"] == 1, plays["shot_distance"])
    known = cells.window("blocked_shots").count() > 0
    return {
        column: np.where(
            known,
            np.bincount(plays.cell[blocked & (zones == name)], minlength=len(cells)),
            np.nan,
        )
        for column, name in (
            ("blocks_paint", PAINT),
            ("blocks_mid_range", MID_RANGE),
            ("blocks_three_pt", THREE),
        )
    }


def _quality(own: Rows, blocks: Array) -> Columns:
    official = own["primary_source_used"] == "nbac_team_boxscore"
    return quality.assess(
        np.where(official, 100.0, 85.0),
        {
            "backup_source_used": ~official,
            "reconstructed": ~official,
            "shot_zones_unavailable": own["shot_zones_available"] != 1,
            "missing_defensive_actions": np.isnan(own["steals"]),
            "blocks_by_zone_unavailable": np.isnan(blocks),
        },
        {
            "nbac_team_boxscore": official,
            "nbac_player_boxscores": ~official,
            "nbac_play_by_play": ~np.isnan(blocks),
        },
        fallback=~official,
        reconstructed=~official,
    )


def _no_opponent(cells: Cells) -> Array:
    return ~cells.one("opponent").found


TABLE = Table(
    name="team_defense_game_summary",
    dataset="nba_analytics",
    description=__doc__,
    entity=("game_id", "defending_team_abbr"),
    key=("game_id", "defending_team_abbr"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("own", "game_id", defending_team_abbr="team_abbr"),
    compute=compute,
    version=1,
    fan_out=FanOut("team", "TDGS_WORKERS", default_workers=4, together=("game_id",)),
    gates=(
        Gate(
            FailureCategory.MISSING_DATA,
            "{game_id}: the opponent of {defending_team_abbr} has no offensive summary",
            _no_opponent,
        ),
    ),
    clustering=("defending_team_abbr",),
    plot=("defending_team_abbr", "defensive_rating"),
)
