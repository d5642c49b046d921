from __future__ import annotations

import dataclasses

import pytest

from nba_pipeline.domain.lineups import Stretch, clutch_stretches, lineups, time_on_court

LAKERS = (11, 12, 13, 14, 15)
STARTERS = {1, 2, 3, 4, 5, *LAKERS}


def period_starters(events, roster, period):
    return {
        player_id
        for player_id, stretch in lineups(events, roster).stints
        if stretch.period == period and stretch.begun == 720
    }


def test_whoever_is_named_on_court_began_the_period(plays, roster):
    plays.made(1, assist=2).missed(3, block=11).rebound(12).turnover(13, steal=4)
    plays.foul(14, on=5).all_seen(15)
    assert lineups(plays.events, roster).starters == STARTERS


def test_the_first_substitution_decides_who_began(plays, roster):
    plays.all_seen(1, 2, 3, 4, *LAKERS).at("6:00").substitution(out=5, into=6)
    plays.at("3:00").substitution(out=6, into=5).made(5)
    assert lineups(plays.events, roster).starters == STARTERS


def test_a_technical_on_the_bench_puts_nobody_on_court(plays, roster):
    plays.foul(6, action=11).all_seen(*STARTERS)
    assert lineups(plays.events, roster).starters == STARTERS


def test_an_unseen_starter_is_found_by_his_flag(plays, roster):
    plays.all_seen(1, 2, 3, 4, *LAKERS)
    late_minutes = dataclasses.replace(roster, minutes=(0,) * 5 + (40,) + (0,) * 6)
    assert lineups(plays.events, late_minutes).starters == STARTERS


def test_without_a_flag_the_minutes_of_the_box_score_tell(plays, roster):
    plays.all_seen(1, 2, 3, 4, *LAKERS)
    unflagged = dataclasses.replace(roster, is_starter=(None,) * 12)
    assert lineups(plays.events, unflagged).starters == STARTERS


def test_later_on_it_is_the_man_with_most_minutes_unaccounted(plays, roster):
    plays.all_seen(*STARTERS).next_period().all_seen(1, 2, 3, 4, *LAKERS)
    bench_man = dataclasses.replace(roster, minutes=(24, 24, 24, 24, 12, 12) + (24,) * 5 + (0,))
    assert period_starters(plays.events, bench_man, period=2) == {1, 2, 3, 4, 6, *LAKERS}


def test_six_players_cannot_begin_a_period(plays, roster):
    plays.all_seen(*STARTERS).next_period().all_seen(*STARTERS, 6)
    with pytest.raises(ValueError, match=r"^CHI seems to begin period 2 with 6 players\.$"):
        lineups(plays.events, roster)


def test_four_players_cannot_begin_a_period(plays, roster):
    four = dataclasses.replace(
        roster,
        **{field.name: getattr(roster, field.name)[2:] for field in dataclasses.fields(roster)},
    )
    with pytest.raises(ValueError, match=r"^CHI seems to begin period 1 with 4 players\.$"):
        lineups(plays.all_seen(*STARTERS).events, four)


def test_time_runs_from_entering_to_leaving(plays, roster):
    plays.all_seen(*STARTERS).at("7:19").substitution(out=5, into=6)
    plays.at("2:00").substitution(out=1, into=5)
    seconds = time_on_court(lineups(plays.events, roster).stints, [Stretch(1, 720, 0)])
    assert [seconds[player] for player in (1, 2, 5, 6)] == [600, 720, 281 + 120, 439]


def test_time_outside_the_part_asked_for_does_not_count(plays, roster):
    plays.all_seen(*STARTERS).at("7:00").substitution(out=5, into=6)
    stints = lineups(plays.events, roster).stints
    seconds = time_on_court(stints, [Stretch(1, 500, 400), Stretch(2, 720, 0)])
    assert [seconds[player] for player in (1, 5, 6)] == [100, 80, 20]


def test_a_stranger_has_no_time_on_court(plays, roster):
    plays.all_seen(*STARTERS).at("7:00").substitution(out=5, into=9)
    plays.at("5:00").substitution(out=9, into=5)
    seconds = time_on_court(lineups(plays.events, roster).stints, [Stretch(1, 720, 0)])
    assert (seconds[9], seconds[5]) == (0, 600)


def test_the_clutch_is_the_end_of_a_close_game(plays):
    plays.next_period().next_period().next_period()
    plays.at("6:00").made(1, three=True).made(1, three=True)
    plays.at("4:00").made(11, three=True)
    plays.at("3:00").made(1, three=True)
    plays.at("1:00").made(11).next_period().at("2:00").made(1, three=True)
    assert clutch_stretches(plays.events) == [
        Stretch(4, 240, 180),
        Stretch(4, 60, 0),
        Stretch(5, 300, 120),
    ]


def test_a_blowout_has_no_clutch(plays):
    plays.made(1, three=True).made(1, three=True).next_period().next_period().next_period()
    assert clutch_stretches(plays.events) == []
