"""Whole simulated seasons: drawn up fairly, decided on the floor, told as far as a moment knows."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nba_pipeline.domain.calendar import instant, morning_after
from nba_pipeline.domain.events import EventType
from nba_pipeline.domain.games import season_type
from nba_pipeline.domain.players import player_lookup
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.sources.simulated.clubs import after_summer, clubs
from nba_pipeline.sources.simulated.corrections import correction_of, first_published
from nba_pipeline.sources.simulated.dice import Dice, Purpose
from nba_pipeline.sources.simulated.fixtures import EAST, Fixture, fixtures
from nba_pipeline.sources.simulated.playoffs import Playoffs
from nba_pipeline.sources.simulated.postponed import postponed
from nba_pipeline.sources.simulated.season import SimulatedSeason

Rows = list[dict[str, Any]]
Score = Callable[[Fixture], tuple[int, int]]

FIRST_DAY = date(2025, 10, 21)
TENTH_DAY = FIRST_DAY + timedelta(days=9)
some_seeds = st.integers(0, 2**32)


# The regular season -------------------------------------------------------------------------------


# Of those with the fewest games before that season's break, one played on both evenings before it.
@example(seed=51, season=4)
@settings(max_examples=4, deadline=None)
@given(seed=some_seeds, season=st.integers(0, 5))
def test_every_team_plays_82_games_half_of_them_at_home(seed: int, season: int) -> None:
    games = fixtures(seed, FIRST_DAY, season)
    played = Counter(team for game in games for team in game.teams)
    assert played == dict.fromkeys(TEAMS, 82)
    assert Counter(game.home for game in games) == dict.fromkeys(TEAMS, 41)
    assert len({game.game_date for game in games}) == 165


@settings(max_examples=4, deadline=None)
@given(seed=some_seeds)
def test_teams_meet_more_often_within_their_conference(seed: int) -> None:
    met = Counter(frozenset(game.teams) for game in fixtures(seed, FIRST_DAY))
    within = [n for pair, n in met.items() if len(pair & EAST) != 1]
    across = [n for pair, n in met.items() if len(pair & EAST) == 1]
    assert len(met) == 30 * 29 // 2
    assert 3.2 < sum(within) / len(within) < 3.8
    assert 1.9 < sum(across) / len(across) < 2.4


@settings(max_examples=4, deadline=None)
@given(seed=some_seeds)
def test_nobody_plays_three_days_running_even_when_games_are_moved(seed: int) -> None:
    planned = fixtures(seed, FIRST_DAY)
    moved = postponed(planned, Dice(seed, Purpose.POSTPONEMENT))
    assert 4 <= len(moved) <= 8
    days: dict[str, list[date]] = {team: [] for team in TEAMS}
    for game in planned:
        for team in game.teams:
            days[team].append(moved.get(game.number, game).game_date)
    for played in map(sorted, days.values()):
        gaps = [(later - earlier).days for earlier, later in pairwise(played)]
        assert 0 not in gaps
        assert (1, 1) not in pairwise(gaps)


def test_the_league_rests_in_february() -> None:
    days = sorted({game.game_date for game in fixtures(7, FIRST_DAY)})
    longest = max(pairwise(days), key=lambda pair: pair[1] - pair[0])
    assert longest == (date(2026, 2, 10), date(2026, 2, 17))


# The play-offs ------------------------------------------------------------------------------------


def invented_scores(seed: int) -> Score:
    """A score for every fixture without playing it; the better tricode wins a little more."""

    def score(fixture: Fixture) -> tuple[int, int]:
        dice = Dice(seed, Purpose.GAME, fixture.number)
        home, away = (100 + dice.below(30) - ord(team[0]) % 5 for team in fixture.teams)
        return home + (home == away), away

    return score


def playoff_games(seed: int) -> tuple[list[Fixture], Score]:
    regular, score = fixtures(seed, FIRST_DAY), invented_scores(seed)
    playoffs, last = Playoffs(regular, score), regular[-1].game_date
    days = [last + timedelta(days=at) for at in range(1, 80)]
    return [game for day in days for game in playoffs.on(day)], score


@settings(max_examples=4, deadline=None)
@given(seed=some_seeds)
def test_a_series_ends_with_the_fourth_win_and_its_winner_goes_on(seed: int) -> None:
    games, score = playoff_games(seed)
    series: dict[str, list[Fixture]] = {}
    for game in games:
        if season_type(game.game_id) == "playoffs":
            series.setdefault(game.game_id[:-1], []).append(game)
    assert len(series) == 15
    winners: dict[str, str] = {}
    for name, played in series.items():
        won = Counter(g.home if score(g)[0] > score(g)[1] else g.away for g in played)
        (winner, wins), *rest = won.most_common()
        assert wins == 4
        assert sum(n for _, n in rest) < 4
        last = played[-1]
        assert winner == (last.home if score(last)[0] > score(last)[1] else last.away)
        winners[name] = winner
    by_round = [{winners[n] for n in winners if n[7] == str(r)} for r in (1, 2, 3, 4)]
    assert [len(teams) for teams in by_round] == [8, 4, 2, 1]
    assert all(later <= earlier for earlier, later in pairwise(by_round))


@settings(max_examples=2, deadline=None)
@given(seed=some_seeds)
def test_the_ten_best_of_a_conference_play_on(seed: int) -> None:
    games, score = playoff_games(seed)
    won: Counter[str] = Counter()
    for game in fixtures(seed, FIRST_DAY):
        home, away = score(game)
        won[game.home if home > away else game.away] += 1
    still_there = {team for game in games for team in game.teams}
    for conference in (EAST, TEAMS.keys() - EAST):
        assert len(still_there & conference) == 10
        out = conference - still_there
        assert max(won[team] for team in out) <= min(won[team] for team in conference - out)


def test_there_are_six_play_in_games_and_game_ids_say_what_they_are() -> None:
    games, _ = playoff_games(7)
    kinds = Counter(season_type(game.game_id) for game in games)
    assert kinds["play_in"] == 6
    assert 60 <= kinds["playoffs"] <= 105
    assert len({game.game_id for game in games}) == len(games)
    assert all(game.public_from < game.game_date for game in games)


@pytest.mark.slow
def test_a_season_is_played_to_its_end() -> None:
    season = SimulatedSeason(7, 0, FIRST_DAY, clubs(7))
    last = season.calendar().last_day
    finals = [g for at in range(14) for g in season.fixtures_on(last - timedelta(days=at), None)]
    assert 4 <= len(finals) <= 7
    assert len({frozenset(game.teams) for game in finals}) == 1
    assert {len(set(game.teams) & EAST) for game in finals} == {1}


# Several seasons ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_year() -> SimulatedLeague:
    return SimulatedLeague()


@pytest.fixture(scope="module")
def three_years() -> SimulatedLeague:
    return SimulatedLeague(seasons=3)


def test_seasons_follow_one_another(three_years: SimulatedLeague) -> None:
    seasons = three_years.calendar().seasons
    assert [season.year for season in seasons] == [2025, 2026, 2027]
    assert all(a.last_day < b.first_day for a, b in pairwise(seasons))


def test_a_further_season_changes_nothing_of_the_first(
    one_year: SimulatedLeague, three_years: SimulatedLeague
) -> None:
    for feed in FEEDS:
        assert three_years.read(feed, [TENTH_DAY]).equals(one_year.read(feed, [TENTH_DAY]))


def test_a_later_season_has_other_games_of_its_own_year(three_years: SimulatedLeague) -> None:
    later = three_years.read("schedule", [date(2027, 10, 19)]).to_pylist()
    assert {row["season"] for row in later} == {"2027-28"}
    assert {row["season_first_day"] for row in later} == {date(2027, 10, 19)}
    first = three_years.read("schedule", [FIRST_DAY]).to_pylist()
    assert [row["home_score"] for row in later] != [row["home_score"] for row in first]


def test_most_players_stay_some_move_and_new_ones_come() -> None:
    before = clubs(7)
    after = after_summer(before, 7, 1)
    team_of = [
        {p.player_id: c.team.tricode for c in year for p in c.players} for year in (before, after)
    ]
    stayed = team_of[0].keys() & team_of[1].keys()
    assert len(team_of[1]) == 450
    assert len(stayed) == 360
    assert 30 < sum(team_of[0][who] != team_of[1][who] for who in stayed) < 80


@pytest.mark.parametrize("scale", [1, 4])
def test_no_two_players_of_ten_years_share_an_id_or_a_name(scale: int) -> None:
    now = clubs(7, scale)
    names = {p.player_id: p.name for club in now for p in club.players}
    for season in range(1, 10):
        now = after_summer(now, 7, season)
        for club in now:
            for player in club.players:
                assert names.setdefault(player.player_id, player.name) == player.name
    assert len(names) == scale * (450 + 9 * 90)
    assert len({player_lookup(name) for name in names.values()}) == len(names)


# Scale --------------------------------------------------------------------------------------------


def test_a_league_four_times_as_large_has_four_times_the_players_in_as_many_games() -> None:
    small, large = (SimulatedLeague(scale=scale) for scale in (1, 4))
    few, many = (league.read("player_box", [TENTH_DAY]) for league in (small, large))
    assert set(many["game_id"].to_pylist()) == set(few["game_id"].to_pylist())
    assert 3.3 < many.num_rows / few.num_rows < 4.7
    asked = [league.read("player_props", [TENTH_DAY]).num_rows for league in (small, large)]
    assert 3.3 < asked[1] / asked[0] < 4.7


def test_a_large_league_keeps_the_rules_of_the_game() -> None:
    league = SimulatedLeague(scale=3)
    teams = league.read("team_box", [TENTH_DAY]).to_pylist()
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in league.read("player_box", [TENTH_DAY]).to_pylist():
        for stat in ("pts", "fga", "reb", "ast", "pf"):
            sums[row["game_id"], row["team_abbr"], stat] += row[stat]
    for row in teams:
        assert row["minutes"] % 25 == 240 % 25
        for stat in ("pts", "fga", "reb", "ast", "pf"):
            assert row[stat] == sums[row["game_id"], row["team_abbr"], stat]


# What is known at a moment ------------------------------------------------------------------------


def at(day: date, hour: int) -> datetime:
    return instant(day, hour)


def test_in_the_morning_a_game_has_a_place_in_the_schedule_and_nothing_else() -> None:
    league = SimulatedLeague(as_of=at(TENTH_DAY, 8))
    games = league.read("schedule", [TENTH_DAY]).to_pylist()
    assert {(row["status"], row["home_score"]) for row in games} == {("Scheduled", None)}
    for feed in ("player_box", "team_box", "play_by_play", "shots", "officials"):
        assert league.read(feed, [TENTH_DAY]).num_rows == 0
    assert league.read("player_box", [FIRST_DAY]).num_rows > 0


def test_lines_open_the_day_before_and_close_at_tip_off() -> None:
    def closing(moment: datetime) -> list[float | None]:
        lines = SimulatedLeague(as_of=moment).read("game_lines", [TENTH_DAY])
        return lines["close_total"].to_pylist()

    day_before = TENTH_DAY - timedelta(days=1)
    games = SimulatedLeague().read("schedule", [TENTH_DAY]).num_rows
    assert closing(at(day_before, 11)) == []
    assert closing(at(day_before, 13)) == [None] * games
    assert None not in closing(at(TENTH_DAY, 23))


def test_props_appear_one_look_after_the_other() -> None:
    seen = [
        SimulatedLeague(as_of=moment).read("player_props", [TENTH_DAY]).num_rows
        for moment in (
            at(TENTH_DAY - timedelta(days=2), 12),
            at(TENTH_DAY, 12),
            at(TENTH_DAY, 23),
        )
    ]
    assert seen == sorted(set(seen))
    assert seen[0] == 0


def test_a_postponed_game_stands_on_its_old_day_until_it_is_called_off() -> None:
    planned = fixtures(7, FIRST_DAY)
    moved = next(iter(postponed(planned, Dice(7, Purpose.POSTPONEMENT)).values()))
    old = planned[moved.number - 1].game_date

    def listed(day: date, moment: datetime | None) -> bool:
        games = SimulatedLeague(as_of=moment).read("schedule", [day])["game_id"].to_pylist()
        return moved.game_id in games

    the_evening_before = at(old - timedelta(days=1), 20)
    assert listed(old, the_evening_before)
    assert not listed(moved.game_date, the_evening_before)
    assert not listed(old, at(old, 12))
    assert listed(moved.game_date, at(old, 12))
    assert not listed(old, None)
    assert listed(moved.game_date, None)


def corrected_games() -> list[tuple[Fixture, datetime]]:
    found = [
        (game, correction_of(game, Dice(7, Purpose.CORRECTIONS, game.number)))
        for game in fixtures(7, FIRST_DAY)
    ]
    return [(game, correction.known_at) for game, correction in found if correction]


def test_some_games_are_corrected_days_later() -> None:
    corrected = corrected_games()
    assert 40 < len(corrected) < 110
    assert all(known_at > morning_after(game.game_date) for game, known_at in corrected)


def test_a_correction_changes_who_did_it_and_never_the_score() -> None:
    game, known_at = corrected_games()[0]
    before, after = (
        SimulatedLeague(as_of=moment) for moment in (known_at - timedelta(minutes=1), known_at)
    )
    day = [game.game_date]
    assert before.read("schedule", day).equals(after.read("schedule", day))
    changed = [
        (one, other)
        for one, other in zip(
            before.read("player_box", day).to_pylist(),
            after.read("player_box", day).to_pylist(),
            strict=True,
        )
        if one != other
    ]
    assert 1 <= len(changed) <= 2
    assert {one["game_id"] for one, _ in changed} == {game.game_id}
    for one, other in changed:
        differs = {name for name in one if one[name] != other[name]}
        assert differs <= {"reb", "oreb", "dreb", "ast", "stl", "blk"}
    assert before.versions("player_box", day) != after.versions("player_box", day)


def test_the_first_word_on_a_game_adds_up_as_well() -> None:
    season = SimulatedSeason(7, 0, FIRST_DAY, clubs(7))
    for game, _ in corrected_games()[:5]:
        played = season.play(game)
        assert played.correction is not None
        first = first_published(played.events, played.correction)
        assert len(first) == len(played.events)
        differing = [(a, b) for a, b in zip(first, played.events, strict=True) if a != b]
        assert len(differing) == 1
        assert differing[0][0].points == differing[0][1].points
        assert differing[0][0].kind in (
            EventType.REBOUND,
            EventType.MADE_SHOT,
            EventType.MISSED_SHOT,
            EventType.TURNOVER,
        )


def test_long_afterwards_nothing_is_left_to_learn(one_year: SimulatedLeague) -> None:
    later = SimulatedLeague(as_of=datetime(2026, 9, 1, tzinfo=UTC))
    for feed in FEEDS:
        assert later.read(feed, [TENTH_DAY]).equals(one_year.read(feed, [TENTH_DAY]))


# The same everywhere ------------------------------------------------------------------------------


def digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def test_another_process_with_another_hash_seed_makes_the_same_bytes() -> None:
    code = (
        "from datetime import date\n"
        "from nba_pipeline_tests.unit.sources.test_simulated_seasons import digest\n"
        "from nba_pipeline.sources.simulated import SimulatedLeague\n"
        "league = SimulatedLeague(seasons=2)\n"
        "print(digest(league.read('play_by_play', [date(2026, 10, 20)])))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "42", "PYTHONPATH": ":".join(sys.path)},
    )
    league = SimulatedLeague(seasons=2)
    assert told.stdout.strip() == digest(league.read("play_by_play", [date(2026, 10, 20)]))


def test_a_day_that_was_dropped_is_the_same_when_it_is_played_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nba_pipeline.sources.simulated._DAYS_KEPT", 1)
    league = SimulatedLeague()
    before = league.read("play_by_play", [FIRST_DAY])
    league.read("play_by_play", [TENTH_DAY])
    assert list(league._days) == [TENTH_DAY]
    assert league.read("play_by_play", [FIRST_DAY]).equals(before)
