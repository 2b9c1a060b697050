"""Tells systemd and the log whether the station can be heard: by the audio that left, not by a thread being alive.

The pacing thread's beats are what counts, and the main loop sends. Were the pacing thread to send, a station whose
main loop hangs, and which answers no signal any more, would count as healthy; and the thread that may never wait would
write to a socket. So both have to work for systemd to be content.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from latentfm.ops.clock import Clock
from latentfm.ops.systemd import Notifier

_log = structlog.get_logger()


class Watchdog:
    """Looked at in the main loop: ready with the first audible block, alive as long as they come."""

    def __init__(
        self, audible: Callable[[], bool], notifier: Notifier, clock: Clock, *, why: Callable[[], str | None] = str
    ) -> None:
        """Watch what ``audible`` says: whether an audible block has left lately, or silence is scheduled.

        ``why`` is asked for the log once it says no.
        """
        self._audible = audible
        self._why = why
        self._notifier = notifier
        self._clock = clock
        self._began = clock.monotonic()
        self._every = (notifier.watchdog_seconds or 0.0) / 3
        self._pinged = self._began
        self._ready = False
        self._silent_since: float | None = None

    def look(self) -> None:
        """Take one look."""
        now = self._clock.monotonic()
        if self._audible():
            if not self._ready:
                self._ready = True
                self._notifier.ready()
                _log.info("ready", seconds=round(now - self._began, 2))
            if self._silent_since is not None:
                _log.warning("audible_again", seconds=round(now - self._silent_since, 1))
                self._silent_since = None
            if self._every and now - self._pinged >= self._every:
                self._pinged = now
                self._notifier.watchdog()
        elif self._ready and self._silent_since is None:
            self._silent_since = now
            then = (
                "systemd restarts the station if it lasts"
                if self._every
                else "it goes on trying; restart it if that lasts"
            )
            _log.error("inaudible", reason=self._why(), then=then)
