"""Sounds at another rate."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.timbre import rates

PAIRS = [(96_000, 48_000), (44_100, 48_000), (8_000, 48_000), (48_000, 32_000), (48_000, 16_000), (44_101, 48_000)]


@pytest.mark.parametrize(("rate", "wanted"), PAIRS)
def test_a_tone_stays_where_and_what_it_was(rate: int, wanted: int) -> None:
    """A tone comes out within -90 dB of the same tone at the other rate, its first frame at the same time."""
    put_in = np.sin(2 * np.pi * 1234.5 * np.arange(round(1.3 * rate)) / rate).astype(np.float32)
    came_out = rates.convert(put_in, rate, wanted)
    expected = np.sin(2 * np.pi * 1234.5 * np.arange(len(came_out)) / wanted)
    assert abs(len(came_out) - 1.3 * wanted) <= 1
    inner = slice(wanted // 10, -wanted // 10)
    assert np.abs(came_out[inner] - expected[inner]).max() < 10 ** (-90 / 20)


def test_what_is_above_the_new_band_goes() -> None:
    """20 kHz is not folded down when a sound goes to 32 kHz."""
    sound = np.sin(2 * np.pi * 20_000.0 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(rates.convert(sound, 48_000, 32_000)[1000:-1000]).max() < 1e-3


def test_one_rate_costs_nothing() -> None:
    """At its own rate a sound is handed back as it is."""
    sound = np.zeros(10, dtype=np.float32)
    assert rates.convert(sound, 48_000, 48_000) is sound
