"""Audio in memory: float32 arrays of shape ``[frames, 2]`` at 48 000 Hz, full scale at 1.0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
CHANNELS = 2
_STEPS = 32_768  # of 16 bit, up to full scale

Pcm = NDArray[np.float32]


def silence(frames: int) -> Pcm:
    """Return ``frames`` frames of digital silence."""
    return np.zeros((frames, CHANNELS), dtype=np.float32)


def seconds_to_frames(seconds: float) -> int:
    """Return the number of whole frames nearest to ``seconds``."""
    return round(seconds * SAMPLE_RATE)


def in_16_bit(pcm: Pcm, seed: int) -> NDArray[np.int16]:
    """Return samples as 16-bit integers, dithered, the same each time for one ``seed``.

    The noise added is triangular and two steps wide, so that neither the level nor the mean of the error follows the
    music (Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither: A Theoretical Survey", JAES 1992): the
    difference of each uniform number and the one before, which puts most of it where ears are dull.
    """
    uniform = np.random.default_rng(seed).random((len(pcm) + 1, pcm.shape[1]), dtype=np.float32)
    scaled = np.rint(pcm * _STEPS + np.diff(uniform, axis=0))
    whole: NDArray[np.int16] = np.clip(scaled, -_STEPS, _STEPS - 1).astype(np.int16)
    return whole
