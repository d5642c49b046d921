"""What cannot change about a player during game day: form, role, team, workload, shot profile.

One row per player expected to play on the date, from his fifth game of the season on, so that
predictions can be refreshed when a line moves without touching history. His team's numbers are
those of the team he plays for tonight.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Slices
from nba_pipeline.tables import completeness, quality, samples

CACHE_VERSION = "v1"

#: Below this a player has no row; below the other his row is marked as early.
FEWEST_GAMES, FULL_SAMPLE = 5, 10

WINDOWS = ("l5", "l10", "l7d", "l14d")

# Tonight's context, taken over as it is.
WORKLOAD = (
    "games_in_last_7_days",
    "games_in_last_14_days",
    "minutes_in_last_7_days",
    "minutes_in_last_14_days",
    "back_to_backs_last_14_days",
    "avg_minutes_per_game_last_7",
    "fourth_quarter_minutes_last_7",
    "player_age",
)
SHOT_PROFILE = ("primary_scoring_zone", "paint_rate_last_10", "three_pt_rate_last_10")

INPUTS = {
    # Matched on what no cell has: whether tonight's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule", "game_status season_first_day", on={"game_id": "player_lookup"}
    ),
    "tonight": reads(
        "upcoming_player_game_context",
        "player_lookup universal_player_id team_abbr season_year " + " ".join(WORKLOAD),
        on="player_lookup",
    ),
    **completeness.PLAYER_INPUTS,
    "summaries": reads(
        "player_game_summary",
        "is_active points minutes_played usage_rate ts_pct fg_makes assisted_fg_makes",
        window=history(),
        on="player_lookup season_year",
    ),
    "team_games": reads(
        "team_offense_game_summary",
        "player_lines pace offensive_rating",
        window=history(),
        on="team_abbr season_year",
    ),
    "shots": reads("player_shot_zone_analysis", " ".join(SHOT_PROFILE), on="player_lookup"),
}


def _mean(name: str, what: str, unit: str, maximum: float | None = None) -> Column:
    return Column(name, float, what, unit=unit, decimals=4, minimum=0, maximum=maximum)


def _minutes(name: str, what: str, decimals: int) -> Column:
    return Column(name, float, what, unit="minutes", decimals=decimals, minimum=0)


def _rate(name: str, what: str) -> Column:
    return Column(name, float, what, unit="percent", decimals=2, minimum=0, maximum=100)


COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person, from nba.com's player id"),
    Column("cache_date", date, "the date; its own games are left out", nullable=False),
    Column("game_date", date, "the same", nullable=False),
    # Form and role
    _mean("points_avg_last_5", "mean of the last 5 games", "points", 80),
    _mean("points_avg_last_10", "mean of the last 10 games", "points", 80),
    _mean("points_avg_season", "mean of the season's games", "points", 60),
    _mean("points_std_last_10", "sample standard deviation over the last 10 games", "points"),
    _mean("minutes_avg_last_10", "mean of the last 10 games", "minutes", 60),
    _mean("minutes_avg_season", "mean of the season's games", "minutes", 60),
    _mean("usage_rate_last_10", "mean of the last 10 games' rates", "percent", 100),
    _mean("ts_pct_last_10", "mean of the last 10 games' fractions", "fraction", 1.5),
    Column(
        "games_played_season",
        int,
        "games he appeared in",
        nullable=False,
        minimum=FEWEST_GAMES,
    ),
    _mean("player_usage_rate_season", "mean of the season's rates", "percent", 100),
    # Tonight's team
    _mean("team_pace_last_10", "mean of the team's last 10 games", "possessions"),
    _mean("team_off_rating_last_10", "mean of the last 10", "points per 100 possessions"),
    # Workload
    Column("games_in_last_7_days", int, "in [D-7, D)", minimum=0, maximum=7),
    Column("games_in_last_14_days", int, "in [D-14, D)", minimum=0, maximum=14),
    _minutes("minutes_in_last_7_days", "in [D-7, D)", 1),
    _minutes("minutes_in_last_14_days", "in [D-14, D)", 1),
    Column("back_to_backs_last_14_days", int, "tonight's left out", minimum=0),
    _minutes("avg_minutes_per_game_last_7", "mean of the games in [D-7, D)", 2),
    _minutes("fourth_quarter_minutes_last_7", "in [D-7, D); NULL without plays", 2),
    Column("player_age", int, "completed years", unit="years", minimum=16),
    # Shots
    Column("primary_scoring_zone", str, "as in player_shot_zone_analysis"),
    _rate("paint_rate_last_10", "share of his shots from within 8.5 ft"),
    _rate("three_pt_rate_last_10", "share of threes"),
    _rate("assisted_rate_last_10", "share of his makes that were assisted; NULL without plays"),
    Column(
        "shot_zone_data_available",
        bool,
        "whether player_shot_zone_analysis has a row",
        nullable=False,
        in_hash=False,
    ),
    # How far to trust it
    Column("quality_tier", str, "of cache_quality_score", nullable=False, in_hash=False),
    Column(
        "cache_quality_score",
        float,
        "completeness of his last 5 games",
        unit="percent",
        nullable=False,
        decimals=1,
        minimum=0,
        maximum=100,
    ),
    Column("cache_version", str, nullable=False),
    *samples.EARLY,
    *completeness.COLUMNS,
    *completeness.columns_of(WINDOWS),
)


def compute(cells: Cells) -> Columns:
    """Means over his games and his team's, beside what tonight's context and his shots say."""
    played = _played(cells)
    tonight, shots = cells.one("tonight"), cells.one("shots")
    complete = completeness.of_players(cells, "l10", WINDOWS)
    score = complete["l5_completeness_pct"]
    return {
        "player_lookup": cells["player_lookup"],
        "universal_player_id": tonight["universal_player_id"],
        "cache_date": cells["game_date"],
        "game_date": cells["game_date"],
        **_form(played),
        **_team(cells),
        **{name: tonight[name] for name in WORKLOAD},
        **{name: shots[name] for name in SHOT_PROFILE},
        "assisted_rate_last_10": _assisted(played.last(10).apart()),
        "shot_zone_data_available": shots.found,
        "quality_tier": quality.tiers(score),
        "cache_quality_score": score,
        "cache_version": np.full(len(cells), CACHE_VERSION, dtype=object),
        **samples.early_season(played.count(), FULL_SAMPLE),
        **complete,
    }


def _played(cells: Cells) -> Slices:
    """Games he appeared in, however briefly."""
    summaries = cells.window("summaries")
    return summaries.where(summaries.buffer.columns["is_active"] == 1)


def _form(played: Slices) -> Columns:
    recent = played.last(10)
    return {
        "points_avg_last_5": rounded(played.last(5).mean("points"), 4),
        "points_avg_last_10": rounded(recent.mean("points"), 4),
        "points_avg_season": rounded(played.mean("points"), 4),
        "points_std_last_10": rounded(recent.sample_std("points"), 4),
        "minutes_avg_last_10": rounded(recent.mean("minutes_played"), 4),
        "minutes_avg_season": rounded(played.mean("minutes_played"), 4),
        "usage_rate_last_10": rounded(recent.mean("usage_rate"), 4),
        "ts_pct_last_10": rounded(recent.mean("ts_pct"), 4),
        "games_played_season": played.count(),
        "player_usage_rate_season": rounded(played.mean("usage_rate"), 4),
    }


def _team(cells: Cells) -> Columns:
    recent = cells.window("team_games").last(10)
    return {
        "team_pace_last_10": rounded(recent.mean("pace"), 4),
        "team_off_rating_last_10": rounded(recent.mean("offensive_rating"), 4),
    }


def _assisted(recent: Slices) -> Array:
    """Percentage of his makes, over the games that tell who assisted."""
    told = recent.where(~np.isnan(recent.buffer.columns["assisted_fg_makes"]))
    return rounded(ratio(100 * told.sum("assisted_fg_makes"), told.sum("fg_makes")), 2)


def _few_games(cells: Cells) -> Array:
    return _played(cells).count() < FEWEST_GAMES


TABLE = Table(
    name="player_daily_cache",
    dataset="nba_precompute",
    description=__doc__,
    entity=("player_lookup",),
    key=("player_lookup", "cache_date"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("tonight", "player_lookup", "team_abbr", "season_year"),
    compute=compute,
    version=2,
    settings=completeness.SETTINGS,
    fan_out=FanOut("player", "PDC_WORKERS", default_workers=8),
    gates=(
        Gate(
            FailureCategory.INSUFFICIENT_DATA,
            f"{{player_lookup}} has played fewer than {FEWEST_GAMES} games of the season",
            _few_games,
        ),
    ),
    clustering=("player_lookup", "universal_player_id"),
    bootstrap_days=BOOTSTRAP_DAYS,
    marks_season=True,
    plot=("player_lookup", "points_avg_last_10"),
)
