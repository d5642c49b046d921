from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.aliases import AliasError, Aliases, reviewed_aliases
from nba_pipeline.domain.players import player_lookup

HEAD = "name,nba_player_id,player_name,source,note"
MOE = "Moe Wagner,1629021,Moritz Wagner,odds_api,short form"
HERB = "Herb Jones,1630529,Herbert Jones,odds_api,short form"


def test_an_alias_is_found_by_its_lookup_key():
    assert Aliases.read([HEAD, MOE, HERB]) == {"moewagner": 1629021, "herbjones": 1630529}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Moe Wagner,1629021,Moritz Wagner,odds_api", "5 filled cells are needed"),
        ("Moe Wagner,1629021,Moritz Wagner,odds_api, ", "5 filled cells are needed"),
        (f"{MOE},and more", "5 filled cells are needed"),
        ("Moe Wagner,seven,Moritz Wagner,odds_api,short form", "seven is no nba.com player id"),
        ("Moe Wagner,0,Moritz Wagner,odds_api,short form", "0 is no nba.com player id"),
        ("Moe Wagner,-3,Moritz Wagner,odds_api,short form", "-3 is no nba.com player id"),
        ("???,1629021,Moritz Wagner,odds_api,short form", r"\?\?\? has no letter in it"),
        ("MORITZ WAGNER,1629021,Moritz Wagner,odds_api,case", "needs no alias"),
        ("herb jones,1629021,Moritz Wagner,odds_api,again", "herb jones is there twice"),
        ('"Moe Wagner,1629021,Moritz Wagner,odds_api,short form', "unexpected end of data"),
    ],
)
def test_a_line_that_cannot_be_right_is_named(line, sentence):
    with pytest.raises(AliasError, match=rf"^mine\.csv line 3: .*{sentence}"):
        Aliases.read([HEAD, HERB, line], "mine.csv")


@pytest.mark.parametrize("lines", [[], ["name,id"], [MOE]])
def test_a_file_without_its_columns_is_refused(lines):
    with pytest.raises(AliasError, match=r"^mine\.csv line 1: the columns have to be name,nba_"):
        Aliases.read(lines, "mine.csv")


@given(st.permutations([MOE, HERB, MOE.replace("Moe", "Mo")]))
def test_the_order_of_the_lines_is_no_change(lines):
    expected = Aliases.read([HEAD, MOE, HERB, MOE.replace("Moe", "Mo")])
    assert Aliases.read([HEAD, *lines]).digest == expected.digest


def test_another_person_is_a_change():
    assert (
        Aliases.read([HEAD, MOE]).digest != Aliases.read([HEAD, MOE.replace("021", "022")]).digest
    )


@pytest.mark.parametrize("name", ["Carlton Carrington", "B.J. Boston Jr", "Dennis Schr?der"])
def test_the_reviewed_file_comes_with_the_code(name):
    assert player_lookup(name) in reviewed_aliases()
