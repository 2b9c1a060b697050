"""From envelopes to sound: sinusoids are added, noise is filtered."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from latentfm.timbre.engine import Mono
from latentfm.timbre.pitch import hertz
from latentfm.timbre.spectral.envelopes import (
    HOP,
    SAMPLE_RATE,
    Envelopes,
    Floats,
    bands,
    between,
    harmonics_of,
)

_WINDOW: Final = 480
_FFT: Final = 512
_FADE: Final = 96  # samples of the first fade in: 2 ms


def synthesize(envelopes: Envelopes, pitch: float, seed: int = 0) -> Mono:
    """Return the sound of a note, ``len(envelopes)`` frames long.

    Amplitudes run straight from frame to frame, so nothing clicks; the phases of the harmonics
    are drawn once and run through, so nothing chirps.

    Args:
        envelopes: of the note.
        pitch: its MIDI number.
        seed: of the phases and of the noise.
    """
    rng = np.random.default_rng(seed)
    sound = _harmonics(envelopes, pitch, rng) + _noise(envelopes, rng)
    sound[:_FADE] *= np.sin(np.linspace(0, math.pi / 2, _FADE, endpoint=False)) ** 2
    return sound


def _harmonics(envelopes: Envelopes, pitch: float, rng: np.random.Generator) -> Floats:
    cents = between(envelopes.cents.astype(np.float64))
    phase = np.cumsum(2 * np.pi * hertz(pitch) / SAMPLE_RATE * 2.0 ** (cents / 1200.0))
    turn = np.exp(1j * phase).astype(np.complex64)
    turning = np.ones_like(turn)
    starts = np.exp(2j * np.pi * rng.random(envelopes.harmonics.shape[1])).astype(np.complex64)
    total = np.zeros(len(phase), np.complex64)
    for number in range(harmonics_of(pitch)):
        turning *= turn
        amplitude = envelopes.harmonics[:, number]
        if amplitude.any():
            total += between(amplitude) * (turning * starts[number])
    return total.real * np.float32(math.sqrt(2.0))


def _noise(envelopes: Envelopes, rng: np.random.Generator) -> Floats:
    frames, length = len(envelopes), len(envelopes) * HOP
    if not envelopes.noise.any():
        return np.zeros(length, np.float32)
    # White noise of unit RMS has the share of its bins in each band.
    shares = bands()
    white = np.sqrt(shares.sum(axis=0) / shares.sum())
    gains = (envelopes.noise / white) @ shares.T
    window = np.sin(np.pi * (np.arange(_WINDOW) + 0.5) / _WINDOW)  # its square sums to 1 at half overlap
    source = rng.standard_normal(length + 2 * _WINDOW)
    total = np.zeros(length + 2 * _WINDOW)
    rows = np.lib.stride_tricks.sliding_window_view(source, _WINDOW)[: frames * HOP : HOP]
    shaped = np.fft.irfft(np.fft.rfft(rows * window, _FFT) * gains, _FFT)[:, :_WINDOW] * window
    for frame, part in enumerate(shaped):
        total[frame * HOP : frame * HOP + _WINDOW] += part
    return total[_WINDOW // 2 : _WINDOW // 2 + length].astype(np.float32)
