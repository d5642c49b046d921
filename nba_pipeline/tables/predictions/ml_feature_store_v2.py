"""The single input of every points model: 25 numbers per player and game, and where each came from.

One row per player expected to play. A feature comes from the precomputed tables, else from the
games behind them by the same formula, else it is a default and says so. On the first 14 days of a
season too little is known of anybody: everyone gets a placeholder without a single number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa

from nba_pipeline.domain import features
from nba_pipeline.domain.features import (
    CALCULATED,
    DEFAULT,
    PHASE3,
    PHASE4,
    Sourced,
    first_known,
)
from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.engine.columns import Column, Numbers, Texts
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import Check, FanOut, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows, Slices
from nba_pipeline.tables import completeness, quality, readiness

#: Factors with the inputs without which they say nothing.
FACTORS: dict[str, set[str]] = {
    "fatigue_score": set(),
    "shot_zone_mismatch_score": {"player_shot_zone", "team_defense_zone"},
    "pace_score": {"pace_differential", "opponent_pace_last_10"},
    "usage_spike_score": {"projected_usage_rate", "avg_usage_rate_last_7_games"},
}

ZONES = {"pct_paint": "paint", "pct_mid_range": "mid_range", "pct_three": "three_pt"}

INPUTS = {
    # Matched on what no cell has: what a row may see of tonight's games is in the cells.
    "games": reads(
        "nbac_schedule",
        "game_id game_status season_type season_first_day",
        on={"game_id": "player_lookup"},
    ),
    "tonight": reads(
        "upcoming_player_game_context",
        "player_lookup universal_player_id game_id team_abbr opponent_team_abbr season_year "
        "home_game days_rest opponent_days_rest back_to_back games_in_last_7_days player_status",
        on="player_lookup",
    ),
    "cache": reads(
        "player_daily_cache",
        "points_avg_last_5 points_avg_last_10 points_avg_season points_std_last_10 "
        "minutes_avg_last_10 minutes_avg_season games_in_last_7_days team_pace_last_10 "
        "team_off_rating_last_10 is_production_ready",
        on="player_lookup",
    ),
    "factors": reads(
        "player_composite_factors",
        "missing_data_fields is_production_ready " + " ".join(FACTORS),
        on="player_lookup game_id",
    ),
    "shots": reads(
        "player_shot_zone_analysis",
        "paint_rate_last_10 mid_range_rate_last_10 three_pt_rate_last_10 is_production_ready",
        on="player_lookup",
    ),
    "defense": reads(
        "team_defense_zone_analysis",
        "defensive_rating_last_15 opponent_pace is_production_ready",
        on={"team_abbr": "opponent_team_abbr"},
    ),
    "league": reads("league_daily_averages", "paint_share mid_range_share three_pt_share"),
    **completeness.PLAYER_INPUTS,
    "summaries": reads(
        "player_game_summary",
        "is_active points minutes_played ft_makes paint_attempts mid_range_attempts "
        "three_pt_attempts",
        window=history(),
        on="player_lookup season_year",
    ),
    "team_games": reads(
        "team_offense_game_summary",
        "player_lines win_flag pace offensive_rating",
        window=history(),
        on="team_abbr season_year",
    ),
    "opponent_games": reads(
        "team_defense_game_summary",
        "defensive_rating opponent_pace",
        window=history(),
        on={"defending_team_abbr": "opponent_team_abbr", "season_year": "season_year"},
    ),
}

COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person, from nba.com's player id"),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column(
        "features",
        Numbers,
        "the values, in the order of feature_names; all NULL in a placeholder",
        nullable=False,
        decimals=features.DECIMALS,
    ),
    Column("feature_names", Texts, "in order", nullable=False),
    Column(
        "feature_sources",
        Texts,
        "of each value: phase4, phase3, calculated or default",
        nullable=False,
        in_hash=False,
    ),
    Column("feature_count", int, nullable=False, minimum=len(features.NAMES)),
    Column("feature_version", str, nullable=False),
    Column(
        "default_feature_count",
        int,
        "features for which nothing was known",
        nullable=False,
        minimum=0,
        maximum=len(features.NAMES),
    ),
    Column(
        "feature_quality_score",
        float,
        "mean weight of the sources: 100 phase4 and calculated, 75 phase3, 40 default",
        unit="of 100",
        nullable=False,
        decimals=2,
        minimum=0,
        maximum=100,
    ),
    Column("quality_tier", str, "of feature_quality_score", nullable=False, in_hash=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("is_home", bool, nullable=False),
    Column("days_rest", int, "full days off: 0 after a game yesterday", minimum=0),
    Column(
        "data_source",
        str,
        "phase4, phase4_partial, phase3, mixed, or early_season for a placeholder",
        nullable=False,
    ),
    Column("early_season_flag", bool, "whether the row is a placeholder", nullable=False),
    Column("insufficient_data_reason", str, "why it is"),
    *readiness.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """Every feature with its source, joined to one vector, and how far it can be trusted."""
    tonight = cells.one("tonight")
    values, sources = features.vectors(_features(cells, tonight))
    early = cells["season_day"] < BOOTSTRAP_DAYS
    values[early], sources[early] = np.nan, DEFAULT
    score = np.where(early, 0.0, features.quality_score(sources))
    return {
        "player_lookup": cells["player_lookup"],
        "universal_player_id": tonight["universal_player_id"],
        "game_date": cells["game_date"],
        "game_id": cells["game_id"],
        "features": values,
        "feature_names": np.tile(np.array(features.NAMES, dtype=object), (len(cells), 1)),
        "feature_sources": sources,
        "feature_count": np.full(len(cells), len(features.NAMES)),
        "feature_version": np.full(len(cells), features.FEATURE_VERSION, dtype=object),
        "default_feature_count": features.default_count(sources),
        "feature_quality_score": score,
        "quality_tier": quality.tiers(score),
        "opponent_team_abbr": cells["opponent_team_abbr"],
        "is_home": tonight["home_game"],
        "days_rest": tonight["days_rest"],
        "data_source": np.where(early, "early_season", features.data_source(sources)),
        **_readiness(cells, tonight, early),
    }


# Features ----------------------------------------------------------------------------------------


def _features(cells: Cells, tonight: Rows) -> dict[str, Sourced]:
    """All 25, in their order."""
    played = _played(cells)
    cache, defense = cells.one("cache"), cells.one("defense")
    opponent = cells.window("opponent_games").last(15)
    return {
        **_form(cache, tonight, played),
        **_factors(cells.one("factors")),
        **_calculated(cache, tonight, played),
        "opponent_def_rating": first_known(
            "opponent_def_rating",
            (PHASE4, defense["defensive_rating_last_15"]),
            (PHASE3, rounded(opponent.mean("defensive_rating"), 4)),
        ),
        "opponent_pace": first_known(
            "opponent_pace",
            (PHASE4, defense["opponent_pace"]),
            (PHASE3, rounded(opponent.mean("opponent_pace"), 4)),
        ),
        "home_away": first_known("home_away", (PHASE3, tonight["home_game"])),
        "back_to_back": first_known("back_to_back", (PHASE3, tonight["back_to_back"])),
        "playoff_game": first_known("playoff_game", (PHASE3, cells["is_playoff"])),
        **_shot_shares(cells.one("shots"), played, cells.one("league")),
        "pct_free_throw": _free_throws(played),
        **_team(cache, cells.window("team_games")),
    }


def _played(cells: Cells) -> Slices:
    """Games he appeared in, however briefly."""
    summaries = cells.window("summaries")
    return summaries.where(summaries.buffer.columns["is_active"] == 1)


def _form(cache: Rows, tonight: Rows, played: Slices) -> dict[str, Sourced]:
    recent = played.last(10)
    last_five = np.where(played.count() >= 5, played.last(5).mean("points"), np.nan)
    behind = {
        "points_avg_last_5": rounded(last_five, 4),
        "points_avg_last_10": rounded(recent.mean("points"), 4),
        "points_avg_season": rounded(played.mean("points"), 4),
        "points_std_last_10": rounded(recent.sample_std("points"), 4),
        "games_in_last_7_days": tonight["games_in_last_7_days"],
    }
    return {
        name: first_known(name, (PHASE4, cache[name]), (PHASE3, values))
        for name, values in behind.items()
    }


def _factors(factors: Rows) -> dict[str, Sourced]:
    """A factor that stands at 0 for want of an input is not known."""
    missing = [set((text or "").split(", ")) for text in factors["missing_data_fields"].tolist()]
    known = {
        name: np.array([needed.isdisjoint(fields) for fields in missing], dtype=bool)
        for name, needed in FACTORS.items()
    }
    return {
        name: first_known(name, (PHASE4, np.where(known[name], factors[name], np.nan)))
        for name in FACTORS
    }


def _calculated(cache: Rows, tonight: Rows, played: Slices) -> dict[str, Sourced]:
    recent = _first(cache["minutes_avg_last_10"], played.last(10).mean("minutes_played"))
    season = _first(cache["minutes_avg_season"], played.mean("minutes_played"))
    calculated = {
        "rest_advantage": features.rest_advantage(
            tonight["days_rest"], tonight["opponent_days_rest"]
        ),
        "injury_risk": features.injury_risk(tonight["player_status"]),
        "recent_trend": features.recent_trend(*_newest_and_before(played)),
        "minutes_change": features.minutes_change(recent, season),
    }
    return {name: first_known(name, (CALCULATED, values)) for name, values in calculated.items()}


def _newest_and_before(played: Slices) -> tuple[Array, Array]:
    """Mean points of the newest three games, and of the two before them."""
    five, three = played.last(5), played.last(3)
    before = (five.sum("points") - three.sum("points")) / 2
    return three.mean("points"), np.where(played.count() >= 5, before, np.nan)


def _first(values: Array, otherwise: Array) -> Array:
    return np.where(np.isnan(values), otherwise, values)


def _shot_shares(shots: Rows, played: Slices, league: Rows) -> dict[str, Sourced]:
    """Where he shoots from, else everybody; all three from one source, so that they are a whole."""
    recent = played.last(10)
    columns = recent.buffer.columns
    zoned = recent.where(
        ~np.isnan(columns["paint_attempts"]) & ~np.isnan(columns["mid_range_attempts"])
    )
    attempts = {zone: zoned.sum(f"{zone}_attempts") for zone in ZONES.values()}
    shots_taken = attempts["paint"] + attempts["mid_range"] + attempts["three_pt"]
    return {
        name: first_known(
            name,
            (PHASE4, shots[f"{zone}_rate_last_10"] / 100),
            (PHASE3, rounded(ratio(attempts[zone], shots_taken), 4)),
            (DEFAULT, league[f"{zone}_share"]),
        )
        for name, zone in ZONES.items()
    }


def _free_throws(played: Slices) -> Sourced:
    recent = played.last(10)
    share = features.free_throw_share(
        recent.sum("ft_makes"), recent.sum("points"), recent.count().astype(np.float64)
    )
    return first_known("pct_free_throw", (CALCULATED, share))


def _team(cache: Rows, games: Slices) -> dict[str, Sourced]:
    recent = games.last(10)
    wins = features.win_share(games.sum("win_flag"), games.count("win_flag").astype(np.float64))
    return {
        "team_pace": first_known(
            "team_pace",
            (PHASE4, cache["team_pace_last_10"]),
            (PHASE3, rounded(recent.mean("pace"), 4)),
        ),
        "team_off_rating": first_known(
            "team_off_rating",
            (PHASE4, cache["team_off_rating_last_10"]),
            (PHASE3, rounded(recent.mean("offensive_rating"), 4)),
        ),
        "team_win_pct": first_known("team_win_pct", (CALCULATED, wins)),
    }


# How far to trust them ---------------------------------------------------------------------------


def _readiness(cells: Cells, tonight: Rows, early: Array) -> Columns:
    ready = readiness.cascade(
        completeness.of_players(cells, "l10"),
        {
            "player_daily_cache": cells.one("cache")["is_production_ready"] == 1,
            "player_composite_factors": cells.one("factors")["is_production_ready"] == 1,
            "player_shot_zone": cells.one("shots")["is_production_ready"] == 1,
            "team_defense_zone": cells.one("defense")["is_production_ready"] == 1,
        },
    )
    usable = ready["is_production_ready"] & ~early
    is_out = {"player_out": tonight["player_status"] == "out"}
    reasons = np.full(len(cells), None, dtype=object)
    reasons[early] = "early_season_skip_first_14_days"
    return {
        **ready,
        "is_production_ready": usable,
        "data_quality_issues": readiness.with_issues(ready["data_quality_issues"], is_out),
        "early_season_flag": early,
        "insufficient_data_reason": reasons,
        "processing_decision_reason": np.where(
            early, "early_season_placeholder", completeness.decided(usable)
        ),
    }


# Cells and promises ------------------------------------------------------------------------------


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Everybody expected to play, with what the schedule says of his game."""
    players = each(
        "tonight", "player_lookup", "game_id", "team_abbr", "opponent_team_abbr", "season_year"
    )(inputs)
    games = inputs["games"]
    order = np.argsort(games["game_id"].astype(str))
    at = order[np.searchsorted(games["game_id"].astype(str)[order], players["game_id"].astype(str))]
    season_day = players["game_date"] - games["season_first_day"][at]
    return {
        **players,
        "season_day": season_day.astype("timedelta64[D]").astype(np.float64),
        "is_playoff": np.where(games["season_type"][at] == "playoffs", 1.0, 0.0),
    }


def _names_in_order(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Every vector has the 25 features in their order."""
    del others
    return [
        f"{row['player_lookup']} has {len(row['features'])} values for {row['feature_names']}"
        for row in rows.select(["player_lookup", "features", "feature_names"]).to_pylist()
        if tuple(row["feature_names"]) != features.NAMES
        or len(row["features"]) != len(features.NAMES)
    ]


def _shares_add_up(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Paint, mid-range and threes are all of a player's shots."""
    del others
    at = [features.NAMES.index(name) for name in features.SHARES]
    sums = {name: sum(vector[n] for n in at) for name, vector in _filled(rows)}
    return [
        f"{name}'s shot shares add up to {total:.4f}"
        for name, total in sums.items()
        if abs(total - 1) > features.SHARES_TOLERANCE
    ]


def _within_ranges(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Every value is one that can be true."""
    del others
    return [
        f"{name}'s {feature.name} is {value:g}, outside {feature.minimum:g} to {feature.maximum:g}"
        for name, vector in _filled(rows)
        for feature, value in zip(features.FEATURES, vector, strict=True)
        if not feature.minimum <= value <= feature.maximum
    ]


def _filled(rows: pa.Table) -> list[tuple[str, list[float]]]:
    """Player and vector of every row that is no placeholder."""
    return [
        (row["player_lookup"], row["features"])
        for row in rows.select(["player_lookup", "features", "early_season_flag"]).to_pylist()
        if not row["early_season_flag"]
    ]


TABLE = Table(
    name="ml_feature_store_v2",
    dataset="nba_predictions",
    description=__doc__,
    entity=("player_lookup",),
    key=("player_lookup", "game_date", "feature_version"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    settings=completeness.SETTINGS,
    marks_season=True,
    fan_out=FanOut("player", "MLFS_WORKERS", default_workers=10),
    checks=(
        Check("features are named and in order", _names_in_order),
        Check("shot shares add up to one", _shares_add_up),
        Check("features lie in their ranges", _within_ranges),
    ),
    clustering=("player_lookup", "feature_version", "game_date"),
    plot=("player_lookup", "feature_quality_score"),
)
