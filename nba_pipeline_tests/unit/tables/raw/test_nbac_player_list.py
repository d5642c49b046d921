"""Player lists: one row a player and list, known from the fetch or from the morning of its day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from nba_pipeline.engine.materialize import materialize
from nba_pipeline.tables import REGISTRY

DAY = date(2021, 11, 15)
TABLE = REGISTRY["nbac_player_list"]

Row = dict[str, Any]


def listed(player: int, name: str, **known: Any) -> Row:
    return {
        "game_date": DAY,
        "date": DAY,
        "player_id": player,
        "player_name": name,
        "team_abbr": "DEN",
        "position": "C",
        "height": "6-11",
        **known,
    }


@pytest.fixture
def stored(fake_source, session):
    def build(*rows: Row) -> dict[int, Row]:
        now = session(fake_source(player_list=rows), REGISTRY)
        (report,) = materialize(TABLE, [DAY], now)
        assert (report.problem, report.failed) == ("", 0)
        found = now.warehouse.read(TABLE, [DAY]).to_pylist()
        return {row["player_id"]: row for row in found}

    return build


def test_a_player_has_his_ids_and_a_normalised_name(stored):
    row = stored(listed(203999, "Nikola Jokić"))[203999]
    assert (row["nba_player_id"], row["universal_player_id"]) == ("203999", "nba_203999")
    assert (row["player_lookup"], row["season_year"], row["height"]) == (
        "nikolajokic",
        2021,
        "6-11",
    )


def test_two_players_of_one_name_are_two_rows(stored):
    assert set(stored(listed(1, "Jalen Williams"), listed(2, "Jalen Williams"))) == {1, 2}


def test_a_list_is_known_since_its_fetch_else_since_the_morning_of_its_day(stored):
    fetched = datetime(2021, 11, 15, 21, tzinfo=UTC)
    rows = stored(listed(1, "Anna"), listed(2, "Berta", known_at=fetched, data_source="nbac.x"))
    told = [(row["known_at"], row["known_at_is_estimated"]) for row in rows.values()]
    assert told == [(datetime(2021, 11, 15, 14, tzinfo=UTC), True), (fetched, False)]
    assert rows[2]["data_source"] == "nbac.x"
