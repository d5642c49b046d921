from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.domain.games import (
    COMPETITIVE_PREFIXES,
    GameStatus,
    Participation,
    canonical_game_id,
    out_of_order,
    parse_game_id,
    season_type,
)
from nba_pipeline.domain.teams import TEAMS

OPENING_NIGHT = date(2021, 10, 19)


def test_a_game_is_known_by_its_day_and_teams():
    assert canonical_game_id(date(2021, 11, 15), "CHI", "LAL") == "20211115_CHI_LAL"


@given(st.dates(), st.sampled_from(sorted(TEAMS)), st.sampled_from(sorted(TEAMS)))
def test_an_id_says_what_it_was_made_of(day, away, home):
    assert parse_game_id(f"{day.isoformat().replace('-', '')}_{away}_{home}") == (day, away, home)


@pytest.mark.parametrize(
    "text", ["", "0022100199", "20211115_LAL", "20211115_chi_lal", "20211115_CHI_LAL "]
)
def test_another_form_is_no_game_id(text):
    with pytest.raises(ValueError, match="is not a game id of the form"):
        parse_game_id(text)


def test_a_game_on_no_day_is_refused():
    with pytest.raises(ValueError, match="20210230, which is not a date"):
        parse_game_id("20210230_CHI_LAL")


@pytest.mark.parametrize(
    ("nba_game_id", "kind"),
    [
        ("0012100001", "preseason"),
        ("0022100199", "regular_season"),
        ("0032100001", "all_star"),
        ("0042100406", "playoffs"),
        ("0052100101", "play_in"),
        ("0062400001", "cup_final"),
    ],
)
def test_an_nba_id_tells_the_kind_of_game(nba_game_id, kind):
    assert season_type(nba_game_id) == kind


def test_an_unknown_kind_of_game_is_refused():
    with pytest.raises(ValueError, match="'1022500165' begins with none of"):
        season_type("1022500165")


def test_preseason_and_all_star_games_do_not_count():
    assert {season_type(prefix) for prefix in COMPETITIVE_PREFIXES} == {
        "regular_season",
        "playoffs",
        "play_in",
        "cup_final",
    }


def test_states_of_games_and_players_carry_the_values_we_store():
    assert [*GameStatus] == [1, 2, 3]
    assert [*Participation] == ["active", "dnp", "inactive"]


def test_a_postponed_game_is_the_one_out_of_order():
    ids = ["0022100001", "0022100002", "0022100003", "0022100004"]
    days = [OPENING_NIGHT + timedelta(days=after) for after in (0, 90, 1, 1)]
    assert out_of_order(ids, days) == {"0022100002"}


def test_playoff_games_are_never_out_of_order():
    assert out_of_order(["0042100002", "0042100001"], [OPENING_NIGHT] * 2) == set()


@given(st.lists(st.integers(0, 5), max_size=8))
def test_no_fewer_games_could_be_called_out_of_order(offsets):
    ids = [f"00221{number:05d}" for number in range(len(offsets))]
    moved = out_of_order(ids, [OPENING_NIGHT + timedelta(days=offset) for offset in offsets])
    kept = [offset for nba_id, offset in zip(ids, offsets, strict=True) if nba_id not in moved]
    longest = max(
        size
        for size in range(len(offsets) + 1)
        for run in combinations(offsets, size)
        if list(run) == sorted(run)
    )
    assert (kept, len(kept)) == (sorted(kept), longest)


def test_nineteen_recorded_games_were_rescheduled(season_files):
    schedule = pq.read_table(season_files / "schedule_2021_22.parquet")
    moved = out_of_order(schedule["game_id"].to_pylist(), schedule["game_date"].to_pylist())
    assert len(moved) == 19
