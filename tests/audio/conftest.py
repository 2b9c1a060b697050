"""Signals that several tests of the audio room listen to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm

Noise = Callable[..., Pcm]


@pytest.fixture(scope="session")
def noise() -> Noise:
    """Return a maker of white noise: seconds, RMS level, seed; the channels are unrelated."""

    def make(seconds: float = 1.0, level: float = 0.1, seed: int = 0) -> Pcm:
        samples = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2)) * level
        return samples.astype(np.float32)

    return make


@pytest.fixture(scope="session")
def sine() -> Callable[..., Pcm]:
    """Return a maker of sines on both channels: frequency, amplitude, seconds; faded for 5 ms, so without clicks."""

    def make(hertz: float, amplitude: float = 0.5, seconds: float = 1.0) -> Pcm:
        time = np.arange(round(seconds * SAMPLE_RATE))
        edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 240)
        tone = amplitude * np.sin(2 * np.pi * hertz / SAMPLE_RATE * time) * np.sin(np.pi / 2 * edge) ** 2
        return np.repeat(tone[:, np.newaxis], 2, axis=1).astype(np.float32)

    return make
