"""Sounds from one sample rate to another."""

from __future__ import annotations

import math

import numpy as np

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
from latentfm.audio.resample import Resampler
from latentfm.timbre.engine import Mono

_BLOCK = 48_000  # frames at a time; each becomes a window of some 50 to 300 taps


def convert(audio: Mono, rate: int, wanted: int) -> Mono:
    """Return a sound at another rate, its first frame where it was; ``audio`` itself where the rates are one.

    Args:
        audio: ``[frames]``.
        rate: its rate in Hz.
        wanted: the rate that it is to have.
    """
    if rate == wanted:
        return audio
    # The resampler is made for one rate in; it is their ratio that counts.
    resampler = Resampler(SAMPLE_RATE * wanted / rate)
    whole = rate // math.gcd(rate, wanted)  # frames after which places in and out fall together again
    late = -(-resampler.latency // whole) * whole
    padded = np.pad(audio, (late - resampler.latency, resampler.latency + 1)).astype(np.float32)
    parts = [
        resampler.process(np.repeat(padded[start : start + _BLOCK, np.newaxis], CHANNELS, axis=1))[:, 0]
        for start in range(0, len(padded), _BLOCK)
    ]
    first = late * wanted // rate
    made = np.concatenate(parts)[first : first + math.ceil(len(audio) * wanted / rate)]
    return np.ascontiguousarray(made)
