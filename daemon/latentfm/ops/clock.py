"""Time is injected: code that waits or asks the hour takes a clock, so a week can be simulated in a minute."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the station asks about time."""

    def monotonic(self) -> float:
        """Return seconds that only ever rise, from an arbitrary start."""
        ...

    def time(self) -> float:
        """Return seconds since 1970; the wall clock, which may jump either way."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``; at once for zero or less."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Return the monotonic clock, in seconds."""
        return time.monotonic()

    def time(self) -> float:
        """Return the wall clock, in seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds``."""
        if seconds > 0:
            time.sleep(seconds)


class HandClock:
    """A clock that goes on only when somebody sleeps; for simulations and tests.

    Attributes:
        now: the monotonic clock.
        wall: the wall clock, which may be set.
    """

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        """Stand still at ``wall`` seconds since 1970."""
        self.now, self.wall = 1000.0, wall

    def monotonic(self) -> float:
        """Return the time that was slept, from an arbitrary start."""
        return self.now

    def time(self) -> float:
        """Return the wall clock."""
        return self.wall

    def sleep(self, seconds: float) -> None:
        """Move both clocks on."""
        self.now += seconds
        self.wall += seconds
