"""Crossfades: exact to the sample, level throughout, never saturated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfm.audio.crossfade import equal_power, from_segment, mix, to_segment
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence

LENGTHS = [1, 47, 48, 8 * SAMPLE_RATE, 100_003]  # a millisecond has 48 frames; pydub rounds to it


def test_gains_are_equal_in_power() -> None:
    """The squares of the two gains add up to one, one falls and the other rises."""
    fade_out, fade_in = equal_power(1000)
    assert fade_out.dtype == fade_in.dtype == np.float32
    assert np.allclose(fade_out**2 + fade_in**2, 1.0, atol=1e-6)
    assert (np.diff(fade_out) < 0).all()
    assert np.allclose(fade_in, fade_out[::-1], atol=1e-7)


@pytest.mark.parametrize("frames", LENGTHS)
def test_the_overlay_is_exact_to_the_sample(frames: int, noise: Callable[..., Pcm]) -> None:
    """The mix is the sum of both sides under their gains, of the same length, no frame lost or moved."""
    tail, head = noise(10.0, 0.2, seed=1)[:frames], noise(10.0, 0.2, seed=2)[:frames]
    fade_out, fade_in = equal_power(frames)
    mixed = mix(tail, head)
    assert mixed.dtype == np.float32
    assert mixed.shape == (frames, 2)
    assert np.allclose(mixed, tail * fade_out[:, None] + head * fade_in[:, None], rtol=0, atol=3e-7)


def test_unrelated_noise_keeps_its_level(noise: Callable[..., Pcm]) -> None:
    """Across the window each tenth of a second of two unrelated noises is within 1.5 dB of their level."""
    frames = 8 * SAMPLE_RATE
    mixed = mix(noise(8.0, 0.1, seed=3), noise(8.0, 0.1, seed=4))
    levels = 20 * np.log10(np.sqrt((mixed.reshape(80, frames // 80 * 2) ** 2).mean(axis=1)) / 0.1)
    assert np.abs(levels).max() < 0.5


def test_the_window_starts_as_one_take_and_ends_as_the_other(noise: Callable[..., Pcm]) -> None:
    """At the window's edges the mix joins what was before and what comes after without a jump."""
    tail, head = noise(2.0, 0.3, seed=5), noise(2.0, 0.3, seed=6)
    mixed = mix(tail, head)
    assert np.abs(mixed[:4] - tail[:4]).max() < 1e-3
    assert np.abs(mixed[-4:] - head[-4:]).max() < 1e-3


def test_two_full_scales_do_not_saturate() -> None:
    """Two takes at full scale and alike add up to 3 dB over it, which is left to the limiter."""
    full = np.ones((4800, 2), dtype=np.float32)
    mixed = mix(full, full)
    assert mixed.max() == pytest.approx(np.sqrt(2), abs=1e-3)
    assert mix(2 * full, 2 * full).max() == pytest.approx(2 * np.sqrt(2), abs=1e-2)


@pytest.mark.parametrize("sizes", [[480], [1], [1000, 7, 48, 333]])
def test_a_window_mixed_in_blocks_is_the_same(sizes: list[int], noise: Callable[..., Pcm]) -> None:
    """Blocks mixed with their slices of the gains give the whole window, bit for bit."""
    tail, head = noise(0.05, 0.3, seed=7), noise(0.05, 0.3, seed=8)
    fade_out, fade_in = equal_power(len(tail))
    parts, start, turn = [], 0, 0
    while start < len(tail):
        part = slice(start, start + sizes[turn % len(sizes)])
        parts.append(mix(tail[part], head[part], (fade_out[part], fade_in[part])))
        start, turn = part.stop, turn + 1
    assert np.array_equal(np.concatenate(parts), mix(tail, head))


def test_unequal_lengths_are_refused(noise: Callable[..., Pcm]) -> None:
    """A window whose sides differ in length would leave a gap or double, so it raises."""
    with pytest.raises(ValueError, match="4800, 4799"):
        mix(noise(0.1), noise(0.1)[1:])
    with pytest.raises(ValueError, match="gains"):
        mix(noise(0.1), noise(0.1), equal_power(100))


def test_conversion_keeps_24_bits_and_takes_anything(noise: Callable[..., Pcm]) -> None:
    """There and back a sample moves by less than a 24-bit step; NaN becomes silence and infinity is bounded."""
    pcm = noise(0.1, 0.3)
    assert np.abs(from_segment(to_segment(pcm))[: len(pcm)] - pcm).max() <= 2.0**-25
    broken = silence(48)
    broken[3], broken[5] = np.nan, np.inf
    back = from_segment(to_segment(broken))
    assert back[3, 0] == 0.0
    assert back[5, 0] == pytest.approx(2.0, abs=1e-4)
