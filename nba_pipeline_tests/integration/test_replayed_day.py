"""``nba-pipeline replay``: a recorded date at noon, before its games and its closing lines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

DAY = date(2021, 11, 15)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, terminal_in: Any) -> Any:
    return terminal_in(tmp_path_factory.mktemp("replay"), NBA_FIRST_DAY="2021-11-14")


@pytest.fixture(scope="module")
def answer(home: Any, archive: Path) -> Any:
    words = ("replay", "--date", DAY.isoformat(), "--as-of", f"{DAY}T12:00")
    return home.inside(*words, "--archive", str(archive), "--json")


@pytest.fixture(scope="module")
def replayed(answer: Any) -> LocalWarehouse:
    assert answer.code == 0, answer.err
    return LocalWarehouse(Path(answer.json["warehouse"]), list(REGISTRY.values()))


def test_the_moment_is_eastern_time(answer: Any) -> None:
    assert answer.json["as_of"] == "2021-11-15T17:00:00+00:00"


def test_at_noon_no_game_of_the_day_is_known(replayed: LocalWarehouse) -> None:
    assert replayed.read(REGISTRY["player_game_summary"], [DAY]).num_rows == 0


def test_the_night_before_is_known(replayed: LocalWarehouse, home: Any) -> None:
    before = [DAY.replace(day=14)]
    summaries = REGISTRY["player_game_summary"]
    then, now = (found.stored(summaries, before) for found in (replayed, home.warehouse))
    assert then[before[0]].data_version == now[before[0]].data_version


def test_a_line_that_moved_after_noon_is_named_with_both_values(answer: Any) -> None:
    found = {
        difference["key"]: (difference["then"], difference["now"])
        for difference in answer.json["differences"]
        if difference["column"] == "game_spread"
    }
    # Chicago was one point behind at the opening and two ahead at the close.
    assert found["20211115_CHI_LAL|CHI"] == (1.0, -2.0)


def test_expected_players_are_the_same_before_and_after(
    replayed: LocalWarehouse, home: Any
) -> None:
    context = REGISTRY["upcoming_player_game_context"]
    then, now = (
        found.read(context, [DAY], ["player_lookup"]) for found in (replayed, home.warehouse)
    )
    assert then.equals(now)


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("yesterday", "--as-of yesterday is not a moment: write YYYY-MM-DDTHH:MM"),
        ("2921-11-15T12:00", "--as-of 2921-11-15T12:00 has not come yet"),
    ],
)
def test_a_moment_that_is_none_gets_one_sentence(home: Any, moment: str, sentence: str) -> None:
    refused = home.inside("replay", "--date", DAY.isoformat(), "--as-of", moment)
    assert (refused.code, refused.sentences) == (2, [f"Error: {sentence}"])
