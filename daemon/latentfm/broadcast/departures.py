"""Whether what leaves the station is what should: audible blocks from the timeline, and every encoder at work on them.

The pacing thread leaves a beat with each block that it hands on, and each feed one with each block that it has
encoded. Here the beats are counted, by whoever is asked to vouch for the station.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.health import Pulse
from latentfm.ops.clock import Clock

STUCK = 10.0  # seconds: an encoder that is merely slow gets a block done in far less

log = structlog.get_logger()


class Departures:
    """Watches the timeline's pulse and the feeds. Belongs to one thread, which looks every second or so."""

    def __init__(self, pulse: Callable[[], Pulse], feeds: Sequence[Feed], clock: Clock) -> None:
        """Watch what ``pulse`` says of the timeline, and ``feeds``."""
        self._pulse = pulse
        self._feeds = tuple(feeds)
        self._clock = clock
        self._told = False
        self._beats = [(feed.encoded, clock.monotonic()) for feed in self._feeds]

    def sound(self) -> bool:
        """Return whether what should leaves: audio or silence that is asked for, through every encoder."""
        stuck = self.stuck()
        if stuck and not self._told:
            log.error("feed_stuck", feeds=stuck, seconds=STUCK)
        self._told = bool(stuck)
        return self._pulse().ready and not stuck

    def fault(self) -> str | None:
        """Return what does not leave as it should, None where all does."""
        stuck = self.stuck()
        if stuck:
            return f"no encoded audio from {', '.join(stuck)} for {STUCK:.0f} s"
        return self._pulse().silence

    def stuck(self) -> list[str]:
        """Return the names of the feeds that have encoded nothing for ``STUCK`` seconds."""
        now = self._clock.monotonic()
        for place, feed in enumerate(self._feeds):
            if feed.encoded != self._beats[place][0]:
                self._beats[place] = feed.encoded, now
        return [feed.name for feed, (_, at) in zip(self._feeds, self._beats, strict=True) if now - at > STUCK]
