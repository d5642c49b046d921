"""Breakers: three strikes for an entity, five for a partition, and time heals both."""

from datetime import UTC, datetime, timedelta

import pytest

from nba_pipeline.engine.breakers import (
    Attempts,
    Breaker,
    BreakerSettings,
    State,
    after_failure,
    after_try,
    before_try,
    is_locked,
)
from nba_pipeline.engine.errors import ConfigurationError

NOON = datetime(2022, 1, 10, 12, tzinfo=UTC)
SETTINGS = BreakerSettings()


def failed(times: int, inputs_hash: str = "same") -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts = after_failure(attempts, inputs_hash, NOON, SETTINGS)
    return attempts


def opened(failures: int = 5) -> Breaker:
    breaker = Breaker()
    for _ in range(failures):
        breaker = after_try(breaker, NOON, SETTINGS, succeeded=False)
    return breaker


@pytest.mark.parametrize("times", [0, 1, 2])
def test_fewer_than_three_failures_lock_nobody_out(times):
    assert not is_locked(failed(times), "same", NOON)


def test_the_third_failure_locks_an_entity_out_for_a_day():
    attempts = failed(3)
    almost, over = NOON + timedelta(hours=23, minutes=59), NOON + timedelta(hours=24)
    assert (is_locked(attempts, "same", almost), is_locked(attempts, "same", over)) == (True, False)


def test_after_the_day_the_count_is_still_known():
    assert failed(3).number == 3


def test_changed_inputs_are_tried_at_once():
    assert not is_locked(failed(3), "other", NOON)


def test_changed_inputs_begin_to_count_anew():
    assert after_failure(failed(3), "other", NOON, SETTINGS).number == 1


def test_a_failure_of_next_year_locks_nobody_out_now():
    last_year = NOON - timedelta(days=365)
    assert not is_locked(failed(3), "same", last_year)


def test_four_failures_leave_a_partition_open_to_tries():
    assert before_try(opened(4), NOON, SETTINGS)[1]


@pytest.mark.parametrize(("minutes", "may_try"), [(29, False), (30, True), (31, True)])
def test_the_fifth_failure_blocks_a_partition_for_half_an_hour(minutes, may_try):
    assert before_try(opened(), NOON + timedelta(minutes=minutes), SETTINGS)[1] is may_try


def test_after_half_an_hour_one_trial_is_let_through_and_no_second():
    later = NOON + timedelta(minutes=31)
    trial, _ = before_try(opened(), later, SETTINGS)
    assert trial.state is State.HALF_OPEN
    assert not before_try(trial, later + timedelta(minutes=1), SETTINGS)[1]


def test_a_trial_that_succeeds_closes_the_breaker_and_forgets_the_failures():
    later = NOON + timedelta(minutes=31)
    trial, _ = before_try(opened(), later, SETTINGS)
    closed = after_try(trial, later, SETTINGS, succeeded=True)
    assert (closed.state, closed.failures) == (State.CLOSED, 0)


def test_a_trial_that_fails_opens_it_for_another_half_hour():
    later = NOON + timedelta(minutes=31)
    trial, _ = before_try(opened(), later, SETTINGS)
    again = after_try(trial, later, SETTINGS, succeeded=False)
    assert again.state is State.OPEN
    assert not before_try(again, later + timedelta(minutes=29), SETTINGS)[1]


def test_a_breaker_that_opens_next_year_lets_a_trial_through_now_and_opens_from_now_on():
    last_year = NOON - timedelta(days=365)
    trial, may_try = before_try(opened(), last_year, SETTINGS)
    again = after_try(trial, last_year, SETTINGS, succeeded=False)
    assert may_try
    assert not before_try(again, last_year + timedelta(minutes=29), SETTINGS)[1]
    assert before_try(again, last_year + timedelta(minutes=30), SETTINGS)[1]


def test_the_environment_sets_how_patient_breakers_are():
    settings = BreakerSettings.from_environment({"CIRCUIT_BREAKER_ENTITY_LOCKOUT_HOURS": "168"})
    assert settings.lockout == timedelta(days=7)


@pytest.mark.parametrize("text", ["a week", "-1", "0"])
def test_a_lockout_that_is_no_positive_number_is_named(text):
    name = "CIRCUIT_BREAKER_ENTITY_LOCKOUT_HOURS"
    with pytest.raises(ConfigurationError, match=f"^{name}={text} "):
        BreakerSettings.from_environment({name: text})
