"""One id for a person in every table that names him."""

from __future__ import annotations

from datetime import date

import pytest

from nba_pipeline.tables import REGISTRY

NIGHT = date(2021, 11, 15)
CARRIERS = [
    table.name
    for table in REGISTRY.values()
    if "universal_player_id" in table.schema.names
    and table.layer in ("analytics", "precompute", "predictions")
]


def test_every_table_about_a_player_carries_his_id():
    assert len(CARRIERS) >= 6


@pytest.mark.parametrize("name", CARRIERS)
def test_a_table_has_the_id_of_the_box_scores(autumn, name):
    box = "nbac_player_boxscores"
    appearances = [*autumn.before(box, NIGHT), *autumn.rows(box, NIGHT)]
    ids = {row["player_lookup"]: f"nba_{row['nba_player_id']}" for row in appearances}
    rows = autumn.rows(name, NIGHT)
    found = {row["player_lookup"]: row["universal_player_id"] for row in rows}
    assert found == {lookup: ids[lookup] for lookup in found} != {}
