"""Composite factors: what tonight's circumstances are worth, and what was not known."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from nba_pipeline.engine.materialize import materialize
from nba_pipeline.tables.precompute.player_composite_factors import TABLE

DAY = date(2021, 11, 15)
NIGHTS = (date(2021, 11, 3), date(2021, 11, 8), DAY)

Row = dict[str, Any]

GAME: Row = {"game_date": DAY, "game_id": "20211115_CHI_LAL"}
PLAYER: Row = {
    **GAME,
    "player_lookup": "demarderozan",
    "team_abbr": "CHI",
    "opponent_team_abbr": "LAL",
    "season_year": 2021,
    "is_production_ready": True,
}
LOAD = {
    "back_to_back": True,
    "days_rest": 0,
    "games_in_last_7_days": 4,
    "minutes_in_last_7_days": 150.0,
    "avg_minutes_per_game_last_7": 37.5,
    "back_to_backs_last_14_days": 1,
    "player_age": 31,
}
USAGE = {
    "projected_usage_rate": 27.0,
    "avg_usage_rate_last_7_games": 25.0,
    "star_teammates_out": 0,
}
#: Three possessions above a league of 100.
PACE = {"opponent_pace_last_10": 102.0, "pace_differential": 2.0}
SHOTS: Row = {
    "game_date": DAY,
    "player_lookup": "demarderozan",
    "primary_scoring_zone": "paint",
    "paint_rate_last_10": 45.0,
    "mid_range_rate_last_10": 30.0,
    "three_pt_rate_last_10": 25.0,
    "is_production_ready": True,
}
DEFENSE: Row = {
    "game_date": DAY,
    "team_abbr": "LAL",
    "paint_defense_vs_league_avg": 4.2,
    "mid_range_defense_vs_league_avg": -4.18,
    "three_pt_defense_vs_league_avg": -0.41,
    "weakest_zone": "paint",
    "defensive_rating_last_15": 112.0,
    "is_production_ready": True,
}
CREW: Row = {**GAME, "crew_avg_total": 225.0, "crew_avg_fouls": 40.0}
LEAGUE: Row = {"game_date": DAY, "pace": 100.0, "offensive_rating": 109.0}
CONTEXTS = [{**GAME, "team_abbr": team, "is_production_ready": True} for team in ("CHI", "LAL")]

Factors = Callable[..., Row]


@pytest.fixture
def factors(seen_by: Callable[..., Any]) -> Factors:
    """The row of the only player of the night; what is not given is as in the example."""

    def row(tonight: Row | None = None, **inputs: Any) -> Row:
        known = {
            "tonight": [{**PLAYER, **LOAD, **USAGE, **PACE, **(tonight or {})}],
            "shots": [SHOTS],
            "defense": [DEFENSE],
            "league": [LEAGUE],
            "crew": [CREW],
            "team_context": CONTEXTS,
            "opponent_context": CONTEXTS,
        }
        (found,) = seen_by(TABLE, **{**known, **inputs}).rows
        return found

    return row


# The four that count -----------------------------------------------------------------------------


def test_four_factors_make_the_total(factors):
    row = factors()
    assert row["fatigue_score"] == 57
    assert row["shot_zone_mismatch_score"] == 3.8
    assert row["pace_score"] == 1.5
    assert row["usage_spike_score"] == 0.6
    assert row["total_composite_adjustment"] == 3.73


def test_the_total_is_made_of_unrounded_factors(factors):
    usage = {"projected_usage_rate": 30.0, "star_teammates_out": 1}
    row = factors(usage)
    assert (row["usage_spike_score"], row["total_composite_adjustment"]) == (1.7, 4.86)


def test_a_balanced_player_meets_the_whole_defence(factors):
    row = factors(shots=[{**SHOTS, "primary_scoring_zone": "balanced"}])
    assert row["shot_zone_mismatch_score"] == 0.5  # .45 x 4.2 - .30 x 4.18 - .25 x 0.41


def test_the_strength_of_the_opponent_stays_out_of_the_total(factors):
    row = factors()
    assert row["opponent_strength_score"] == 1.0
    harmless = factors(defense=[{**DEFENSE, "defensive_rating_last_15": 109.0}])
    assert harmless["opponent_strength_score"] == 0.0
    assert harmless["total_composite_adjustment"] == row["total_composite_adjustment"]


@pytest.mark.parametrize(
    "name",
    ["look_ahead_pressure_score", "travel_impact_score"],
)
def test_a_factor_without_a_formula_is_zero_with_its_reason(factors, name):
    row = factors()
    assert row[name] == 0.0
    assert any(text.startswith(name[: -len("_score")]) for text in row["deferred_factor_reasons"])


def test_officials_of_rich_games_are_worth_something_and_stay_out_of_the_total(factors):
    row, nobody = factors(), factors(crew=[])
    assert (row["referee_favorability_score"], nobody["referee_favorability_score"]) == (1.0, 0.0)
    assert row["total_composite_adjustment"] == nobody["total_composite_adjustment"]


def test_officials_of_whom_too_little_is_known_are_a_named_reason(factors):
    (reason,) = [
        text
        for text in factors(crew=[])["deferred_factor_reasons"]
        if text.startswith("referee_favorability: ")
    ]
    assert reason == "referee_favorability: too few games of tonight's officials are known"


# What is not known -------------------------------------------------------------------------------


def test_nothing_known_moves_nothing(factors):
    unknown = dict.fromkeys([*LOAD, *USAGE, *PACE])
    row = factors(unknown, shots=[], defense=[])
    assert row["fatigue_score"] == 100
    assert row["total_composite_adjustment"] == 0.0
    assert row["data_completeness_pct"] == 0.0
    assert row["missing_data_fields"] == (
        "days_rest, projected_usage_rate, avg_usage_rate_last_7_games, star_teammates_out, "
        "pace_differential, opponent_pace_last_10, player_age, player_shot_zone, team_defense_zone"
    )


def test_everything_known_is_complete(factors):
    row = factors()
    assert (row["data_completeness_pct"], row["missing_data_fields"]) == (100.0, None)


@pytest.mark.parametrize("side", ["projected_usage_rate", "avg_usage_rate_last_7_games"])
def test_half_a_usage_is_no_spike(factors, side):
    row = factors({side: None})
    assert row["usage_spike_score"] == 0.0
    assert row["missing_data_fields"] == side


def test_a_player_without_a_shot_profile_keeps_his_row(factors):
    row = factors(shots=[])
    assert (row["shot_zone_mismatch_score"], row["fatigue_score"]) == (0.0, 57)
    assert row["missing_data_fields"] == "player_shot_zone"
    assert json.loads(row["shot_zone_context_json"]) == {"missing_data": True}


def test_a_profile_without_zones_is_missing_too(factors):
    row = factors(shots=[{**SHOTS, "primary_scoring_zone": None}])
    assert row["missing_data_fields"] == "player_shot_zone"


def test_an_opponent_without_a_defence_has_no_strength(factors):
    row = factors(defense=[])
    assert row["opponent_strength_score"] == 0.0
    assert "opponent_strength: the opponent has no row of defence" in row["deferred_factor_reasons"]


def test_without_league_averages_nothing_can_be_compared(seen_by):
    seen = seen_by(TABLE, tonight=[{**PLAYER, **LOAD}], shots=[SHOTS], defense=[DEFENSE])
    assert seen.turned_away == {"demarderozan": "MISSING_DEPENDENCY"}


# How it came about -------------------------------------------------------------------------------


def test_fatigue_is_told(factors):
    told = json.loads(factors()["fatigue_context_json"])
    assert told == {
        "days_rest": 0,
        "back_to_back": True,
        "games_last_7": 4,
        "minutes_last_7": 150,
        "avg_minutes_pg_last_7": 37.5,
        "back_to_backs_last_14": 1,
        "player_age": 31,
        "penalties_applied": [
            "back_to_back -15",
            "four_or_more_games_in_7_days -10",
            "over_35_minutes_per_game -8",
            "one_back_to_back_in_14_days -5",
            "aged_30_to_34 -5",
        ],
        "bonuses_applied": [],
        "final_score": 57,
    }


def test_a_bonus_is_told(factors):
    rested = {"back_to_back": False, "days_rest": 4}
    told = json.loads(factors(rested)["fatigue_context_json"])
    assert told["bonuses_applied"] == ["three_or_more_days_rest +5"]


def test_the_matchup_is_told(factors):
    assert json.loads(factors()["shot_zone_context_json"]) == {
        "player_primary_zone": "paint",
        "primary_zone_frequency": 45,
        "opponent_weak_zone": "paint",
        "opponent_defense_vs_league": 4.2,
        "mismatch_type": "favorable",
        "final_score": 3.8,
    }


def test_pace_is_told(factors):
    assert json.loads(factors()["pace_context_json"]) == {
        "pace_differential": 2,
        "opponent_pace_last_10": 102,
        "league_avg_pace": 100,
        "pace_environment": "fast",
        "final_score": 1.5,
    }


def test_usage_is_told(factors):
    assert json.loads(factors({"projected_usage_rate": None})["usage_context_json"]) == {
        "projected_usage_rate": None,
        "avg_usage_last_7": 25,
        "usage_differential": None,
        "star_teammates_out": 0,
        "usage_trend": "stable",
        "final_score": 0,
    }


@pytest.mark.parametrize(
    ("changed", "warning"),
    [
        ({"minutes_in_last_7_days": 241.0}, "EXTREME_FATIGUE"),
        ({}, None),
    ],
)
def test_an_exhausted_player_is_a_warning(factors, changed, warning):
    row = factors(changed)
    assert (row["warning_details"], row["has_warnings"]) == (warning, warning is not None)


def test_warnings_add_up(factors):
    helpless = {**DEFENSE, "paint_defense_vs_league_avg": 12.0}
    rested = {**dict.fromkeys(LOAD), "projected_usage_rate": 45.0}
    row = factors(rested, defense=[helpless])
    assert row["warning_details"] == "EXTREME_MATCHUP; EXTREME_ADJUSTMENT"


# Readiness ---------------------------------------------------------------------------------------


def test_a_row_on_ready_rows_is_ready(factors):
    row = factors()
    assert (row["all_upstreams_ready"], row["is_production_ready"]) == (True, True)
    assert row["data_quality_issues"] == ["no_expected_games"]


@pytest.mark.parametrize(
    ("inputs", "column", "issue"),
    [
        ({"shots": []}, "player_shot", "player_shot_zone"),
        (
            {"shots": [{**SHOTS, "is_production_ready": False}]},
            "player_shot",
            "player_shot_zone",
        ),
        ({"defense": []}, "team_defense", "team_defense_zone"),
        (
            {"tonight": {"is_production_ready": False}},
            "player_context",
            "player_context",
        ),
        ({"team_context": CONTEXTS[1:]}, "team_context", "team_context"),
        ({"opponent_context": CONTEXTS[:1]}, "team_context", "team_context"),
    ],
)
def test_a_row_is_as_ready_as_what_it_stands_on(factors, inputs, column, issue):
    row = factors(**inputs)
    assert row[f"upstream_{column}_ready"] is False
    assert (row["all_upstreams_ready"], row["is_production_ready"]) == (False, False)
    assert f"upstream_{issue}_incomplete" in row["data_quality_issues"]


def test_a_gap_in_his_own_games_is_named(factors):
    appeared = [
        {"player_lookup": "demarderozan", "season_year": 2021, "team_abbr": "CHI", "game_date": day}
        for day in (date(2021, 11, 12), date(2021, 11, 14))
    ]
    row = factors(raw=appeared, summaries=appeared[:1])
    assert row["is_production_ready"] is False
    assert row["data_quality_issues"] == ["missing_game_2021-11-14", "own_data_incomplete"]


def test_the_end_of_tonights_games_is_no_news(inputs_hashes):
    def digest(status: int) -> list[str]:
        game = {"game_id": "20211115_CHI_LAL", "game_date": DAY, "game_status": status}
        return inputs_hashes(TABLE, tonight=[PLAYER], games=[game])

    assert digest(status=1) == digest(status=3)


# The real autumn ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def november(autumn: Any) -> dict[str, Row]:
    """The rows of 15 November by player."""
    return {row["player_lookup"]: row for row in autumn.rows(TABLE.name, DAY)}


def test_derozan_in_los_angeles(november):
    row = november["demarderozan"]
    assert row["game_id"] == "20211115_CHI_LAL"
    assert (row["fatigue_score"], row["shot_zone_mismatch_score"], row["pace_score"]) == (
        67,
        -4.2,
        -0.1,
    )
    assert json.loads(row["fatigue_context_json"])["penalties_applied"] == [
        "back_to_back -15",
        "four_or_more_games_in_7_days -10",
        "over_35_minutes_per_game -8",
    ]


def test_nobody_is_dropped(autumn, november):
    assert len(november) == 329
    assert autumn.outcomes(TABLE.name, DAY) == {}


ZONES = {"paint": "paint", "mid_range": "mid_range", "perimeter": "three_pt"}


def _plainly(tonight: Row, shots: Row | None, defense: Row | None, league: Row) -> Row:
    """One player's factors, rule after rule."""
    fatigue = _fatigue(tonight)
    mismatch = _mismatch(shots, defense) if shots and defense else 0.0
    pace = usage = 0.0
    if tonight["pace_differential"] is not None:
        paces = tonight["opponent_pace_last_10"] + tonight["pace_differential"] / 2
        pace = _within((paces - league["pace"]) / 2, 3)
    projected, recent = tonight["projected_usage_rate"], tonight["avg_usage_rate_last_7_games"]
    if projected is not None and recent:
        usage = 0.3 * (projected - recent)
        stars = tonight["star_teammates_out"] or 0
        usage = _within(usage * (1 + 0.15 * min(stars, 2)) if usage > 0 else usage, 3)
    strength = 0.0
    if defense:
        strength = _within(
            (defense["defensive_rating_last_15"] - league["offensive_rating"]) / 3, 3
        )
    return {
        "fatigue_score": fatigue,
        "shot_zone_mismatch_score": mismatch,
        "pace_score": pace,
        "usage_spike_score": usage,
        "opponent_strength_score": strength,
        "total_composite_adjustment": (fatigue - 100) / 20 + mismatch + pace + usage,
    }


def _within(value: float, largest: float) -> float:
    return max(-largest, min(largest, value))


def _fatigue(tonight: Row) -> int:
    score = 100
    if tonight["back_to_back"]:
        score -= 15
    elif (tonight["days_rest"] or 0) >= 3:
        score += 5
    score -= 10 * (tonight["games_in_last_7_days"] >= 4)
    score -= 10 * (tonight["minutes_in_last_7_days"] > 240)
    score -= 8 * ((tonight["avg_minutes_per_game_last_7"] or 0) > 35)
    score -= {0: 0, 1: 5}.get(tonight["back_to_backs_last_14_days"], 12)
    return max(0, min(100, score))


def _mismatch(shots: Row, defense: Row) -> float:
    zone = shots["primary_scoring_zone"]
    if zone is None:
        return 0.0
    if zone == "balanced":
        value = sum(
            shots[f"{name}_rate_last_10"] / 100 * defense[f"{name}_defense_vs_league_avg"]
            for name in ZONES.values()
        )
    else:
        name = ZONES[zone]
        weight = min(shots[f"{name}_rate_last_10"] / 50, 1)
        value = weight * defense[f"{name}_defense_vs_league_avg"]
    return _within(1.2 * value if abs(value) > 5 else value, 10)


@pytest.mark.parametrize("day", NIGHTS, ids=str)
def test_every_factor_is_that_of_a_plain_loop(autumn, day):
    shots = {row["player_lookup"]: row for row in autumn.rows("player_shot_zone_analysis", day)}
    defenses = {row["team_abbr"]: row for row in autumn.rows("team_defense_zone_analysis", day)}
    (league,) = autumn.rows("league_daily_averages", day)
    tonight = {
        row["player_lookup"]: row for row in autumn.rows("upcoming_player_game_context", day)
    }
    found = {row["player_lookup"]: row for row in autumn.rows(TABLE.name, day)}
    assert found.keys() == tonight.keys()
    wrong = [
        (player, column, found[player][column], value)
        for player, context in tonight.items()
        for column, value in _plainly(
            context, shots.get(player), defenses.get(context["opponent_team_abbr"]), league
        ).items()
        if abs(found[player][column] - value)
        > 0.5 / 10 ** (TABLE.column(column).decimals or 0) + 1e-9
    ]
    assert wrong == []


def test_results_from_the_date_on_change_nothing(autumn, tmp_path):
    blind = autumn.without_results_from(DAY, tmp_path)
    (report,) = materialize(TABLE, [DAY], blind)
    stored = autumn.session.warehouse.stored(TABLE, [DAY])[DAY]
    assert (report.rows, report.data_version) == (329, stored.data_version)


def test_the_first_two_weeks_have_no_rows(autumn):
    assert autumn.rows(TABLE.name, date(2021, 11, 1)) == []


def test_a_second_run_computes_nothing(autumn):
    reports = list(materialize(TABLE, NIGHTS, autumn.session))
    assert [report.computed for report in reports] == [0, 0, 0]
