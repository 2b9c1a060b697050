"""A note as it was recorded, rendered or synthesized: what instruments are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.timbre.engine import Mono

SHORTEST: Final = 0.1
"""Seconds; of less neither pitch nor loop can be told."""

SILENT: Final = 1e-3
"""-60 dBFS: what stays below makes no instrument."""

_MOST = 127


@dataclass(frozen=True, eq=False)
class Note:
    """A note from its attack on.

    Attributes:
        pitch: that it has or should have, a MIDI number with its fraction.
        velocity: with which it was struck, 1 to 127.
        audio: ``[frames]`` at ``SAMPLE_RATE``.
        held: seconds until the key was let go; None if that can't be told, or it never was.

    Raises:
        TimbreError: it is silent, too short, or holds what is no number.
    """

    pitch: float
    velocity: int
    audio: Mono
    held: float | None = None

    def __post_init__(self) -> None:
        where = f"the note of pitch {self.pitch:g} and velocity {self.velocity}"
        if not 0 <= self.pitch <= _MOST or not 1 <= self.velocity <= _MOST:
            raise TimbreError(f"{where} is none: MIDI has pitches 0 to {_MOST} and velocities 1 to {_MOST}")
        if self.audio.ndim != 1 or self.audio.dtype != np.float32:
            raise TimbreError(f"{where}: expected float32 [frames], not {self.audio.dtype} {self.audio.shape}")
        if len(self.audio) < SHORTEST * SAMPLE_RATE:
            raise TimbreError(f"{where} lasts {len(self.audio) / SAMPLE_RATE:.3f} s; {SHORTEST} s are the least")
        if not np.isfinite(self.audio).all():
            raise TimbreError(f"{where} holds what is no number; render or record it again")
        if float(np.abs(self.audio).max()) < SILENT:
            raise TimbreError(f"{where} is silent; leave this pitch out, or choose another sound")
