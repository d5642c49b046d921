"""Whom each source means by a name, from the day it first does."""

from __future__ import annotations

from datetime import date

import pytest

from nba_pipeline.tables.reference.player_registry import TABLE

OCTOBER, NOVEMBER, SPRING = date(2021, 10, 20), date(2021, 11, 14), date(2022, 3, 1)
NEXT_SEASON = date(2022, 10, 20)


def box(day, name="taco", player=7, team="LAL"):
    return {
        "game_date": day,
        "player_lookup": name,
        "universal_player_id": f"nba_{player}",
        "nba_player_id": player,
        "team_abbr": team,
        "player_name": name.title(),
    }


def move(day, name="taco", player=None, rule="unresolved", team="LAL"):
    return {
        **box(day, name, player, team),
        "universal_player_id": f"nba_{player}" if player else f"name_{name}",
        "player_name_original": name.title(),
        "resolution_rule": rule,
    }


def registry(seen_by, day, *, boxes=(), moves=()):
    """The rows of a day, by source."""
    given = {}
    for table, rows in (("nbac_player_boxscores", boxes), ("nbac_injury_report", moves)):
        given[f"{table}_today"] = [row for row in rows if row["game_date"] == day]
        given[f"{table}_before"] = [row for row in rows if row["game_date"] < day]
    return {row["source"]: row for row in seen_by(TABLE, **given).rows}


def test_a_player_is_registered_on_the_day_of_his_first_game(seen_by):
    row = registry(seen_by, OCTOBER, boxes=[box(OCTOBER)])["nbac_player_boxscores"]
    assert {name: row[name] for name in TABLE.hash_fields} == {
        "source": "nbac_player_boxscores",
        "player_lookup": "taco",
        "nba_player_id": 7,
        "universal_player_id": "nba_7",
        "resolution_rule": "source_id",
        "player_name": "Taco",
        "game_date": OCTOBER,
        "season_year": 2021,
        "team_abbr": "LAL",
        "replaces_universal_player_id": None,
    }


def test_his_second_game_adds_nothing(seen_by):
    assert registry(seen_by, NOVEMBER, boxes=[box(OCTOBER), box(NOVEMBER)]) == {}


def test_a_trade_adds_nothing(seen_by):
    assert registry(seen_by, NOVEMBER, boxes=[box(OCTOBER), box(NOVEMBER, team="BOS")]) == {}


def test_two_players_of_one_name_are_two_rows(seen_by):
    rows = [box(NOVEMBER), box(NOVEMBER, player=8, team="BOS")]
    found = seen_by(TABLE, nbac_player_boxscores_today=rows).rows
    assert [row["universal_player_id"] for row in found] == ["nba_7", "nba_8"]


def test_a_name_of_nobody_has_an_id_that_follows_from_it(seen_by):
    row = registry(seen_by, OCTOBER, moves=[move(OCTOBER)])["nbac_injury_report"]
    assert (row["universal_player_id"], row["nba_player_id"], row["resolution_rule"]) == (
        "name_taco",
        None,
        "unresolved",
    )


def test_when_the_id_appears_a_row_says_what_it_replaces(seen_by):
    found = registry(seen_by, NOVEMBER, moves=[move(OCTOBER)], boxes=[box(NOVEMBER)])
    row = found["nbac_player_boxscores"]
    assert (row["universal_player_id"], row["replaces_universal_player_id"]) == (
        "nba_7",
        "name_taco",
    )


def test_a_name_of_nobody_on_the_very_day_counts(seen_by):
    found = registry(seen_by, NOVEMBER, moves=[move(NOVEMBER)], boxes=[box(NOVEMBER)])
    assert found["nbac_player_boxscores"]["replaces_universal_player_id"] == "name_taco"
    assert found["nbac_injury_report"]["replaces_universal_player_id"] is None


def test_the_source_that_did_not_know_him_says_so_too_once_it_does(seen_by):
    moves = [move(OCTOBER), move(SPRING, player=7, rule="exact_name")]
    found = registry(seen_by, SPRING, moves=moves, boxes=[box(NOVEMBER)])
    row = found["nbac_injury_report"]
    assert (row["resolution_rule"], row["replaces_universal_player_id"]) == (
        "exact_name",
        "name_taco",
    )


@pytest.mark.parametrize("day", [OCTOBER, NOVEMBER, SPRING, NEXT_SEASON])
def test_a_name_is_registered_once_a_season(seen_by, day):
    days = [OCTOBER, NOVEMBER, SPRING, NEXT_SEASON]
    found = registry(seen_by, day, boxes=[box(played) for played in days])
    assert list(found) == (["nbac_player_boxscores"] if day in (OCTOBER, NEXT_SEASON) else [])


def test_a_month_at_once_is_a_month_day_by_day(seen_by):
    boxes = [box(OCTOBER), box(NOVEMBER), box(NOVEMBER, "tuna", 9), box(SPRING, "tuna", 9)]
    moves = [move(OCTOBER, "tuna"), move(NOVEMBER, "taco", 7, "exact_name")]
    at_once = seen_by(
        TABLE,
        nbac_player_boxscores_today=boxes,
        nbac_player_boxscores_before=boxes,
        nbac_injury_report_today=moves,
        nbac_injury_report_before=moves,
    ).rows
    by_day = [
        row
        for day in (OCTOBER, NOVEMBER, SPRING)
        for row in registry(seen_by, day, boxes=boxes, moves=moves).values()
    ]
    assert sorted(at_once, key=repr) == sorted(by_day, key=repr)


# A real autumn ------------------------------------------------------------------------------------


def test_every_player_of_the_autumn_is_registered_once(autumn):
    night = date(2021, 11, 15)
    played = [
        row["nba_player_id"]
        for row in [
            *autumn.before("nbac_player_boxscores", night),
            *autumn.rows("nbac_player_boxscores", night),
        ]
    ]
    registered = [
        row["nba_player_id"]
        for row in [*autumn.before(TABLE.name, night), *autumn.rows(TABLE.name, night)]
        if row["source"] == "nbac_player_boxscores"
    ]
    assert sorted(registered) == sorted(set(played))


def test_horton_tucker_was_nobody_until_his_first_game(autumn):
    rows = autumn.rows(TABLE.name, date(2021, 11, 14))
    found = {
        row["source"]: (row["universal_player_id"], row["replaces_universal_player_id"])
        for row in rows
        if row["player_lookup"] == "talenhortontucker"
    }
    assert found == {
        "nbac_injury_report": ("name_talenhortontucker", None),
        "nbac_player_boxscores": ("nba_1629659", "name_talenhortontucker"),
    }
