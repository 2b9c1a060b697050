"""What is wrong with what is heard: silence, loudness, a title that stands still. Time is counted in audio heard."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from latentfm.audio.loudness import HOP_SECONDS, amplitude, gated, momentary
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm

_SILENT = amplitude(-60.0)  # of full scale: what the station's own health goes by
_LOOK = SAMPLE_RATE // 20  # frames: silence is measured in twentieths of a second
_PIECE = 10 * SAMPLE_RATE  # frames whose loudness is measured at once
_OVERLAP = SAMPLE_RATE * 3 // 10  # frames of the piece before, for windows of 0.4 s that begin there
_MINUTE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What is put up with.

    Attributes:
        silence: seconds below -60 dBFS.
        loudness: LUFS that are expected.
        tolerance: LU that the loudness may be off, either way.
        window: seconds over which the loudness is integrated; it is judged from a minute on.
        title: seconds that a title may stand.
    """

    silence: float = 10.0
    loudness: float = -16.0
    tolerance: float = 5.0  # moods are up to 3 LU below the station's loudness
    window: float = 180.0
    title: float = 900.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: ``silence``, ``loudness``, ``title`` or ``connection``, and in words."""

    kind: str
    text: str


class Judge:
    """Judges one stream. A fault is told once, and again only after it was over."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rest = np.empty((0, CHANNELS), np.float32)  # too short to be looked at for silence
        self._piece: list[Pcm] = []  # whose loudness is to be measured
        self._tail = np.empty((0, CHANNELS), np.float32)
        self._levels: deque[float] = deque(maxlen=round(limits.window / HOP_SECONDS))
        self._silence = 0.0
        self._title_at = 0.0
        self._faulty: set[str] = set()
        self.title: str | None = None
        self.heard = 0.0

    @property
    def loudness(self) -> float:
        """Return the loudness in LUFS of the last minutes; minus infinity before anything was measured."""
        return gated(np.array(self._levels))

    @property
    def silence(self) -> float:
        """Return how many seconds of silence there have been until now."""
        return self._silence

    def name(self, title: str) -> None:
        """Hear a title; that it is said again is no change."""
        if title != self.title:
            self.title, self._title_at = title, self.heard

    def hear(self, pcm: Pcm) -> list[Fault]:
        """Hear some audio and return what is wrong from now on."""
        self.heard += len(pcm) / SAMPLE_RATE
        longest = self._measure_silence(pcm)
        measured = self._measure_loudness(pcm)
        faults = self._tell("silence", longest > self._limits.silence, f"silence for {longest:.1f} s")
        if measured and len(self._levels) * HOP_SECONDS >= min(_MINUTE, self._limits.window):
            loudness = self.loudness
            wrong = math.isfinite(loudness) and abs(loudness - self._limits.loudness) > self._limits.tolerance
            words = f"{loudness:.1f} LUFS over the last {len(self._levels) * HOP_SECONDS:.0f} s"
            faults += self._tell("loudness", wrong, f"{words}, where {self._limits.loudness:.1f} are expected")
        stood = self.heard - self._title_at
        words = f'"{self.title}" stands' if self.title is not None else "no title came"
        faults += self._tell("title", stood > self._limits.title, f"{words} for {stood / _MINUTE:.1f} minutes")
        return faults

    def _tell(self, kind: str, wrong: bool, words: str) -> list[Fault]:
        if not wrong:
            self._faulty.discard(kind)
            return []
        if kind in self._faulty:
            return []
        self._faulty.add(kind)
        return [Fault(kind, words)]

    def _measure_silence(self, pcm: Pcm) -> float:
        """Go on counting silence; return the longest that was reached meanwhile, in seconds."""
        pcm = np.concatenate([self._rest, pcm])
        whole = len(pcm) // _LOOK * _LOOK
        self._rest = pcm[whole:]
        longest = self._silence
        for peak in np.abs(pcm[:whole]).reshape(-1, _LOOK * CHANNELS).max(axis=1):
            self._silence = 0.0 if peak > _SILENT else self._silence + _LOOK / SAMPLE_RATE
            longest = max(longest, self._silence)
        return longest

    def _measure_loudness(self, pcm: Pcm) -> bool:
        """Collect audio and measure each ten seconds of it; return whether some were measured now."""
        self._piece.append(pcm)
        if sum(map(len, self._piece)) < _PIECE:
            return False
        piece = np.concatenate([self._tail, *self._piece])
        levels = momentary(piece)
        self._levels.extend(levels)
        self._tail, self._piece = piece[-_OVERLAP:], []
        return True
