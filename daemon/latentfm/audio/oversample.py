"""Peaks between the samples: four times oversampling as ITU-R BS.1770-4, annex 2, asks for a true peak.

The interpolator is a polyphase windowed sinc of our own: 16 taps a phase under a Kaiser window, flat within
0.1 dB up to 20 kHz. Only sums and products of single elements are used, so a frame's peak has the same bits
whatever the block that it was computed in: the limiter relies on that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.pcm import CHANNELS, Pcm

REACH = 8  # frames on each side that an interpolated point depends on
BEFORE = REACH - 1  # frames of context ahead of the first frame that is asked for
AFTER = REACH  # and after the last one
CONTEXT = BEFORE + AFTER

_KAISER_BETA = 4.0
_PIECE = 2048  # frames at a time, so that the intermediate arrays stay in the processor's cache


def _phase(offset: float) -> NDArray[np.float64]:
    """Return the taps that interpolate ``offset`` of a frame after frame 0, for frames -BEFORE to AFTER."""
    distance = np.arange(-BEFORE, AFTER + 1) - offset
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / REACH) ** 2))) / np.i0(_KAISER_BETA)
    taps: NDArray[np.float64] = np.sinc(distance) * window
    taps /= taps.sum()
    return taps


_QUARTER = _phase(0.25)
_HALF = _phase(0.5)
# The phase at 3/4 mirrors the one at 1/4. Split in an even part E and an odd part O they are E + O and E - O, and the
# larger magnitude of the two is |E| + |O|.
_EVEN = ((_QUARTER + _QUARTER[::-1]) / 2).astype(np.float32)[:REACH]
_ODD = ((_QUARTER - _QUARTER[::-1]) / 2).astype(np.float32)[:REACH]
_MIDDLE = _HALF.astype(np.float32)[:REACH]

BOUND = float(max(np.abs(_QUARTER).sum(), np.abs(_HALF).sum())) * 1.0001
"""No interpolated point exceeds the largest sample that it depends on by more than this factor."""


def magnitude(samples: NDArray[np.float32]) -> float:
    """Return the largest magnitude among ``samples`` (0 for none, NaN if there is one), without a copy of them."""
    if samples.size == 0:
        return 0.0
    return float(np.maximum(samples.max(), -samples.min()))


def frame_peaks(pcm: Pcm) -> NDArray[np.float32]:
    """Return the peak of each frame and of the three points interpolated after it, over both channels.

    Args:
        pcm: the frames asked for, with ``BEFORE`` frames of context ahead of them and ``AFTER`` behind.

    Returns:
        Linear magnitudes, ``[len(pcm) - CONTEXT]``.
    """
    frames = len(pcm) - CONTEXT
    peaks = np.empty(max(frames, 0), dtype=np.float32)
    flat = np.ascontiguousarray(pcm, dtype=np.float32).reshape(-1)
    for start in range(0, frames, _PIECE):
        length = min(_PIECE, frames - start)
        peaks[start : start + length] = _piece_peaks(flat[start * CHANNELS : (start + length + CONTEXT) * CHANNELS])
    return peaks


def _piece_peaks(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    size = flat.size - CONTEXT * CHANNELS
    total, difference, product, even, odd, middle = np.empty((6, size), dtype=np.float32)
    even.fill(0.0)
    odd.fill(0.0)
    middle.fill(0.0)
    for tap in range(REACH):
        left = flat[tap * CHANNELS :][:size]
        right = flat[(CONTEXT - tap) * CHANNELS :][:size]
        np.add(left, right, out=total)
        np.subtract(left, right, out=difference)
        even += np.multiply(total, _EVEN[tap], out=product)
        odd += np.multiply(difference, _ODD[tap], out=product)
        middle += np.multiply(total, _MIDDLE[tap], out=product)
    np.abs(even, out=even)
    even += np.abs(odd, out=odd)
    np.maximum(even, np.abs(middle, out=middle), out=even)
    np.maximum(even, np.abs(flat[BEFORE * CHANNELS :][:size], out=total), out=even)
    channels = even.reshape(-1, CHANNELS)
    return np.maximum(channels[:, 0], channels[:, 1])
