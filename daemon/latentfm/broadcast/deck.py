"""A deck decodes one take ahead of its playing, in a thread of its own.

A file that turns out truncated ends the deck early, a card that stalls leaves it with what was decoded: the
timeline sees either in time to leave it by a crossfade.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames, silence
from latentfm.broadcast.cues import TakeSource
from latentfm.broadcast.guard import Guard
from latentfm.broadcast.source import Candidate, Reader

STEP = SAMPLE_RATE // 2  # frames decoded at a time
SPARE = seconds_to_frames(20.0)  # decoded ahead besides the crossfade window
ENOUGH = seconds_to_frames(4.0)  # of which so much will do to go on air


class Deck:
    """One take, decoded ahead.

    ``pull`` and the properties never wait for the disk; only ``fill``, which runs in the deck's own thread, does.

    Attributes:
        candidate: what it plays.
        source: the same for the cue log.
        position: frames handed out so far.
        failure: why the take ended early, or None.
    """

    def __init__(self, candidate: Candidate, *, ahead: int | None = None) -> None:
        self.candidate = candidate
        self.playing = candidate.playing
        self.source = TakeSource(candidate.info, candidate.origin)
        self.position = 0
        self.failure: str | None = None
        self._ahead = ahead or candidate.crossfade + SPARE
        self._buffer: deque[Pcm] = deque()
        self._offset = 0  # frames of the first buffered array that are gone
        self._decoded = 0
        self._ended = False
        self._filled = False
        self._closed = False
        self._changed = threading.Condition()
        self._reader: Reader | None = None
        self._guard = Guard(candidate.info)

    def start(self) -> None:
        """Decode in a thread from now on."""
        threading.Thread(target=self._run, name=f"deck {self.playing.take_id}", daemon=True).start()

    @property
    def outs(self) -> tuple[int, ...]:
        """Return the frames at which the take may be left."""
        return self.candidate.info.seam.outs

    @property
    def head(self) -> int:
        """Return the frames at its beginning over which another take may still sound."""
        return min(self.candidate.info.seam.head, self.end // 2)

    @property
    def limit(self) -> int:
        """Return the longest crossfade that the take's mood allows, in frames."""
        return self.candidate.crossfade

    @property
    def available(self) -> int:
        """Return how many frames are decoded and not yet played."""
        return self._decoded - self.position

    @property
    def end(self) -> int:
        """Return the frame at which the take ends: as promised, or as it turned out."""
        return self._decoded if self._ended else max(self.candidate.info.frames, self._decoded)

    @property
    def ended(self) -> bool:
        """Return whether everything there is has been decoded."""
        return self._ended

    @property
    def endless(self) -> bool:
        """Return that a take has an end."""
        return False

    @property
    def ready(self) -> bool:
        """Return whether it may go on air: decoded some seconds further than a crossfade, or as far as there is."""
        return (self.full or self.available >= self.candidate.crossfade + ENOUGH) and self.available >= STEP

    @property
    def full(self) -> bool:
        """Return whether it has decoded as far ahead as was asked for, or to its end."""
        return self._filled or self._ended

    @property
    def useless(self) -> bool:
        """Return whether nothing worth playing came out of it."""
        return self._ended and self.available < STEP

    def widen(self) -> None:
        """Decode as far ahead as a take on air needs, where less was asked for before."""
        with self._changed:
            self._ahead = max(self._ahead, self.candidate.crossfade + SPARE)
            self._changed.notify_all()

    def pull(self, frames: int) -> Pcm:
        """Return up to ``frames`` frames of what is decoded, at once; none if there are none."""
        parts: list[Pcm] = []
        with self._changed:
            while frames and self._buffer:
                first = self._buffer[0][self._offset : self._offset + frames]
                parts.append(first)
                self._offset += len(first)
                self.position += len(first)
                frames -= len(first)
                if self._offset == len(self._buffer[0]):
                    self._buffer.popleft()
                    self._offset = 0
            self._changed.notify_all()
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else silence(0)

    def close(self) -> None:
        """Stop decoding; at once, whatever the reader is doing."""
        with self._changed:
            self._closed = True
            self._buffer.clear()
            self._changed.notify_all()

    def fill(self) -> bool:
        """Decode one step, if there is room; return whether there was. May wait for the disk."""
        if self._ended or self._closed or self.available >= self._ahead:
            self._filled = True
            return False
        try:
            if self._reader is None:
                self._reader = self.candidate.open()
            read = self._reader.read(STEP)
            block = self._guard.look(read) if len(read) else self._guard.rest()
        except Exception as error:  # noqa: BLE001 - any fault of a take ends this take only, and is handed on
            self._finish(f"{error}" or type(error).__name__)
            return True
        if len(block):
            self._keep(block)
        if not len(read):
            short = self.candidate.info.frames - self._decoded
            self._finish(f"ends {short / SAMPLE_RATE:.1f} s early" if short > 0 else None)
        return True

    def _keep(self, block: Pcm) -> None:
        with self._changed:
            if not self._closed:
                self._buffer.append(block)
                self._decoded += len(block)

    def _finish(self, failure: str | None) -> None:
        with self._changed:
            self.failure = failure
            self._ended = True

    def _run(self) -> None:
        while True:
            if self.fill():
                continue
            with self._changed:
                if self._ended or self._closed:
                    break
                if self.available >= self._ahead:
                    self._changed.wait()
        if self._reader is not None:
            self._reader.close()
