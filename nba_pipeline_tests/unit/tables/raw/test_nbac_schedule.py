"""Since when a fixture and its score are known, and who shows the game."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from nba_pipeline.engine.materialize import materialize
from nba_pipeline.tables import REGISTRY

NIGHT, OPENING = date(2021, 11, 15), date(2021, 10, 19)
TABLE = REGISTRY["nbac_schedule"]
SEEN, FETCHED = datetime(2021, 11, 1, 9, tzinfo=UTC), datetime(2021, 11, 16, 8, tzinfo=UTC)
MIDNIGHT, MORNING = (
    datetime(2021, 10, 19, 4, tzinfo=UTC),
    datetime(2021, 11, 16, 11, tzinfo=UTC),
)

Row = dict[str, Any]


@pytest.fixture
def stored(fake_source, session):
    """Builds one finished game; gives its revisions."""

    def build(**known: Any) -> list[Row]:
        game = {
            "season": "2021-22",
            "season_type": "Regular Season",
            "game_id": "0022100199",
            "game_date": NIGHT,
            "home_team_abbr": "LAL",
            "away_team_abbr": "CHI",
            "home_score": 103,
            "away_score": 121,
            "status": "Final",
            "fixture_public_from": OPENING,
            "season_first_day": OPENING,
            **known,
        }
        now = session(fake_source(schedule=[game]), REGISTRY)
        (report,) = materialize(TABLE, [NIGHT], now)
        assert report.problem == ""
        found: list[Row] = now.warehouse.read(TABLE, [NIGHT], every_revision=True).to_pylist()
        return found

    return build


@pytest.mark.parametrize(
    ("told", "moments"),
    [
        ({}, [(MIDNIGHT, True), (MORNING, True)]),
        ({"first_seen_at": SEEN, "known_at": FETCHED}, [(SEEN, False), (FETCHED, False)]),
        ({"known_at": FETCHED}, [(MIDNIGHT, True), (FETCHED, False)]),
        # Nobody knows a score before the day: whoever says so, it is known by the rule.
        ({"first_seen_at": SEEN, "known_at": SEEN}, [(SEEN, False), (MORNING, True)]),
    ],
)
def test_fixture_and_score_are_known_since_they_were_seen_else_by_the_rule(stored, told, moments):
    found = [(row["known_at"], row["known_at_is_estimated"]) for row in stored(**told)]
    assert found == moments


@pytest.mark.parametrize(
    ("networks", "shown"),
    [(None, (None, None)), ("", (False, None)), ("ESPN,ABC", (True, "ESPN"))],
)
def test_nobody_shows_it_is_not_nobody_knows(stored, networks, shown):
    row = stored(national_networks=networks)[-1]
    assert (row["has_national_tv"], row["primary_network"]) == shown
