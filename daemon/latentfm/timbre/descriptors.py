"""What is measured of a note's sound, to compare it with another's."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.engine import Mono

Floats = NDArray[np.float64]

_WINDOW, _HOP = 2048, 512
_LONG = 4096
_STEADY: Final = (0.15, 1.0)  # seconds in which a note is looked at, as far as it lasts
_FLOOR_DB = 60.0  # below the loudest band, what is weaker counts as that
_LOWEST, _HIGHEST, _BANDS = 60.0, 16_000.0, 48
_RISE = 0.1, 0.707  # of the attack's peak; a level that wobbles may come to more at any time
_SMOOTH = 0.010  # seconds
_LOOKED_AT = 1.0  # seconds in which the attack's peak is looked for


def centroid(audio: Mono, rate: int) -> float:
    """Return the spectral centroid in Hz: the mean frequency, weighted by magnitude, of the note once it stands.

    The magnitudes are roots of powers that are averaged over windows of 85 ms (Welch), so that noise and beating do
    not move them.
    """
    power = _average_power(_steady(audio, rate), _LONG)
    hertz = np.fft.rfftfreq(_LONG, 1 / rate)
    magnitudes = np.sqrt(power)
    heard = magnitudes > magnitudes.max() * 10 ** (-_FLOOR_DB / 20)
    return float((hertz * magnitudes)[heard].sum() / magnitudes[heard].sum())


def attack_seconds(audio: Mono, rate: int) -> float:
    """Return how long a note takes from a tenth of the peak of its first second to 3 dB below it."""
    begin, end = rise(smoothed(audio, rate))
    return (end - begin) / rate


def smoothed(audio: Mono, rate: int) -> Floats:
    """Return the level of each sample of a note's first second, the RMS of the 10 ms around it."""
    size = max(1, round(_SMOOTH * rate))
    return np.sqrt(np.convolve(audio[: round(_LOOKED_AT * rate)].astype(np.float64) ** 2, np.ones(size) / size))


def rise(level: Floats) -> tuple[int, int]:
    """Return the samples at which a level (see `smoothed`) first comes to a tenth of its peak, and to 3 dB below it."""
    low, high = (int(np.argmax(level >= share * level.max())) for share in _RISE)
    return low, max(high, low + 1)


def harmonic_levels(audio: Mono, rate: int, hertz: float, count: int) -> Floats:
    """Return the levels of the first harmonics in dB below the strongest, ``[count]``; of what is missing -60.

    A harmonic's is the power of all that lies within half its distance to the next: vibrato and beating spread it.
    """
    part = _steady(audio, rate)
    size = 1 << (len(part) - 1).bit_length()
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 2
    apart = hertz * size / rate
    edges = np.rint((np.arange(count + 1) + 0.5) * apart).astype(int)
    sums = np.array([power[low:high].sum() for low, high in pairwise(edges)])
    levels: Floats = 10.0 * np.log10(np.maximum(sums / max(sums.max(), 1e-24), 10 ** (-_FLOOR_DB / 10)))
    return levels


def log_spectral_distance(a: Mono, b: Mono, rate: int) -> float:
    """Return how far two notes are apart in dB: RMS over time and bands of the difference of levels.

    Bands are 48 from 60 Hz to 16 kHz, evenly spaced in octaves; frames are of 43 ms. The notes are made equally loud
    first, and what is 60 dB below the loudest point of the first one counts as that.
    """
    length = min(len(a), len(b))
    first, second = (_bands(one[:length] / max(_rms(one[:length]), 1e-9), rate) for one in (a, b))
    floor = first.max() * 10 ** (-_FLOOR_DB / 20)
    apart = 20.0 * np.log10(np.maximum(first, floor) / np.maximum(second, floor))
    return float(np.sqrt(np.mean(apart**2)))


def _bands(audio: Mono, rate: int) -> Floats:
    """Return the RMS in each band of each frame, ``[frames, bands]``."""
    padded = np.pad(audio.astype(np.float64), (0, _WINDOW))
    rows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(rows * np.hanning(_WINDOW))) ** 2
    edges = np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1) * _WINDOW / rate
    starts = np.unique(np.rint(edges).astype(int))
    return np.sqrt(np.add.reduceat(power[:, : starts[-1]], starts[:-1], axis=1))


def _average_power(audio: Mono, size: int) -> Floats:
    """Return the mean power spectrum of half-overlapping windows, ``[size // 2 + 1]``."""
    padded = np.pad(audio.astype(np.float64), (0, max(0, size - len(audio))))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    mean: Floats = (np.abs(np.fft.rfft(rows * np.hanning(size))) ** 2).mean(axis=0)
    return mean


def _steady(audio: Mono, rate: int) -> Mono:
    begin, end = (round(second * rate) for second in _STEADY)
    return audio[begin:end] if len(audio) > 2 * begin else audio


def _rms(audio: Mono) -> float:
    return float(np.sqrt(np.mean(audio.astype(np.float64) ** 2))) if len(audio) else 0.0
