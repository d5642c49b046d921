"""The names nobody knows, for a person to look at."""

from __future__ import annotations

from datetime import date

import pytest

from nba_pipeline.tables.reference.unresolved_names import TABLE

DAY, BEFORE = date(2021, 11, 29), date(2021, 11, 27)


def name(written, rule="unresolved", source="nbac_injury_report", **more):
    lookup = written.replace(" ", "").lower()
    return {
        "game_date": DAY,
        "source": source,
        "player_lookup": lookup,
        "universal_player_id": f"name_{lookup}",
        "player_name": written,
        "season_year": 2021,
        "team_abbr": "HOU",
        "resolution_rule": rule,
        **more,
    }


def played(written, player):
    return {
        "game_date": BEFORE,
        "player_name": written,
        "nba_player_id": player,
        "team_abbr": "HOU",
    }


def test_only_names_of_nobody_are_listed(seen_by):
    names = [name("DJ Augustine"), name("Al Horford", "exact_name"), name("Cam Reddish", "alias")]
    assert [row["player_name"] for row in seen_by(TABLE, names=names).rows] == ["DJ Augustine"]


def test_a_name_is_listed_for_each_source_that_has_it(seen_by):
    names = [name("DJ Augustine"), name("DJ Augustine", source="somewhere_else")]
    found = seen_by(TABLE, names=names).rows
    assert [row["source"] for row in found] == ["nbac_injury_report", "somewhere_else"]


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("DJ Augustine", ("DJ Augustin", 201571)),
        ("Kawhi Leonard", (None, None)),
        ("placed on IL with left knee injury", (None, None)),
    ],
)
def test_the_most_similar_player_is_suggested_if_he_is_similar(seen_by, written, suggested):
    known = [played("DJ Augustin", 201571), played("Jalen Green", 1630224)]
    (row,) = seen_by(TABLE, names=[name(written)], known=known).rows
    assert (row["suggested_player_name"], row["suggested_player_id"]) == suggested


def test_a_suggestion_is_no_match(seen_by):
    (row,) = seen_by(TABLE, names=[name("DJ Augustine")], known=[played("DJ Augustin", 1)]).rows
    assert row["universal_player_id"] == "name_djaugustine"


def test_those_who_missed_the_start_of_a_real_season_are_listed(autumn):
    night = date(2021, 11, 15)
    listed = {row["player_lookup"] for row in autumn.before(TABLE.name, night)}
    assert {"kawhileonard", "jamalmurray", "zionwilliamson", "klaythompson"} & listed == {
        "kawhileonard",
        "jamalmurray",
        "zionwilliamson",
    }
