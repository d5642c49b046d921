"""What tonight's circumstances are worth to a player, as points more or less than his average.

One row per player expected to play and game. Four factors count: fatigue, how the opponent's
defence suits his shots, the pace to expect, and a change of role. Four more are kept beside them
and stay out of the total: the opponent's strength and tonight's officials are computed, the others
are 0 with the reason. A factor with an input missing is 0, and the input is listed.

Travel and what comes next were tried on 16,431 games of regulars in 2021-22, as points above the
player's own average: 0.01 +- 0.10 points per 1,000 miles to the game, -0.02 +- 0.38 points by the
next opponent's share of wins. Both are nothing, so neither gets a formula. Officials are something:
0.37 +- 0.10 points for each point their factor gives, over 15,568 games of that season.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from nba_pipeline.domain.fatigue import Fatigue, Workload, fatigue
from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.matchup import (
    expected_pace_above_league,
    opponent_strength,
    pace_factor,
    referee_favorability,
    shot_zone_mismatch,
    usage_factor,
)
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import completeness, readiness, samples

CALCULATION_VERSION = "v1p_4factors"

FULL_SAMPLE = 10

# Zone as the primary one is named = as columns of shots and defences are.
ZONES = {"paint": "paint", "mid_range": "mid_range", "perimeter": "three_pt"}

WORKLOAD = (
    "days_rest back_to_back games_in_last_7_days minutes_in_last_7_days "
    "avg_minutes_per_game_last_7 back_to_backs_last_14_days player_age"
)

#: What has to be known for every factor to mean something.
CHECKED = (
    "days_rest",
    "projected_usage_rate",
    "avg_usage_rate_last_7_games",
    "star_teammates_out",
    "pace_differential",
    "opponent_pace_last_10",
    "player_age",
)

NOT_COMPUTED = {
    "look_ahead_pressure_score": "look_ahead_pressure: none was found in 2021-22",
    "travel_impact_score": "travel_impact: none was found in 2021-22",
}

INPUTS = {
    # Matched on what no cell has: whether tonight's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule", "game_status season_first_day", on={"game_id": "player_lookup"}
    ),
    "tonight": reads(
        "upcoming_player_game_context",
        "player_lookup universal_player_id game_id team_abbr opponent_team_abbr season_year "
        f"{WORKLOAD} projected_usage_rate avg_usage_rate_last_7_games star_teammates_out "
        "pace_differential opponent_pace_last_10 is_production_ready",
        on="player_lookup",
    ),
    "team_context": reads(
        "upcoming_team_game_context", "is_production_ready", on="team_abbr game_id"
    ),
    "opponent_context": reads(
        "upcoming_team_game_context",
        "is_production_ready",
        on={"team_abbr": "opponent_team_abbr", "game_id": "game_id"},
    ),
    "shots": reads(
        "player_shot_zone_analysis",
        "primary_scoring_zone paint_rate_last_10 mid_range_rate_last_10 three_pt_rate_last_10 "
        "is_production_ready",
        on="player_lookup",
    ),
    "defense": reads(
        "team_defense_zone_analysis",
        "paint_defense_vs_league_avg mid_range_defense_vs_league_avg "
        "three_pt_defense_vs_league_avg weakest_zone defensive_rating_last_15 is_production_ready",
        on={"team_abbr": "opponent_team_abbr"},
    ),
    "crew": reads("referee_crew_tendency", "crew_avg_total crew_avg_fouls", on="game_id"),
    "league": reads("league_daily_averages", "pace offensive_rating"),
    **completeness.PLAYER_INPUTS,
}


def _points(name: str, what: str, largest: float, decimals: int = 1) -> Column:
    return Column(
        name,
        float,
        what,
        unit="points",
        nullable=False,
        decimals=decimals,
        minimum=-largest,
        maximum=largest,
    )


def _ready(name: str, what: str) -> Column:
    return Column(f"upstream_{name}_ready", bool, what, nullable=False, in_hash=False)


COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person, from nba.com's player id"),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("analysis_date", date, "the same day", nullable=False),
    # The four that count
    Column(
        "fatigue_score",
        int,
        "100 fresh to 0 exhausted; (score - 100) / 20 points",
        nullable=False,
        minimum=0,
        maximum=100,
    ),
    _points("shot_zone_mismatch_score", "his shots against the opponent's weak zones", 10),
    _points("pace_score", "half the possessions expected above the league's", 3),
    _points("usage_spike_score", "0.3 x usage gained, more with stars out", 3),
    # The four that do not
    _points("referee_favorability_score", "0.12 a point and 0.2 a foul of his crew's games", 5),
    _points("look_ahead_pressure_score", "0: none was found", 5),
    _points("travel_impact_score", "0: none was found", 3),
    _points("opponent_strength_score", "a third of its defensive rating above the league's", 3),
    Column("deferred_factor_reasons", Texts, "of the four, why those at 0 are", in_hash=False),
    _points(
        "total_composite_adjustment",
        "fatigue, mismatch, pace and usage; the other four stay out of it",
        21,
        decimals=2,
    ),
    # How each came about
    Column("fatigue_context_json", str, "inputs, penalties and bonuses", in_hash=False),
    Column("shot_zone_context_json", str, "zones of player and opponent", in_hash=False),
    Column("pace_context_json", str, "paces compared", in_hash=False),
    Column("usage_context_json", str, "usage compared", in_hash=False),
    Column("calculation_version", str, nullable=False),
    # How far to trust it
    Column(
        "data_completeness_pct",
        float,
        "inputs known of those that matter",
        unit="percent",
        nullable=False,
        decimals=2,
        minimum=0,
        maximum=100,
    ),
    Column("missing_data_fields", str, "those that are not, joined by commas"),
    Column("has_warnings", bool, nullable=False),
    Column("warning_details", str, "EXTREME_FATIGUE, EXTREME_MATCHUP, EXTREME_ADJUSTMENT"),
    _ready("player_shot", "his shot profile"),
    _ready("team_defense", "the opponent's defence"),
    _ready("player_context", "his own context"),
    _ready("team_context", "the contexts of both teams"),
    *samples.EARLY,
    *readiness.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """Four factors with their sum, two that are only kept, and how each came about."""
    tonight, shots, defense = cells.one("tonight"), cells.one("shots"), cells.one("defense")
    league = cells.one("league")
    load = Workload(**{name: tonight[name] for name in WORKLOAD.split()})
    tired = fatigue(load)
    mismatch = _mismatch(shots, defense)
    pace_above = expected_pace_above_league(
        tonight["opponent_pace_last_10"], tonight["pace_differential"], league["pace"]
    )
    pace = pace_factor(pace_above)
    usage = usage_factor(
        tonight["projected_usage_rate"],
        tonight["avg_usage_rate_last_7_games"],
        tonight["star_teammates_out"],
    )
    total = rounded(tired.adjustment + mismatch + pace + usage, 2)
    return {
        "player_lookup": cells["player_lookup"],
        "universal_player_id": tonight["universal_player_id"],
        "game_date": cells["game_date"],
        "game_id": cells["game_id"],
        "analysis_date": cells["game_date"],
        "fatigue_score": tired.score,
        "shot_zone_mismatch_score": rounded(mismatch, 1),
        "pace_score": rounded(pace, 1),
        "usage_spike_score": rounded(usage, 1),
        **_deferred(cells.one("crew"), defense, league),
        "total_composite_adjustment": total,
        "fatigue_context_json": _fatigue_context(load, tired),
        "shot_zone_context_json": _shot_zone_context(shots, defense, mismatch),
        "pace_context_json": _pace_context(tonight, league, pace_above, pace),
        "usage_context_json": _usage_context(tonight, usage),
        "calculation_version": np.full(len(cells), CALCULATION_VERSION, dtype=object),
        **_missing(tonight, shots, defense),
        **_warnings(tired.score, mismatch, total),
        **_readiness(cells, tonight, shots, defense),
        **samples.early_season(cells.window("summaries").count(), FULL_SAMPLE),
    }


# Factors -----------------------------------------------------------------------------------------


def _mismatch(shots: Rows, defense: Rows) -> Array:
    return shot_zone_mismatch(
        shots["primary_scoring_zone"],
        {zone: shots[f"{name}_rate_last_10"] for zone, name in ZONES.items()},
        {zone: defense[f"{name}_defense_vs_league_avg"] for zone, name in ZONES.items()},
    )


def _deferred(crew: Rows, defense: Rows, league: Rows) -> Columns:
    """The factors that stay out of the total, and why those at 0 are."""
    rating, total = defense["defensive_rating_last_15"], crew["crew_avg_total"]
    # What the league scores per 100 possessions is what it allows.
    strength = opponent_strength(rating, league["offensive_rating"])
    unknown = {
        "referee_favorability: too few games of tonight's officials are known": np.isnan(total),
        "opponent_strength: the opponent has no row of defence": np.isnan(rating),
    }
    reasons = np.empty(len(rating), dtype=object)
    for at, holds in enumerate(zip(*(mask.tolist() for mask in unknown.values()), strict=True)):
        why = [text for text, is_so in zip(unknown, holds, strict=True) if is_so]
        reasons[at] = [*NOT_COMPUTED.values(), *why]
    return {
        **{name: np.zeros(len(rating)) for name in NOT_COMPUTED},
        "referee_favorability_score": rounded(
            referee_favorability(total, crew["crew_avg_fouls"]), 1
        ),
        "opponent_strength_score": rounded(strength, 1),
        "deferred_factor_reasons": reasons,
    }


# How far to trust them ---------------------------------------------------------------------------


def _missing(tonight: Rows, shots: Rows, defense: Rows) -> Columns:
    unknown = {name: np.isnan(tonight[name]) for name in CHECKED} | {
        # A profile without a zone says no more than none at all.
        "player_shot_zone": np.array(
            [zone is None for zone in shots["primary_scoring_zone"].tolist()], dtype=bool
        ),
        "team_defense_zone": ~defense.found,
    }
    count = np.count_nonzero([*unknown.values()], axis=0)
    return {
        "data_completeness_pct": rounded(100.0 * (len(unknown) - count) / len(unknown), 2),
        "missing_data_fields": _joined(unknown, ", "),
    }


def _warnings(score: Array, mismatch: Array, total: Array) -> Columns:
    found = {
        "EXTREME_FATIGUE": score < 50,
        "EXTREME_MATCHUP": np.abs(mismatch) > 8,
        "EXTREME_ADJUSTMENT": np.abs(total) > 12,
    }
    return {
        "has_warnings": np.any([*found.values()], axis=0),
        "warning_details": _joined(found, "; "),
    }


def _joined(masks: Mapping[str, Array], separator: str) -> Array:
    """Names whose masks hold, row by row; NULL where none does."""
    rows = np.column_stack([*masks.values()]).tolist()
    texts = [
        separator.join(name for name, holds in zip(masks, row, strict=True) if holds) or None
        for row in rows
    ]
    return np.array(texts, dtype=object)


def _readiness(cells: Cells, tonight: Rows, shots: Rows, defense: Rows) -> Columns:
    own_team, opponent = cells.one("team_context"), cells.one("opponent_context")
    ready = {
        "player_shot_zone": shots["is_production_ready"] == 1,
        "team_defense_zone": defense["is_production_ready"] == 1,
        "player_context": tonight["is_production_ready"] == 1,
        "team_context": (own_team["is_production_ready"] == 1)
        & (opponent["is_production_ready"] == 1),
    }
    return {
        **{f"upstream_{name.removesuffix('_zone')}_ready": flag for name, flag in ready.items()},
        **readiness.cascade(completeness.of_players(cells, "l10"), ready),
    }


# How they came about -----------------------------------------------------------------------------


def _fatigue_context(load: Workload, tired: Fatigue) -> Array:
    names, changes = [*tired.changes], np.column_stack([*tired.changes.values()]).tolist()
    applied = [
        [(f"{name} {points:+.0f}", points) for name, points in zip(names, row, strict=True)]
        for row in changes
    ]
    return _json(
        {
            "days_rest": load.days_rest,
            "back_to_back": load.is_back_to_back,
            "games_last_7": load.games_in_last_7_days,
            "minutes_last_7": load.minutes_in_last_7_days,
            "avg_minutes_pg_last_7": load.avg_minutes_per_game_last_7,
            "back_to_backs_last_14": load.back_to_backs_last_14_days,
            "player_age": load.player_age,
            "penalties_applied": [tuple(text for text, by in row if by < 0) for row in applied],
            "bonuses_applied": [tuple(text for text, by in row if by > 0) for row in applied],
            "final_score": tired.score,
        }
    )


def _shot_zone_context(shots: Rows, defense: Rows, mismatch: Array) -> Array:
    zone = shots["primary_scoring_zone"]
    rate, weakness = np.full(len(zone), np.nan), np.full(len(zone), np.nan)
    for primary, name in ZONES.items():
        rate = np.where(zone == primary, shots[f"{name}_rate_last_10"], rate)
        weakness = np.where(zone == primary, defense[f"{name}_defense_vs_league_avg"], weakness)
    told = _json(
        {
            "player_primary_zone": zone,
            "primary_zone_frequency": rate,
            "opponent_weak_zone": defense["weakest_zone"],
            "opponent_defense_vs_league": weakness,
            "mismatch_type": _named(mismatch, "favorable", "neutral", "unfavorable"),
            "final_score": rounded(mismatch, 1),
        }
    )
    return np.where(shots.found & defense.found, told, json.dumps({"missing_data": True}))


def _pace_context(tonight: Rows, league: Rows, above: Array, pace: Array) -> Array:
    return _json(
        {
            "pace_differential": tonight["pace_differential"],
            "opponent_pace_last_10": tonight["opponent_pace_last_10"],
            "league_avg_pace": league["pace"],
            "pace_environment": _named(above, "fast", "normal", "slow"),
            "final_score": rounded(pace, 1),
        }
    )


def _usage_context(tonight: Rows, usage: Array) -> Array:
    projected, recent = tonight["projected_usage_rate"], tonight["avg_usage_rate_last_7_games"]
    return _json(
        {
            "projected_usage_rate": projected,
            "avg_usage_last_7": recent,
            "usage_differential": rounded(projected - recent, 2),
            "star_teammates_out": tonight["star_teammates_out"],
            "usage_trend": _named(projected - recent, "spike", "stable", "drop"),
            "final_score": rounded(usage, 1),
        }
    )


def _named(values: Array, above: str, between: str, below: str) -> Array:
    """A word for more than 2, one for less than -2, and one for all between and the unknown."""
    return np.select([values > 2, values < -2], [above, below], between).astype(object)


def _json(fields: Mapping[str, Array | list[Any]]) -> Array:
    """One JSON object per row, keys in alphabetical order."""
    names = sorted(fields)
    pattern = "{" + ", ".join(f"{json.dumps(name)}: %s" for name in names) + "}"
    rows = zip(*(_encoded(_plain(fields[name])) for name in names), strict=True)
    return np.array([pattern % row for row in rows], dtype=object)


def _encoded(values: list[Any]) -> list[str]:
    """Values as JSON; most come many times, and each is encoded once."""
    texts = {value: json.dumps(value) for value in set(values)}
    return [texts[value] for value in values]


def _plain(values: Array | list[Any]) -> list[Any]:
    """Python values; NaN is None, and a whole number has no point."""
    if isinstance(values, list):
        return values
    if values.dtype.kind != "f":
        return list(values.tolist())
    return [
        None if math.isnan(value) else int(value) if value.is_integer() else value
        for value in values.tolist()
    ]


def _no_league(cells: Cells) -> Array:
    return ~cells.one("league").found


TABLE = Table(
    name="player_composite_factors",
    dataset="nba_precompute",
    description=__doc__,
    entity=("player_lookup",),
    key=("player_lookup", "game_date", "game_id"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each(
        "tonight", "player_lookup", "game_id", "team_abbr", "opponent_team_abbr", "season_year"
    ),
    compute=compute,
    version=2,
    settings=completeness.SETTINGS,
    fan_out=FanOut("player", "PCF_WORKERS", default_workers=10),
    gates=(
        Gate(
            FailureCategory.MISSING_DEPENDENCY,
            "there are no league averages of {game_date} to compare {player_lookup}'s game with",
            _no_league,
        ),
    ),
    clustering=("player_lookup", "universal_player_id", "game_date"),
    bootstrap_days=BOOTSTRAP_DAYS,
    marks_season=True,
    plot=("player_lookup", "total_composite_adjustment"),
)
