"""The fader: between the timeline and the sinks, it makes what left the timeline softer, and silences it.

Ramps go by steps that are equal in dB until near silence, and on to exactly nothing. The fader comes after the cues: a
moment made again from the history is what the timeline made, at full gain. Once silent it leaves the timeline alone:
the music stands still, nothing is decoded, and it goes on where it was.

``next_block`` belongs to the pacing thread; ``aim`` and the properties to any. A ramp is computed from its begin and
end for each sample anew, so nothing adds up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE, silence
from latentfm.broadcast.block import Block, Blocks, Playing

RANGE = 60.0
"""dB over which the steps of a ramp are equal; below, they shrink so that it ends in exact silence."""

QUICKEST = 0.1
"""Seconds: no ramp is shorter, for a step would be a click."""

_BOTTOM = 10.0 ** (-RANGE / 20)
_HELD = SAMPLE_RATE // 10  # frames of a silent block


class Playable(Blocks, Protocol):
    """What the fader gets its blocks from."""

    @property
    def playing(self) -> Playing:
        """Return what is audible, or would be."""
        ...


@dataclass(frozen=True, slots=True)
class _Aim:
    """Where to go: a gain as a factor, the seconds for it, and what to tell listeners while it is silent."""

    gain: float
    seconds: float
    title: str | None


class Fader:
    """Blocks at a gain that moves smoothly.

    Attributes:
        gain: the gain of the last sample that left.
        silent: frames of silence that left since the last that was audible.
    """

    def __init__(self, blocks: Playable) -> None:
        self.gain = 1.0
        self.silent = 0
        self._blocks = blocks
        self._aim = _Aim(1.0, 0.0, None)
        self._heeded = self._aim
        self._from = 1.0  # the place at which the ramp began
        self._frames = 0  # of the ramp
        self._at = 0  # of them gone
        self._begun = False

    @property
    def aimed(self) -> float:
        """Return the gain that it goes to, or is at."""
        return self._aim.gain

    @property
    def holding(self) -> bool:
        """Return whether it is silent and means to be: the timeline stands still."""
        return self._begun and self.gain == self._aim.gain == 0.0

    def aim(self, gain: float, seconds: float, title: str | None = None) -> None:
        """Go to a gain between 0 and 1 within some seconds; until the first block that is done at once.

        ``title`` is what listeners are told while it is silent. A gain that it goes to already is not begun anew.
        """
        self._aim = _Aim(gain, seconds, title)

    def next_block(self) -> Block:
        """Return the next block of the timeline at the gain; silence while that is what is asked for."""
        self._heed()
        self._begun = True
        if self._at >= self._frames and self._heeded.gain == 0.0:
            return self._held()
        block = self._blocks.next_block()
        self.silent = 0
        if self._at < self._frames:
            gains = self._ramp(len(block.pcm))
            self.gain = float(gains[-1])
            return replace(block, pcm=block.pcm * gains[:, np.newaxis], gain=min(float(gains[0]), self.gain))
        if self.gain == 1.0:
            return block
        return replace(block, pcm=block.pcm * np.float32(self.gain), gain=self.gain)

    def _heed(self) -> None:
        """Begin the ramp that was asked for last, if it is another one."""
        aim = self._aim
        if aim is self._heeded:
            return
        if not self._begun:
            self.gain, self._at, self._frames = aim.gain, 0, 0
        elif aim.gain != self._heeded.gain:
            self._from = _place(self.gain)
            self._frames, self._at = round(max(aim.seconds, QUICKEST) * SAMPLE_RATE), 0
        self._heeded = aim

    def _ramp(self, frames: int) -> NDArray[np.float32]:
        """Return the gains of the next frames."""
        here = np.arange(self._at + 1, self._at + frames + 1, dtype=np.float64)
        here /= self._frames
        here *= _place(self._heeded.gain) - self._from
        here += self._from
        gains = _gain(here).astype(np.float32)
        gains[max(self._frames - self._at - 1, 0) :] = self._heeded.gain
        self._at += frames
        return gains

    def _held(self) -> Block:
        self.gain = 0.0
        self.silent += _HELD
        playing = self._blocks.playing
        if self._heeded.title is not None:
            playing = replace(playing, title=self._heeded.title)
        return Block(silence(_HELD), playing, gain=0.0, held=True)


def _place(gain: float) -> float:
    """Return where on the way from silence, at 0, to full gain, at 1, a gain lies."""
    return 1.0 + 20.0 * math.log10(gain * (1.0 - _BOTTOM) + _BOTTOM) / RANGE


def _gain(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gains of places; the reverse of ``_place``."""
    gains: NDArray[np.float64] = (10.0 ** ((places - 1.0) * (RANGE / 20.0)) - _BOTTOM) / (1.0 - _BOTTOM)
    return gains
