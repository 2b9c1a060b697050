"""How loud each harmonic of a note is once it stands, kept beside the codes and put right after synthesis.

A mean of levels in decibels, frame by frame, may lie outside of what its parents are on the whole: a harmonic that
beats is softer on average than it is strong, and noise in place of partials that are not harmonic is spread. Morphs
that are guided by what is heard keep such features between those of the parents (Caetano and Rodet, "Musical Instrument
Sound Morphing Guided by Perceptually Motivated Features", IEEE Transactions on Audio, Speech and Language Processing
2013).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.descriptors import harmonic_levels
from latentfm.timbre.engine import Mono
from latentfm.timbre.pitch import hertz
from latentfm.timbre.spectral.envelopes import SAMPLE_RATE, Floats, harmonics_of

HARMONICS: Final = 40
"""Numbers that say how loud each is; where there is no room for so many, the last ones repeat the highest there is."""

_FLOOR_DB: Final = 60.0
_MOST_DB: Final = 4.0  # that a harmonic is made louder or softer by
_PASSES: Final = 2  # a harmonic's level has some of what lies beside it


def harmonics(audio: Mono, pitch: float, frames: int) -> Floats:
    """Return the levels of a note's harmonics, the same ``[frames, HARMONICS]``: 1 for the strongest, 0 at -60 dB."""
    levels = 1.0 + _levels(audio, pitch) / _FLOOR_DB
    return np.tile(levels.astype(np.float32), (frames, 1))


def balanced(sound: Mono, wanted: Floats, pitch: float, share: float) -> Mono:
    """Return a note whose harmonics are made as loud, beside one another, as they should be.

    Args:
        sound: the note.
        wanted: levels as `harmonics` has them, ``[HARMONICS]``.
        pitch: its MIDI number.
        share: of what each is made louder or softer by, from 0 to 1.
    """
    if not sound.any():
        return sound
    size = 1 << (len(sound) - 1).bit_length()  # other lengths may take long
    spectrum = np.fft.rfft(sound, size)
    numbers = np.arange(size // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / size / hertz(pitch))
    target = _FLOOR_DB * (wanted.astype(np.float64) - 1.0)
    heard = target > -_FLOOR_DB
    total = np.zeros(HARMONICS)
    for _ in range(_PASSES):
        missing = target - _levels(_filtered(spectrum, numbers, total, len(sound)), pitch)
        missing[~heard] = 0.0
        total = (total + missing - np.median(missing[heard])).clip(-_MOST_DB, _MOST_DB)
    return _filtered(spectrum, numbers, share * total, len(sound))


def _levels(audio: Mono, pitch: float) -> NDArray[np.float64]:
    count = min(HARMONICS, harmonics_of(pitch))
    found = harmonic_levels(audio, SAMPLE_RATE, hertz(pitch), count)
    return np.pad(found, (0, HARMONICS - count), "edge")


def _filtered(
    spectrum: NDArray[np.complex128], numbers: NDArray[np.float64], gains: NDArray[np.float64], length: int
) -> Mono:
    """Return the sound of a spectrum whose harmonics are made louder by so many dB."""
    each = np.interp(numbers, np.arange(1, HARMONICS + 1), gains)
    made: Mono = np.fft.irfft(spectrum * 10.0 ** (each / 20.0))[:length].astype(np.float32)
    return made
