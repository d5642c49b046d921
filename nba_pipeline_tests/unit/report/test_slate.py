"""What a reader of the slate is told, in the words she is told it in."""

from __future__ import annotations

from datetime import date

import pytest
from one_evening import (
    DAY,
    GAME,
    PLAYER,
    claim,
    evening,
    expected,
    game,
    grade,
    page,
    played,
    stored,
    team,
)

from nba_pipeline.engine.protocols import Outcome
from nba_pipeline.report.reading import tables_read
from nba_pipeline.report.slate import page_of


def told(made):
    return [(str(notice.kind), notice.sentence) for notice in made.notices]


# Games -------------------------------------------------------------------------------------------


def test_a_game_says_when_where_and_who_is_favoured():
    (shown,) = page().games
    assert (shown.away.code, shown.home.code) == ("CHI", "MIL")
    assert (shown.when, shown.where) == ("8:00 PM ET", "Fiserv Forum, Milwaukee")
    assert (shown.spread, shown.total) == ("MIL −6.5", "228")


def test_visitors_can_be_favoured():
    (shown,) = page(teams=[team("CHI"), team("MIL", game_spread=3.0)]).games
    assert shown.spread == "CHI −3.0"


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"team_back_to_back": True, "team_days_rest": 0}, "played yesterday"),
        ({"team_days_rest": 4}, "4 days off"),
        ({"travel_miles": 1800, "time_zone_changes": 2}, "1,800 miles, 2 time zones"),
        ({"starters_out_count": 1}, "1 starter out"),
        ({"consecutive_road_games": 5}, "road game 5 in a row"),
    ],
)
def test_rest_and_travel_are_told_where_they_are_worth_it(changed, note):
    (shown,) = page(teams=[team("CHI", **changed), team("MIL")]).games
    assert shown.away.notes == (note,)
    assert shown.home.notes == ()


# Players -----------------------------------------------------------------------------------------


def test_the_ensemble_leads_and_the_margin_is_its_own():
    made = page(claims=[claim("xgboost_v1", predicted_points=18.0), claim()])
    (player,) = made.players
    assert [one.title for one in player.claims] == ["Ensemble", "Boosted trees"]
    assert (player.name, player.margin) == ("Nikola Vučević", 2.5)


def test_a_system_that_abstained_says_why_and_one_that_failed_is_told_apart():
    system = "similarity_balanced_v1"
    outcomes = (
        Outcome(
            f"{GAME}|{PLAYER}|{system}", "INSUFFICIENT_DATA", f"{PLAYER}, {system}: 4 games", "h"
        ),
        Outcome(f"{GAME}|{PLAYER}|xgboost_v1", "PROCESSING_ERROR", "no model"),
    )
    partitions = {name: stored() for name in tables_read()} | {
        "system_forecasts": stored(*outcomes)
    }
    made = page_of(evening(partitions, claims=[claim()], expected=[expected()]))
    silent = [(one.title, one.silence, one.has_failed) for one in made.players[0].claims[1:]]
    assert silent == [("Similar games", "4 games", False), ("Boosted trees", "no model", True)]


def test_nights_off_are_no_part_of_the_form():
    made = page(form=[played(18), played(0, minutes=0.0), played(24)])
    assert made.players[0].form == (18, 24)


def test_only_ten_games_are_shown():
    assert page(form=[played(points) for points in range(12)]).players[0].form == tuple(
        range(2, 12)
    )


def test_reasons_are_in_words_with_a_true_minus():
    assert page().players[0].headline.reasons == ("Moving average 21.0", "match-up −0.4")


def test_the_line_says_whose_it_is_when_it_stood_and_where_it_began():
    made = page(expected=[expected(opening_points_line=18.5)])
    assert made.players[0].why[0] == (
        "Line 19.5, closing, prizepicks, as it stood at 7:55 PM ET; it opened at 18.5."
    )


def test_without_a_line_the_recent_average_stands_in_and_says_so():
    alone = claim(
        line_value=None,
        over_probability=None,
        recommendation="NO_LINE",
        estimated_line_value=21.5,
        estimation_method="points_avg_last_5",
    )
    (player,) = page(claims=[alone]).players
    assert (player.line, player.estimate, player.margin) == (None, 21.5, None)
    assert player.why[0] == "No bookmaker has a line; his last 5 games average 21.5 to the half."


def test_sides_come_before_passes_and_the_surest_first():
    rows = [
        claim(player_lookup="a", recommendation="PASS", over_probability=0.9),
        claim(player_lookup="b", over_probability=0.55),
        claim(player_lookup="c", recommendation="UNDER", over_probability=0.40),
    ]
    assert [player.lookup for player in page(claims=rows).players] == ["c", "b", "a"]


def test_who_is_not_predicted_is_named_with_the_reason():
    why = Outcome(f"{GAME}|{PLAYER}", "EXPECTED_INCOMPLETE", f"{PLAYER} is listed as out", "h")
    partitions = {name: stored() for name in tables_read()} | {"prediction_requests": stored(why)}
    made = page_of(evening(partitions, games=[game()], expected=[expected()], results=[played(7)]))
    (left,) = made.unpredicted
    assert (left.reason, left.has_failed) == ("is listed as out", False)


# Grades ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "is_correct", "word"),
    [
        ("graded", True, "hit"),
        ("graded", False, "miss"),
        ("push", None, "push"),
        ("void", None, "void"),
        ("pending", None, "pending"),
    ],
)
def test_a_side_hits_misses_or_neither(outcome, is_correct, word):
    made = page(grades=[grade(outcome=outcome, prediction_correct=is_correct)])
    assert made.players[0].headline.grade.word == word
    assert made.is_graded == (word != "pending")


def test_a_pass_takes_no_side_whatever_happens():
    made = page(claims=[claim(recommendation="PASS")], grades=[grade(prediction_correct=None)])
    assert made.players[0].headline.grade.word == "no side"


def test_a_corrected_box_score_says_what_was_credited_first():
    made = page(grades=[grade(is_regraded=True, first_actual_points=23)])
    assert made.players[0].headline.grade.correction == 23


# The kinds of nothing ----------------------------------------------------------------------------


def test_a_whole_evening_has_nothing_to_say():
    assert told(page()) == []


def test_no_games_is_one_sentence():
    made = page_of(evening({"nbac_schedule": stored(rows=0, skip_reason="no_games")}))
    assert told(made) == [("no games", f"{DAY}: no game is scheduled.")]


def test_what_has_not_been_played_is_not_yet():
    late = stored(rows=0, skip_reason="not_yet")
    partitions = {name: stored() for name in tables_read()} | {"player_game_summary": late}
    made = page_of(evening(partitions, games=[game()]))
    assert told(made) == [("not yet", "What was played: the games have not been played.")]


def test_pending_games_are_counted():
    made = page(grades=[grade(outcome="pending", prediction_correct=None)])
    assert told(made) == [("not yet", "The grades: 1 of 1 games are not over.")]


def test_what_was_never_built_is_missing_and_says_how_to_build_it():
    partitions = {name: stored() for name in tables_read() if name != "prediction_accuracy"}
    made = page_of(evening(partitions, games=[game()]))
    build = f"nba-pipeline run --date {DAY}"
    assert told(made) == [("missing", f"The grades: never built for this day; {build} does it.")]


def test_what_failed_says_what_it_broke_on_and_what_is_shown():
    made = page_of(evening(failures={"prediction_accuracy": "the disk is full"}, games=[game()]))
    sentence = "The grades: the newest run failed, an earlier state is shown: the disk is full"
    assert told(made) == [("failed", sentence)]


def test_without_earlier_grades_nobody_knows_how_far_to_trust_the_systems():
    sentence = "The systems' record: no grade of the 60 days before is stored."
    assert told(page(earlier=[])) == [("missing", sentence)]


@pytest.mark.parametrize(("status", "kind"), [(1, "not yet"), (3, "missing")])
def test_lines_nobody_has_are_not_yet_there_or_missing_for_good(status, kind):
    made = page(games=[game(status)], claims=[claim(line_value=None)])
    assert told(made) == [(kind, "The points lines: nobody has one on any player.")]


def test_the_same_rows_give_the_same_page():
    assert page() == page()
    assert page().day == date(2024, 11, 20)
