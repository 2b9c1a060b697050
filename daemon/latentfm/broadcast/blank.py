"""Blank air: silence that nobody asked for, told once when it has lasted and once when it is over."""

from __future__ import annotations

import structlog

from latentfm.audio.pcm import SAMPLE_RATE

BACK = SAMPLE_RATE  # frames of sound on end after which a blank is over: a click does not end it

log = structlog.get_logger()


class Blank:
    """Follows what leaves, stretch by stretch; belongs to one thread, its attributes may be read by any.

    Attributes:
        on: whether the air is blank.
        frames: all the silence of blanks since the start, that before each was noticed included.
    """

    def __init__(self) -> None:
        self.on = False
        self.frames = 0
        self._silent = 0  # frames, of the stretch under way
        self._sound = 0
        self._lasted = 0

    def follow(self, frames: int, *, audible: bool, patience: float, take: str) -> None:
        """Take the next stretch.

        Args:
            frames: how long it is.
            audible: whether it can be heard, or was asked to be silent.
            patience: seconds of silence after which the air is blank.
            take: what is on air, for the log.
        """
        self._silent = 0 if audible else self._silent + frames
        self._sound = self._sound + frames if audible else 0
        if self.on:
            self._last(0 if audible else frames)
            if self._sound >= BACK:
                self.on = False
                log.warning("blank_over", take=take, seconds=round(self._lasted / SAMPLE_RATE, 1))
        elif self._silent >= patience * SAMPLE_RATE:
            self.on, self._lasted = True, 0
            self._last(self._silent)
            log.error("blank_began", take=take, silent_seconds=round(self._silent / SAMPLE_RATE, 1))

    def _last(self, frames: int) -> None:
        self._lasted += frames
        self.frames += frames
