"""Audio in memory: float32 arrays of shape ``[frames, 2]`` at 48 000 Hz, full scale at 1.0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
CHANNELS = 2


Pcm = NDArray[np.float32]


def silence(frames: int) -> Pcm:
    """Return ``frames`` frames of digital silence."""
    return np.zeros((frames, CHANNELS), dtype=np.float32)


def seconds_to_frames(seconds: float) -> int:
    """Return the number of whole frames nearest to ``seconds``."""
    return round(seconds * SAMPLE_RATE)
