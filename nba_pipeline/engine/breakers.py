"""Circuit breakers: when to stop trying for a while. Pure state machines; time is passed in.

They delay, they do not decide. A blocked entity keeps the outcome it had, changed inputs are always
tried, and the same inputs give the same partition however often somebody tried. A lockout begins
with the failure: of one that lies in the future a clock was wrong, and it keeps nobody out now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from nba_pipeline.engine.variables import Variable

#: A million hours is longer than anybody waits, and less than a clock can hold.
_LONGEST = 1e6

ATTEMPTS = Variable(
    "CIRCUIT_BREAKER_ENTITY_ATTEMPTS",
    "failed attempts with the same inputs after which an entity is left alone",
    default="3",
    unit="attempts",
    minimum=1,
)
LOCKOUT_HOURS = Variable(
    "CIRCUIT_BREAKER_ENTITY_LOCKOUT_HOURS",
    "for how long such an entity is left alone",
    default="24",
    unit="hours",
    whole=False,
    above=0,
    maximum=_LONGEST,
)
FAILURES = Variable(
    "CIRCUIT_BREAKER_FAILURES",
    "failures in a row after which a partition is left alone",
    default="5",
    unit="failures",
    minimum=1,
)
TIMEOUT_MINUTES = Variable(
    "CIRCUIT_BREAKER_TIMEOUT_MINUTES",
    "for how long such a partition is left alone, before one run may try it",
    default="30",
    unit="minutes",
    whole=False,
    above=0,
    maximum=_LONGEST,
)
VARIABLES = (ATTEMPTS, LOCKOUT_HOURS, FAILURES, TIMEOUT_MINUTES)


@dataclass(frozen=True)
class BreakerSettings:
    """How patient the breakers are.

    Attributes:
        attempts: Failed attempts after which an entity is locked out.
        lockout: For how long.
        failures: Failures in a row after which a partition is not tried.
        timeout: For how long, before one trial is let through.
    """

    attempts: int = 3
    lockout: timedelta = timedelta(hours=24)
    failures: int = 5
    timeout: timedelta = timedelta(minutes=30)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> BreakerSettings:
        """The settings as the environment says.

        Raises:
            ConfigurationError: When a variable is no such number.
        """
        return cls(
            attempts=int(ATTEMPTS.number(environ)),
            lockout=timedelta(hours=LOCKOUT_HOURS.number(environ)),
            failures=int(FAILURES.number(environ)),
            timeout=timedelta(minutes=TIMEOUT_MINUTES.number(environ)),
        )


# One entity of one partition ----------------------------------------------------------------------


@dataclass(frozen=True)
class Attempts:
    """The failed attempts at an entity so far.

    Attributes:
        number: How many with these inputs.
        inputs_hash: What was tried.
        failed_at: When the last of them failed.
        locked_until: Until when it is not tried again; None while it may be.
    """

    number: int = 0
    inputs_hash: str = ""
    failed_at: datetime | None = None
    locked_until: datetime | None = None


def after_failure(
    before: Attempts, inputs_hash: str, now: datetime, settings: BreakerSettings
) -> Attempts:
    """The attempts after one more failure; changed inputs begin to count anew."""
    number = before.number + 1 if before.inputs_hash == inputs_hash else 1
    locked = now + settings.lockout if number >= settings.attempts else None
    return Attempts(number, inputs_hash, now, locked)


def is_locked(attempts: Attempts, inputs_hash: str, now: datetime) -> bool:
    """Whether an entity must not be tried now; with changed inputs it always may."""
    since, until = attempts.failed_at, attempts.locked_until
    if since is None or until is None or attempts.inputs_hash != inputs_hash:
        return False
    return since <= now < until


# One partition of one table -----------------------------------------------------------------------


class State(StrEnum):
    """Of a partition's breaker."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True)
class Breaker:
    """Whether a partition may be tried.

    Attributes:
        state: Closed lets everything through, open nothing, half-open one trial.
        failures: Failures in a row.
        successes: Successes since it last opened.
        opened_at: When it opened.
        half_opened_at: When a trial was let through.
    """

    state: State = State.CLOSED
    failures: int = 0
    successes: int = 0
    opened_at: datetime | None = None
    half_opened_at: datetime | None = None


def before_try(breaker: Breaker, now: datetime, settings: BreakerSettings) -> tuple[Breaker, bool]:
    """The breaker when somebody wants to try, and whether she may."""
    if breaker.state is State.CLOSED:
        return breaker, True
    since = breaker.half_opened_at if breaker.state is State.HALF_OPEN else breaker.opened_at
    # A trial that never came back must not block for ever, so it may be repeated after a while.
    if since is None or not since <= now < since + settings.timeout:
        return replace(breaker, state=State.HALF_OPEN, half_opened_at=now), True
    return breaker, False


def after_try(
    breaker: Breaker, now: datetime, settings: BreakerSettings, *, succeeded: bool
) -> Breaker:
    """The breaker after a try."""
    if succeeded:
        return Breaker(State.CLOSED, 0, breaker.successes + 1)
    failures = breaker.failures + 1
    if breaker.state is State.HALF_OPEN or failures >= settings.failures:
        return Breaker(State.OPEN, failures, 0, now)
    return replace(breaker, failures=failures)
