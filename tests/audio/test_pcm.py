"""Samples in 16 bit."""

from __future__ import annotations

import numpy as np

from latentfm.audio.pcm import in_16_bit

FRAMES = 48_000
STEP = 2.0**-15


def test_a_tone_below_one_step_is_still_there() -> None:
    """Dither keeps what rounding would lose: a tone of 0.4 steps, without overtones, above an even noise."""
    phase = 2 * np.pi * 1000 * np.arange(FRAMES) / FRAMES
    tone = np.stack([0.4 * STEP * np.sin(phase)] * 2, axis=1).astype(np.float32)
    assert not np.rint(tone / STEP).any()
    spectrum = np.abs(np.fft.rfft(in_16_bit(tone, 1)[:, 0])) / (FRAMES / 2)
    assert abs(spectrum[1000] - 0.4) < 0.02
    assert max(spectrum[2000], spectrum[3000], spectrum[5000]) < 0.02


def test_the_error_does_not_follow_the_music() -> None:
    """Its mean is nil and its power the same at every level between two steps; channels have noise of their own."""
    levels = np.repeat(np.linspace(0.0, 1.0, 9, dtype=np.float32), FRAMES)
    pcm = np.stack([levels, levels], axis=1) * np.float32(STEP)
    error = (in_16_bit(pcm, 2) - levels[:, None]).reshape(9, FRAMES, 2)
    assert np.abs(error.mean(axis=1)).max() < 0.01
    assert np.abs(error.var(axis=1) - 0.25).max() < 0.01  # 1/12 of rounding and 2/12 of dither
    assert abs(np.corrcoef(error[..., 0].ravel(), error[..., 1].ravel())[0, 1]) < 0.01


def test_full_scale_does_not_wrap() -> None:
    """What is too loud is clipped, and the same seed gives the same numbers."""
    pcm = np.array([[1.0, -1.0], [2.0, -2.0], [0.99999, -0.99999]], np.float32)
    first = in_16_bit(pcm, 3)
    assert (first[:, 0] > 32_000).all()
    assert (first[:, 1] < -32_000).all()
    assert np.array_equal(first, in_16_bit(pcm, 3))
    assert not np.array_equal(in_16_bit(np.zeros((64, 2), np.float32), 3), in_16_bit(np.zeros((64, 2), np.float32), 4))
