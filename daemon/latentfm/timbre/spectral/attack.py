"""The attack of a note, finer than frames: its level each millisecond, measured, and put back where synthesis blurs it.

Harmonics are looked at through windows of several periods, which spread an attack over as long. What is heard of it is
mostly how the level rises, so that is kept beside the codes, mixed as they are, and imposed on what was synthesized.

Mixed levels alone do not rise as fast as anything between their parents: half of a pluck's that falls already and half
of a swell's may come to its peak later than both. So when a sound begins and how long it rises is kept as well, and the
level of a mixture is moved in time until it does so.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from latentfm.timbre.descriptors import rise, smoothed
from latentfm.timbre.engine import Mono
from latentfm.timbre.pitch import hertz
from latentfm.timbre.spectral.envelopes import FLOOR_DB, HOP, SAMPLE_RATE, Floats

FINE: Final = 5
"""Levels in each frame."""

RISE: Final = 2
"""Numbers that say how a sound rises."""

_STEP = HOP // FINE
_SHORTEST = 96  # samples that a level is taken over; one period, where that is longer
_PASSES = 5  # each sets right what the one before has moved
_SHAPED = 0.15  # seconds that are shaped; in the last third of them less and less
_MOST_DB = 18.0  # that anything is made louder
_LEAST_DB = -40.0  # or softer
_MOVES = 16  # at most, each of what the one before has left; most notes need two or three
_ALIKE = 0.02  # of two durations' logarithms: near enough
_SOFT = np.hanning(99)[1:-1] / np.hanning(99).sum()  # 2 ms: a gain without edges
_BEYOND = 0.1  # seconds after a rise in which the level goes back to what it was


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


def risen(audio: Mono, frames: int) -> Floats:
    """Return when a note begins to rise (seconds) and for how long (their logarithm), the same ``[frames, RISE]``."""
    begin, end = rise(smoothed(audio, SAMPLE_RATE))
    row = np.array([begin / SAMPLE_RATE, np.log((end - begin) / SAMPLE_RATE)], np.float32)
    return np.tile(row, (frames, 1))


def rising(sound: Mono, wanted: Floats) -> Mono:
    """Return a note whose level is moved in time until it rises as wanted, the first of ``[frames, RISE]``.

    What sounds at a time stays there; only how loud it is comes from before or after.
    """
    if not sound.any():
        return sound
    begin, lasts = float(wanted[0, 0]) * SAMPLE_RATE, float(np.exp(wanted[0, 1])) * SAMPLE_RATE
    gain = np.zeros(len(sound))
    moved, best, nearest = sound, sound, np.inf
    for _ in range(_MOVES + 1):
        level = smoothed(moved, SAMPLE_RATE)
        first, last = rise(level)
        apart = abs(np.log((last - first) / lasts))
        if apart < nearest:
            best, nearest = moved, apart
        stop = min(round(max(last, begin + lasts) + _BEYOND * SAMPLE_RATE), len(sound), len(level)) - 1
        if apart < _ALIKE or stop <= max(begin + 1 + lasts, last + 1):  # or it ends before it would have risen
            break
        from_where = np.interp(np.arange(stop), [0, begin + 1, begin + 1 + lasts, stop], [0, first + 1, last + 1, stop])
        loud = 20.0 * np.log10(np.maximum(level, 1e-5 * level.max()))
        missing = np.interp(from_where, np.arange(len(loud)), loud) - loud[:stop]
        soft = np.convolve(np.pad(missing, len(_SOFT) // 2, "edge"), _SOFT, "valid")
        gain[:stop] = (gain[:stop] + soft).clip(_LEAST_DB, _MOST_DB)
        moved = sound * (10.0 ** (gain / 20.0)).astype(np.float32)
    return best
