"""The attack of a note, finer than frames: its level each millisecond, measured, and put back where synthesis blurs it.

Harmonics are looked at through windows of several periods, which spread an attack over as long. What is heard of it is
mostly how the level rises, so that is kept beside the codes, mixed as they are, and imposed on what was synthesized.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from latentfm.timbre.engine import Mono
from latentfm.timbre.pitch import hertz
from latentfm.timbre.spectral.envelopes import FLOOR_DB, HOP, SAMPLE_RATE, Floats

FINE: Final = 5
"""Levels in each frame."""

_STEP = HOP // FINE
_SHORTEST = 96  # samples that a level is taken over; one period, where that is longer
_PASSES = 5  # each sets right what the one before has moved
_SHAPED = 0.15  # seconds that are shaped; in the last third of them less and less
_MOST_DB = 18.0  # that anything is made louder
_LEAST_DB = -40.0  # or softer


def levels(audio: Mono, pitch: float, frames: int) -> Floats:
    """Return the level of a note each millisecond, ``[frames, FINE]``: 1 at its loudest, 0 from ``FLOOR_DB`` down."""
    size = max(_SHORTEST, round(SAMPLE_RATE / hertz(pitch)))
    squares = np.pad(audio[: frames * HOP].astype(np.float64) ** 2, (size // 2, size + HOP))
    sums = np.concatenate([[0.0], np.cumsum(squares)])
    starts = np.arange(frames * FINE) * _STEP
    ends = np.minimum(starts + size, len(sums) - 1)
    rms = np.sqrt(np.maximum(sums[ends] - sums[np.minimum(starts, ends)], 0.0) / size)
    level = 1.0 - 20.0 * np.log10(np.maximum(rms / max(float(rms.max()), 1e-12), 1e-9)) / FLOOR_DB
    found: Floats = level.clip(0.0, 1.0).astype(np.float32).reshape(frames, FINE)
    return found


def shaped(sound: Mono, wanted: Floats, pitch: float) -> Mono:
    """Return a note whose level rises as wanted, ``[frames, FINE]``, relative to what it is after the attack."""
    frames = len(wanted)
    last = min(frames * FINE - 1, round(_SHAPED * SAMPLE_RATE / _STEP))
    if last < FINE:
        return sound
    shape = sound.copy()
    for _ in range(_PASSES):
        missing = -FLOOR_DB * (wanted.ravel() - levels(shape, pitch, frames).ravel())[: last + 1]
        missing -= missing[-1]
        eased = np.minimum(1.0, 3.0 * (1.0 - np.arange(last + 1) / last))
        gain = 10.0 ** ((missing.clip(_LEAST_DB, _MOST_DB) * eased) / 20.0)
        at = np.arange(last * _STEP)
        shape[: last * _STEP] *= np.interp(at, np.arange(last + 1) * _STEP, gain).astype(np.float32)
    return shape
