"""Falling back: whether what is heard stands in for a fresh take that was wanted and not there.

It is part of the artwork and no fault. It is told because one that lasts means that the studio makes nothing.

It is left once fresh takes are steady again: when two lie ready, so that the second is there when the first is over. A
studio that only just keeps up would have the station change between new and old at each seam otherwise.
"""

from __future__ import annotations

import structlog

from latentfm.broadcast.block import Playing
from latentfm.ops.clock import Clock

STEADY = 2  # fresh takes that lie ready when a fall back is left
LONGEST_HOLD = 600.0  # seconds that a fresh take is held back for a second one to come
CLEAR = 300.0  # seconds before a change of mood in which none is held back: it was made for then
STAND_INS = ("bank", "shipped", "bed")  # where a take comes from that is not fresh

log = structlog.get_logger()


class Fallback:
    """Follows what is heard, in the director's thread; ``active`` may be read by any."""

    def __init__(self, clock: Clock, *, steady: int = STEADY) -> None:
        self.active = False
        self._steady = steady
        self._aired_fresh = False
        self._held_since: float | None = None
        self._clock = clock
        self._since = 0.0
        self._last: Playing | None = None
        self._planned: str | None = None  # the take that enters in place of fresh ones that do not fit

    def committed(self, playing: Playing, *, fresh_ready: bool) -> None:
        """Note what comes next; with ``fresh_ready`` fresh takes lie ready, and this one fits better."""
        self._planned = playing.take_id if fresh_ready else None

    def holds(self, ready: int, room: float) -> bool:
        """Return whether what lies ready is held back for more to come.

        Never at the beginning, when there was nothing to fall back from: then the first take made is what all wait for.

        Args:
            ready: fresh takes that could enter.
            room: seconds until the next change of mood.
        """
        if not (self.active and self._aired_fresh) or room < CLEAR or not 0 < ready < self._steady:
            self._held_since = None
            return False
        now = self._clock.monotonic()
        self._held_since = self._held_since or now
        return now - self._held_since < LONGEST_HOLD

    def follow(self, playing: Playing) -> None:
        """Note what is heard now; log once when falling back begins, and once when it ends."""
        if playing == self._last:
            return
        self._last = playing
        self._aired_fresh = self._aired_fresh or playing.origin == "fresh"
        planned = playing.take_id == self._planned
        stands_in = playing.origin in STAND_INS and not planned
        if stands_in and not self.active:
            self.active, self._since = True, self._clock.monotonic()
            log.info("fallback_entered", take=playing.take_id, origin=playing.origin)
        elif self.active and not stands_in:
            self.active = False
            seconds = round(self._clock.monotonic() - self._since, 1)
            log.info("fallback_left", take=playing.take_id, origin=playing.origin, seconds=seconds)
