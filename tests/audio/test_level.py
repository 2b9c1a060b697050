"""The level of a signal without end, beside meters of whole signals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import lfilter

from latentfm.audio import level, loudness
from latentfm.audio.level import LevelMeter, Levels
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence


def measured(pcm: Pcm, block: int = 4800) -> Levels:
    """Return the levels at the end of a signal that comes in blocks."""
    meter = LevelMeter()
    levels = Levels()
    for start in range(0, len(pcm), block):
        levels = meter.add(pcm[start : start + block])
    return levels


@pytest.mark.parametrize("hertz", [60.0, 440.0, 997.0, 3000.0, 9000.0])
def test_a_sine_has_the_loudness_that_pyloudnorm_finds(hertz: float, sine: Callable[..., Pcm]) -> None:
    """Within 0.01 LU with the standard's filters, and within 0.1 LU with those that the studio is measured by."""
    pcm = sine(hertz, loudness.amplitude(-23.0), 6.0)
    window = pcm[2 * SAMPLE_RATE : 5 * SAMPLE_RATE]  # of a sine, the fades left out
    lufs = measured(pcm[: 5 * SAMPLE_RATE]).lufs
    for filters, within in (("DeMan", 0.01), ("K-weighting", 0.1)):
        expected = pyloudnorm.Meter(SAMPLE_RATE, filter_class=filters).integrated_loudness(window)
        assert lufs == pytest.approx(expected, abs=within)
    if hertz == 997.0:
        assert lufs == pytest.approx(-23.0, abs=0.01)


def test_it_is_the_standard_s_filter_sample_by_sample(noise: Callable[..., Pcm]) -> None:
    """The power of the last 3 s is that of the recursive filters, though it is computed in blocks of any length."""
    pcm = noise(7.3)
    weighted = pcm.astype(np.float64)
    for numerator, denominator in (level._SHELF, level._HIGH_PASS):
        weighted = lfilter(numerator, denominator, weighted, axis=0)
    power = np.square(weighted[-3 * SAMPLE_RATE :]).mean(axis=0).sum()
    for block in (4800, 1111, 20_000):
        assert measured(pcm, block).lufs == pytest.approx(-0.691 + 10 * math.log10(power), abs=1e-6)


def test_level_and_peaks(noise: Callable[..., Pcm], sine: Callable[..., Pcm]) -> None:
    """A sine at -6 dBFS has an RMS of -9; between the samples a peak may be higher, as it is for a whole signal."""
    tone = measured(sine(997.0, loudness.amplitude(-6.0), 5.0)[: 4 * SAMPLE_RATE])
    assert (tone.rms, tone.peak) == (pytest.approx(-9.0, abs=0.02), pytest.approx(-6.0, abs=0.02))
    pcm = noise(4.0)
    assert measured(pcm).true_peak == pytest.approx(loudness.true_peak(pcm), abs=1e-6)
    quarter = sine(SAMPLE_RATE / 4, 0.5, 3.0)  # whose samples miss its peaks if it begins at an eighth of a turn
    turned = np.repeat((quarter[1:, :1] + quarter[:-1, :1]) / math.sqrt(2), 2, axis=1).astype(np.float32)
    levels = measured(turned)
    assert levels.true_peak == pytest.approx(loudness.decibels(0.5), abs=0.1)
    assert levels.peak == pytest.approx(loudness.decibels(0.5) - 3.01, abs=0.1)


def test_what_is_over_is_forgotten(noise: Callable[..., Pcm]) -> None:
    """After 3 s of silence nothing is left but the true peak, and that for a minute; a NaN reads as silence."""
    pcm = noise(2.0)
    pcm[SAMPLE_RATE] = np.nan
    meter = LevelMeter()
    assert meter.add(pcm).lufs == -math.inf
    assert meter.add(noise(3.2)).lufs == pytest.approx(measured(noise(3.2)).lufs, abs=0.01)
    levels = meter.add(silence(round(3.2 * SAMPLE_RATE)))
    assert (levels.lufs, levels.rms, levels.peak) == (-math.inf,) * 3
    assert levels.true_peak > -20
    assert meter.add(silence(60 * SAMPLE_RATE)).true_peak == -math.inf
