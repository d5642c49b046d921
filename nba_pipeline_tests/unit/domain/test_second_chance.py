from __future__ import annotations

from nba_pipeline.domain.events import FreeThrow
from nba_pipeline.domain.second_chance import second_chance_points


def test_a_putback_is_a_second_chance(plays):
    plays.missed(1).rebound(2).made(2)
    assert second_chance_points(plays.events) == {"CHI": 2}


def test_a_ball_out_of_bounds_off_the_defence_is_a_rebound_of_the_team(plays):
    plays.missed(1).team_rebound("CHI").made(2, three=True)
    assert second_chance_points(plays.events) == {"CHI": 3}


def test_a_third_chance_is_still_a_second(plays):
    plays.missed(1).rebound(2).missed(2).rebound(2).made(2)
    assert second_chance_points(plays.events) == {"CHI": 2}


def test_a_defensive_rebound_ends_it(plays):
    plays.missed(1).rebound(2).missed(2).rebound(11).made(11).made(1)
    assert second_chance_points(plays.events) == {}


def test_a_basket_ends_it(plays):
    plays.missed(1).rebound(2).made(2).at("5:00").made(1)
    assert second_chance_points(plays.events) == {"CHI": 2}


def test_the_and_one_of_a_putback_counts(plays):
    plays.at("5:00").missed(1).rebound(2).made(2).throw(2, FreeThrow.ONE_OF_ONE)
    assert second_chance_points(plays.events) == {"CHI": 3}


def test_the_ball_out_of_a_missed_and_one_is_another_chance(plays):
    plays.missed(1).rebound(2).made(2).throw(2, FreeThrow.ONE_OF_ONE, made=False)
    plays.rebound(3).at("5:00").made(3)
    assert second_chance_points(plays.events) == {"CHI": 4}


def test_free_throws_after_an_offensive_rebound_count_until_the_last(plays):
    plays.missed(1).rebound(2).throw(2, FreeThrow.ONE_OF_TWO).throw(2, FreeThrow.TWO_OF_TWO)
    plays.throw(1, FreeThrow.ONE_OF_TWO)
    assert second_chance_points(plays.events) == {"CHI": 2}


def test_the_dead_ball_between_two_free_throws_is_no_rebound(plays):
    plays.throw(1, FreeThrow.ONE_OF_TWO, made=False).team_rebound("CHI")
    plays.throw(1, FreeThrow.TWO_OF_TWO)
    assert second_chance_points(plays.events) == {}


def test_after_a_flagrant_foul_the_possession_goes_on(plays):
    plays.missed(1).rebound(2).throw(2, FreeThrow.FLAGRANT_ONE_OF_TWO)
    plays.throw(2, FreeThrow.FLAGRANT_TWO_OF_TWO).made(3)
    assert second_chance_points(plays.events) == {"CHI": 4}


def test_technical_free_throws_never_count_and_change_nothing(plays):
    plays.missed(1).rebound(2).throw(2, FreeThrow.TECHNICAL).throw(11, FreeThrow.TECHNICAL)
    plays.made(2)
    assert second_chance_points(plays.events) == {"CHI": 2}


def test_a_turnover_ends_it(plays):
    plays.missed(1).rebound(2).turnover(2, steal=11).turnover(11, steal=1).made(1)
    assert second_chance_points(plays.events) == {}


def test_the_end_of_a_period_ends_it(plays):
    plays.missed(1).rebound(2).next_period().made(1)
    assert second_chance_points(plays.events) == {}


def test_the_second_rebound_after_one_miss_decides_nothing(plays):
    plays.missed(1).rebound(11).team_rebound("CHI").made(11)
    assert second_chance_points(plays.events) == {}
