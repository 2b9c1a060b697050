"""A look-ahead limiter for true peaks, of our own.

For each frame the reduction that its true peak needs is found in decibels, held for as long as the look-ahead and the
interpolator reach, let go at a constant rate, and smoothed by two moving averages. The averages lie within the hold,
so the gain has arrived in full before the peak and stays until after it.

Reductions are whole numbers of 2**-20 dB. Sums and maxima of whole numbers do not round, so the samples that come out
do not depend on how the audio was cut into blocks, bit for bit, after any number of days.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.oversample import AFTER, BOUND, CONTEXT, REACH, frame_peaks, magnitude
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames, silence

CEILING_DB = -1.0
LOOKAHEAD = 0.003  # seconds
RELEASE = 24.0  # dB a second

_UNITS = 1 << 20  # to a decibel
_LARGEST = 1e6  # linear; what is beyond this (an infinity) is treated as this
_PIECE = 512  # frames that are oversampled together, or passed over together
_CHUNK = 65_536  # frames at a time when a whole array is limited

_Units = NDArray[np.int64]


class Limiter:
    """A limiter that takes blocks of any size and hands its state on from one to the next.

    What comes out is what went in ``latency`` frames earlier. Where nothing exceeds the ceiling the samples are the
    same bits. A block of NaN passes through; it is the gate's to keep out.

    Attributes:
        latency: delay in frames.
        memory: frames after which what went in has no say any more; a limiter that starts so much earlier, without a
            past, gives the same bits as one that never stopped.
        max_reduction_db: the largest reduction so far.
    """

    def __init__(self, ceiling_db: float = CEILING_DB, lookahead: float = LOOKAHEAD, release: float = RELEASE) -> None:
        self._ceiling = 10.0 ** (ceiling_db / 20.0)
        self._fall = max(1, round(release * _UNITS / SAMPLE_RATE))  # units a frame
        self._box = max(1, seconds_to_frames(lookahead) // 2)
        attack = 2 * self._box - 2 + REACH
        self._hold = attack + REACH + 1
        self.latency = attack + AFTER
        largest = math.ceil(20.0 * _UNITS * math.log10(_LARGEST / self._ceiling))
        self.memory = -(-largest // self._fall) + self._hold + 2 * self._box + self.latency
        self.max_reduction_db = 0.0
        self._history = silence(self.latency)
        self._needed: _Units = np.zeros(self._hold - 1, dtype=np.int64)
        self._released: _Units = np.zeros(2 * self._box - 2, dtype=np.int64)
        self._last = 0
        self._idle = True

    def process(self, block: Pcm) -> Pcm:
        """Take a block of any length and return one of the same length, ``latency`` frames behind."""
        frames = len(block)
        if frames == 0:
            return block
        audio = np.concatenate((self._history, block), dtype=np.float32)
        self._history = audio[frames:].copy()
        needed = self._reductions(audio[self.latency - CONTEXT :])
        if needed is None and self._idle:
            return audio[:frames]
        sums = self._smooth(np.zeros(frames, dtype=np.int64) if needed is None else needed)
        loudest = int(sums.max())
        if loudest == 0:
            return audio[:frames]
        per_unit = 1.0 / (_UNITS * self._box * self._box)
        self.max_reduction_db = max(self.max_reduction_db, loudest * per_unit)
        gain = np.exp(sums * (-math.log(10.0) / 20.0 * per_unit)).astype(np.float32)
        limited: Pcm = audio[:frames] * gain[:, np.newaxis]
        return limited

    def flush(self) -> Pcm:
        """Return the ``latency`` frames that are still inside, as silence follows them."""
        return self.process(silence(self.latency))

    def _reductions(self, audio: Pcm) -> _Units | None:
        """Return what each frame's true peak needs, in units; None where no frame needs anything."""
        frames = len(audio) - CONTEXT
        if magnitude(audio) * BOUND <= self._ceiling:
            return None
        needed: _Units | None = None
        for start in range(0, frames, _PIECE):
            piece = audio[start : start + _PIECE + CONTEXT]
            if magnitude(piece) * BOUND <= self._ceiling:
                continue
            peaks = frame_peaks(piece)
            over = np.flatnonzero(peaks > self._ceiling)
            if over.size == 0:
                continue
            if needed is None:
                needed = np.zeros(frames, dtype=np.int64)
            ratio = np.minimum(peaks[over].astype(np.float64), _LARGEST) / self._ceiling
            needed[start + over] = np.ceil(20.0 * _UNITS * np.log10(ratio)).astype(np.int64)
        return needed

    def _smooth(self, needed: _Units) -> _Units:
        """Hold, release and average ``needed``; return sums over ``box * box`` values."""
        held = np.concatenate((self._needed, needed))
        self._needed = held[len(needed) :]
        fallen = self._fall * np.arange(1, len(needed) + 1, dtype=np.int64)
        released = np.maximum.accumulate(_sliding_max(held, self._hold) + fallen)
        released = np.maximum(released, self._last) - fallen
        self._last = int(released[-1])
        released = np.concatenate((self._released, released))
        self._released = released[len(needed) :]
        self._idle = not (self._last or self._needed.any() or self._released.any())
        return _sliding_sum(_sliding_sum(released, self._box), self._box)


def limit(pcm: Pcm, ceiling_db: float = CEILING_DB, *, gain: float = 1.0) -> tuple[Pcm, float]:
    """Limit a whole array, without delay.

    Args:
        pcm: audio ``[frames, 2]``; it is not changed.
        ceiling_db: the true peak that is allowed, in dBTP.
        gain: linear gain ahead of the limiter.

    Returns:
        Audio of the same length, and the largest reduction in dB.
    """
    limiter = Limiter(ceiling_db)
    limited = np.empty_like(pcm, dtype=np.float32)
    total = len(pcm) + limiter.latency
    for start in range(0, total, _CHUNK):
        block = pcm[start : start + _CHUNK] * np.float32(gain)
        missing = min(_CHUNK, total - start) - len(block)
        ready = limiter.process(np.concatenate((block, silence(missing))) if missing else block)
        at = start - limiter.latency
        ready = ready[max(0, -at) :]
        at = max(0, at)
        limited[at : at + len(ready)] = ready
    return limited, limiter.max_reduction_db


def _sliding_max(values: _Units, width: int) -> _Units:
    """Return the maximum of each run of ``width`` values, by doubling the run's length."""
    reach = 1
    while reach < width:
        step = min(reach, width - reach)
        values = np.maximum(values[step:], values[:-step])
        reach += step
    return values


def _sliding_sum(values: _Units, width: int) -> _Units:
    """Return the sum of each run of ``width`` values."""
    sums = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values)))
    return sums[width:] - sums[:-width]
