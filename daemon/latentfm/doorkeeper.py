"""The doorkeeper asks the wall clock whether the station is to be heard and how loud, and tells the fader.

It has a thread of its own: the pacing thread reads no clock but the monotonic one. While nothing is to be heard the
music stands still and the studio rests once its takes lie ready; when the station opens, a take of another mood than
the one that is on then is left during the fade in.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from latentfm.broadcast.director import NextSeam
from latentfm.broadcast.fader import Fader
from latentfm.hours import Hours, Level, closes_at, gain_at, level_at, opens_at
from latentfm.ops.clock import Clock
from latentfm.planner import Seams
from latentfm.programme import local

PAUSE: Final = 1.5
"""Seconds of the fade to a pause, and back."""

_ROUND = 0.2  # seconds between two looks
_WHILE = 20.0  # seconds for which it is known when the station opens
_WEEK = 6 * 86_400

_log = structlog.get_logger()


class Doorkeeper:
    """Opens, closes, pauses.

    ``look`` may be called without a thread; ``run`` calls it until it is told to stop.
    """

    def __init__(
        self, hours: Callable[[], Hours], fader: Fader, clock: Clock, *, opened: Callable[[], object] = bool
    ) -> None:
        """Mind a fader; ``opened`` is called when the station opens after it was closed."""
        self._hours = hours
        self._fader = fader
        self._clock = clock
        self._opened = opened
        self._lock = threading.Lock()
        self._open: bool | None = None
        self._gain: float | None = None  # of the quiet hours
        self._told: tuple[float, str | None] | None = None
        self._paused = False
        self._leaving = False
        self._words: tuple[Hours, int, str] | None = None

    @property
    def paused(self) -> bool:
        """Return whether somebody asked for a pause."""
        return self._paused

    def run(self, stop: threading.Event) -> None:
        """Look until ``stop`` is set."""
        while not stop.wait(_ROUND):
            self.look()

    def pause(self) -> bool:
        """Fade out and let the music stand still; return whether it did not already."""
        return self._set_paused(True)

    def resume(self) -> bool:
        """Go on and fade in, if the station is open; return whether it was paused."""
        return self._set_paused(False)

    def leave(self, seconds: float) -> None:
        """Fade out for good."""
        with self._lock:
            self._leaving = True
            self._fader.aim(0.0, seconds, self._told and self._told[1])

    def look(self) -> None:
        """Tell the fader what is to be heard now, if that has changed."""
        with self._lock:
            self._look()

    def _look(self, seconds: float | None = None) -> None:
        """Take a look; a change takes ``seconds``, or as long as the hours say."""
        if self._leaving:
            return
        hours, now = self._hours(), self._clock.time()
        level = level_at(hours, now, self._fader.aimed)
        self._note(hours, now, level)
        title = None
        if self._paused:
            level, title = Level(0.0, PAUSE), "Paused"
        elif level.gain == 0.0:
            title = self._closed_words(hours, now)
        if (level.gain, title) != self._told:
            self._told = level.gain, title
            self._fader.aim(level.gain, level.seconds if seconds is None else seconds, title)

    def _closed_words(self, hours: Hours, now: float) -> str:
        """Return what listeners are told; the search for an opening may take milliseconds, so it is for a while."""
        known, while_ = self._words, round(now / _WHILE)
        if known is None or known[0] is not hours or known[1] != while_:
            self._words = known = hours, while_, closed_words(hours, now)
        return known[2]

    def _note(self, hours: Hours, now: float, level: Level) -> None:
        """Log what has changed, and say that the station opens."""
        is_open, was_open = level.gain > 0.0, self._open
        gain = gain_at(hours, now)
        if is_open != was_open:
            self._open = is_open
            if not is_open:
                opens = opens_at(hours, closes_at(hours, now) or now)
                _log.info("hours_closed", until=None if opens is None else _iso(local(hours.quiet, opens)))
            elif was_open is False:
                _log.info("hours_opened")
                self._opened()
        if gain != self._gain and (self._gain is not None or gain < 1.0):
            _log.info("hours_gain", db=round(20 * math.log10(gain), 1))
        self._gain = gain

    def _set_paused(self, paused: bool) -> bool:
        with self._lock:
            if paused == self._paused:
                return False
            self._paused = paused
            _log.info("paused" if paused else "resumed")
            self._look(PAUSE)
            return True


class OpenSeams:
    """What the planner asks the director, as it will be: while the station is closed, seams wait until it opens."""

    def __init__(self, seams: Seams, hours: Callable[[], Hours], clock: Clock) -> None:
        self._seams = seams
        self._hours = hours
        self._clock = clock

    @property
    def committed(self) -> frozenset[str]:
        """Return the ids of the takes that are on air or about to be."""
        return self._seams.committed

    def next_seam(self) -> NextSeam:
        """Return when the first take that is not chosen yet is to enter."""
        seam, hours, now = self._seams.next_seam(), self._hours(), self._clock.time()
        closed = closes_at(hours, now) is None
        if not closed and closes_at(hours, seam.at) is not None:
            return seam
        opens = opens_at(hours, now if closed else seam.at)
        return seam if opens is None else seam._replace(at=opens)


def closed_words(hours: Hours, now: float) -> str:
    """Return what listeners are told while the station is closed, or about to be."""
    opens = opens_at(hours, closes_at(hours, now) or now)
    if opens is None:
        return "Closed"
    then, today = local(hours.quiet, opens), local(hours.quiet, now)
    if then.date() == today.date():
        return f"Closed until {then:%H:%M}"
    return f"Closed until {then:%a %H:%M}" if opens - now < _WEEK else f"Closed until {then:%d %b %Y %H:%M}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
