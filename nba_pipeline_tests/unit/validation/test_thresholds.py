"""Where a check turns from fine to worth a look to wrong, on either side of each bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from live_night import CLAIMS, CONTEXT, DAY, FEATURES, GAMES, MORNING_AFTER, judged, news

from nba_pipeline.domain.calendar import instant
from nba_pipeline.validation.finding import Finding, Outcome
from nba_pipeline.validation.night import Night

FAIL, PARTIAL, PASS, NOT_APPLICABLE = (
    Outcome.FAIL,
    Outcome.PARTIAL,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
Row = dict[str, Any]


def found(night: Night, name: str, **changed: Any) -> Finding:
    """What a check finds of a night that is otherwise as it was."""
    return judged(replace(night, **changed))[name]


def having(night: Night, table: str, rows: Sequence[Row]) -> dict[str, Any]:
    """A table with other rows."""
    return {"rows": {**night.rows, table: rows}}


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    return instant(DAY + timedelta(days=days), hour, minute)


# Coverage ----------------------------------------------------------------------------------------


def expected(player: int, **changed: Any) -> Row:
    return {
        "game_id": "g",
        "player_lookup": f"p{player:04}",
        "is_production_ready": True,
        "avg_minutes_per_game_last_7": 15.0,
        "player_status": None,
        **changed,
    }


def claims(players: int, systems: int = 5) -> list[Row]:
    names = ["moving_average", "zone_matchup_v1", "xgboost_v1", "ensemble_v1"]
    names.insert(4 if systems > 4 else 9, "similarity_balanced_v1")
    return [
        {"game_id": "g", "player_lookup": f"p{player:04}", "system_id": system}
        for player in range(players)
        for system in names[:systems]
    ]


@pytest.mark.parametrize(
    ("predicted", "outcome"),
    [(1000, PASS), (950, PASS), (949, PARTIAL), (850, PARTIAL), (849, FAIL), (0, FAIL)],
)
def test_coverage_is_partial_below_95_percent_and_fails_below_85(
    night: Night, predicted: int, outcome: Outcome
) -> None:
    rows = {
        **night.rows,
        CONTEXT: [expected(player) for player in range(1000)],
        CLAIMS: claims(predicted),
    }
    finding = found(night, "prediction_coverage", rows=rows)
    assert finding.outcome is outcome
    assert f"{predicted:,} of 1,000 eligible players of {DAY} are predicted" in finding.sentence


@pytest.mark.parametrize(
    "changed",
    [
        {"is_production_ready": False},
        {"avg_minutes_per_game_last_7": 14.99},
        {"avg_minutes_per_game_last_7": None},
        {"player_status": "out"},
        {"player_status": "Doubtful"},
    ],
)
def test_who_is_not_eligible_need_not_be_predicted(night: Night, changed: Row) -> None:
    rows = {**night.rows, CONTEXT: [expected(0), expected(1, **changed)], CLAIMS: claims(1)}
    assert found(night, "prediction_coverage", rows=rows).outcome is PASS


def test_with_nobody_eligible_there_is_no_coverage(night: Night) -> None:
    rows = {**night.rows, CONTEXT: []}
    assert found(night, "prediction_coverage", rows=rows).outcome is NOT_APPLICABLE


@pytest.mark.parametrize(("systems", "outcome"), [(5, PASS), (4, PASS), (3, FAIL)])
def test_four_predictions_are_fine_where_similarity_abstains_and_three_never(
    night: Night, systems: int, outcome: Outcome
) -> None:
    finding = found(night, "predictions_per_player", **having(night, CLAIMS, claims(3, systems)))
    assert finding.outcome is outcome


def test_another_system_s_silence_is_worth_a_look(night: Night) -> None:
    rows = [row for row in claims(1) if row["system_id"] != "moving_average"]
    finding = found(night, "predictions_per_player", **having(night, CLAIMS, rows))
    assert finding.outcome is PARTIAL


# Features ----------------------------------------------------------------------------------------


def feature(score: float = 90.0, ready: bool = True, early: bool = False) -> Row:
    return {
        "player_lookup": "p",
        "feature_quality_score": score,
        "is_production_ready": ready,
        "early_season_flag": early,
    }


@pytest.mark.parametrize(
    ("score", "outcome"), [(70.0, PASS), (69.9, PARTIAL), (50.0, PARTIAL), (49.9, FAIL)]
)
def test_mean_feature_quality(night: Night, score: float, outcome: Outcome) -> None:
    rows = [feature(score), feature(score), feature(0.0, early=True)]
    assert found(night, "feature_quality", **having(night, FEATURES, rows)).outcome is outcome


@pytest.mark.parametrize(
    ("ready", "outcome", "tier"),
    [
        (95, PASS, "gold"),
        (75, PASS, "silver"),
        (74, PARTIAL, "bronze"),
        (50, PARTIAL, "bronze"),
        (49, FAIL, "poor"),
        (0, FAIL, "unusable"),
    ],
)
def test_a_date_whose_rows_are_degraded_says_how_much(
    night: Night, ready: int, outcome: Outcome, tier: str
) -> None:
    rows = [feature(ready=at < ready) for at in range(100)]
    finding = found(night, "degraded_rows", **having(night, FEATURES, rows))
    assert finding.outcome is outcome
    assert tier in finding.sentence


# Rows and results --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [(20 * GAMES, PASS), (20 * GAMES - 1, PARTIAL), (15 * GAMES, PARTIAL), (15 * GAMES - 1, FAIL)],
)
def test_summaries_are_counted_by_the_games_that_were_played(
    night: Night, rows: int, outcome: Outcome
) -> None:
    table = "player_game_summary"
    stored = {**night.stored, table: replace(night.stored[table], rows=rows)}
    finding = found(night, f"rows_{table}", stored=stored)
    assert finding.outcome is outcome
    assert f"{rows:,} rows for {GAMES} games of {DAY}" in finding.sentence


def without_results(night: Night, games: int) -> dict[str, Any]:
    """So many of the day's games are not over."""
    rows = [
        game | ({"game_status": 1} if at < games else {}) for at, game in enumerate(night.games)
    ]
    return having(night, "nbac_schedule", rows)


@pytest.mark.parametrize(
    ("games", "hour", "outcome"),
    [
        (0, 1, PASS),
        (GAMES, 0, NOT_APPLICABLE),
        (2, 1, PASS),
        (3, 1, PARTIAL),
        (3, 3, PARTIAL),
        (1, 4, FAIL),
    ],
)
def test_results_may_be_missing_until_four_in_the_morning(
    night: Night, games: int, hour: int, outcome: Outcome
) -> None:
    changed = without_results(night, games)
    assert found(night, "games_final", now=at(hour, days=1), **changed).outcome is outcome


@pytest.mark.parametrize(
    ("teams", "outcome"), [(22, PASS), (21, PARTIAL), (17, PARTIAL), (16, FAIL)]
)
def test_box_scores_are_counted_by_teams(night: Night, teams: int, outcome: Outcome) -> None:
    every = sorted(
        {(row["game_id"], row["team_abbr"]) for row in night.rows["nbac_player_boxscores"]}
    )
    assert len(every) == 2 * GAMES
    rows = [{"game_id": game, "team_abbr": team} for game, team in every[:teams]]
    changed = having(night, "nbac_player_boxscores", rows)
    assert found(night, "box_score_coverage", **changed).outcome is outcome


@pytest.mark.parametrize(
    ("graded", "hour", "outcome"),
    [(50, 12, PASS), (49, 8, NOT_APPLICABLE), (49, 9, PARTIAL), (49, 12, FAIL)],
)
def test_half_of_the_predicted_are_graded_by_nine(
    night: Night, graded: int, hour: int, outcome: Outcome
) -> None:
    rows = {
        **night.rows,
        CLAIMS: claims(100),
        "prediction_accuracy": [
            {**row, "outcome": "graded" if int(row["player_lookup"][1:]) < graded else "pending"}
            for row in claims(100)
        ],
    }
    assert found(night, "grading", now=at(hour, days=1), rows=rows).outcome is outcome


@pytest.mark.parametrize(("names", "outcome"), [(50, PASS), (51, PARTIAL)])
def test_more_than_fifty_names_without_a_person_are_worth_a_look(
    night: Night, names: int, outcome: Outcome
) -> None:
    table = "unresolved_names"
    stored = {**night.stored, table: replace(night.stored[table], rows=names)}
    assert found(night, table, stored=stored).outcome is outcome


@pytest.mark.parametrize(("error", "outcome"), [(5.4, PASS), (5.8, PARTIAL), (7.0, FAIL)])
def test_a_week_of_larger_errors_is_told(night: Night, error: float, outcome: Outcome) -> None:
    days = [DAY - timedelta(days=back) for back in range(30)]
    errors = {day: error if at < 7 else 5.0 for at, day in enumerate(days)}
    assert found(night, "error_drift", errors=errors).outcome is outcome


# The clock ---------------------------------------------------------------------------------------


def ran(night: Night, table: str, *moments: datetime, unchanged: bool = False) -> dict[str, Any]:
    """A table that ran at other times; each run takes a second."""
    second = timedelta(seconds=1)
    runs = [
        {**night.runs[table][0], "started_at": m - second, "completed_at": m, "is_unchanged": u}
        for at, m in enumerate(moments)
        for u in [unchanged and at > 0]
    ]
    return {"runs": {**night.runs, table: runs}}


@pytest.mark.parametrize(
    ("hour", "minute", "outcome"),
    [
        (7, 10, PASS),
        (7, 30, PASS),
        (7, 31, PARTIAL),
        (9, 0, PARTIAL),
        (11, 30, FAIL),
        (11, 45, FAIL),
    ],
)
def test_first_predictions_are_due_at_half_past_seven(
    night: Night, hour: int, minute: int, outcome: Outcome
) -> None:
    changed = ran(night, CLAIMS, at(hour, minute), at(18), unchanged=True)
    finding = found(night, "first_prediction_time", **changed)
    assert finding.outcome is outcome
    assert f"was there at {hour:02}:{minute:02}, due at 07:30" in finding.sentence


@pytest.mark.parametrize(
    ("hour", "minute", "outcome"),
    [(6, 30, PASS), (6, 31, PARTIAL), (10, 59, PARTIAL), (11, 0, FAIL)],
)
def test_features_are_due_at_half_past_six(
    night: Night, hour: int, minute: int, outcome: Outcome
) -> None:
    changed = ran(night, FEATURES, at(hour, minute))
    assert found(night, "feature_store_time", **changed).outcome is outcome


@pytest.mark.parametrize(
    ("hour", "minute", "outcome"),
    [(7, 29, NOT_APPLICABLE), (7, 30, PARTIAL), (11, 29, PARTIAL), (11, 30, FAIL)],
)
def test_predictions_that_are_not_there_yet(
    night: Night, hour: int, minute: int, outcome: Outcome
) -> None:
    runs = {name: found for name, found in night.runs.items() if name != CLAIMS}
    finding = found(night, "first_prediction_time", now=at(hour, minute), runs=runs)
    assert finding.outcome is outcome


@pytest.mark.parametrize(
    ("hour", "minute", "outcome"),
    [(7, 29, NOT_APPLICABLE), (7, 30, PARTIAL), (12, 44, PARTIAL), (12, 45, FAIL)],
)
def test_no_predictions_on_a_game_day_are_worth_a_look_first_and_wrong_by_noon(
    night: Night, hour: int, minute: int, outcome: Outcome
) -> None:
    stored = {name: known for name, known in night.stored.items() if name != CLAIMS}
    rows = {name: found for name, found in night.rows.items() if name != CLAIMS}
    changed = {"now": at(hour, minute), "stored": stored, "rows": rows}
    assert found(night, f"rows_{CLAIMS}", **changed).outcome is outcome


@pytest.mark.parametrize(("hours", "outcome"), [(5.9, PASS), (6.1, PARTIAL), (10.1, FAIL)])
def test_the_way_from_summaries_to_predictions(
    night: Night, hours: float, outcome: Outcome
) -> None:
    cascade = {**night.cascade, "total_delay_min": hours * 60}
    assert found(night, "cascade_delay", cascade=cascade).outcome is outcome


@pytest.mark.parametrize(
    ("check", "table", "hours", "outcome"),
    [
        ("schedule_age", "nbac_schedule", 6, PASS),
        ("schedule_age", "nbac_schedule", 7, PARTIAL),
        ("schedule_age", "nbac_schedule", 37, FAIL),
        ("props_age", "odds_api_player_points_props", 4, PASS),
        ("props_age", "odds_api_player_points_props", 5, PARTIAL),
        ("game_lines_age", "odds_api_game_lines", 13, FAIL),
        ("injury_report_age", "nbac_injury_report", 8, PASS),
        ("injury_report_age", "nbac_injury_report", 9, PARTIAL),
        ("injury_report_age", "nbac_injury_report", 25, FAIL),
        ("player_list_age", "nbac_player_list", 24, PASS),
        ("player_list_age", "nbac_player_list", 25, PARTIAL),
    ],
)
def test_how_old_the_last_look_may_be_when_the_first_game_begins(
    night: Night, check: str, table: str, hours: int, outcome: Outcome
) -> None:
    looked = night.first_tip_off - timedelta(hours=hours)
    changed = ran(night, table, looked + timedelta(seconds=1))
    finding = found(night, check, **changed)
    assert finding.outcome is outcome
    assert f"{hours}.0 hours before" in finding.sentence


def test_a_look_that_found_nothing_new_is_a_look(night: Night) -> None:
    tip = night.first_tip_off
    changed = ran(night, "nbac_schedule", at(6), tip - timedelta(hours=1), unchanged=True)
    assert found(night, "schedule_age", **changed).outcome is PASS


def test_lines_are_not_looked_at_before_eight(night: Night) -> None:
    assert found(night, "props_age", now=at(7, 45)).outcome is NOT_APPLICABLE


CLOCK = (
    "feature_store_time",
    "first_prediction_time",
    "cascade_delay",
    "schedule_age",
    "props_age",
    "game_lines_age",
    "injury_report_age",
    "player_list_age",
)


@pytest.mark.parametrize("check", CLOCK)
def test_of_a_date_that_was_built_later_the_clock_asks_nothing(night: Night, check: str) -> None:
    later = timedelta(days=30)
    runs = {
        name: [
            run | {key: run[key] + later for key in ("started_at", "completed_at")} for run in every
        ]
        for name, every in night.runs.items()
    }
    finding = found(night, check, now=MORNING_AFTER + later, runs=runs)
    assert finding.outcome is NOT_APPLICABLE
    assert finding.sentence == f"not applicable: {DAY} was not run live"


def test_a_date_that_was_live_stays_so_when_it_is_run_again(night: Night) -> None:
    long_after = replace(night, now=MORNING_AFTER + timedelta(days=300))
    assert long_after.is_live


def test_a_failed_run_does_not_make_a_date_live(night: Night) -> None:
    failed = {name: [run | {"success": False} for run in r] for name, r in night.runs.items()}
    assert not replace(night, runs=failed).is_live


def test_without_games_nothing_is_judged_by_them(night: Night) -> None:
    found = judged(replace(night, rows={}, errors={}))
    checks = {name for name in found if name.startswith(("rows_", "prediction", "grad", "box"))}
    assert {found[name].outcome for name in checks} == {NOT_APPLICABLE}


def test_in_the_season_s_first_fortnight_nobody_is_predicted(night: Night) -> None:
    games = [game | {"season_first_day": DAY - timedelta(days=13)} for game in night.games]
    young = judged(replace(night, **having(night, "nbac_schedule", games)))
    named = (f"rows_{CLAIMS}", "prediction_coverage", "first_prediction_time")
    assert {young[name].outcome for name in named} == {NOT_APPLICABLE}


# Around midnight ---------------------------------------------------------------------------------


def before_the_morning(night: Night, now: datetime) -> Night:
    """The day as it is before anything of it was run: its schedule was read ahead days ago."""
    ahead = night.first_tip_off - timedelta(days=10)
    schedule = {"started_at": ahead, "completed_at": ahead + timedelta(seconds=1)}
    games = [game | {"game_status": 1} for game in night.games]
    return replace(
        night,
        now=now,
        rows={"nbac_schedule": games},
        stored={"nbac_schedule": night.stored["nbac_schedule"]},
        lately={name: [DAY - timedelta(days=1)] for name in night.lately},
        broken={},
        runs={"nbac_schedule": [night.runs["nbac_schedule"][0] | schedule]},
        cascade={},
    )


@pytest.mark.parametrize(("hour", "minute"), [(0, 5), (5, 59), (6, 10)])
def test_nobody_is_woken_before_anything_is_due(night: Night, hour: int, minute: int) -> None:
    assert news(judged(before_the_morning(night, at(hour, minute)))) == {}


def test_a_morning_on_which_nothing_ran_is_told_at_half_past_seven(night: Night) -> None:
    told = news(judged(before_the_morning(night, at(7, 31))))
    assert {"phase_2_complete", "phase_5_complete", "first_prediction_time"} <= set(told)


@pytest.mark.parametrize(
    ("hour", "minute", "outcome"), [(8, 59, NOT_APPLICABLE), (9, 1, FAIL), (12, 0, FAIL)]
)
def test_a_phase_that_began_is_stuck_an_hour_after_its_first_table(
    night: Night, hour: int, minute: int, outcome: Outcome
) -> None:
    table = "system_calibration"
    quiet = before_the_morning(night, at(hour, minute))
    first = ran(night, table, at(8))["runs"][table]
    changed = {"runs": {**quiet.runs, table: first}}
    assert found(quiet, "phase_5_complete", **changed).outcome is outcome


@pytest.mark.parametrize(
    ("game_days", "outcome"), [([DAY - timedelta(days=1)], FAIL), ([], NOT_APPLICABLE)]
)
def test_on_a_day_without_games_the_schedule_is_looked_at_while_a_season_is_on(
    night: Night, game_days: list[date], outcome: Outcome
) -> None:
    idle = replace(before_the_morning(night, at(12)), game_days=game_days)
    assert found(idle, "schedule_age", **having(idle, "nbac_schedule", [])).outcome is outcome


def test_a_schedule_read_ahead_does_not_make_a_date_live(night: Night) -> None:
    later = MORNING_AFTER + timedelta(days=30)
    assert not before_the_morning(night, later).is_live
