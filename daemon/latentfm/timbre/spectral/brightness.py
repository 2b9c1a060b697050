"""How bright a note is, kept beside the codes and put right after synthesis.

A mean of levels in decibels may be darker than both its parents, where each has what the other lacks, and noise in
place of partials that are not harmonic makes a sound brighter. Morphs that are guided by what is heard keep such
features between those of the parents (Caetano and Rodet, "Musical Instrument Sound Morphing Guided by Perceptually
Motivated Features", IEEE Transactions on Audio, Speech and Language Processing 2013).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.descriptors import centroid_of, power_spectrum
from latentfm.timbre.engine import Mono
from latentfm.timbre.spectral.envelopes import SAMPLE_RATE, Floats

WIDTH: Final = 1
"""Numbers that say how bright a sound is."""

_MOST: Final = 1.0  # dB an octave that a sound is tilted by; more would change what its harmonics are like
_FLAT_BELOW: Final = 40.0  # Hz
_HALVINGS: Final = 16


def brightness(audio: Mono, frames: int) -> Floats:
    """Return the logarithm of a note's spectral centroid in Hz, the same ``[frames, WIDTH]``."""
    return np.full((frames, WIDTH), np.log(centroid_of(*power_spectrum(audio, SAMPLE_RATE))), np.float32)


def tilted(sound: Mono, wanted: float, share: float) -> Mono:
    """Return a note whose spectrum is tilted until its centroid is as wanted, by 1 dB an octave at most.

    Args:
        sound: the note.
        wanted: the logarithm of the centroid in Hz.
        share: of the tilt, from 0 to 1.
    """
    hertz, power = power_spectrum(sound, SAMPLE_RATE)
    if not power.any():
        return sound
    octaves = _octaves(hertz)
    low, high = -_MOST, _MOST
    for _ in range(_HALVINGS):
        slope = 0.5 * (low + high)
        if np.log(centroid_of(hertz, power * 10.0 ** (slope * octaves / 10.0))) < wanted:
            low = slope
        else:
            high = slope
    size = 1 << (len(sound) - 1).bit_length()  # other lengths may take long
    gains = 10.0 ** (share * slope * _octaves(np.arange(size // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / size)) / 20.0)
    turned: Mono = np.fft.irfft(np.fft.rfft(sound, size) * gains, size)[: len(sound)].astype(np.float32)
    return turned


def _octaves(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many octaves frequencies are above 1 kHz."""
    octaves: NDArray[np.float64] = np.log2(np.maximum(hertz, _FLAT_BELOW) / 1000.0)
    return octaves
