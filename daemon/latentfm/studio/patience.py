"""How long the supervisor waits: for a take, and before it starts another child. Plain values and arithmetic."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field
from random import Random

SHOWN = 15  # takes whose median is the measure of the box
DOUBLINGS = 3  # of a limit that the box has shown; after hours of hanging, the last hang would be waited out for hours
_UNKNOWN = 8  # doublings before any take was made: nobody knows how slow the box is


@dataclass(frozen=True)
class Limits:
    """What a studio child may take, and how often it is tried. Times are in seconds."""

    hello: float = 120.0  # from start to ready; a small board reads its libraries from a card
    first: float = 600.0  # for a take, before any has shown what this box needs
    least: float = 30.0  # never less than this, or a busy minute kills a healthy child
    factor: float = 5.0  # times the median shown
    tries: int = 5  # the brief, the brief again, then derived seeds
    renew_after: int = 25  # takes
    wait_first: float = 0.5  # before a child that broke is replaced
    wait_most: float = 60.0
    memory_mb: int = 0  # RLIMIT_DATA; 0 sets none
    niceness: int = 10


@dataclass
class Patience:
    """The time limit of the next take: a multiple of the median shown, doubled after each time-out, up to a bound."""

    limits: Limits
    _shown: deque[float] = field(default_factory=lambda: deque(maxlen=SHOWN))
    _timeouts: int = 0

    def take_limit(self) -> float:
        """Return how long the next take may need."""
        if not self._shown:
            return self.limits.first * 2.0**self._timeouts
        shown = max(self.limits.least, self.limits.factor * statistics.median(self._shown))
        return shown * 2.0 ** min(self._timeouts, DOUBLINGS)

    def hello_limit(self) -> float:
        """Return how long the next child may need to get ready."""
        return self.limits.hello * 2.0 ** min(self._timeouts, DOUBLINGS)

    def made(self, seconds: float) -> None:
        """Remember how long a take needed."""
        self._shown.append(seconds)
        self._timeouts = 0

    def timed_out(self) -> None:
        """Double the limits until a take succeeds."""
        self._timeouts = min(self._timeouts + 1, _UNKNOWN)


def respawn_wait(limits: Limits, breaks: int, random: Random) -> float:
    """Return the wait before the next child, after ``breaks`` children in a row broke: doubling, capped, jittered."""
    if breaks <= 0:
        return 0.0
    wait = min(limits.wait_most, limits.wait_first * 2.0 ** min(breaks - 1, 16))
    return wait * random.uniform(0.5, 1.0)
