"""What stands between a station that sends in bursts and a card that takes a little at a time.

A gap can't always be avoided, a click can: what was held up too long ends in a fade, what came too much is left out
under a crossfade.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames, silence

BURST = 0.5  # seconds that the runway sends at once
_SLACK = 0.25  # seconds that a burst may come late or early
_QUIET = 0.05  # seconds without audio after which a burst has ended
_FADE = SAMPLE_RATE // 100  # frames: 10 ms

_RISE = (0.5 - 0.5 * np.cos(np.pi * (np.arange(_FADE) + 0.5) / _FADE)).astype(np.float32)[:, np.newaxis]
_FALL = _RISE[::-1]


class PlayBuffer:
    """A queue of PCM that begins once it is full enough, and never holds more than ``most``.

    One thread puts, another takes.

    Attributes:
        most: frames that it holds at most.
        gaps: how often it ran dry.
        skips: how often it was too full, and some audio was left out.
        playing: whether it gives audio; silence otherwise.
    """

    def __init__(self, target: float, lead_in: int = 0, now: Callable[[], float] = time.monotonic) -> None:
        """Hold nothing yet.

        Args:
            target: seconds to keep, as an average over bursts.
            lead_in: frames of silence to begin with.
            now: the clock that bursts are timed by, in seconds.
        """
        self._lead_in = lead_in
        self._now = now
        self._arrived_at = -math.inf
        self._bursts = 0
        self._full = seconds_to_frames(target + BURST / 2)  # right after a burst
        self.most = self._full + seconds_to_frames(BURST / 2 + _SLACK)
        self.gaps = 0
        self.skips = 0
        self.playing = False
        self._parts: deque[Pcm] = deque()
        self._fill = 0
        self._closed = False
        self._rising = False
        self._lock = threading.Lock()

    @property
    def fill(self) -> float:
        """Return what it holds, in seconds."""
        return self._fill / SAMPLE_RATE

    @property
    def closed(self) -> bool:
        """Return whether ``close`` was called."""
        return self._closed

    def put(self, pcm: Pcm) -> None:
        """Take audio in; of too much the oldest is left out."""
        with self._lock:
            self._parts.append(pcm)
            self._fill += len(pcm)
            now = self._now()
            self._bursts += now - self._arrived_at > _QUIET
            self._arrived_at = now
            if not self.playing and self._fill > self._full:
                self._cut(self._fill - self._full)
            elif self._fill > self.most:
                self.skips += 1
                before = self._cut(_FADE)
                self._cut(self._fill - self._full)
                after = self._cut(_FADE)
                self._parts.appendleft(before * _FALL + after * _RISE)
                self._fill += _FADE

    def close(self) -> None:
        """Take nothing more: the next that is taken fades out and is the last."""
        self._closed = True

    def take(self, frames: int) -> Pcm:
        """Return the next ``frames`` frames, at least 10 ms; silence where there is nothing to play."""
        with self._lock:
            if not self.playing:
                if not self._may_begin(frames):
                    return silence(frames)
                self.playing = self._rising = True
            ending = self._closed or self._fill < frames + _FADE
            taken = self._cut(min(frames, self._fill))
            if self._rising:
                taken[:_FADE] *= _RISE
                self._rising = False
            if not ending:
                return taken
            self.gaps += not self._closed
            self.playing = False
            self._cut(self._fill)
            taken[-_FADE:] *= _FALL
            return np.concatenate((taken, silence(frames - len(taken))))

    def _may_begin(self, frames: int) -> bool:
        """Return whether to begin, between two bursts; leave what the time since the last one leaves of a full buffer.

        Begun with anything else, the fill would be off by up to a burst, which takes long to make up for. What comes
        first is what had piled up, and says nothing of when bursts come.
        """
        self._lead_in -= frames
        since = self._now() - self._arrived_at
        fitting = self._full - seconds_to_frames(min(since, BURST))
        early = self._bursts <= 1 or self._lead_in >= 0 or self._fill < fitting
        if early or self._closed or not _QUIET <= since <= BURST:
            return False
        self._cut(self._fill - fitting)
        return True

    def _cut(self, frames: int) -> Pcm:
        """Return a copy of the oldest frames, and forget them."""
        parts = []
        self._fill -= frames
        while frames > 0:
            part = self._parts.popleft()
            if len(part) > frames:
                self._parts.appendleft(part[frames:])
                part = part[:frames]
            parts.append(part)
            frames -= len(part)
        return np.concatenate(parts) if parts else silence(0)
