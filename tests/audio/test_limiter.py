"""The limiter: what it holds, what it leaves alone, and that blocks make no difference."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from latentfm.audio import loudness
from latentfm.audio.limiter import Limiter, limit
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence

FRAMES = 24_000


def both(samples: np.ndarray) -> Pcm:
    """Return one channel's samples on both."""
    return np.repeat(samples[:, np.newaxis], 2, axis=1).astype(np.float32)


def loud(seed: int = 0) -> Pcm:
    """Return noise with bursts and gaps, up to 20 dB over the ceiling."""
    generator = np.random.default_rng(seed)
    level = np.repeat(generator.choice([0.01, 0.1, 0.5, 3.0], 48), FRAMES // 48)
    return (generator.standard_normal((FRAMES, 2)) * level[:, np.newaxis]).astype(np.float32)


def streamed(pcm: Pcm, sizes: list[int]) -> tuple[Pcm, Limiter]:
    """Limit in blocks of the sizes given, over and over, and take the delay away."""
    limiter = Limiter()
    parts, start = [], 0
    for size in itertools.cycle(sizes):
        parts.append(limiter.process(pcm[start : start + size]))
        start += size
        if start >= len(pcm):
            break
    parts.append(limiter.flush())
    return np.concatenate(parts)[limiter.latency :], limiter


def adversaries() -> dict[str, Pcm]:
    """Return signals that limiters fail on: peaks between samples, steps, single samples, bursts."""
    generator = np.random.default_rng(5)
    time = np.arange(FRAMES)
    impulses, pairs, step = np.zeros((3, FRAMES))
    impulses[::1000] = 3.0
    places = generator.integers(100, FRAMES - 100, 100)
    pairs[places], pairs[places + 1] = 2.0, -2.0
    step[FRAMES // 2 :] = 2.0
    return {
        "quarter of the rate": both(1.4 * np.sin(np.pi / 2 * time + np.pi / 4)),
        "square": both(1.5 * np.sign(np.sin(2 * np.pi * 997 / SAMPLE_RATE * time))),
        "rising treble": both(np.sin(2 * np.pi * 15_000 / SAMPLE_RATE * time) * np.linspace(0, 4, FRAMES)),
        "random signs": both(np.sign(generator.standard_normal(FRAMES))),
        "impulses": both(impulses),
        "pairs": both(pairs),
        "step": both(step),
        "bursts": loud(),
    }


@pytest.mark.parametrize("name", adversaries())
def test_holds_the_ceiling(name: str) -> None:
    """No true peak exceeds the ceiling, whatever the signal; a meter of 16 times finds little more."""
    limited, reduction = limit(adversaries()[name])
    assert reduction > 3.0
    assert loudness.true_peak(limited) <= -1.0 + 0.01
    finer = resample_poly(limited.astype(np.float64), 16, 1, axis=0, window=("kaiser", 10.0))
    assert 20 * np.log10(np.abs(finer).max()) <= -1.0 + 0.3


def test_leaves_alone_what_is_below_the_ceiling(sine: Callable[..., Pcm]) -> None:
    """A signal that stays just below the ceiling comes out with the same bits."""
    pcm = sine(997.0, loudness.amplitude(-1.05), 2.0)
    limited, reduction = limit(pcm)
    assert reduction == 0.0
    assert np.array_equal(limited, pcm)


def test_leaves_alone_what_is_far_from_a_peak(noise: Callable[..., Pcm]) -> None:
    """A peak changes the samples around it; a second later they are the same bits again."""
    pcm = noise(2.0, 0.02)
    pcm[24_000] = 1.5
    limited, _ = limit(pcm)
    assert np.array_equal(limited[:23_000], pcm[:23_000])
    assert np.array_equal(limited[72_000:], pcm[72_000:])
    assert not np.array_equal(limited[23_950:24_000], pcm[23_950:24_000])


@pytest.mark.parametrize("size", [1, 7, 64, 333, 4800, FRAMES])
def test_blocks_of_any_size_make_no_difference(size: int) -> None:
    """Streaming in blocks gives the samples of the whole array, bit for bit, and the same largest reduction."""
    pcm = loud()[:6000] if size == 1 else loud()
    whole, reduction = limit(pcm)
    limited, limiter = streamed(pcm, [size])
    assert np.array_equal(limited, whole)
    assert limiter.max_reduction_db == reduction > 0


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=8), seed=st.integers(0, 1000))
def test_mixed_blocks_make_no_difference(sizes: list[int], seed: int) -> None:
    """Nor do blocks of mixed sizes."""
    pcm = loud(seed)
    assert np.array_equal(streamed(pcm, sizes)[0], limit(pcm)[0])


def test_delays_by_its_latency(noise: Callable[..., Pcm]) -> None:
    """Block by block the output is the input ``latency`` frames earlier."""
    limiter, pcm = Limiter(), noise(0.5, 0.05)
    out = np.concatenate([limiter.process(block) for block in np.split(pcm, 10)])
    assert len(out) == len(pcm)
    assert not out[: limiter.latency].any()
    assert np.array_equal(out[limiter.latency :], pcm[: -limiter.latency])


def test_the_largest_reduction_is_what_the_highest_peak_needed() -> None:
    """A single sample of 0 dBFS in silence is reduced by a decibel, and that is reported."""
    pcm = silence(4800)
    pcm[2000] = 1.0
    limited, reduction = limit(pcm)
    assert reduction == pytest.approx(1.0, abs=0.001)
    assert loudness.sample_peak(limited) == pytest.approx(-1.0, abs=0.001)


def test_gain_comes_before_the_ceiling(sine: Callable[..., Pcm]) -> None:
    """A gain raises what is limited."""
    limited, reduction = limit(sine(997.0, 0.5), gain=2.0)
    assert reduction == pytest.approx(1.0, abs=0.05)
    assert loudness.true_peak(limited) == pytest.approx(-1.0, abs=0.01)


def test_broken_samples_raise_nothing_and_pass() -> None:
    """NaN and infinity raise nothing, and a second later the limiter works as ever."""
    limiter, pcm = Limiter(), loud()
    bad = silence(480)
    bad[100], bad[200] = np.nan, np.inf
    with np.errstate(all="ignore"):
        limiter.process(bad)
    for _ in range(8):
        limiter.process(silence(SAMPLE_RATE))
    again = np.concatenate((limiter.process(pcm), limiter.flush()))[limiter.latency :]
    assert np.array_equal(again, limit(pcm)[0])
