"""The simulated league: the same for everyone who asks, true to itself, and like the NBA."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from math import floor, hypot
from typing import Any

import pyarrow as pa
import pytest

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.domain.events import EventType, period_seconds
from nba_pipeline.domain.players import player_lookup
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.engine.errors import SourceError
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.sources.simulated.clubs import clubs
from nba_pipeline.sources.simulated.dice import Dice, Purpose
from nba_pipeline.sources.simulated.events import Event
from nba_pipeline.sources.simulated.fixtures import fixtures
from nba_pipeline.sources.simulated.game import play
from nba_pipeline.sources.simulated.moves import Personnel

Rows = list[dict[str, Any]]

FIRST_DAY = date(2025, 10, 21)
DAYS = [FIRST_DAY + timedelta(days=at) for at in range(28)]
FIRST_EVENING = [
    ("MIN", 106, "DEN", 114),
    ("SAC", 116, "MEM", 122),
    ("NOP", 120, "MIA", 113),
    ("MIL", 106, "NYK", 97),
    ("POR", 136, "SAS", 114),
    ("BOS", 115, "WAS", 130),
]
TECHNICAL = 11
SHOOTING = ("pts", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta")
COUNTED = (*SHOOTING, "reb", "oreb", "dreb", "ast", "stl", "blk", "tov", "pf")


@pytest.fixture(scope="module")
def league() -> SimulatedLeague:
    return SimulatedLeague()


@pytest.fixture(scope="module")
def games(league: SimulatedLeague) -> Rows:
    return league.read("schedule", DAYS).to_pylist()


@pytest.fixture(scope="module")
def player_box(league: SimulatedLeague) -> Rows:
    return league.read("player_box", DAYS).to_pylist()


@pytest.fixture(scope="module")
def team_box(league: SimulatedLeague) -> Rows:
    return league.read("team_box", DAYS).to_pylist()


@pytest.fixture(scope="module")
def plays(league: SimulatedLeague, games: Rows) -> dict[str, Rows]:
    """The events of every game, in order."""
    by_game: dict[str, Rows] = {game["game_id"]: [] for game in games}
    for row in league.read("play_by_play", DAYS).to_pylist():
        by_game[row["game_id"]].append(row)
    return by_game


@pytest.fixture(scope="module")
def shots(league: SimulatedLeague) -> Rows:
    return league.read("shots", DAYS).to_pylist()


@pytest.fixture(scope="module")
def moves(league: SimulatedLeague) -> Rows:
    return league.read("injury_transactions", DAYS).to_pylist()


#: Nobody in the invented league publishes these.
UNPUBLISHED = ("game_line_snapshots", "player_list")

# The same for everyone ----------------------------------------------------------------------------


def as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.fixture(scope="module")
def asked_otherwise() -> SimulatedLeague:
    """A league that was first asked for the last of three days, feed after feed."""
    other = SimulatedLeague()
    for day in (DAYS[13], DAYS[9], DAYS[5]):
        for feed in reversed(FEEDS):
            other.read(feed, [day])
    return other


@pytest.mark.parametrize("feed", FEEDS)
def test_a_day_is_the_same_whatever_was_asked_before(
    league: SimulatedLeague, asked_otherwise: SimulatedLeague, feed: str
) -> None:
    days = [DAYS[5], DAYS[9]]
    assert as_bytes(asked_otherwise.read(feed, days)) == as_bytes(league.read(feed, days))


@pytest.mark.parametrize("feed", FEEDS)
def test_the_order_of_the_dates_does_not_matter(league: SimulatedLeague, feed: str) -> None:
    days = DAYS[3:6]
    asked = [*reversed(days), days[1]]
    assert as_bytes(league.read(feed, asked)) == as_bytes(league.read(feed, days))


def test_the_league_of_a_seed_is_known_by_its_first_evening(league: SimulatedLeague) -> None:
    # Fails when chance takes another course: on another machine, Python or numpy, or because the
    # simulation was changed, in which case these are to be replaced.
    rows = league.read("schedule", [FIRST_DAY]).to_pylist()
    assert [
        (g["away_team_abbr"], g["away_score"], g["home_team_abbr"], g["home_score"]) for g in rows
    ] == FIRST_EVENING


def test_another_seed_is_another_league(league: SimulatedLeague) -> None:
    other = SimulatedLeague(seed=8).read("player_box", [FIRST_DAY])
    assert not other.equals(league.read("player_box", [FIRST_DAY]))


def test_versions_differ_by_day_and_not_by_asking(league: SimulatedLeague) -> None:
    versions = league.versions("player_box", DAYS[:3])
    assert versions == SimulatedLeague().versions("player_box", DAYS[2::-1])
    assert len(set(versions.values())) == 3


# The archive format -------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_columns_are_those_of_the_feed(league: SimulatedLeague, feed: Any) -> None:
    schema = league.read(feed.name, [FIRST_DAY]).schema
    own = [(field.name, field.type) for field in feed.schema]
    dated = [] if "game_date" in feed.schema.names else [("game_date", pa.date32())]
    assert [(field.name, field.type) for field in schema] == dated + own


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_rows_are_sorted_by_day_and_key_and_no_key_repeats(
    league: SimulatedLeague, feed: Any
) -> None:
    rows = league.read(feed.name, DAYS)
    names = ("game_date", *feed.key)
    keys = list(zip(*(rows[name].to_pylist() for name in names), strict=True))
    assert bool(keys) == (feed.name not in UNPUBLISHED)
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("feed", FEEDS)
def test_a_day_outside_the_season_has_no_rows(league: SimulatedLeague, feed: str) -> None:
    assert league.read(feed, [date(2026, 7, 1)]).num_rows == 0


@pytest.mark.parametrize("feed", ["player_box", "team_box", "play_by_play", "game_lines"])
def test_every_game_is_in_every_feed(league: SimulatedLeague, games: Rows, feed: str) -> None:
    found = set(league.read(feed, DAYS)["game_id"].to_pylist())
    assert found == {game["game_id"] for game in games}


def test_an_unknown_feed_is_refused_by_name(league: SimulatedLeague) -> None:
    with pytest.raises(SourceError, match="weather"):
        league.read("weather", DAYS)


@pytest.mark.parametrize(("seed", "seasons", "scale"), [(-1, 1, 1), (7, 0, 1), (7, 1, 0)])
def test_an_impossible_league_is_refused(seed: int, seasons: int, scale: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        SimulatedLeague(seed, seasons=seasons, scale=scale)


# The season ---------------------------------------------------------------------------------------


def days_of(games: Rows) -> dict[str, list[date]]:
    days = defaultdict(list)
    for game in games:
        for side in ("home_team_abbr", "away_team_abbr"):
            days[game[side]].append(game["game_date"])
    return {team: sorted(played) for team, played in days.items()}


def test_all_thirty_teams_play(games: Rows) -> None:
    assert days_of(games).keys() == TEAMS.keys()


def test_a_team_plays_at_most_once_a_day(games: Rows) -> None:
    assert all(len(days) == len(set(days)) for days in days_of(games).values())


def test_a_team_plays_three_or_four_games_a_week_where_none_is_moved() -> None:
    weeks: Counter[tuple[str, int]] = Counter()
    for fixture in fixtures(7, FIRST_DAY):
        if fixture.game_date in DAYS:
            weeks.update(
                (team, (fixture.game_date - FIRST_DAY).days // 7) for team in fixture.teams
            )
    assert len(weeks) == 4 * len(TEAMS)
    assert set(weeks.values()) == {3, 4}


def test_back_to_backs_happen_but_never_three_days_running(games: Rows) -> None:
    gaps = [
        tuple((later - earlier).days for earlier, later in pairwise(days))
        for days in days_of(games).values()
    ]
    assert any(1 in gap for gap in gaps)
    assert not any((1, 1) in pairwise(gap) for gap in gaps)


def test_one_day_in_mid_season_is_free(games: Rows) -> None:
    played = {game["game_date"] for game in games}
    assert min(played) == DAYS[0]
    assert max(played) == DAYS[-1]
    assert len(set(DAYS) - played) == 1


def test_game_ids_are_in_order_of_date_but_for_the_postponed_game(games: Rows) -> None:
    by_id = sorted(games, key=lambda game: game["game_id"])
    late = [g for g, following in pairwise(by_id) if g["game_date"] > following["game_date"]]
    assert [game["postponed_status"] for game in late] == ["Y"]
    assert [game["postponed_status"] for game in games].count("Y") == 1
    assert late[0]["fixture_public_from"] < late[0]["game_date"]
    assert [game["game_id"] for game in by_id][:2] == ["0022500001", "0022500002"]


def test_games_start_in_the_evening_of_their_day(games: Rows) -> None:
    starts = [game["scheduled_start_utc"].astimezone(EASTERN) for game in games]
    assert [start.date() for start in starts] == [game["game_date"] for game in games]
    assert {(s.hour, s.minute) for s in starts} == {(19, 0), (19, 30), (20, 0), (22, 0)}


def test_scores_are_the_points_of_the_box(games: Rows, team_box: Rows) -> None:
    points = {(row["game_id"], row["team_abbr"]): row["pts"] for row in team_box}
    for game in games:
        assert game["home_score"] == points[game["game_id"], game["home_team_abbr"]]
        assert game["away_score"] == points[game["game_id"], game["away_team_abbr"]]
        assert game["home_score"] != game["away_score"]


# The players --------------------------------------------------------------------------------------


def test_names_tell_all_players_apart() -> None:
    players = [player for club in clubs(7) for player in club.players]
    assert len(players) == 450
    assert len({player_lookup(player.name) for player in players}) == 450
    assert len({player.short_name for player in players}) == 450
    assert min(player.player_id for player in players) == 9_000_000


@pytest.mark.parametrize("mark", ["'", "-", "ć", " Jr.", " III"])
def test_some_names_are_hard(player_box: Rows, mark: str) -> None:
    assert any(mark in row["player_name"] for row in player_box)


def test_traded_players_appear_for_one_team_and_then_for_the_other(player_box: Rows) -> None:
    teams = defaultdict(list)
    for row in player_box:
        teams[row["player_id"]].append(row["team_abbr"])
    changes = [sum(a != b for a, b in pairwise(listed)) for listed in teams.values()]
    assert changes.count(1) >= 4
    assert max(changes) == 1


def test_the_injured_do_not_play_and_come_back(player_box: Rows, moves: Rows) -> None:
    played = defaultdict(set)
    for row in player_box:
        played[row["player_name"]].add(row["game_date"])
    back = {row["acquired"]: row["date"] for row in moves if row["acquired"]}
    out = {row["relinquished"]: row["date"] for row in moves if row["relinquished"]}
    assert len(out) > 30
    assert back.keys() <= out.keys()
    for name, since in out.items():
        until = back.get(name, DAYS[-1] + timedelta(days=1))
        assert (until - since).days >= 3 or name not in back
        assert not any(since <= day < until for day in played[name])


def test_moves_carry_the_day_of_a_game_of_the_team(games: Rows, moves: Rows) -> None:
    days = days_of(games)
    code = {team.nickname: team.tricode for team in TEAMS.values()}
    assert all(row["date"] in days[code[row["team"]]] for row in moves)
    assert all(row["game_date"] == row["date"] for row in moves)


def test_coaches_leave_fit_players_on_the_bench(player_box: Rows, moves: Rows) -> None:
    hurt = {row["acquired"] or row["relinquished"] for row in moves}
    healthy = Counter(r["player_name"] for r in player_box if r["player_name"] not in hurt)
    assert sum(1 for games in healthy.values() if games <= 10) > 30


# Box scores ---------------------------------------------------------------------------------------


def points_of(row: dict[str, Any]) -> int:
    if row["event_type"] == EventType.FREE_THROW:
        return int(row["score"] is not None)
    return 2 + row["d_is_three"] if row["d_is_made"] else 0


def recounted(rows: Rows) -> Counter[tuple[int, str]]:
    """A game counted from its published events, by player id or, for nobody's, team id."""
    count: Counter[tuple[int, str]] = Counter()
    missed_by = None
    for row in rows:
        who, second, third = (row[f"player{place}_id"] for place in (1, 2, 3))
        match row["event_type"]:
            case EventType.MADE_SHOT | EventType.MISSED_SHOT:
                count[who, "fga"] += 1
                count[who, "fg3a"] += row["d_is_three"]
                count[who, "fgm"] += row["d_is_made"]
                count[who, "fg3m"] += row["d_is_three"] and row["d_is_made"]
                count[second, "ast"] += 1
                count[third, "blk"] += 1
                missed_by = row["player1_team_abbr"]
            case EventType.FREE_THROW:
                count[who, "fta"] += 1
                count[who, "ftm"] += points_of(row)
                missed_by = row["player1_team_abbr"]
            case EventType.REBOUND:
                kind = "oreb" if row["player1_team_abbr"] == missed_by else "dreb"
                count[who, kind] += 1
                count[who, "reb"] += 1
            case EventType.TURNOVER:
                count[who, "tov"] += 1
                count[second, "stl"] += 1
            case EventType.FOUL if row["event_action_type"] != TECHNICAL:
                count[who, "pf"] += 1
        count[who, "pts"] += points_of(row)
    return count


@pytest.mark.parametrize("stat", COUNTED)
def test_the_box_is_what_the_events_add_up_to(
    plays: dict[str, Rows], player_box: Rows, stat: str
) -> None:
    days = set(DAYS[5:8])
    counts = {g: recounted(rows) for g, rows in plays.items() if rows[0]["game_date"] in days}
    listed = [row for row in player_box if row["game_date"] in days]
    assert len(counts) > 15
    for row in listed:
        assert row[stat] == counts[row["game_id"]][row["player_id"], stat], row["player_name"]
    # Nobody's but a listed player's or, for rebounds and turnovers, a team's as a whole.
    assert sum(row[stat] for row in listed) == sum(
        number
        for count in counts.values()
        for (who, name), number in count.items()
        if name == stat and who >= 9_000_000 and who < 1_610_000_000
    )


def test_team_turnovers_include_those_of_nobody(plays: dict[str, Rows], team_box: Rows) -> None:
    total = sum(row["tov"] for row in team_box)
    of_nobody = sum(row["tov"] - row["tov_individual"] for row in team_box)
    turnovers = [
        r for rows in plays.values() for r in rows if r["event_type"] == EventType.TURNOVER
    ]
    assert total == len(turnovers)
    assert of_nobody == sum(1 for row in turnovers if row["player1_team_abbr"] is None) > 0


@pytest.mark.parametrize("stat", [name for name in COUNTED if name != "tov"])
def test_players_add_up_to_their_team(player_box: Rows, team_box: Rows, stat: str) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    for row in player_box:
        sums[row["game_id"], row["team_abbr"]] += row[stat]
    assert all(row[stat] == sums[row["game_id"], row["team_abbr"]] for row in team_box)


def test_plus_minus_of_a_team_is_a_fifth_of_its_players(player_box: Rows, team_box: Rows) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    for row in player_box:
        sums[row["game_id"], row["team_abbr"]] += row["plus_minus"]
    assert all(5 * row["plus_minus"] == sums[row["game_id"], row["team_abbr"]] for row in team_box)


def test_team_minutes_grow_by_25_an_overtime(games: Rows, team_box: Rows) -> None:
    periods = {game["game_id"]: game["periods_played"] for game in games}
    assert all(row["minutes"] == 240 + 25 * (periods[row["game_id"]] - 4) for row in team_box)


def test_five_of_each_team_start(player_box: Rows) -> None:
    starters = Counter((r["game_id"], r["team_abbr"]) for r in player_box if r["is_starter"])
    assert set(starters.values()) == {5}


# Line-ups, from the published events alone ------------------------------------------------------

Court = dict[str, set[int]]
ON_COURT = {
    EventType.MADE_SHOT,
    EventType.MISSED_SHOT,
    EventType.FREE_THROW,
    EventType.REBOUND,
    EventType.TURNOVER,
    EventType.FOUL,
    EventType.JUMP_BALL,
}


def opening_fives(rows: Rows) -> Court:
    """A player's first substitution decides; without one he began if he appears at all."""
    began: dict[int, bool] = {}
    team: dict[int, str] = {}
    seen: set[int] = set()
    for row in rows:
        people = [(row[f"player{at}_id"], row[f"player{at}_team_abbr"]) for at in (1, 2, 3)]
        team.update((who, abbr) for who, abbr in people if abbr)
        if row["event_type"] == EventType.SUBSTITUTION:
            began.setdefault(people[0][0], True)
            began.setdefault(people[1][0], False)
        elif row["event_type"] in ON_COURT and not (
            row["event_type"] == EventType.FOUL and row["event_action_type"] == TECHNICAL
        ):
            seen.update(who for who, abbr in people if abbr)
    fives: Court = defaultdict(set)
    for who, abbr in team.items():
        if began.get(who, who in seen):
            fives[abbr].add(who)
    return fives


def walked(rows: Rows) -> Iterator[tuple[dict[str, Any], Court]]:
    """Every event with who is on court after it."""
    court: Court = {}
    for number in range(1, rows[-1]["period"] + 1):
        period = [row for row in rows if row["period"] == number]
        court = opening_fives(period)
        for row in period:
            if row["event_type"] == EventType.SUBSTITUTION:
                court[row["player1_team_abbr"]].remove(row["player1_id"])
                court[row["player2_team_abbr"]].add(row["player2_id"])
            yield row, court


def seconds_on_court(rows: Rows) -> Counter[int]:
    seconds: Counter[int] = Counter()
    clock, period, before = 0, 0, []
    for row, court in walked(rows):
        minutes, rest = row["clock"].split(":")
        now = int(minutes) * 60 + int(rest)
        if row["period"] != period:
            period, clock, before = row["period"], period_seconds(row["period"]), []
        for who in before:
            seconds[who] += clock - now
        clock, before = now, [who for five in court.values() for who in five]
    return seconds


def test_five_of_each_team_are_on_court_at_all_times(plays: dict[str, Rows]) -> None:
    for rows in plays.values():
        for row, court in walked(rows):
            assert [len(five) for five in court.values()] == [5, 5], row


def test_whoever_acts_is_on_court(plays: dict[str, Rows]) -> None:
    for rows in list(plays.values())[::10]:
        for row, court in walked(rows):
            if row["event_type"] in ON_COURT and row["player1_team_abbr"]:
                assert row["player1_id"] in court[row["player1_team_abbr"]], row


def test_minutes_are_seconds_on_court_rounded(plays: dict[str, Rows], player_box: Rows) -> None:
    days = set(DAYS[8:11])
    seconds = {g: seconds_on_court(r) for g, r in plays.items() if r[0]["game_date"] in days}
    for row in player_box:
        if row["game_date"] in days:
            on_court = seconds[row["game_id"]][row["player_id"]]
            assert row["minutes"] == floor(on_court / 60 + 0.5), row


def test_a_man_nobody_noticed_is_called_off_before_the_period_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # In a game with a play every two minutes, many get through a period unnoticed.
    simulated = "nba_pipeline.sources.simulated"
    monkeypatch.setattr(f"{simulated}.bench._BOOSTS", ())
    monkeypatch.setattr(f"{simulated}.game._SET", (120.0, 0.0))
    monkeypatch.setattr(f"{simulated}.game._QUICK", (120.0, 0.0))
    late = 0
    for events in some_games(5):
        for period in range(1, events[-1].period + 1):
            mine = [event for event in events if event.period == period]
            named = {p for e in mine[1:] for p in (e.player, e.other, e.third) if p}
            assert {p for five in mine[0].fives or () for p in five} <= named
            late += any(e.clock == 0 and e.kind is EventType.SUBSTITUTION for e in mine)
    assert late


def some_games(number: int) -> Iterator[tuple[Event, ...]]:
    schedule = fixtures(7, FIRST_DAY)
    personnel = Personnel(7, clubs(7), schedule)
    for fixture in schedule[:number]:
        home, away = (personnel.squad(team, fixture.game_date) for team in fixture.teams)
        yield play(home, away, Dice(7, Purpose.GAME, fixture.number))


# Play-by-play and shots ---------------------------------------------------------------------------


def test_the_clock_runs_down_and_periods_follow(plays: dict[str, Rows]) -> None:
    for rows in plays.values():
        times = [
            (row["period"], -int(row["clock"].split(":")[0]) * 60 - int(row["clock"].split(":")[1]))
            for row in rows
        ]
        assert times == sorted(times)
        assert [row["row_order"] for row in rows] == list(range(len(rows)))
        assert len({row["event_num"] for row in rows}) == len(rows)


def test_running_scores_lead_to_the_final_one(plays: dict[str, Rows], games: Rows) -> None:
    for game in games:
        scores = {game["home_team_abbr"]: 0, game["away_team_abbr"]: 0}
        for row in plays[game["game_id"]]:
            if points := points_of(row):
                scores[row["player1_team_abbr"]] += points
            if row["score"]:
                away, home = (int(part) for part in row["score"].split(" - "))
                assert (home, away) == tuple(scores.values())
        assert tuple(scores.values()) == (game["home_score"], game["away_score"])


@pytest.mark.parametrize(
    ("event_type", "action", "sample"),
    [
        (EventType.MADE_SHOT, 1, "3PT Jump Shot ("),
        (EventType.MISSED_SHOT, 6, "Driving Layup"),
        (EventType.FREE_THROW, 10, "Free Throw 1 of 1"),
        (EventType.FREE_THROW, 15, "Free Throw 3 of 3"),
        (EventType.FREE_THROW, 16, "Free Throw Technical"),
        (EventType.REBOUND, 0, "REBOUND (Off:"),
        (EventType.REBOUND, 0, "HAWKS Rebound"),
        (EventType.REBOUND, 1, "Hawks Rebound"),
        (EventType.TURNOVER, 1, "Bad Pass Turnover (P"),
        (EventType.TURNOVER, 11, "Turnover: Shot Clock (T#"),
        (EventType.FOUL, 2, "S.FOUL (P"),
        (EventType.FOUL, 4, "OFF.Foul (P"),
        (EventType.FOUL, 11, "T.FOUL (P"),
        (EventType.FOUL, 28, "Personal Take Foul (P"),
        (EventType.SUBSTITUTION, 0, " FOR "),
        (EventType.TIMEOUT, 1, "HAWKS Timeout: Regular (Full 1 Short 0)"),
        (EventType.JUMP_BALL, 0, ": Tip to "),
        (EventType.PERIOD_START, 0, "Start of 4th Period"),
        (EventType.PERIOD_END, 0, "End of 1st OT"),
    ],
)
def test_texts_read_as_those_of_nba_com(
    plays: dict[str, Rows], event_type: EventType, action: int, sample: str
) -> None:
    sides = ("home_description", "neutral_description", "visitor_description")
    texts = [
        row[side]
        for rows in plays.values()
        for row in rows
        if (row["event_type"], row["event_action_type"]) == (event_type, action)
        for side in sides
        if row[side]
    ]
    assert any(sample in text for text in texts)


def test_plays_of_a_whole_team_carry_its_id(plays: dict[str, Rows]) -> None:
    ids = {
        row["player1_id"]
        for rows in plays.values()
        for row in rows
        if row["event_type"] == EventType.TIMEOUT
    }
    assert ids == {team.nba_team_id for team in TEAMS.values()}


def test_every_attempt_is_a_shot_with_the_same_story(plays: dict[str, Rows], shots: Rows) -> None:
    attempts = {
        (row["game_id"], row["event_num"]): (
            row["player1_id"],
            row["period"],
            row["d_is_made"],
            row["d_is_three"],
            row["d_shot_distance_ft"] or 0,
        )
        for rows in plays.values()
        for row in rows
        if row["d_is_fg_attempt"]
    }
    assert attempts == {
        (shot["game_id"], shot["event_num"]): (
            shot["player_id"],
            shot["period"],
            shot["shot_made"],
            shot["shot_type"] == "3PT Field Goal",
            floor(hypot(shot["hoop_x_ft"], shot["hoop_y_ft"]) + 0.5),
        )
        for shot in shots
    }


def test_shots_are_numbered_in_order_from_nought(shots: Rows) -> None:
    by_game = defaultdict(list)
    for shot in shots:
        by_game[shot["game_id"]].append(shot)
    for listed in by_game.values():
        assert [shot["shot_number"] for shot in listed] == list(range(len(listed)))
        times = [(shot["period"], -shot["seconds_left"]) for shot in listed]
        assert times == sorted(times)


def in_its_zone(x: float, y: float, feet: float) -> dict[str, bool]:
    in_lane = abs(x) <= 8 and y <= 13.75
    return {
        "Restricted Area": feet < 4,
        "In The Paint (Non-RA)": in_lane and feet >= 4,
        "Mid-Range": not in_lane and 8 < feet < 23.75,
        "Left Corner 3": x <= -22 and y < 8.75,
        "Right Corner 3": x >= 22 and y < 8.75,
        "Above the Break 3": feet >= 23.75,
    }


def test_shots_lie_in_their_zone(shots: Rows) -> None:
    assert {shot["shot_zone"] for shot in shots} == in_its_zone(0, 0, 0).keys()
    for shot in shots:
        feet = hypot(shot["hoop_x_ft"], shot["hoop_y_ft"])
        assert in_its_zone(shot["hoop_x_ft"], shot["hoop_y_ft"], feet)[shot["shot_zone"]], shot
        assert shot["shot_distance"] == floor(feet + 1e-9)


# Around the games ---------------------------------------------------------------------------------


def test_three_officials_a_game_and_none_in_two_places(league: SimulatedLeague) -> None:
    rows = league.read("officials", DAYS).to_pylist()
    assert set(Counter(row["game_id"] for row in rows).values()) == {3}
    assert len({(row["game_date"], row["official"]) for row in rows}) == len(rows)


def test_lines_know_who_is_better(league: SimulatedLeague, games: Rows) -> None:
    margin = {game["game_id"]: game["home_score"] - game["away_score"] for game in games}
    lines = league.read("game_lines", DAYS).to_pylist()
    expected = [-row["close_home_spread"] for row in lines]
    actual = [margin[row["game_id"]] for row in lines]
    assert statistics.correlation(expected, actual) > 0.2
    assert abs(statistics.mean(e - a for e, a in zip(expected, actual, strict=True))) < 3


def test_lines_move_a_little(league: SimulatedLeague) -> None:
    rows = league.read("game_lines", DAYS).to_pylist()
    spread = [abs(row["close_home_spread"] - row["open_home_spread"]) for row in rows]
    total = [abs(row["close_total"] - row["open_total"]) for row in rows]
    assert 0.5 < statistics.mean(spread) < 3
    assert 1 < statistics.mean(total) < 5


def test_the_favourite_of_the_spread_is_the_favourite_of_the_moneyline(
    league: SimulatedLeague,
) -> None:
    for row in league.read("game_lines", DAYS).to_pylist():
        if row["close_home_spread"]:
            is_favourite = row["close_home_spread"] < 0
            assert (row["home_moneyline"] < row["away_moneyline"]) == is_favourite


# Like the NBA -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stat", "low", "high"),
    [
        ("pts", 105, 120),
        ("fga", 83, 92),
        ("fg3a", 32, 39),
        ("fta", 18, 24),
        ("ast", 22, 27),
        ("reb", 40, 47),
        ("oreb", 8.5, 11.5),
        ("stl", 6.5, 8.5),
        ("blk", 4, 5.5),
        ("tov", 12, 15.5),
        ("pf", 17, 21),
    ],
)
def test_team_averages(team_box: Rows, stat: str, low: float, high: float) -> None:
    assert low < statistics.mean(row[stat] for row in team_box) < high


def test_points_vary_as_they_do(team_box: Rows) -> None:
    assert 9 < statistics.pstdev(row["pts"] for row in team_box) < 15


@pytest.mark.parametrize(
    ("makes", "attempts", "low", "high"),
    [("fgm", "fga", 0.45, 0.48), ("fg3m", "fg3a", 0.345, 0.375), ("ftm", "fta", 0.74, 0.81)],
)
def test_shooting(team_box: Rows, makes: str, attempts: str, low: float, high: float) -> None:
    assert low < sum(r[makes] for r in team_box) / sum(r[attempts] for r in team_box) < high


def test_pace(team_box: Rows) -> None:
    paces = [
        (row["fga"] + 0.44 * row["fta"] + row["tov"] - row["oreb"]) * 240 / row["minutes"]
        for row in team_box
    ]
    assert 95 < statistics.mean(paces) < 105


def test_one_game_in_twenty_goes_to_overtime(games: Rows) -> None:
    overtimes = sum(game["periods_played"] > 4 for game in games)
    assert 0.01 < overtimes / len(games) < 0.11


def test_starters_play_half_an_hour(player_box: Rows) -> None:
    assert 30 < statistics.mean(r["minutes"] for r in player_box if r["is_starter"]) < 35


def test_the_best_score_up_to_thirty_a_game(player_box: Rows) -> None:
    points = defaultdict(list)
    for row in player_box:
        points[row["player_id"]].append(row["pts"])
    averages = sorted(statistics.mean(p) for p in points.values() if len(p) >= 8)
    assert 25 < averages[-1] < 32
