"""The feature store: 25 numbers in order, each with where it came from."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from statistics import mean, stdev
from typing import Any

import pyarrow as pa
import pytest

from nba_pipeline.domain.features import NAMES
from nba_pipeline.engine.checks import violations
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.predictions.ml_feature_store_v2 import TABLE

OPENING_NIGHT, EARLY, DAY = date(2021, 10, 19), date(2021, 11, 1), date(2021, 11, 15)
NIGHTS = (date(2021, 11, 3), date(2021, 11, 8), DAY)

Row = dict[str, Any]

GAME: Row = {"game_date": DAY, "game_id": "20211115_CHI_LAL"}
SCHEDULED: Row = {
    **GAME,
    "season_type": "regular_season",
    "season_first_day": OPENING_NIGHT,
    "game_status": 1,
}
TONIGHT: Row = {
    **GAME,
    "player_lookup": "demarderozan",
    "team_abbr": "CHI",
    "opponent_team_abbr": "LAL",
    "season_year": 2021,
    "home_game": False,
    "days_rest": 0,
    "opponent_days_rest": 1,
    "back_to_back": True,
    "games_in_last_7_days": 4,
    "player_status": "available",
}
CACHE: Row = {
    "game_date": DAY,
    "player_lookup": "demarderozan",
    "points_avg_last_5": 24.6,
    "points_avg_last_10": 27.5,
    "points_avg_season": 26.0769,
    "points_std_last_10": 7.6194,
    "minutes_avg_last_10": 33.0,
    "minutes_avg_season": 30.0,
    "games_in_last_7_days": 4,
    "team_pace_last_10": 99.35,
    "team_off_rating_last_10": 108.713,
    "is_production_ready": True,
}
FACTORS: Row = {
    **GAME,
    "player_lookup": "demarderozan",
    "fatigue_score": 67,
    "shot_zone_mismatch_score": -4.2,
    "pace_score": -0.1,
    "usage_spike_score": 1.7,
    "missing_data_fields": "player_age",
    "is_production_ready": True,
}
SHOTS: Row = {
    "game_date": DAY,
    "player_lookup": "demarderozan",
    "paint_rate_last_10": 29.19,
    "mid_range_rate_last_10": 56.76,
    "three_pt_rate_last_10": 14.05,
    "is_production_ready": True,
}
DEFENSE: Row = {
    "game_date": DAY,
    "team_abbr": "LAL",
    "defensive_rating_last_15": 104.5521,
    "opponent_pace": 104.6786,
    "is_production_ready": True,
}


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def games(*points: int, **known: Any) -> list[Row]:
    """His games of the last days, the newest first, one a day up to yesterday."""
    return [
        {
            "player_lookup": "demarderozan",
            "season_year": 2021,
            "game_date": ago(number),
            "is_active": True,
            "points": scored,
            "minutes_played": 30.0,
            "ft_makes": 5,
            "paint_attempts": 6,
            "mid_range_attempts": 10,
            "three_pt_attempts": 4,
            **known,
        }
        for number, scored in enumerate(points, start=1)
    ]


def team_games(*wins: bool) -> list[Row]:
    """Games of his team, a day apart."""
    return [
        {
            "team_abbr": "CHI",
            "season_year": 2021,
            "game_date": ago(number),
            "win_flag": won,
            "pace": 99.0,
            "offensive_rating": 110.0,
            "player_lines": 10,
        }
        for number, won in enumerate(wins, start=1)
    ]


def opponent_games(*ratings: float) -> list[Row]:
    """What tonight's opponent allowed, a day apart."""
    return [
        {
            "defending_team_abbr": "LAL",
            "season_year": 2021,
            "game_date": ago(number),
            "defensive_rating": rating,
            "opponent_pace": 101.0,
        }
        for number, rating in enumerate(ratings, start=1)
    ]


KNOWN: dict[str, list[Row]] = {
    "games": [SCHEDULED],
    "tonight": [TONIGHT],
    "cache": [CACHE],
    "factors": [FACTORS],
    "shots": [SHOTS],
    "defense": [DEFENSE],
    "summaries": games(30, 28, 26, 20, 18),
    "team_games": team_games(True, True, True, False, False),
    "opponent_games": opponent_games(104.0),
}
NOTHING_PRECOMPUTED: dict[str, list[Row]] = {
    "cache": [],
    "factors": [],
    "shots": [],
    "defense": [],
}

Stored = Callable[..., Row]


@pytest.fixture
def stored(seen_by: Callable[..., Any]) -> Stored:
    """The row of the only player of the night; what is not given is as in the examples."""

    def row(**inputs: list[Row]) -> Row:
        (found,) = seen_by(TABLE, **{**KNOWN, **inputs}).rows
        return found

    return row


def feature(row: Row, name: str) -> tuple[float, str]:
    """A feature's value and where it came from."""
    at = row["feature_names"].index(name)
    return row["features"][at], row["feature_sources"][at]


# The vector --------------------------------------------------------------------------------------


def test_a_player_of_whom_everything_is_known(stored):
    row = stored()
    assert row["features"] == [
        *(24.6, 27.5, 26.0769, 7.6194, 4.0),
        *(67.0, -4.2, -0.1, 1.7),
        *(-1.0, 0.0, 2.0, 1.0),
        *(104.5521, 104.6786),
        *(0.0, 1.0, 0.0),
        *(0.2919, 0.5676, 0.1405, 0.204918033),
        *(99.35, 108.713, 0.6),
    ]
    assert tuple(row["feature_names"]) == NAMES
    assert (row["feature_count"], row["feature_version"]) == (25, "v1_baseline_25")
    assert (row["is_home"], row["days_rest"], row["opponent_team_abbr"]) == (False, 0, "LAL")


def test_everything_known_is_full_quality(stored):
    row = stored()
    assert (row["feature_quality_score"], row["quality_tier"]) == (100.0, "gold")
    assert (row["data_source"], row["default_feature_count"]) == ("phase4", 0)
    assert row["processing_decision_reason"] == "processed_successfully"


@pytest.mark.parametrize(
    ("season_type", "flag"), [("regular_season", 0.0), ("play_in", 0.0), ("playoffs", 1.0)]
)
def test_the_play_in_is_no_playoff(stored, season_type, flag):
    row = stored(games=[{**SCHEDULED, "season_type": season_type}])
    assert feature(row, "playoff_game") == (flag, "phase3")


def test_the_end_of_tonights_games_is_no_news(stored):
    assert stored(games=[{**SCHEDULED, "game_status": 3}]) == stored()


# Second best -------------------------------------------------------------------------------------


def test_without_precomputed_rows_the_games_behind_them_count(stored):
    row = stored(**NOTHING_PRECOMPUTED)
    found = {name: feature(row, name) for name in NAMES}
    assert found["points_avg_last_5"] == (24.4, "phase3")
    assert found["points_avg_season"] == (24.4, "phase3")
    assert found["points_std_last_10"] == (5.1769, "phase3")
    assert found["games_in_last_7_days"] == (4.0, "phase3")
    assert found["opponent_def_rating"] == (104.0, "phase3")
    assert found["opponent_pace"] == (101.0, "phase3")
    assert found["pct_paint"] == (0.3, "phase3")
    assert found["pct_mid_range"] == (0.5, "phase3")
    assert found["pct_three"] == (0.2, "phase3")
    assert found["team_pace"] == (99.0, "phase3")
    assert found["team_off_rating"] == (110.0, "phase3")
    assert found["fatigue_score"] == (50.0, "default")
    assert row["data_source"] == "phase3"


def test_a_newcomer_is_known_by_his_few_games(stored):
    row = stored(**{**NOTHING_PRECOMPUTED, "summaries": games(12, 8)})
    assert feature(row, "points_avg_last_5") == (10.0, "default")
    assert feature(row, "points_avg_last_10") == (10.0, "phase3")
    assert feature(row, "points_std_last_10") == (2.8284, "phase3")
    assert feature(row, "recent_trend") == (0.0, "default")
    assert feature(row, "pct_free_throw") == (0.15, "default")


def test_nothing_known_is_all_defaults_but_tonights_context(stored):
    unknown = {**TONIGHT, "days_rest": None, "player_status": None, "games_in_last_7_days": None}
    nothing: dict[str, list[Row]] = {"summaries": [], "team_games": [], "opponent_games": []}
    row = stored(**NOTHING_PRECOMPUTED, **nothing, tonight=[unknown])
    assert row["default_feature_count"] == 22
    assert row["feature_quality_score"] == 47.2
    assert (row["quality_tier"], row["data_source"]) == ("poor", "mixed")
    assert sum(feature(row, name)[0] for name in ("pct_paint", "pct_mid_range", "pct_three")) == 1.0


def test_who_has_never_shot_is_taken_for_the_league(stored):
    league = {"game_date": DAY, "paint_share": 0.4, "mid_range_share": 0.2, "three_pt_share": 0.4}
    row = stored(shots=[], summaries=[], league=[league])
    assert feature(row, "pct_paint") == (0.4, "default")
    assert feature(row, "pct_mid_range") == (0.2, "default")
    assert feature(row, "pct_three") == (0.4, "default")


def test_games_without_zones_say_nothing_about_shots(stored):
    unzoned = games(20, 20, paint_attempts=None, mid_range_attempts=None)
    zoned = {**games(20)[0], "game_date": ago(9)}
    row = stored(shots=[], summaries=[*unzoned, zoned])
    assert feature(row, "pct_three") == (0.2, "phase3")


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ("player_age, player_shot_zone", "shot_zone_mismatch_score"),
        ("team_defense_zone", "shot_zone_mismatch_score"),
        ("opponent_pace_last_10", "pace_score"),
        ("projected_usage_rate, player_age", "usage_spike_score"),
    ],
)
def test_a_factor_without_its_inputs_is_not_known(stored, missing, name):
    row = stored(factors=[{**FACTORS, "missing_data_fields": missing, name: 0.0}])
    assert feature(row, name) == (0.0, "default")
    assert row["default_feature_count"] == 1
    assert row["data_source"] == "phase4_partial"


def test_a_factor_whose_inputs_are_known_counts(stored):
    assert feature(stored(), "usage_spike_score") == (1.7, "phase4")


@pytest.mark.parametrize(
    ("tonight", "name"),
    [
        ({"opponent_days_rest": None}, "rest_advantage"),
        ({"player_status": None}, "injury_risk"),
    ],
)
def test_a_calculation_without_its_inputs_is_a_default(stored, tonight, name):
    row = stored(tonight=[{**TONIGHT, **tonight}])
    assert feature(row, name) == (0.0, "default")


def test_a_falling_player_has_a_negative_trend(stored):
    row = stored(summaries=games(18, 20, 26, 28, 30))
    assert feature(row, "recent_trend") == (-2.0, "calculated")


# Before the season has told anything -------------------------------------------------------------


@pytest.fixture
def placeholder(stored: Stored) -> Row:
    return stored(games=[{**SCHEDULED, "season_first_day": ago(13)}])


def test_a_placeholder_has_no_number(placeholder):
    assert placeholder["features"] == [None] * 25
    assert tuple(placeholder["feature_names"]) == NAMES


def test_a_placeholder_says_what_it_is(placeholder):
    expected = {
        "feature_quality_score": 0.0,
        "quality_tier": "unusable",
        "data_source": "early_season",
        "default_feature_count": 25,
        "early_season_flag": True,
        "insufficient_data_reason": "early_season_skip_first_14_days",
        "processing_decision_reason": "early_season_placeholder",
        "is_production_ready": False,
    }
    assert {name: placeholder[name] for name in expected} == expected


def test_the_fourteenth_day_has_numbers(stored):
    row = stored(games=[{**SCHEDULED, "season_first_day": ago(14)}])
    assert row["early_season_flag"] is False
    assert None not in row["features"]


# Readiness ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "issue"),
    [
        ("cache", "player_daily_cache"),
        ("factors", "player_composite_factors"),
        ("shots", "player_shot_zone"),
        ("defense", "team_defense_zone"),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_row_is_as_ready_as_what_it_stands_on(stored, name, issue, is_there):
    unready = [{**KNOWN[name][0], "is_production_ready": False}] if is_there else []
    row = stored(**{name: unready})
    assert (row["all_upstreams_ready"], row["is_production_ready"]) == (False, False)
    assert f"upstream_{issue}_incomplete" in row["data_quality_issues"]
    assert row["processing_decision_reason"] == "incomplete_upstream_data"


def test_who_is_out_is_flagged_and_kept(stored):
    row = stored(tonight=[{**TONIGHT, "player_status": "out"}])
    assert feature(row, "injury_risk") == (3.0, "calculated")
    assert "player_out" in row["data_quality_issues"]


# Promises ----------------------------------------------------------------------------------------


def _broken(row: Row, promise: str) -> list[str]:
    (check,) = [check for check in TABLE.checks if check.name == promise]
    columns = ("player_lookup", "features", "feature_names", "early_season_flag")
    kept = {name: [row[name]] for name in columns}
    return check.violations(pa.table(kept), {})


def changed(row: Row, name: str, value: float) -> Row:
    features = list(row["features"])
    features[NAMES.index(name)] = value
    return {**row, "features": features}


@pytest.mark.parametrize("promise", [check.name for check in TABLE.checks])
def test_a_sound_row_keeps_every_promise(stored, promise):
    assert _broken(stored(), promise) == []


@pytest.mark.parametrize("promise", [check.name for check in TABLE.checks])
def test_a_placeholder_keeps_every_promise(placeholder, promise):
    assert _broken(placeholder, promise) == []


def test_swapped_names_are_found(stored):
    row = stored()
    row["feature_names"][:2] = row["feature_names"][1::-1]
    assert len(_broken(row, "features are named and in order")) == 1


def test_shares_that_are_no_whole_are_found(stored):
    row = changed(stored(), "pct_paint", 0.5)
    assert _broken(row, "shot shares add up to one") == [
        "demarderozan's shot shares add up to 1.2081"
    ]


def test_an_impossible_value_is_found(stored):
    row = changed(stored(), "fatigue_score", 101.0)
    assert _broken(row, "features lie in their ranges") == [
        "demarderozan's fatigue_score is 101, outside 0 to 100"
    ]


# The real autumn ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def november(autumn: Any) -> dict[str, Row]:
    """The rows of 15 November by player."""
    return {row["player_lookup"]: row for row in autumn.rows(TABLE.name, DAY)}


def test_derozan_in_los_angeles(november):
    row = november["demarderozan"]
    assert row["features"][:5] == [24.6, 27.5, 26.0769, 7.6194, 4.0]
    assert (feature(row, "fatigue_score"), feature(row, "pace_score")) == (
        (67.0, "phase4"),
        (-0.1, "phase4"),
    )
    assert row["features"][22:] == [99.35, 108.713, 0.692307692]
    assert (row["feature_quality_score"], row["data_source"]) == (100.0, "phase4")


def test_nobody_is_dropped(autumn, november):
    assert len(november) == 329
    assert autumn.outcomes(TABLE.name, DAY) == {}


def test_the_first_two_weeks_are_placeholders(autumn):
    rows = autumn.rows(TABLE.name, EARLY)
    expected = autumn.rows("upcoming_player_game_context", EARLY)
    assert {row["player_lookup"] for row in rows} == {row["player_lookup"] for row in expected}
    assert {row["data_source"] for row in rows} == {"early_season"}


@pytest.mark.parametrize("day", [EARLY, *NIGHTS], ids=str)
def test_every_promise_is_kept(autumn, day):
    assert violations(TABLE, [day], REGISTRY, autumn.session.warehouse) == []


def _plainly(tonight: Row, known: dict[str, Row | None], behind: dict[str, list[Row]]) -> Row:
    """One player's features, one after the other; rows behind are newest first."""
    cache, factors, shots, defense = (
        known[name] or {} for name in ("cache", "factors", "shots", "defense")
    )
    games, team, opponent = behind["games"], behind["team"], behind["opponent"]
    points = [row["points"] for row in games]
    missing = (factors.get("missing_data_fields") or "").split(", ")
    return {
        "points_avg_last_5": _first(
            cache.get("points_avg_last_5"), mean(points[:5]) if len(points) >= 5 else None, 10
        ),
        "points_avg_last_10": _first(cache.get("points_avg_last_10"), _mean(points[:10]), 10),
        "points_avg_season": _first(cache.get("points_avg_season"), _mean(points), 10),
        "points_std_last_10": _first(
            cache.get("points_std_last_10"),
            stdev(points[:10]) if len(points) >= 2 else None,
            5,
        ),
        "games_in_last_7_days": _first(tonight["games_in_last_7_days"], 3),
        "fatigue_score": factors["fatigue_score"],
        "shot_zone_mismatch_score": factors["shot_zone_mismatch_score"],
        "pace_score": factors["pace_score"],
        "usage_spike_score": (
            0.0 if "projected_usage_rate" in missing else factors["usage_spike_score"]
        ),
        "rest_advantage": max(-2, min(2, tonight["days_rest"] - tonight["opponent_days_rest"])),
        "injury_risk": 3 if tonight["player_status"] == "out" else 0,
        "recent_trend": _trend(points),
        "minutes_change": _minutes_change([row["minutes_played"] for row in games]),
        "opponent_def_rating": _first(
            defense.get("defensive_rating_last_15"),
            _mean([row["defensive_rating"] for row in opponent[:15]]),
        ),
        "opponent_pace": _first(
            defense.get("opponent_pace"), _mean([row["opponent_pace"] for row in opponent[:15]])
        ),
        "home_away": float(tonight["game_id"].endswith(tonight["team_abbr"])),
        "back_to_back": float(tonight["days_rest"] == 0),
        "playoff_game": 0.0,
        **_shares(shots, games[:10], known["league"] or {}),
        "pct_free_throw": _free_throws(games[:10]),
        "team_pace": _first(
            cache.get("team_pace_last_10"), _mean([row["pace"] for row in team[:10]])
        ),
        "team_off_rating": _first(
            cache.get("team_off_rating_last_10"),
            _mean([row["offensive_rating"] for row in team[:10]]),
        ),
        "team_win_pct": _mean([row["win_flag"] for row in team]) if len(team) >= 5 else 0.5,
    }


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def _mean(values: list[float]) -> float | None:
    return mean(values) if values else None


def _trend(points: list[int]) -> int:
    if len(points) < 5:
        return 0
    rise = mean(points[:3]) - mean(points[3:5])
    size = 2 if abs(rise) >= 5 else 1 if abs(rise) >= 2 else 0
    return int(math.copysign(size, rise))


def _minutes_change(minutes: list[float]) -> int:
    season, recent = mean(minutes), mean(minutes[:10])
    if not season or not recent:
        return 0
    change = (recent - season) / season
    size = 2 if abs(change) >= 0.2 else 1 if abs(change) >= 0.1 else 0
    return int(math.copysign(size, change))


def _shares(shots: Row, games: list[Row], league: Row) -> Row:
    zones = {"pct_paint": "paint", "pct_mid_range": "mid_range", "pct_three": "three_pt"}
    if shots.get("paint_rate_last_10") is not None:
        return {name: shots[f"{zone}_rate_last_10"] / 100 for name, zone in zones.items()}
    taken = {name: sum(row[f"{zone}_attempts"] for row in games) for name, zone in zones.items()}
    if not sum(taken.values()):
        return {name: league[f"{zone}_share"] for name, zone in zones.items()}
    return {name: count / sum(taken.values()) for name, count in taken.items()}


def _free_throws(games: list[Row]) -> float:
    points = sum(row["points"] for row in games)
    if len(games) < 5 or not points:
        return 0.15
    return min(0.5, sum(row["ft_makes"] for row in games) / points)


@pytest.mark.parametrize("day", NIGHTS, ids=str)
def test_every_feature_is_that_of_a_plain_loop(autumn, day):
    def by(key: str, name: str) -> dict[str, Row]:
        return {row[key]: row for row in autumn.rows(name, day)}

    def behind(key: str, name: str) -> dict[str, list[Row]]:
        grouped: dict[str, list[Row]] = {}
        for row in reversed(autumn.before(name, day)):
            grouped.setdefault(row[key], []).append(row)
        return grouped

    cache, factors = (
        by("player_lookup", "player_daily_cache"),
        by("player_lookup", "player_composite_factors"),
    )
    shots = by("player_lookup", "player_shot_zone_analysis")
    defenses = by("team_abbr", "team_defense_zone_analysis")
    games = behind("player_lookup", "player_game_summary")
    teams = behind("team_abbr", "team_offense_game_summary")
    opponents = behind("defending_team_abbr", "team_defense_game_summary")
    (league,) = autumn.rows("league_daily_averages", day)
    found = by("player_lookup", TABLE.name)
    tonight = by("player_lookup", "upcoming_player_game_context")
    assert found.keys() == tonight.keys()
    wrong = []
    for player, context in tonight.items():
        known = {
            "cache": cache.get(player),
            "factors": factors.get(player),
            "shots": shots.get(player),
            "defense": defenses.get(context["opponent_team_abbr"]),
            "league": league,
        }
        rows = {
            "games": games[player],
            "team": teams[context["team_abbr"]],
            "opponent": opponents[context["opponent_team_abbr"]],
        }
        expected = _plainly(context, known, rows)
        assert tuple(expected) == NAMES
        wrong += [
            (player, name, value, expected[name])
            for name, value in zip(NAMES, found[player]["features"], strict=True)
            if abs(value - expected[name]) > 5.1e-5
        ]
    assert wrong == []


def test_results_from_the_date_on_change_nothing(autumn, tmp_path):
    blind = autumn.without_results_from(DAY, tmp_path)
    (report,) = materialize(TABLE, [DAY], blind)
    stored = autumn.session.warehouse.stored(TABLE, [DAY])[DAY]
    assert (report.rows, report.data_version) == (329, stored.data_version)


def test_a_second_run_computes_nothing(autumn):
    reports = list(materialize(TABLE, (EARLY, *NIGHTS), autumn.session))
    assert [report.computed for report in reports] == [0, 0, 0, 0]
