"""Falling back: whether what is heard stands in for a fresh take that was wanted and not there.

It is part of the artwork and no fault. It is told because one that lasts means that the studio makes nothing.
"""

from __future__ import annotations

import structlog

from latentfm.broadcast.block import Playing
from latentfm.ops.clock import Clock

STAND_INS = ("bank", "shipped", "bed")  # where a take comes from that is not fresh

log = structlog.get_logger()


class Fallback:
    """Follows what is heard, in the director's thread; ``active`` may be read by any."""

    def __init__(self, clock: Clock) -> None:
        self.active = False
        self._clock = clock
        self._since = 0.0
        self._last: Playing | None = None
        self._planned: str | None = None  # the take that enters in place of fresh ones that do not fit

    def committed(self, playing: Playing, *, fresh_ready: bool) -> None:
        """Note what comes next; with ``fresh_ready`` fresh takes lie ready, and this one fits better."""
        self._planned = playing.take_id if fresh_ready else None

    def follow(self, playing: Playing) -> None:
        """Note what is heard now; log once when falling back begins, and once when it ends."""
        if playing == self._last:
            return
        self._last = playing
        planned = playing.asked_silence or playing.take_id == self._planned
        stands_in = playing.origin in STAND_INS and not planned
        if stands_in and not self.active:
            self.active, self._since = True, self._clock.monotonic()
            log.info("fallback_entered", take=playing.take_id, origin=playing.origin)
        elif self.active and not stands_in:
            self.active = False
            seconds = round(self._clock.monotonic() - self._since, 1)
            log.info("fallback_left", take=playing.take_id, origin=playing.origin, seconds=seconds)
