"""Points props of the simulated league."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import mean

import pytest

from nba_pipeline.sources.simulated import SimulatedLeague

DAYS = [date(2025, 10, 21) + timedelta(days=at) for at in range(10)]


@pytest.fixture(scope="module")
def league():
    return SimulatedLeague()


@pytest.fixture(scope="module")
def props(league):
    return league.read("player_props", DAYS).to_pylist()


def test_two_bookmakers_ask_about_every_game_before_it_begins(league, props):
    games = {f"simulated-{row['game_id']}" for row in league.read("schedule", DAYS).to_pylist()}
    assert {row["event_id"] for row in props} == games
    assert {row["bookmaker"] for row in props} == {"draftkings", "fanduel"}
    assert all(row["snapshot_at"] < row["commence_time"] for row in props)


def test_lines_end_on_a_half_and_are_about_what_players_score(league, props):
    points = {
        (f"simulated-{row['game_id']}", row["player_name"]): row["pts"]
        for row in league.read("player_box", DAYS).to_pylist()
    }
    played = [row for row in props if (row["event_id"], row["player_name"]) in points]
    assert {row["line"] % 1 for row in props} == {0.5}
    missed = [points[row["event_id"], row["player_name"]] - row["line"] for row in played]
    assert abs(mean(missed)) < 1.0
    assert 3.0 < mean(map(abs, missed)) < 8.0


def test_a_line_moves_between_the_evening_before_and_the_end(props):
    looks = {}
    for row in props:
        key = row["event_id"], row["player_name"], row["bookmaker"]
        looks.setdefault(key, []).append(row["line"])
    assert {len(lines) for lines in looks.values()} == {2}
    assert sum(first != last for first, last in looks.values()) > len(looks) / 3
