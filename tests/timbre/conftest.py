"""Sounds that the tests of timbres make."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfm.timbre.engine import Mono

RATE = 48_000


@pytest.fixture
def tone() -> Callable[..., Mono]:
    """Return a maker of harmonic tones that begin and end softly."""

    def make(
        pitch: float, seconds: float = 1.0, levels: tuple[float, ...] = (1.0, 0.5, 0.25), attack: float = 0.02
    ) -> Mono:
        at = np.arange(round(seconds * RATE)) / RATE
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
        sound = sum(level * np.sin(2 * np.pi * hertz * number * at) for number, level in enumerate(levels, 1))
        shape = np.minimum(1.0, at / attack) * np.minimum(1.0, (seconds - at) / 0.02)
        scaled: Mono = (0.3 * sound * shape).astype(np.float32)
        return scaled

    return make
