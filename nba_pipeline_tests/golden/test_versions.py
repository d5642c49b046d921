"""Rows that change behind their table's version are noticed before anybody stores them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import slate
from slate import Made

from nba_pipeline.tables import REGISTRY


@pytest.fixture(scope="module")
def made() -> dict[str, Made]:
    return slate.make()


@pytest.fixture(scope="module")
def accepted() -> dict[str, Made]:
    return slate.accepted()


@pytest.mark.parametrize("name", list(REGISTRY))
def test_a_table_makes_the_rows_its_version_stands_for(
    name: str, made: dict[str, Made], accepted: dict[str, Made]
) -> None:
    assert slate.verdict(name, accepted.get(name), made[name]) == ""


#: Tables the slate says nothing about, and why; a name goes as soon as it is not true any more.
WITHOUT_ROWS = {
    "nbac_player_list": "the league publishes none",
    "points_model": "two teams' month holds too few games to learn from",
}


def test_the_slate_gives_every_table_rows(made: dict[str, Made]) -> None:
    assert {name for name, found in made.items() if not found.rows} == set(WITHOUT_ROWS)


def test_a_table_that_is_gone_is_accepted_no_longer(accepted: dict[str, Made]) -> None:
    assert set(accepted) <= set(REGISTRY)


BEFORE = Made(version=1, rows=2, read="r", made="m")


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (BEFORE, ""),
        (replace(BEFORE, made="n"), "and its version is still 1: raise it"),
        (replace(BEFORE, made="n", read="s"), "because it reads other rows"),
        (replace(BEFORE, made="n", version=2), "is version 2 now, was 1"),
        (replace(BEFORE, version=2), "is version 2 now, was 1"),
    ],
)
def test_what_is_wrong_is_said(now: Made, sentence: str) -> None:
    said = slate.verdict("form", BEFORE, now)
    assert sentence in said if sentence else said == ""


def test_a_table_nobody_has_looked_at_is_named() -> None:
    assert "nobody has looked at what form makes" in slate.verdict("form", None, BEFORE)
