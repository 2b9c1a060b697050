"""What stands between a station that sends in bursts and a card that takes a little at a time.

A gap can't always be avoided, a click can: what was held up too long ends in a fade, what came too much is left out
under a crossfade.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames, silence

BURST = 0.5  # seconds that the runway sends at once
_SLACK = 0.25  # seconds that a burst may come late or early
_FADE = SAMPLE_RATE // 100  # frames: 10 ms

_RISE = (0.5 - 0.5 * np.cos(np.pi * (np.arange(_FADE, dtype=np.float32) + 0.5) / _FADE))[:, np.newaxis]


class PlayBuffer:
    """A queue of PCM that begins once it is full enough, and never holds more than ``most``.

    One thread puts, another takes.

    Attributes:
        most: frames that it holds at most.
        gaps: how often it ran dry.
        skips: how often it was too full, and some audio was left out.
        playing: whether it gives audio; silence otherwise.
    """

    def __init__(self, target: float) -> None:
        """Keep about ``target`` seconds, as an average over bursts."""
        self._full = seconds_to_frames(target + BURST / 2)  # right after a burst, which is when it begins
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
            if not self.playing and self._fill > self._full:
                self._cut(self._fill - self._full)
            elif self._fill > self.most:
                self.skips += 1
                before = self._cut(_FADE)
                self._cut(self._fill - self._full)
                after = self._cut(_FADE)
                self._parts.appendleft(before * (1.0 - _RISE) + after * _RISE)
                self._fill += _FADE

    def close(self) -> None:
        """Take nothing more: the next that is taken fades out and is the last."""
        self._closed = True

    def take(self, frames: int) -> Pcm:
        """Return the next ``frames`` frames, at least 10 ms; silence where there is nothing to play."""
        with self._lock:
            if not self.playing:
                if self._fill < self._full or self._closed:
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
            taken[-_FADE:] *= _RISE[::-1]
            return np.concatenate((taken, silence(frames - len(taken))))

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
