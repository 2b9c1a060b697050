"""The level of a signal without end: BS.1770's loudness and true peak with numpy alone.

``loudness`` measures whole takes and brings SciPy; this is for the process that streams. The weighting filters decay to
nothing within a tenth of a second, so they are played as one finite impulse response by FFT, and a fault in the signal
leaves the measurement again with its window.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.loudness import OFFSET, SILENT, decibels
from latentfm.audio.oversample import BOUND, CONTEXT, frame_peaks, magnitude
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm

SHORT_TERM = 3.0  # seconds: EBU R 128's window of loudness, and ours of the level
PEAK_SECONDS = 60  # that a true peak is remembered: longer than most pause between two looks
_HOP = SAMPLE_RATE // 10  # frames that are measured together
_HOPS = round(SHORT_TERM * SAMPLE_RATE) // _HOP
_FFT = 10_000  # frames
_TAPS = _FFT - _HOP + 1  # of the response; what is cut off of it is below -190 dB

# BS.1770-4's tables 1 and 2, for 48 kHz: numerator and denominator of the shelf and of the high-pass.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def _response() -> NDArray[np.complex128]:
    """Return the spectrum of the weighting's impulse response, cut to ``_TAPS`` frames."""
    grid = 2 * _FFT
    delay = np.exp(-2j * np.pi * np.arange(grid // 2 + 1) / grid)
    gain = np.ones(len(delay), dtype=np.complex128)
    for above, below in (_SHELF, _HIGH_PASS):
        gain *= np.polyval(above[::-1], delay) / np.polyval(below[::-1], delay)
    spectrum: NDArray[np.complex128] = np.fft.rfft(np.fft.irfft(gain, grid)[:_TAPS], _FFT)[:, np.newaxis]
    return spectrum


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud it is; minus infinity for silence, and for what is no number.

    Attributes:
        lufs: short-term loudness, of the last 3 s, in LUFS.
        rms: level of the same seconds in dBFS; a full-scale sine has -3.
        peak: level of their largest sample in dBFS.
        true_peak: the highest true peak of the last minute in dBTP.
    """

    lufs: float = SILENT
    rms: float = SILENT
    peak: float = SILENT
    true_peak: float = SILENT


class LevelMeter:
    """Measures a signal as it comes, in blocks of any length; belongs to one thread."""

    def __init__(self) -> None:
        self._response = _response()
        self._history: Pcm = np.zeros((_FFT, CHANNELS), dtype=np.float32)
        self._waiting: Pcm = np.zeros((0, CHANNELS), dtype=np.float32)  # less than a hop
        self._weighted: deque[float] = deque([0.0] * _HOPS, _HOPS)  # power of each hop, over both channels
        self._plain: deque[float] = deque([0.0] * _HOPS, _HOPS)
        self._peaks: deque[float] = deque([0.0] * _HOPS, _HOPS)
        self._true_peaks: deque[float] = deque([0.0], PEAK_SECONDS)  # of each second, the last one under way
        self._hops = 0

    def add(self, pcm: Pcm) -> Levels:
        """Take the next frames and return the levels at their end, to within a tenth of a second."""
        waiting = np.concatenate((self._waiting, pcm)) if len(self._waiting) else pcm
        whole = len(waiting) // _HOP * _HOP
        for start in range(0, whole, _HOP):
            self._measure(waiting[start : start + _HOP])
        self._waiting = waiting[whole:].copy()
        return Levels(
            lufs=_level(sum(self._weighted) / _HOPS, OFFSET),
            rms=_level(sum(self._plain) / _HOPS / CHANNELS),
            peak=decibels(max(self._peaks)),
            true_peak=decibels(max(self._true_peaks)),
        )

    def _measure(self, hop: Pcm) -> None:
        self._history = np.concatenate((self._history[_HOP:], hop))
        spectrum = np.fft.rfft(self._history, axis=0) * self._response
        weighted = np.fft.irfft(spectrum, _FFT, axis=0)[-_HOP:]
        self._weighted.append(_power(weighted))
        self._plain.append(_power(hop.astype(np.float64)))
        self._peaks.append(magnitude(hop))
        if self._hops % (SAMPLE_RATE // _HOP) == 0:
            self._true_peaks.append(0.0)
        self._hops += 1
        recent = self._history[-(_HOP + CONTEXT) :]
        # What can't beat this second's peak needs no oversampling; most hops of a decaying sound are passed over.
        if not magnitude(recent) * BOUND <= self._true_peaks[-1]:
            self._true_peaks[-1] = max(self._true_peaks[-1], float(frame_peaks(recent).max()))


def _power(samples: NDArray[np.float64]) -> float:
    """Return the mean square of each channel, summed."""
    return float(np.einsum("fc,fc->", samples, samples)) / len(samples)


def _level(power: float, offset: float = 0.0) -> float:
    """Return a power in decibels; the FFT's rounding of silence counts as silence, and so does NaN."""
    return offset + 10.0 * float(np.log10(power)) if power > 1e-20 else SILENT  # noqa: PLR2004 - -200 dB
