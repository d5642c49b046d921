from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.players import (
    given_and_surname,
    player_lookup,
    universal_player_id,
    without_suffix,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LeBron James", "lebronjames"),
        ("P.J. Tucker", "pjtucker"),
        ("D'Angelo Russell", "dangelorussell"),
        ("Shai Gilgeous-Alexander", "shaigilgeousalexander"),
        ("Nikola Jokić", "nikolajokic"),
        ("Dāvis Bertāns", "davisbertans"),
        ("Tim Hardaway Jr.", "timhardawayjr"),
        ("Jrue Holiday", "jrueholiday"),
        ("Jaden Ivey", "jadenivey"),
        ("Iffe Lundberg", "iffelundberg"),
        ("Øystein Łukasz Đorđe Weiß", "oysteinlukaszdordeweiss"),
        ("", ""),
    ],
)
def test_accents_case_and_punctuation_do_not_count(name, expected):
    assert player_lookup(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Hayes, Killian", "killianhayes"),
        ("Hardaway Jr., Tim", "timhardawayjr"),
        ("Tim Hardaway, Jr.", "timhardawayjr"),
        ("Porter, Michael, Jr.", "michaelporterjr"),
    ],
)
def test_a_surname_before_a_comma_goes_last(name, expected):
    assert player_lookup(name) == expected


@given(st.text())
def test_a_key_is_letters_and_digits_and_its_own_key(name):
    key = player_lookup(name)
    assert re.fullmatch("[a-z0-9]*", key)
    assert player_lookup(key) == key


@pytest.mark.parametrize(
    ("lookup", "expected"),
    [
        ("timhardawayjr", "timhardaway"),
        ("larrynancesr", "larrynance"),
        ("jimmybutleriii", "jimmybutler"),
        ("ronaldhollandii", "ronaldholland"),
        ("lonniewalkeriv", "lonniewalker"),
        ("jrueholiday", "jrueholiday"),
        ("jadenivey", "jadenivey"),
    ],
)
def test_only_a_trailing_suffix_is_dropped(lookup, expected):
    assert without_suffix(lookup) == expected


@given(st.integers(1, 2**40), st.text())
def test_an_id_decides_whatever_the_name(nba_player_id, name):
    assert universal_player_id(nba_player_id, player_lookup(name)) == f"nba_{nba_player_id}"


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_a_name_without_an_id_gets_one_that_says_so(unknown):
    assert universal_player_id(unknown, "zionwilliamson") == "name_zionwilliamson"


def test_somebody_with_neither_is_refused():
    with pytest.raises(ValueError, match="nor a letter in his name"):
        universal_player_id(None, "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Tim Hardaway Jr.", ("tim", "hardawayjr")),
        ("Hardaway Jr., Tim", ("tim", "hardawayjr")),
        ("Karl-Anthony Towns", ("karlanthony", "towns")),
        ("Luc Mbah a Moute", ("luc", "mbahamoute")),
        ("Nenê", ("", "nene")),
        (" - ", ("", "")),
    ],
)
def test_a_name_s_first_word_is_the_given_name(name, expected):
    assert given_and_surname(name) == expected


@given(st.text())
def test_given_name_and_surname_are_the_whole_key(name):
    assert "".join(given_and_surname(name)) == player_lookup(name)


@given(st.text())
def test_a_name_written_in_another_normal_form_is_the_same(name):
    decomposed = unicodedata.normalize("NFD", name)
    assert player_lookup(decomposed) == player_lookup(unicodedata.normalize("NFC", name))
