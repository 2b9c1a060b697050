"""The meter: how loud it is what leaves the timeline, and whether it is blank.

The pacing thread puts blocks into a bounded queue and no more; a supervised thread measures them.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from latentfm.audio.level import LevelMeter, Levels
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, seconds_to_frames
from latentfm.broadcast.blank import Blank
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.health import WITHIN, is_sound, patience

INBOX = 150  # blocks that may wait to be measured: fifteen seconds of them
_WAIT = 0.25  # seconds after which a waiting thread looks around
_NOTHING = np.zeros((seconds_to_frames(_WAIT), CHANNELS), dtype=np.float32)
_LATE = 1.0  # seconds without a block that still are no silence: the runway sends in bursts


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter shows.

    Attributes:
        levels: loudness, level and peaks.
        blank: whether the air is blank: silent for longer than the mood allows, and nobody asked for it.
        blank_seconds: all the silence of such stretches since the start.
        dropped: blocks that were not measured, because the thread was late.
    """

    levels: Levels = field(default_factory=Levels)
    blank: bool = False
    blank_seconds: float = 0.0
    dropped: int = 0


class Meter:
    """A sink of the runway; ``run`` belongs to a supervised thread, ``reading`` to any."""

    def __init__(self) -> None:
        self._inbox: deque[Block] = deque()
        self._arrived = threading.Condition()
        self._dropped = 0
        self._levels = Levels()
        self._blank = Blank()
        self._playing: Playing | None = None

    @property
    def reading(self) -> Reading:
        """Return what it shows now."""
        return Reading(self._levels, self._blank.on, self._blank.frames / SAMPLE_RATE, self._dropped)

    def offer(self, block: Block) -> None:
        """Take a block to be measured; the oldest goes if the thread is far behind."""
        with self._arrived:
            if len(self._inbox) >= INBOX:
                self._inbox.popleft()
                self._dropped += 1
            self._inbox.append(block)
            self._arrived.notify()

    def run(self, stop: threading.Event) -> None:
        """Measure until ``stop`` is set."""
        level = LevelMeter()
        waited = 0.0
        while not stop.is_set():
            block = self._next_block()
            if block is not None:
                waited = 0.0
                self._playing = block.playing
                self._follow(len(block.pcm), audible=is_sound(block))
                self._levels = level.add(block.pcm)
                continue
            waited += _WAIT
            if waited > _LATE:  # nothing leaves: that is heard as silence
                self._follow(len(_NOTHING), audible=False)
                self._levels = level.add(_NOTHING)

    def _next_block(self) -> Block | None:
        with self._arrived:
            if not self._inbox:
                self._arrived.wait(_WAIT)
            return self._inbox.popleft() if self._inbox else None

    def _follow(self, frames: int, *, audible: bool) -> None:
        playing = self._playing
        allowed, take = (WITHIN, "") if playing is None else (patience(playing), playing.take_id)
        self._blank.follow(frames, audible=audible, patience=allowed, take=take)
