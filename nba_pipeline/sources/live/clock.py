"""The time outside: what live sources know of now, and how they wait. Tests bring their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This moment, UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Seconds that only ever grow, for measuring."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Turnstile:
    """Lets so many through at once, and one at a time with a pause between."""

    def __init__(self, at_once: int, pause: float, clock: Clock) -> None:
        """Let ``at_once`` through, ``pause`` seconds apart at the least."""
        self._places = threading.BoundedSemaphore(at_once)
        self._pause = pause
        self._clock = clock
        self._next = float("-inf")
        self._turn = threading.Lock()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Wait for a turn and hold a place until done."""
        with self._places:
            with self._turn:
                start = max(self._clock.seconds(), self._next)
                self._next = start + self._pause
            if (early := start - self._clock.seconds()) > 0:
                self._clock.sleep(early)
            yield
