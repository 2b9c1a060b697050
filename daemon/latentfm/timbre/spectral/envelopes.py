"""A note as its harmonics and its noise, frame by frame, and the features that the network sees of it.

The model is that of spectral modelling synthesis (Serra and Smith, "Spectral Modeling Synthesis", Computer Music
Journal 1990): a sum of sinusoids, here harmonic ones only, and filtered noise for what they leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.pitch import hertz

Floats = NDArray[np.float32]

SAMPLE_RATE: Final = 48_000
HOP: Final = 240
"""Samples between frames: 5 ms."""

RATE: Final = SAMPLE_RATE / HOP
HARMONICS: Final = 128
BANDS: Final = 24
FEATURES: Final = HARMONICS + BANDS + 1

NYQUIST: Final = 0.45 * SAMPLE_RATE
"""Hz; harmonics above are left out: SoundFonts of 44.1 kHz have nothing there."""

FLOOR_DB: Final = -90.0
"""Below the loudest frame of a note; what is weaker counts as that."""

_CENTS = 50.0  # how far the pitch may wander
_FFT = 512
_EAR = 9.265, 228.8  # of the ERB scale, see `bands`


@dataclass(frozen=True)
class Envelopes:
    """A note over time, ``RATE`` frames a second from its attack on, its loudest frame of level 1 (RMS).

    Attributes:
        harmonics: amplitudes ``[frames, HARMONICS]``, RMS of each sinusoid; those above ``NYQUIST`` are 0.
        noise: RMS of the noise in each band ``[frames, BANDS]``.
        cents: how far the pitch is from where it should be, ``[frames]``.
    """

    harmonics: Floats
    noise: Floats
    cents: Floats

    def __len__(self) -> int:
        return len(self.cents)

    @property
    def level(self) -> Floats:
        """Return the RMS of each frame."""
        level: Floats = np.sqrt((self.harmonics**2).sum(axis=1) + (self.noise**2).sum(axis=1))
        return level


def harmonics_of(pitch: float) -> int:
    """Return how many harmonics of a pitch there is room for."""
    return int(min(HARMONICS, NYQUIST // hertz(pitch)))


def between(frames: NDArray[Any]) -> NDArray[Any]:
    """Return a value for each sample, on straight lines from frame to frame, ``[frames * HOP]``."""
    following = np.append(frames[1:], frames[-1:])
    rising = np.arange(HOP, dtype=np.float32) / np.float32(HOP)
    lines: NDArray[Any] = (frames[:, None] + (following - frames)[:, None] * rising).reshape(-1)
    return lines


@cache
def bands() -> Floats:
    """Return how much of each bin of a spectrum of 512 samples belongs to each band, ``[257, BANDS]``.

    Bands are triangles, evenly spaced on the scale of equivalent rectangular bandwidths (Glasberg and Moore 1990);
    every bin's shares sum to 1.
    """
    bins = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
    scale = _EAR[0] * np.log1p(bins / _EAR[1])
    places = scale / scale[-1] * (BANDS - 1)
    shares: Floats = np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(BANDS))).astype(np.float32)
    return shares


def features(envelopes: Envelopes) -> Floats:
    """Return what the network sees of a note, ``[frames, FEATURES]``: levels in dB and cents, each from 0 to 1."""
    levels = np.concatenate([envelopes.harmonics, envelopes.noise], axis=1)
    loud = 1.0 - 20.0 * np.log10(np.maximum(levels, 1e-9)) / FLOOR_DB
    cents = 0.5 + 0.5 * envelopes.cents / _CENTS
    both: Floats = np.concatenate([loud, cents[:, None]], axis=1).clip(0.0, 1.0).astype(np.float32)
    return both


def envelopes(seen: Floats, pitch: float) -> Envelopes:
    """Return the note of features ``[frames, FEATURES]``, as it sounds at a pitch."""
    levels = 10.0 ** (FLOOR_DB / 20.0 * (1.0 - seen[:, :-1].clip(0.0, 1.2)))
    levels[seen[:, :-1] <= 0.0] = 0.0
    harmonics, noise = levels[:, :HARMONICS], levels[:, HARMONICS:]
    harmonics[:, harmonics_of(pitch) :] = 0.0
    return Envelopes(harmonics.astype(np.float32), noise.astype(np.float32), _CENTS * (2.0 * seen[:, -1] - 1.0))
