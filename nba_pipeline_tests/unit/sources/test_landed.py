"""Facts from a landing zone: which payload counts, since when, and what is set aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.engine.errors import SourceError
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.logs import QUARANTINED_PAYLOADS
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.replay import replay
from nba_pipeline.sources.landed import Landed
from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.tables import REGISTRY

NIGHT = date(2024, 11, 12)
NOON = datetime(2024, 11, 12, 17, tzinfo=UTC)
MORNING = datetime(2024, 11, 13, 11, tzinfo=UTC)
GAME, OTHER = "0022400001", "0022400002"

Row = dict[str, Any]

COUNTED = (
    *("fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk"),
    "pf",
)


def fixture(game_id: str, away: str, home: str, **known: Any) -> Row:
    return {
        "gameId": game_id,
        "gameDateEst": f"{NIGHT}T00:00:00Z",
        "gameDateTimeUTC": "2024-11-13T00:30:00Z",
        "gameStatus": 1,
        "gameStatusText": "7:30 pm ET",
        "postponedStatus": "N",
        "isNeutral": False,
        "arenaName": "TD Garden",
        "homeTeam": {"teamTricode": home, "score": 0},
        "awayTeam": {"teamTricode": away, "score": 0},
        "broadcasters": {"nationalTvBroadcasters": []},
        **known,
    }


def schedule(*games: Row) -> bytes:
    return json.dumps({"leagueSchedule": {"gameDates": [{"games": games}]}}).encode()


TWO_GAMES = schedule(fixture(GAME, "ATL", "BOS"), fixture(OTHER, "NYK", "PHI"))


def logged(game_id: str, player: int, points: int, **known: Any) -> Row:
    line = dict.fromkeys(map(str.upper, (*COUNTED, "tov", "plus_minus")), 0)
    return {
        **line,
        "GAME_ID": game_id,
        "GAME_DATE": str(NIGHT),
        "MATCHUP": "BOS vs. ATL",
        "TEAM_ABBREVIATION": "BOS",
        "PLAYER_ID": player,
        "PLAYER_NAME": f"Player {player}",
        "MIN": 30,
        "PTS": points,
        **known,
    }


def game_log(*lines: Row) -> bytes:
    found = {
        "name": "LeagueGameLog",
        "headers": list(lines[0]),
        "rowSet": [list(line.values()) for line in lines],
    }
    return json.dumps({"resultSets": [found]}).encode()


class Zone:
    """A landing zone that is written to and read anew."""

    def __init__(self, root: Path) -> None:
        self.zone = LandingZone(root)

    def put(
        self,
        title: str,
        content: bytes,
        at: datetime = NOON,
        name: str = "all",
        day: date = NIGHT,
    ) -> None:
        source, kind = title.split(".")
        self.zone.put(source, kind, day, name, content, fetched_at=at, request={}, extension="json")

    def read(self, feed: str, day: date = NIGHT) -> list[Row]:
        found: list[Row] = self.landed().read(feed, [day]).to_pylist()
        return found

    def landed(self) -> Landed:
        return Landed(self.zone)


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    made = Zone(tmp_path / "landing")
    made.put("nbac.schedule", TWO_GAMES, NOON - timedelta(days=20), day=date(2024, 10, 23))
    return made


# Which revision ----------------------------------------------------------------------------------


def test_without_a_schedule_nothing_can_be_said(tmp_path):
    with pytest.raises(SourceError, match="holds no schedule"):
        Zone(tmp_path / "empty").read("schedule")


def test_the_newest_payload_of_a_thing_counts(zone):
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 20)), MORNING)
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 22)), MORNING + timedelta(hours=2))
    assert [row["pts"] for row in zone.read("player_box")] == [22]


def test_a_row_is_known_since_the_fetch_that_first_said_so(zone):
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 20), logged(GAME, 2, 8)), MORNING)
    later = MORNING + timedelta(hours=2)
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 22), logged(GAME, 2, 8)), later)
    known = {row["player_id"]: row["known_at"] for row in zone.read("player_box")}
    assert known == {1: later, 2: MORNING}


def test_a_score_is_known_since_it_was_fetched_and_its_fixture_since_before(zone):
    final = fixture(GAME, "ATL", "BOS", gameStatus=3, gameStatusText="Final")
    final |= {"homeTeam": {"teamTricode": "BOS", "score": 116}}
    final |= {"awayTeam": {"teamTricode": "ATL", "score": 117}}
    zone.put("nbac.schedule", schedule(final), MORNING, day=NIGHT)
    played, planned = zone.read("schedule")
    assert (played["away_score"], played["status"], played["known_at"]) == (117, "Final", MORNING)
    assert played["first_seen_at"] == NOON - timedelta(days=20)
    assert (planned["home_score"], planned["status"]) == (None, "Scheduled")


def test_a_game_moved_to_another_day_is_seen_there_since_it_was_moved(zone):
    moved = fixture(GAME, "ATL", "BOS", gameDateEst="2024-11-20T00:00:00Z")
    moved["gameDateTimeUTC"] = "2024-11-21T00:30:00Z"
    zone.put("nbac.schedule", schedule(moved), NOON)
    assert [row["game_id"] for row in zone.read("schedule")] == [OTHER]
    (row,) = zone.read("schedule", date(2024, 11, 20))
    assert row["first_seen_at"] == NOON


# Whom to believe ---------------------------------------------------------------------------------


def second_box(points: int, name: str = "Player One") -> bytes:
    line = dict.fromkeys(COUNTED, 0)
    player = {"first_name": name.split()[0], "last_name": name.split()[1]}
    mine = {**line, "player": player, "min": "30", "pts": points, "turnover": 1}
    sides = {
        "home_team": {"abbreviation": "BOS", "players": [mine]},
        "visitor_team": {"abbreviation": "ATL", "players": []},
    }
    return json.dumps({"data": [{"date": str(NIGHT), "status": "Final", **sides}]}).encode()


def index(*people: tuple[int, str, str]) -> bytes:
    names = ["PERSON_ID", "PLAYER_FIRST_NAME", "PLAYER_LAST_NAME", "TEAM_ABBREVIATION", "POSITION"]
    rows = [[person, first, last, "BOS", "G"] for person, first, last in people]
    found = {"name": "PlayerIndex", "headers": names, "rowSet": rows}
    return json.dumps({"resultSets": [found]}).encode()


def test_the_second_source_stands_in_and_says_so(zone):
    zone.put("nbac.player_list", index((1, "Player", "One")))
    zone.put("bdl.box_scores", second_box(20), MORNING)
    (row,) = zone.read("player_box")
    assert (row["game_id"], row["player_id"], row["pts"]) == (GAME, 1, 20)
    assert (row["opponent_abbr"], row["is_home"]) == ("ATL", True)
    assert row["data_source"] == "bdl.box_scores"


def test_the_first_source_is_believed_game_by_game(zone):
    zone.put("nbac.player_list", index((1, "Player", "One")))
    zone.put("bdl.box_scores", second_box(20), MORNING)
    zone.put(
        "nbac.player_boxscore",
        game_log(logged(OTHER, 9, 31, MATCHUP="PHI vs. NYK", TEAM_ABBREVIATION="PHI")),
        MORNING,
    )
    found = {row["game_id"]: row["data_source"] for row in zone.read("player_box")}
    assert found == {GAME: "bdl.box_scores", OTHER: "nbac.player_boxscore"}
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 22)), MORNING, name="again")
    assert {row["pts"] for row in zone.read("player_box") if row["game_id"] == GAME} == {22}


def test_a_name_in_no_player_list_is_set_aside_and_named(zone):
    zone.put("nbac.player_list", index((1, "Player", "One")))
    zone.put("bdl.box_scores", second_box(20, "Somebody Else"), MORNING)
    landed = zone.landed()
    assert landed.read("player_box", [NIGHT]).num_rows == 0
    (told,) = landed.set_aside.values()
    assert "Somebody Else, who is in no player list" in told.problem


def test_a_team_without_a_box_score_of_its_own_is_the_sum_of_its_players(zone):
    lines = logged(GAME, 1, 20), logged(GAME, 2, 8)
    zone.put("nbac.player_boxscore", game_log(*lines), MORNING)
    (row,) = zone.read("team_box")
    assert (row["team_abbr"], row["pts"], row["minutes"]) == ("BOS", 28, 240)
    assert row["data_source"] == "sum of nbac.player_boxscore"


# What cannot be read -----------------------------------------------------------------------------


def test_a_broken_payload_is_set_aside_and_loses_no_other(zone, caplog):
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 20)), MORNING, name="one")
    zone.put("nbac.player_boxscore", b"<html>Access Denied</html>", MORNING, name="two")
    landed = zone.landed()
    assert [row["pts"] for row in landed.read("player_box", [NIGHT]).to_pylist()] == [20]
    (told,) = landed.set_aside.values()
    assert told.problem == "is no JSON; it begins '<html>Access Denied</html>'"
    assert told.file in caplog.text


def test_a_broken_revision_leaves_the_one_before_it(zone):
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 20)), MORNING)
    zone.put("nbac.player_boxscore", b'{"resultSets": [', MORNING + timedelta(hours=1))
    assert [row["pts"] for row in zone.read("player_box")] == [20]


def test_a_game_nobody_scheduled_is_set_aside(zone):
    zone.put("nbac.player_boxscore", game_log(logged("0022400999", 1, 20)), MORNING)
    landed = zone.landed()
    assert landed.read("player_box", [NIGHT]).num_rows == 0
    assert "0022400999, a game not scheduled for that day" in str(landed.set_aside.values())


# Snapshots ---------------------------------------------------------------------------------------


def props(line: float, *books: str) -> bytes:
    outcomes = [
        {"name": side, "description": "Player One", "price": 1.9, "point": line}
        for side in ("Over", "Under")
    ]
    market = {"key": "player_points", "outcomes": outcomes}
    event = {
        "id": "abc",
        "commence_time": "2024-11-13T00:40:00Z",
        "home_team": "Boston Celtics",
        "away_team": "Atlanta Hawks",
        "bookmakers": [{"key": book, "markets": [market]} for book in books],
    }
    return json.dumps(event).encode()


def test_every_look_at_the_market_stays(zone):
    zone.put("oddsa.player_props", props(20.5, "draftkings"), NOON, name="abc")
    later = NOON + timedelta(hours=3)
    zone.put("oddsa.player_props", props(22.5, "draftkings"), later, name="abc")
    found = {row["known_at"]: (row["line"], row["over_price"]) for row in zone.read("player_props")}
    assert found == {NOON: (20.5, -111), later: (22.5, -111)}


def test_offers_find_their_game_through_their_event(zone):
    event = {"id": 7, "scheduled": "2024-11-13 00:30:00", "home": "BOS", "visitor": "ATL"}
    zone.put("bp.events", json.dumps({"events": [event]}).encode())
    sides = [
        {"selection": side, "books": [{"id": 12, "lines": [{"line": 20.5, "cost": -110}]}]}
        for side in ("over", "under")
    ]
    offer = {"event_id": 7, "market_id": 156, "participants": [{"name": "Player One"}]}
    offers = {"offers": [{**offer, "selections": sides}]}
    zone.put("bp.player_props", json.dumps(offers).encode())
    (row,) = zone.read("player_props")
    assert (row["home_team"], row["bookmaker"], row["is_two_sided"]) == ("BOS", "draftkings", True)
    assert (row["line"], row["under_price"]) == (20.5, -110)


# Versions ----------------------------------------------------------------------------------------


def test_the_version_of_a_day_follows_from_its_rows_alone(zone):
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 20)), MORNING)
    before = zone.landed().versions("player_box", [NIGHT, date(2024, 11, 13)])
    reordered = json.loads(game_log(logged(GAME, 1, 20)))
    zone.put(
        "nbac.player_boxscore",
        json.dumps(reordered, indent=2).encode(),
        MORNING + timedelta(days=1),
    )
    assert zone.landed().versions("player_box", [NIGHT, date(2024, 11, 13)]) == before
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 21)), MORNING + timedelta(days=2))
    after = zone.landed().versions("player_box", [NIGHT, date(2024, 11, 13)])
    assert [after[day] == before[day] for day in sorted(before)] == [False, True]


def test_the_mark_changes_with_what_has_landed(zone):
    before: Callable[[], str] = zone.landed().mark
    first = before()
    zone.put("nbac.player_boxscore", game_log(logged(GAME, 1, 20)), MORNING)
    assert zone.landed().mark() != first


# What is set aside -------------------------------------------------------------------------------


def test_a_payload_set_aside_is_on_record_once_however_many_runs_meet_it(zone, session):
    zone.put("nbac.player_boxscore", b"<html>Access denied</html>", MORNING)
    for _ in range(2):
        run = session(zone.landed(), REGISTRY)
        for name in ("nbac_schedule", "nbac_player_boxscores"):
            refuse_problems(list(materialize(REGISTRY[name], [NIGHT], run)))
    (row,) = run.warehouse.read_log(QUARANTINED_PAYLOADS).to_pylist()
    assert "player_boxscore" in row["file"]
    assert row["problem"].startswith("is no JSON")
    assert (row["game_date"], row["run_id"]) == (NIGHT, "run-1")


# Several words before the first run --------------------------------------------------------------

LUNCH, EVENING = MORNING + timedelta(hours=2), MORNING + timedelta(hours=12)
BOXES = REGISTRY["nbac_player_boxscores"]


@pytest.fixture
def corrected(zone):
    """Three box scores of a game land: one player is corrected, then another is withdrawn."""
    final = fixture(GAME, "ATL", "BOS", gameStatus=3, gameStatusText="Final")
    final["homeTeam"]["score"], final["awayTeam"]["score"] = 116, 117
    zone.put("nbac.schedule", schedule(final), MORNING)
    for at, points in ((MORNING, (20, 8)), (LUNCH, (22, 8)), (EVENING, (22,))):
        lines = [logged(GAME, who, scored) for who, scored in enumerate(points, 1)]
        zone.put("nbac.player_boxscore", game_log(*lines), at)
    return zone


def build(session, zone):
    run = session(zone.landed(), REGISTRY, now=EVENING + timedelta(days=1))
    for name in ("nbac_schedule", "nbac_player_boxscores"):
        refuse_problems(list(materialize(REGISTRY[name], [NIGHT], run)))
    return run.warehouse


def scored(warehouse, as_of=None) -> dict[int, int]:
    rows = warehouse.read(BOXES, [NIGHT], as_of=as_of).to_pylist()
    return {row["nba_player_id"]: row["points"] for row in rows}


def test_one_run_keeps_all_that_was_said_before_it(corrected, session):
    warehouse = build(session, corrected)
    assert scored(warehouse) == {1: 22}
    assert scored(warehouse, MORNING) == {1: 20, 2: 8}
    assert scored(warehouse, LUNCH) == {1: 22, 2: 8}
    assert scored(warehouse, EVENING) == {1: 22}
    assert scored(warehouse, MORNING - timedelta(minutes=1)) == {}


def test_a_correction_is_known_since_its_fetch_and_not_since_the_run(corrected, session):
    rows = build(session, corrected).read(BOXES, [NIGHT], every_revision=True).to_pylist()
    told = [(r["nba_player_id"], r["known_at"], r["is_current"], r["is_retracted"]) for r in rows]
    assert told == [
        (1, MORNING, False, False),
        (1, LUNCH, True, False),
        (2, MORNING, False, False),
        (2, EVENING, True, True),
    ]


def test_a_second_run_has_nothing_to_do(corrected, session):
    build(session, corrected)
    again = session(corrected.landed(), REGISTRY, now=EVENING + timedelta(days=2))
    (report,) = materialize(BOXES, [NIGHT], again)
    assert (report.computed, report.cause) == (0, "unchanged: nothing it reads has changed")


def test_two_corrections_between_two_runs_are_two_revisions(corrected, session):
    build(session, corrected)
    last = EVENING + timedelta(days=1)
    for hours, points in ((1, 23), (2, 24)):
        content = game_log(logged(GAME, 1, points))
        corrected.put("nbac.player_boxscore", content, last + timedelta(hours=hours))
    run = session(corrected.landed(), REGISTRY, now=last + timedelta(days=1))
    refuse_problems(list(materialize(BOXES, [NIGHT], run)))
    assert scored(run.warehouse, last + timedelta(hours=1)) == {1: 23}
    assert scored(run.warehouse) == {1: 24}


def test_a_replay_between_two_fetches_sees_the_first(corrected, session, session_in, tmp_path):
    actual = build(session, corrected)
    again = session_in(tmp_path / "replayed", corrected.landed(), REGISTRY)
    raw = {"nbac_schedule": [NIGHT], BOXES.name: [NIGHT]}
    assert list(replay(raw, actual, again, MORNING + timedelta(hours=1))) == []
    assert scored(again.warehouse) == {1: 20, 2: 8}
