"""Loudness and true peak, as ITU-R BS.1770-4 has them."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.oversample import AFTER, BEFORE, BOUND, frame_peaks, magnitude
from latentfm.audio.pcm import SAMPLE_RATE, Pcm

SILENT = -math.inf

_Levels = TypeVar("_Levels", float, NDArray[np.float64])
HOP_SECONDS = 0.1  # between two values of ``momentary`` and ``short_term``
_BLOCK, _HOP = SAMPLE_RATE * 4 // 10, SAMPLE_RATE // 10  # frames: the standard's gating blocks, overlapping by 75 %
_LONG_BLOCK = SAMPLE_RATE * 3  # frames: EBU R 128's short-term window
_WARM_UP = 5  # blocks ahead of a piece, in which the filters settle
_PIECE = 200  # blocks that are measured together: the filters take 16 bytes a sample
OFFSET = -0.691  # LUFS of a power of 1
_ABSOLUTE_GATE = -70.0  # LUFS
_RELATIVE_GATE = -10.0  # LU
_CHUNK = 8192  # frames


def decibels(ratio: float) -> float:
    """Return a linear magnitude in decibels; minus infinity for nothing."""
    return SILENT if ratio == 0.0 else 20.0 * math.log10(ratio)


def amplitude(level: float) -> float:
    """Return the linear magnitude of ``level`` decibels."""
    return float(10.0 ** (level / 20.0))


def integrated(pcm: Pcm) -> float:
    """Return the integrated loudness in LUFS; minus infinity for silence and for less than 0.4 s of audio.

    pyloudnorm weighs and measures the blocks, some 20 s at a time, so that memory does not grow with the length.
    It brings SciPy: this is for the studio, not for the process that streams.
    """
    return gated(momentary(pcm))


def gated(levels: NDArray[np.float64]) -> float:
    """Return the integrated loudness in LUFS of a stretch whose ``momentary`` loudness is given."""
    powers = _power(levels)
    heard = powers[powers >= _power(_ABSOLUTE_GATE)]
    return _lufs(heard[heard > _power(_lufs(heard) + _RELATIVE_GATE)])


def momentary(pcm: Pcm) -> NDArray[np.float64]:
    """Return the loudness of each 0.4 s in LUFS, a value every 0.1 s; minus infinity for silence."""
    return _blocks(pcm, _BLOCK)


def short_term(pcm: Pcm) -> NDArray[np.float64]:
    """Return the loudness of each 3 s in LUFS, a value every 0.1 s (EBU R 128); minus infinity for silence."""
    return _blocks(pcm, _LONG_BLOCK)


def _blocks(pcm: Pcm, block: int) -> NDArray[np.float64]:
    """Return the loudness in LUFS of each stretch of ``block`` frames, one beginning every ``_HOP`` frames."""
    import pyloudnorm  # noqa: PLC0415 - it brings SciPy, which the streaming process must not load

    overlap = 1.0 - _HOP / block
    meter = pyloudnorm.Meter(SAMPLE_RATE, block_size=block / SAMPLE_RATE, overlap=overlap)
    count = max(0, (len(pcm) - block) // _HOP + 1)
    measured = np.empty(count)
    for start in range(0, count, _PIECE):
        stop = min(start + _PIECE, count)
        first = max(0, start - _WARM_UP)
        meter.integrated_loudness(pcm[first * _HOP : (stop - 1) * _HOP + block])
        measured[start:stop] = meter.blockwise_loudness[start - first :]
    return measured


def _power(lufs: _Levels) -> _Levels:
    powers: _Levels = 10.0 ** ((lufs - OFFSET) / 10.0)
    return powers


def _lufs(powers: NDArray[np.float64]) -> float:
    return OFFSET + 10.0 * math.log10(float(powers.mean())) if powers.size else SILENT


def sample_peak(pcm: Pcm) -> float:
    """Return the level of the largest sample in dBFS; minus infinity for silence."""
    return decibels(magnitude(pcm))


def true_peak(pcm: Pcm) -> float:
    """Return the true peak in dBTP: the largest magnitude after oversampling four times.

    Chunks whose samples are too small to beat the peak found so far are passed over, so most music takes little
    more than one look at each sample, and memory does not grow with its length.
    """
    best = magnitude(pcm)
    for start in range(-AFTER, len(pcm) + BEFORE, _CHUNK):
        stop = min(start + _CHUNK, len(pcm) + BEFORE)
        context = pcm[max(0, start - BEFORE) : stop + AFTER]
        if magnitude(context) * BOUND <= best:
            continue
        ahead = max(0, BEFORE - start)
        behind = max(0, stop + AFTER - len(pcm))
        padded = np.pad(context, ((ahead, behind), (0, 0))) if ahead or behind else context
        best = max(best, float(frame_peaks(padded).max()))
    return decibels(best)
