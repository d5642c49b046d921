"""Points props: their game, their moment, and which of several is the main one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from nba_pipeline.engine.materialize import materialize
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.raw.nbac_player_boxscores import STATS

NIGHT = date(2021, 11, 15)
TIP = datetime(2021, 11, 16, 3, 30, tzinfo=UTC)
SCHEDULE, PROPS = REGISTRY["nbac_schedule"], REGISTRY["odds_api_player_points_props"]

Row = dict[str, Any]

GAME = {
    "season": "2021-22",
    "season_type": "Regular Season",
    "game_id": "0022100199",
    "game_date": NIGHT,
    "home_team_abbr": "LAL",
    "away_team_abbr": "CHI",
    "status": "Scheduled",
    "scheduled_start_utc": TIP,
    "fixture_public_from": date(2021, 10, 19),
    "season_first_day": date(2021, 10, 19),
}


def offered(line: float = 20.5, snapshot: str = "first", **known: Any) -> Row:
    return {
        "game_date": NIGHT,
        "date": NIGHT,
        "event_id": "abc",
        "home_team": "Los Angeles Lakers",
        "away_team": "Chicago Bulls",
        "player_name": "Nikola Vučević",
        "market": "player_points",
        "bookmaker": "DraftKings",
        "snapshot": snapshot,
        "line": line,
        "is_two_sided": True,
        **known,
    }


@pytest.fixture
def stored(fake_source, session):
    """Builds the night from published lines; gives the rows and the report."""

    def build(*lines: Row) -> tuple[list[Row], Any]:
        source = fake_source(schedule=[GAME], player_props=lines)
        now = session(source, REGISTRY)
        list(materialize(SCHEDULE, [NIGHT], now))
        (report,) = materialize(PROPS, [NIGHT], now)
        return now.warehouse.read(PROPS, [NIGHT]).to_pylist(), report

    return build


def test_a_line_without_a_clock_stood_at_tip_off(stored):
    (row,), _ = stored(offered())
    assert row["snapshot_timestamp"] == row["known_at"] == row["game_start_time"] == TIP
    assert (row["known_at_is_estimated"], row["minutes_before_tipoff"]) == (True, 0)
    assert (row["game_id"], row["player_lookup"]) == ("20211115_CHI_LAL", "nikolavucevic")
    assert row["bookmaker"] == "draftkings"


def test_a_look_at_the_market_is_known_from_its_own_moment(stored):
    moment = datetime(2021, 11, 16, 1, 59, 30, tzinfo=UTC)
    (row,), _ = stored(offered(snapshot_at=moment))
    assert (row["snapshot_timestamp"], row["known_at"]) == (moment, moment)
    assert (row["known_at_is_estimated"], row["minutes_before_tipoff"]) == (False, 90)


def test_two_looks_are_two_rows(stored):
    rows, _ = stored(offered(20.5, "first"), offered(20.5, "second"))
    assert [row["snapshot_tag"] for row in rows] == ["first", "second"]
    assert len({row["data_hash"] for row in rows}) == 2


def test_of_lines_offered_at_once_one_is_the_main_one(stored):
    rows, _ = stored(
        offered(17.5, over_price=-190, under_price=150),
        offered(20.5, over_price=-110, under_price=-110),
        offered(21.5, "second"),
    )
    main = [(row["snapshot_tag"], row["points_line"]) for row in rows if row["is_main_line"]]
    assert main == [("first", 20.5), ("second", 21.5)]


def test_other_markets_are_not_points(stored):
    rows, report = stored(offered(), offered(4.5, market="player_assists"))
    assert [row["points_line"] for row in rows] == [20.5]
    assert report.computed == 1


@pytest.mark.parametrize(
    "sides",
    [
        {"home_team": "Boston Celtics"},
        {"home_team": "Chicago Bulls", "away_team": "Los Angeles Lakers"},
        {"home_team": "Team LeBron"},
    ],
)
def test_a_line_for_a_game_nobody_scheduled_is_turned_away_and_named(stored, sides):
    rows, report = stored(offered(), offered(player_name="Anna", event_id="other", **sides))
    assert [row["player_name"] for row in rows] == ["Nikola Vučević"]
    (outcome,) = report.outcomes
    assert outcome.category == "MISSING_DATA"
    assert "Anna has a points line for" in outcome.reason


@pytest.mark.parametrize(
    ("published", "player", "rule"),
    [(202696, "nba_202696", "source_id"), (None, "name_nikolavucevic", "unresolved")],
)
def test_a_line_without_an_id_is_nobody_s_until_somebody_has_appeared(
    stored, published, player, rule
):
    (row,), _ = stored(offered(player_id=published))
    assert (row["nba_player_id"], row["universal_player_id"], row["resolution_rule"]) == (
        published,
        player,
        rule,
    )


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("Nikola Vučević", "exact_name"),
        ("Niko Vucevic", "team_and_date"),
        ("Nikola Vucevic Jr.", "without_suffix"),
        ("Nick Vucevic", "unresolved"),
    ],
)
def test_a_line_without_an_id_is_his_who_appeared_before(fake_source, session, written, rule):
    earlier = date(2021, 11, 12)
    game = {**GAME, "game_id": "0022100180", "game_date": earlier, "home_score": 1, "away_score": 2}
    appearance = {
        **game,
        "opponent_abbr": "LAL",
        "team_abbr": "CHI",
        "is_home": False,
        "player_id": 202696,
        "player_name": "Nikola Vucevic",
        "minutes": 30,
        **dict.fromkeys(STATS.values(), 0),
    }
    source = fake_source(
        schedule=[{**game, "status": "Final"}, GAME],
        player_box=[{name: appearance.get(name) for name in FEEDS["player_box"].columns}],
        player_props=[offered(player_name=written)],
    )
    now = session(source, REGISTRY)
    for table in (SCHEDULE, REGISTRY["nbac_player_boxscores"], PROPS):
        list(materialize(table, [earlier, NIGHT], now))
    (row,) = now.warehouse.read(PROPS, [NIGHT]).to_pylist()
    player = None if rule == "unresolved" else 202696
    assert (row["nba_player_id"], row["resolution_rule"]) == (player, rule)
