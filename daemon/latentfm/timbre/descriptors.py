"""What is measured of a note's sound, to compare it with another's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.engine import Mono

Floats = NDArray[np.float64]

_WINDOW, _HOP = 2048, 512
_STEADY: Final = (0.15, 1.0)  # seconds in which a note is looked at, as far as it lasts
_FLOOR_DB = 60.0  # below the loudest band, what is weaker counts as that
_LOWEST, _HIGHEST, _BANDS = 60.0, 16_000.0, 48
_RISE = 0.1, 0.707  # of the attack's peak; a level that wobbles may come to more at any time
_SMOOTH = 0.010  # seconds
_LOOKED_AT = 1.0  # seconds in which the attack's peak is looked for


def centroid(audio: Mono, rate: int) -> float:
    """Return the spectral centroid in Hz: the mean frequency, weighted by magnitude, of the note once it stands."""
    magnitudes = np.abs(np.fft.rfft(_steady(audio, rate)))
    hertz = np.fft.rfftfreq(len(_steady(audio, rate)), 1 / rate)
    heard = magnitudes > magnitudes.max() * 10 ** (-_FLOOR_DB / 20)
    return float((hertz * magnitudes)[heard].sum() / magnitudes[heard].sum())


def attack_seconds(audio: Mono, rate: int) -> float:
    """Return how long a note takes from a tenth of the peak of its first second to 3 dB below it."""
    size = max(1, round(_SMOOTH * rate))
    power = np.convolve(audio[: round(_LOOKED_AT * rate)].astype(np.float64) ** 2, np.ones(size) / size)
    level = np.sqrt(power)
    low, high = (int(np.argmax(level >= share * level.max())) for share in _RISE)
    return max(high - low, 1) / rate


def harmonic_levels(audio: Mono, rate: int, hertz: float, count: int) -> Floats:
    """Return the levels of the first harmonics in dB below the strongest, ``[count]``; of what is missing -60."""
    part = _steady(audio, rate)
    size = 1 << (4 * len(part) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), size))
    apart = hertz * size / rate
    peaks = np.zeros(count)
    for number in range(1, count + 1):
        around = slice(max(0, round((number - 0.25) * apart)), round((number + 0.25) * apart) + 1)
        peaks[number - 1] = spectrum[around].max(initial=0.0)
    levels: Floats = 20.0 * np.log10(np.maximum(peaks / max(peaks.max(), 1e-12), 10 ** (-_FLOOR_DB / 20)))
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


def _steady(audio: Mono, rate: int) -> Mono:
    begin, end = (round(second * rate) for second in _STEADY)
    return audio[begin:end] if len(audio) > 2 * begin else audio


def _rms(audio: Mono) -> float:
    return float(np.sqrt(np.mean(audio.astype(np.float64) ** 2))) if len(audio) else 0.0
