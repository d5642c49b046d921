"""A week of the frozen slate scraped again night after night: what is computed and what skipped."""

from __future__ import annotations

from typing import Any

import pytest
from slate import DAYS, Slate

from nba_pipeline.benchmarks import rescrapes
from nba_pipeline.benchmarks.rescrapes import Amended, Amendment
from nba_pipeline.engine.errors import ConfigurationError

WEEK = DAYS[-7:]
QUIET, LINE, INJURY, CORRECTION = "as it was", "a line", "an injury", "a box score"


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return rescrapes.measure(Slate(), DAYS, "serial")


def computed(figures: dict[str, Any], found: str) -> list[int]:
    return [night["computed"] for night in figures["nights"] if night["found"].startswith(found)]


def test_a_night_that_finds_everything_as_it_was_computes_nothing(figures: dict[str, Any]) -> None:
    assert computed(figures, QUIET) == [0, 0, 0, 0]


@pytest.mark.parametrize("found", [LINE, INJURY, CORRECTION])
def test_a_night_that_finds_a_change_computes_something(
    figures: dict[str, Any], found: str
) -> None:
    assert computed(figures, found)[0] > 0


def test_nights_and_layers_add_up_to_the_same(figures: dict[str, Any]) -> None:
    sums = [
        sum(line[what] for line in figures[grouped])
        for grouped in ("nights", "layers")
        for what in ("computed", "entities")
    ]
    assert sums == [figures["all"]["computed"], figures["all"]["entities"]] * 2


def test_most_of_a_typical_week_is_avoided(figures: dict[str, Any]) -> None:
    assert figures["all"]["avoided_pct"] > 80


def test_an_amended_value_changes_the_version_of_its_day_only() -> None:
    game = Slate().read("game_lines", WEEK).to_pylist()[0]
    amendment = Amendment("game_lines", {"game_id": game["game_id"]}, "close_total", 250.5)
    amended = Amended(Slate(), [amendment])
    before, after = (source.versions("game_lines", WEEK) for source in (Slate(), amended))
    assert [day for day in WEEK if before[day] != after[day]] == [game["game_date"]]
    assert 250.5 in amended.read("game_lines", [game["game_date"]])["close_total"].to_pylist()


def test_a_week_has_seven_dates() -> None:
    with pytest.raises(ConfigurationError, match="takes 7 dates, not 3"):
        rescrapes.measure(Slate(), DAYS[:3], "serial")
