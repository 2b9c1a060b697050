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
