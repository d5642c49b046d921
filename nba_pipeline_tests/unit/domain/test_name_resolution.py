"""Whose name it is, told with the players of one season."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.name_resolution import UNRESOLVED, KnownPlayers, Resolution, Rule
from nba_pipeline.domain.players import player_lookup, universal_player_id

# Two brothers, two namesakes on different teams, two whose names almost agree, a father and a son.
PLAYERS = {
    1: ("Franz Wagner", "ORL"),
    2: ("Moritz Wagner", "ORL"),
    3: ("Marcus Williams", "GSW"),
    4: ("Marcus Williams", "LAC"),
    5: ("Jalen Williams", "OKC"),
    6: ("Tim Hardaway Jr.", "DAL"),
    7: ("Nic Claxton", "BKN"),
    8: ("Nikola Jokić", "DEN"),
    9: ("Gary Payton", "SEA"),
    10: ("Gary Payton II", "POR"),
    11: ("Larry Nance Jr.", "NOP"),
    12: ("Larry Nance Sr.", "CLE"),
    13: ("Cameron Johnson", "BKN"),
    14: ("Cam Johnson", "BKN"),
}
ALIASES = {"moewagner": 2, "edriceadebayo": 15}


def known(players=PLAYERS):
    names = [(name, who) for who, (name, _) in players.items()]
    return KnownPlayers(names, {who: team for who, (_, team) in players.items()}, ALIASES)


@pytest.mark.parametrize(
    ("name", "teams", "player", "rule"),
    [
        ("Nikola Jokic", (), 8, Rule.EXACT_NAME),
        ("Jokić, Nikola", (), 8, Rule.EXACT_NAME),
        ("NIKOLA JOKIC", ("LAL",), 8, Rule.EXACT_NAME),
        ("Moe Wagner", (), 2, Rule.ALIAS),
        ("Edrice Adebayo", (), 15, Rule.ALIAS),
        ("Marcus Williams", ("LAC",), 4, Rule.TEAM_AND_DATE),
        ("Marcus Williams", ("BOS", "GSW"), 3, Rule.TEAM_AND_DATE),
        ("Nicolas Claxton", ("BKN",), 7, Rule.TEAM_AND_DATE),
        ("Tim Hardaway", ("DAL",), 6, Rule.WITHOUT_SUFFIX),
        ("Nikola Jokić III", (), 8, Rule.WITHOUT_SUFFIX),
        ("Gary Payton", (), 9, Rule.EXACT_NAME),
        ("Gary Payton II", (), 10, Rule.EXACT_NAME),
    ],
)
def test_a_name_is_somebody_s(name, teams, player, rule):
    assert known().resolve(name, teams) == Resolution(player, rule)


@pytest.mark.parametrize(
    ("name", "teams"),
    [
        ("Marcus Williams", ()),
        ("Marcus Williams", ("GSW", "LAC")),
        ("Marcus Williams", ("BOS",)),
        ("Nicolas Claxton", ()),
        ("Nicolas Claxton", ("MIA",)),
        ("Jaylin Williams", ("OKC",)),
        ("Moses Wagner", ("ORL",)),
        ("M. Wagner", ("ORL",)),
        ("Wagner", ("ORL",)),
        ("Larry Nance", ("NOP",)),
        ("Gary Payton III", ("POR",)),
        ("Camer Johnson", ("BKN",)),
        ("Zion Williamson", ("NOP",)),
        ("placed on IL with left knee injury", ("PHI",)),
    ],
)
def test_a_name_that_could_be_two_people_s_or_nobody_s_stays_unresolved(name, teams):
    assert known().resolve(name, teams) == UNRESOLVED


def test_of_two_ways_to_write_a_name_one_is_enough():
    found = known().resolve_any(["Nicolas Claxton", "Nic Claxton"])
    assert found == Resolution(7, Rule.EXACT_NAME)


def test_two_ways_that_mean_two_people_mean_nobody():
    assert known().resolve_any(["Franz Wagner", "Moritz Wagner"]) == UNRESOLVED


def test_no_way_to_write_a_name_means_nobody():
    assert known().resolve_any([]) == UNRESOLVED


WRITTEN = st.sampled_from(
    [*{name for name, _ in PLAYERS.values()}, "Nicolas Claxton", "Tim Hardaway", "Moe Wagner", "Zo"]
)


@given(st.permutations(list(PLAYERS)), WRITTEN, st.sampled_from(["", "LAC", "BKN", "POR"]))
def test_who_was_seen_first_changes_nothing(order, name, team):
    again = known({who: PLAYERS[who] for who in order}).resolve(name, (team,))
    assert again == known().resolve(name, (team,))


@given(st.permutations(list(PLAYERS)))
def test_ids_do_not_depend_on_the_order_of_arrival(order):
    def ids(players):
        found = known({who: PLAYERS[who] for who in players})
        return {
            name: universal_player_id(found.resolve(name).nba_player_id, player_lookup(name))
            for name, _ in PLAYERS.values()
        }

    assert ids(order) == ids(PLAYERS)


@given(st.text(), st.sets(st.sampled_from(["ORL", "BKN", "GSW"])))
def test_whatever_is_written_gets_an_answer(name, teams):
    found = known().resolve(name, teams)
    assert (found.nba_player_id is None) == (found.rule is Rule.UNRESOLVED)


@given(WRITTEN, st.sampled_from(["", "BKN", "LAC"]))
def test_a_stranger_s_arrival_never_turns_one_person_into_another(name, team):
    before = known().resolve(name, (team,))
    after = known({**PLAYERS, 99: ("Someone Else", team)}).resolve(name, (team,))
    assert after == before
