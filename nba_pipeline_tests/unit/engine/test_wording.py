"""One of a thing, many of it, and lists that are too long to be read."""

from __future__ import annotations

import pytest

from nba_pipeline.engine.wording import counted, some_of


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1200, "1,200 rows")]
)
def test_a_number_says_of_what_it_is(number: int, said: str) -> None:
    assert counted(number, "row") == said


def test_a_plural_of_its_own_is_given() -> None:
    assert [counted(number, "try", "tries") for number in (1, 4)] == ["1 try", "4 tries"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Ann"], "Ann"),
        (["Ann", "Bob", "Cleo"], "Ann, Bob, Cleo"),
        (["Ann", "Bob", "Cleo", "Dan", "Eve"], "Ann, Bob, Cleo and 2 more"),
    ],
)
def test_of_a_long_list_the_first_few_are_named(names: list[str], said: str) -> None:
    assert some_of(names) == said
