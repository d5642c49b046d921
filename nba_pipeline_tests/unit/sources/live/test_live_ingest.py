"""Whole workflows against the recorded provider: what lands, what a fault does, and to whom."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from upath import UPath

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.sources.live import fetching, hosts, ingest
from nba_pipeline.sources.live.reports import MemberReport, WorkflowReport
from nba_pipeline.sources.live.workflows import WORKFLOWS

# Nine games were played on the first, one on the second; neither is the day of the recorded
# answers, which the provider gives whatever game or day is asked for.
DAY, ONE_GAME = date(2025, 1, 6), date(2024, 12, 14)
EVENTS_DAY = date(2025, 3, 9)


def run(ingestion: Any, workflow: str, day: date = DAY) -> WorkflowReport:
    return ingestion.run(WORKFLOWS[workflow], day)


def counts(report: WorkflowReport) -> dict[str, tuple[int, int, int, int]]:
    return {
        member.member: (member.fetched, member.unchanged, member.nothing, member.failed)
        for member in report.members
    }


def of(report: WorkflowReport, name: str) -> MemberReport:
    return next(member for member in report.members if member.member == name)


def landed(ingestion: Any) -> list[str]:
    root = Path(ingestion.zone.root.path)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.*") if path.is_file())


# What lands ---------------------------------------------------------------------------------------


def test_the_morning_lands_schedule_players_and_rosters(ingestion, provider, payloads):
    report = run(ingestion, "morning_operations")
    assert report.succeeded
    assert counts(report) == {
        "nbac_schedule": (1, 0, 0, 0),
        "nbac_player_list": (1, 0, 0, 0),
        "espn_roster": (30, 0, 0, 0),
    }
    (players,) = ingestion.zone.payloads("nbac", "player_list")
    recorded = (payloads / "nba_playerindex_2025-26.json").read_bytes()
    assert ingestion.zone.read(players) == recorded
    assert players.name == "2024-25"
    assert players.request["rows"] == "594"
    assert players.request["url"].startswith(f"{provider.url}/stats/stats/playerindex?")


def test_what_nba_com_is_asked(ingestion, provider):
    run(ingestion, "morning_operations")
    (schedule,) = provider.asked_for("scheduleleaguev2int")
    assert schedule == {"LeagueID": "00", "Season": "2024-25"}
    (players,) = provider.asked_for("playerindex")
    assert players.items() >= {
        ("Season", "2024-25"),
        ("SeasonType", "Regular Season"),
        ("Historical", "0"),
        ("TeamID", "0"),
        ("Country", ""),
    }
    sent = next(
        headers
        for path, headers in zip(provider.asked, provider.headers, strict=True)
        if "playerindex" in path
    )
    assert "Chrome/" in sent["User-Agent"]
    assert sent["Referer"] == "https://www.nba.com/"


def test_after_the_games_everything_of_each_game_lands(ingestion):
    report = run(ingestion, "post_game")
    assert report.succeeded, report.problems
    assert counts(report) == {
        "nbac_schedule": (1, 0, 0, 0),
        "nbac_player_boxscore": (1, 0, 0, 0),
        "nbac_team_boxscore": (9, 0, 0, 0),
        "nbac_play_by_play": (9, 0, 0, 0),
        "nbac_gamebook": (9, 0, 0, 0),
        "bdl_box_scores": (1, 0, 0, 0),
        "bigdataball_play_by_play": (0, 0, 0, 0),
    }
    assert of(report, "bigdataball_play_by_play").notes == ["left out: BIGDATABALL_DIR is not set"]
    names = {payload.name for payload in ingestion.zone.payloads("nbac", "play_by_play", [DAY])}
    assert "0022400500" in names
    assert len(names) == 9


def test_a_gamebook_goes_by_day_and_teams(ingestion, provider):
    run(ingestion, "post_game", ONE_GAME)
    books = [path for path in provider.asked if path.startswith("/gamebooks")]
    assert len(books) == 2
    assert books[0].startswith("/gamebooks/pdfs/20241214/20241214_")


@pytest.mark.parametrize(
    ("day", "season_type"),
    [(DAY, "Regular Season"), (date(2025, 4, 16), "PlayIn"), (date(2025, 5, 5), "Playoffs")],
)
def test_the_game_log_is_asked_for_the_days_kind_of_game(
    ingestion, provider, clock, day, season_type
):
    clock.sleep(200 * 86_400)
    run(ingestion, "post_game", day)
    (query,) = provider.asked_for("leaguegamelog")
    assert query["SeasonType"] == season_type
    assert query["DateFrom"] == query["DateTo"] == day.isoformat()


def test_a_day_without_games_asks_for_no_game(ingestion, provider):
    report = run(ingestion, "post_game", date(2024, 12, 24))
    assert report.succeeded
    assert of(report, "nbac_play_by_play").notes == ["nothing to ask for"]
    assert provider.asked_for("playbyplay") == []


def test_events_come_before_the_lines_of_each(ingestion, provider, clock, reply):
    clock.sleep((datetime(2025, 3, 9, 15, tzinfo=UTC) - clock.now()).total_seconds())
    wrapped = json.loads(provider.recorded("/odds/v4/historical/sports/basketball_nba/events"))
    events = json.dumps(wrapped["data"]).encode()
    provider.always("/odds/v4/sports/basketball_nba/events/", reply(200, b'{"bookmakers": [1]}'))
    provider.always("/odds/v4/sports/basketball_nba/events", reply(200, events))
    provider.always("/bettingpros/v3/offers", reply(200, b'{"offers": [1]}'))
    report = run(ingestion, "betting_lines", EVENTS_DAY)
    assert report.succeeded, report.problems
    of_the_day = sum(
        datetime.fromisoformat(event["commence_time"]).astimezone(EASTERN).date() == EVENTS_DAY
        for event in wrapped["data"]
    )
    assert 0 < of_the_day < len(wrapped["data"])
    assert counts(report) == {
        "oddsa_events": (1, 0, 0, 0),
        "bp_events": (1, 0, 0, 0),
        "oddsa_player_props": (of_the_day, 0, 0, 0),
        "oddsa_game_lines": (of_the_day, 0, 0, 0),
        "bp_player_props": (1, 0, 0, 0),
    }
    asked = provider.asked_for("/odds/v4/sports/basketball_nba/events")
    assert asked[0]["commenceTimeFrom"] == "2025-03-09T05:00:00Z"
    assert asked[0]["commenceTimeTo"] == "2025-03-10T03:59:59Z"
    assert {query["markets"] for query in asked[1:]} == {"player_points", "spreads,totals"}


def test_a_day_that_is_over_is_asked_for_as_history(ingestion, provider, clock, reply):
    clock.sleep((datetime(2025, 3, 12, tzinfo=UTC) - clock.now()).total_seconds())
    provider.always("/bettingpros/v3/offers", reply(200, b'{"offers": []}'))
    report = run(ingestion, "betting_lines", EVENTS_DAY)
    assert report.succeeded, report.problems
    assert of(report, "oddsa_game_lines").fetched > 0
    (events,) = ingestion.zone.payloads("oddsa", "events_history", [EVENTS_DAY])
    assert "date=2025-03-09T16%3A00%3A00Z" in events.request["url"]
    held = json.loads(ingestion.zone.read(events))["data"]
    begins = {event["id"]: event["commence_time"] for event in held}
    for line in ingestion.zone.payloads("oddsa", "game_lines_history", [EVENTS_DAY]):
        (asked,) = parse_qs(urlsplit(line.request["url"]).query)["date"]
        tipoff = datetime.fromisoformat(begins[line.name])
        assert tipoff - datetime.fromisoformat(asked) == timedelta(minutes=5)


def test_no_events_means_no_lines_and_no_failure(ingestion, provider, clock, reply):
    clock.sleep((datetime(2025, 3, 9, 15, tzinfo=UTC) - clock.now()).total_seconds())
    provider.always("/odds/v4/sports/basketball_nba/events", reply(200, b"[]"))
    provider.always("/bettingpros/v3/events", reply(200, b'{"events": []}'))
    report = run(ingestion, "betting_lines", EVENTS_DAY)
    assert report.succeeded
    assert of(report, "oddsa_events").nothing == 1
    for name in ("oddsa_player_props", "oddsa_game_lines", "bp_player_props"):
        assert of(report, name).notes == ["nothing to ask for"]
    assert landed(ingestion) == []


def test_injury_reports_are_asked_for_by_the_hour_and_once(ingestion, provider, reply):
    provider.always("/reports/referee/injury/Injury-Report_2025-01-06_03", reply(403))
    report = run(ingestion, "injury_discovery")
    # 03AM and 03PM were never published.
    assert counts(report)["nbac_injury_report"] == (22, 0, 2, 0)
    names = {payload.name for payload in ingestion.zone.payloads("nbac", "injury_report")}
    assert {"12AM", "05PM", "11PM"} <= names
    before = len(provider.asked)
    run(ingestion, "injury_discovery")
    again = [path for path in provider.asked[before:] if path.startswith("/reports")]
    assert sorted(path.rpartition("_")[2] for path in again) == ["03AM.pdf", "03PM.pdf"]


def test_from_december_2025_a_report_is_named_to_the_quarter_hour(ingestion, provider, clock):
    clock.sleep((datetime(2025, 12, 23, 22, 40, tzinfo=UTC) - clock.now()).total_seconds())
    report = run(ingestion, "injury_discovery", date(2025, 12, 23))
    # Until 17:40 Eastern: four an hour, and three in the last.
    assert of(report, "nbac_injury_report").fetched == 17 * 4 + 3
    paths = [path for path in provider.asked if path.startswith("/reports")]
    assert "/reports/referee/injury/Injury-Report_2025-12-23_12_00AM.pdf" in paths
    assert "/reports/referee/injury/Injury-Report_2025-12-23_05_30PM.pdf" in paths


def test_files_of_a_subscription_land_from_their_folder(ingestion, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "[2025-01-06]-0022400500-LAC@MIN.csv").write_text("game_id,period\n1,1\n")
    (folder / "[2025-01-05]-0022400490-LAC@MIN.csv").write_text("game_id,period\n2,1\n")
    (folder / "[2025-01-06]-combined-stats.csv").write_text("no game\n")
    ingestion = replace(ingestion, environ={**ingestion.environ, "BIGDATABALL_DIR": str(folder)})
    report = run(ingestion, "post_game")
    assert of(report, "bigdataball_play_by_play").fetched == 1
    (kept,) = ingestion.zone.payloads("bigdataball", "play_by_play")
    assert (kept.name, kept.day) == ("0022400500", DAY)
    assert ingestion.zone.read(kept) == b"game_id,period\n1,1\n"


def test_pages_are_fetched_to_the_last(ingestion, provider, reply):
    provider.once(
        "/balldontlie/v1/box_scores",
        reply(200, b'{"data": [1, 2], "meta": {"next_cursor": 77}}'),
        reply(200, b'{"data": [3], "meta": {"per_page": 100}}'),
    )
    report = run(ingestion, "post_game")
    assert of(report, "bdl_box_scores").fetched == 2
    assert [query.get("cursor") for query in provider.asked_for("box_scores")] == [None, "77"]
    names = [payload.name for payload in ingestion.zone.payloads("bdl", "box_scores")]
    assert names == ["all-p1", "all-p2"]


# Twice --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workflow", ["morning_operations", "post_game", "referee_discovery"])
def test_fetched_again_unchanged_nothing_is_added(ingestion, clock, workflow):
    first = run(ingestion, workflow)
    before = landed(ingestion)
    clock.sleep(7 * 3600)
    second = run(ingestion, workflow)
    assert before == landed(ingestion)
    assert sum(member.fetched for member in second.members) == 0
    for was, now in zip(first.members, second.members, strict=True):
        assert now.unchanged == was.fetched


def test_a_correction_is_a_new_revision(ingestion, provider, clock, reply):
    run(ingestion, "post_game")
    path = "/stats/stats/boxscoretraditionalv3"
    told = json.loads(provider.recorded(path))
    told["boxScoreTraditional"]["homeTeam"]["players"][0]["statistics"]["steals"] += 1
    clock.sleep(3600)
    provider.once(path, reply(200, json.dumps(told).encode()))
    report = run(ingestion, "post_game")
    assert counts(report)["nbac_team_boxscore"] == (1, 8, 0, 0)
    kept = ingestion.zone.payloads("nbac", "team_boxscore", [DAY])
    assert len(kept) == 10
    assert kept[-1].fetched_at > kept[0].fetched_at


def test_a_young_schedule_is_not_fetched_before_the_games(ingestion, provider, clock):
    run(ingestion, "morning_operations")
    clock.sleep(5 * 3600)
    report = run(ingestion, "post_game")
    (note,) = of(report, "nbac_schedule").notes
    assert note.startswith("landed 5.")
    assert len(provider.asked_for("scheduleleaguev2int")) == 1


def test_a_bucket_holds_what_a_folder_holds(ingestion, storage_emulator):
    options = {"token": "anon", "endpoint_url": storage_emulator, "project": "nobody"}
    root = UPath("gs://landing-of-a-day/zone", **options)
    root.fs.mkdir("landing-of-a-day")
    in_bucket = replace(ingestion, zone=LandingZone(root))
    for fetching_into in (ingestion, in_bucket, in_bucket):
        report = run(fetching_into, "post_game", ONE_GAME)
        assert report.succeeded
    assert sum(member.fetched for member in report.members) == 0
    (kept,) = in_bucket.zone.payloads("nbac", "player_boxscore", [ONE_GAME])
    (same,) = ingestion.zone.payloads("nbac", "player_boxscore", [ONE_GAME])
    assert in_bucket.zone.read(kept) == ingestion.zone.read(same)


# Faults -------------------------------------------------------------------------------------------

LOG = "/stats/stats/leaguegamelog"
SENTENCE = "nbac_player_boxscore: {url}/stats/stats/leaguegamelog?"


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        ({"status": 429, "headers": {"Retry-After": "20"}}, [20.0, 20.0, 20.0]),
        ({"status": 500}, [3.0, 6.0, 12.0]),
        ({"status": 503}, [3.0, 6.0, 12.0]),
        ({"status": 200, "body": b'{"resultSets": [{"name":'}, [3.0, 6.0, 12.0]),
        ({"status": 200, "body": b"<html>Access denied</html>"}, [3.0, 6.0, 12.0]),
        ({"status": 200, "delay": 5.0}, [3.0, 6.0, 12.0]),
        ({"status": 200, "body": b"{}", "announced": 999}, [3.0, 6.0, 12.0]),
        ({"status": 400}, []),
        ({"status": 401}, []),
        ({"status": 403}, []),
        ({"status": 404}, []),
        ({"status": 422}, []),
    ],
)
def test_a_fault_is_one_sentence_and_stops_no_other_member(
    ingestion, provider, caplog, monkeypatch, reply, fault, waits
):
    if "delay" in fault:
        monkeypatch.setitem(hosts.HOSTS, "stats", replace(hosts.HOSTS["stats"], timeout=0.5))
    provider.always(LOG, reply(**fault))
    with caplog.at_level(logging.INFO, "nba_pipeline"):
        report = run(ingestion, "post_game")
    assert not report.succeeded
    (sentence,) = report.problems
    assert sentence.startswith(SENTENCE.format(url=provider.url))
    assert "\n" not in sentence
    told = [line for line in caplog.messages if line.startswith(f"{provider.url}{LOG}")]
    assert [float(line.split("next try in ")[1].removesuffix(" s")) for line in told] == waits
    others = {name: told for name, told in counts(report).items() if name != "nbac_player_boxscore"}
    assert others["nbac_team_boxscore"] == others["nbac_play_by_play"] == (9, 0, 0, 0)
    assert ingestion.zone.payloads("nbac", "player_boxscore") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "20"}},
        {"status": 502},
        {"status": 200, "body": b'{"resultSets": [{"name":'},
        {"status": 200, "body": b"<!DOCTYPE html>"},
        {"status": 200, "delay": 5.0},
    ],
)
def test_a_passing_fault_is_survived(ingestion, provider, monkeypatch, reply, fault):
    if "delay" in fault:
        monkeypatch.setitem(hosts.HOSTS, "stats", replace(hosts.HOSTS["stats"], timeout=0.5))
    provider.once(LOG, reply(**fault))
    report = run(ingestion, "post_game")
    assert report.succeeded
    assert of(report, "nbac_player_boxscore").fetched == 1


def test_an_empty_list_of_a_day_that_is_over_is_a_failure(ingestion, provider, reply):
    provider.always(LOG, reply(200, b'{"resultSets": [{"rowSet": []}]}'))
    report = run(ingestion, "post_game")
    (sentence,) = report.problems
    assert sentence.startswith(SENTENCE.format(url=provider.url))
    assert sentence.endswith("no rows, though the day is over")
    assert ingestion.zone.payloads("nbac", "player_boxscore") == []


def test_an_empty_list_before_the_day_is_over_is_nothing_yet(ingestion, provider, clock, reply):
    clock.sleep((datetime(2025, 1, 7, 6, tzinfo=UTC) - clock.now()).total_seconds())
    provider.always(LOG, reply(200, b'{"resultSets": [{"rowSet": []}]}'))
    report = run(ingestion, "post_game")
    assert report.succeeded
    assert of(report, "nbac_player_boxscore").nothing == 1


def test_an_empty_schedule_is_asked_for_elsewhere(ingestion, provider, reply):
    provider.always(
        "/stats/stats/scheduleleaguev2int", reply(200, b'{"leagueSchedule": {"gameDates": []}}')
    )
    report = run(ingestion, "post_game")
    assert report.succeeded
    (note,) = of(report, "nbac_schedule").notes
    assert note.endswith("no rows, though the day is over; asked nbac_schedule_cdn instead")
    assert of(report, "nbac_play_by_play").fetched == 9
    assert len(ingestion.zone.payloads("nbac", "schedule_cdn")) == 1


def test_without_any_schedule_the_games_are_unknown_and_that_is_said(ingestion, provider, reply):
    provider.always("/stats/stats/scheduleleaguev2int", reply(404))
    provider.always("/cdn/static/json/staticData", reply(404))
    report = run(ingestion, "post_game")
    unknown = "no schedule of 2024-25 has landed, so the games of 2025-01-06 are unknown"
    assert f"nbac_play_by_play: {unknown}" in report.problems
    assert of(report, "bdl_box_scores").fetched == 1


def test_a_schedule_of_another_season_is_not_believed(ingestion):
    report = run(ingestion, "post_game", date(2023, 11, 1))
    assert any("is the schedule of 2024-25, not of 2023-24" in said for said in report.problems)


def test_the_older_box_score_stands_in_for_one_game(ingestion, provider, reply):
    provider.once("/stats/stats/boxscoretraditionalv3", reply(404))
    report = run(ingestion, "post_game")
    assert report.succeeded
    assert of(report, "nbac_team_boxscore").fetched == 9
    assert len(ingestion.zone.payloads("nbac", "team_boxscore")) == 8
    assert len(ingestion.zone.payloads("nbac", "team_boxscore_v2")) == 1


def test_the_failure_of_a_second_source_is_no_failure(ingestion, provider, reply):
    provider.always("/balldontlie", reply(401))
    report = run(ingestion, "post_game")
    assert report.succeeded
    assert of(report, "bdl_box_scores").failed == 1


def test_one_game_without_an_answer_does_not_cost_the_others(ingestion, provider, reply):
    provider.always("/cdn/static/json/liveData/playbyplay/playbyplay_0022400500", reply(500))
    report = run(ingestion, "post_game")
    assert not report.succeeded
    assert counts(report)["nbac_play_by_play"] == (8, 0, 0, 1)


def test_a_source_has_so_much_time_and_no_more(ingestion, provider, monkeypatch, reply):
    monkeypatch.setattr(ingest, "MEMBER_BUDGET", 30.0)
    monkeypatch.setitem(hosts.HOSTS, "cdn", replace(hosts.HOSTS["cdn"], at_once=1))
    provider.always("/cdn/static/json/liveData", reply(500))
    report = run(ingestion, "post_game")
    told = of(report, "nbac_play_by_play")
    assert told.failed == 9
    # Which games had their four tries by then is a matter of threads.
    assert [text for text in told.problems if "(4 tries)" not in text]
    assert len(provider.asked_for("liveData")) < 9 * 4


def test_what_is_left_when_a_source_s_time_is_up_is_not_asked(ingestion, provider, monkeypatch):
    run(ingestion, "post_game")
    asked = len(provider.asked_for("liveData"))
    monkeypatch.setattr(ingest, "MEMBER_BUDGET", -1.0)
    told = of(run(ingestion, "post_game"), "nbac_play_by_play")
    assert told.failed == 9
    for problem in told.problems:
        assert "not asked, the time for all of its kind was used up" in problem
    assert len(provider.asked_for("liveData")) == asked > 0


def test_pages_without_end_are_a_fault(ingestion, provider, monkeypatch, reply):
    monkeypatch.setattr(fetching, "_MOST_PAGES", 3)
    pages = [b'{"data": [1], "meta": {"next_cursor": %d}}' % number for number in range(4)]
    provider.once("/balldontlie/v1/box_scores", *[reply(200, page) for page in pages])
    report = run(ingestion, "post_game")
    (sentence,) = of(report, "bdl_box_scores").problems
    assert sentence.endswith("more than 3 pages")


def test_pages_that_go_round_are_a_fault(ingestion, provider, reply):
    endless = reply(200, b'{"data": [1], "meta": {"next_cursor": 1}}')
    provider.always("/balldontlie/v1/box_scores", endless)
    report = run(ingestion, "post_game")
    (sentence,) = of(report, "bdl_box_scores").problems
    assert sentence.endswith("this page names itself as the next one")
    assert len(provider.asked_for("box_scores")) == 2


def test_a_shape_nobody_knows_lands_all_the_same(ingestion, provider, reply):
    provider.always(LOG, reply(200, b'{"somethingElse": 1}'))
    report = run(ingestion, "post_game")
    assert report.succeeded
    (kept,) = ingestion.zone.payloads("nbac", "player_boxscore")
    assert kept.request["rows"] == "unknown"


# Keys ---------------------------------------------------------------------------------------------


def test_a_missing_key_of_a_critical_source_is_said(ingestion):
    ingestion = replace(ingestion, environ={**ingestion.environ, "ODDS_API_KEY": ""})
    report = run(ingestion, "betting_lines")
    assert "oddsa_events: ODDS_API_KEY is not set" in report.problems
    assert of(report, "bp_events").fetched == 1


def test_a_second_source_without_a_key_is_left_out(ingestion, provider):
    ingestion = replace(ingestion, environ={**ingestion.environ, "BALLDONTLIE_API_KEY": ""})
    report = run(ingestion, "post_game")
    assert report.succeeded
    assert of(report, "bdl_box_scores").notes == ["left out: BALLDONTLIE_API_KEY is not set"]
    assert not any(path.startswith("/balldontlie") for path in provider.asked)


def test_a_quota_that_runs_low_is_said(ingestion, provider, clock, reply):
    clock.sleep((datetime(2025, 3, 9, 15, tzinfo=UTC) - clock.now()).total_seconds())
    low = {"X-Requests-Used": "450", "X-Requests-Remaining": "50"}
    provider.always("/odds/v4/sports/basketball_nba/events", reply(200, b"[]", headers=low))
    report = run(ingestion, "betting_lines", EVENTS_DAY)
    assert of(report, "oddsa_events").notes == ["90% of the quota of odds are used"]


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_planted_key_is_nowhere(ingestion, provider, planted, caplog, reply, status):
    if status != 200:
        for host in ("odds", "bettingpros", "balldontlie"):
            provider.always(f"/{host}", reply(status))
    with caplog.at_level(logging.DEBUG):
        reports = [run(ingestion, name, EVENTS_DAY) for name in WORKFLOWS]
    assert any(planted in path for path in provider.asked)
    assert planted not in json.dumps([report.as_json() for report in reports])
    assert planted not in caplog.text
    assert planted not in repr(ingestion)
    root = Path(ingestion.zone.root.path)
    kept = [path for path in root.rglob("*") if path.is_file()]
    assert kept
    assert not any(planted.encode() in path.read_bytes() for path in kept)
    assert not any(planted in str(path) for path in kept)
