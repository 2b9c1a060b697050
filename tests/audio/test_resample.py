"""Following the clock of a card: a resampler without clicks, and a controller that keeps a buffer's fill for a day."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from latentfm.audio.follower import MOST, Follower
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.audio.resample import Resampler
from latentfm.broadcast.runway import MINIMUM, TARGET
from latentfm.soundcard.buffer import BURST, PlayBuffer

DAY = 86_400.0  # seconds
STEP = 0.1  # seconds of the simulations


def tone(hertz: float, seconds: float = 1.0) -> Pcm:
    """Return a sine at full scale, a cosine in the other channel."""
    angle = 2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def error_db(got: Pcm, hertz: float, places: np.ndarray) -> float:
    """Return how far audio is from a sine taken at ``places`` (in input frames), as RMS against the sine's, in dB."""
    angle = 2 * np.pi * hertz * places / SAMPLE_RATE
    error = got - np.stack([np.sin(angle), np.cos(angle)], axis=1)
    begun = places > 100  # what comes before the first frame is silence
    return 10 * math.log10(np.mean(error[begun].astype(np.float64) ** 2) / 0.5)


@pytest.mark.parametrize("rate", [48_000, 44_100, 96_000])
@pytest.mark.parametrize("hertz", [100.0, 997.0, 10_000.0, 18_000.0])
@pytest.mark.parametrize("speed", [1.0, 1.0002, 0.9998])
def test_a_tone_stays_a_tone(rate: int, hertz: float, speed: float) -> None:
    """At a fixed ratio, distortion and noise are 97 dB below the tone."""
    resampler = Resampler(rate)
    pcm = tone(hertz)
    got = np.concatenate([resampler.process(block, speed) for block in np.array_split(pcm, 37)])
    assert abs(len(got) - len(pcm) * rate / SAMPLE_RATE / speed) <= 1
    places = np.arange(len(got)) * speed * SAMPLE_RATE / rate - resampler.latency
    assert error_db(got, hertz, places) < -97


def test_a_ratio_that_changes_with_every_block_is_not_heard() -> None:
    """From -500 to 500 ppm and back, block by block: no jump, and the tone is where the sum of the ratios says."""
    resampler = Resampler()
    speeds = 1.0 + MOST * np.sin(np.linspace(0, 2 * np.pi, 100))
    got, places, at = [], [], -float(resampler.latency)
    for block, speed in zip(np.array_split(tone(997.0, 2.0), 100), speeds, strict=True):
        made = resampler.process(block, speed)
        got.append(made)
        places.append(at + speed * np.arange(len(made)))
        at += speed * len(made)
    # A block's first frame lies where the block before ended, at that one's speed: exact up to this.
    assert error_db(np.concatenate(got), 997.0, np.concatenate(places)) < -97


def test_it_does_not_matter_how_audio_is_cut() -> None:
    """One block or many of odd lengths, down to single frames, give the same audio."""
    pcm = tone(997.0, 0.2)
    whole = Resampler(44_100).process(pcm, 1.0003)
    pieces = Resampler(44_100)
    cut = np.concatenate([pieces.process(part, 1.0003) for part in np.split(pcm, [1, 2, 5, 700, 701, 5000])])
    assert cut.shape == whole.shape
    np.testing.assert_allclose(cut, whole, atol=1e-6)


def test_silence_and_constants_come_out_as_they_went_in() -> None:
    """No offset is added, and level is kept, whatever the phase."""
    resampler = Resampler(44_100)
    assert not resampler.process(np.zeros((4800, 2), np.float32), 1.0001).any()
    got = resampler.process(np.full((4800, 2), 0.5, np.float32), 1.0001)
    np.testing.assert_allclose(got[resampler.latency * 2 :], 0.5, atol=1e-6)


def simulate(drift: Callable[[float], float], *, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return fill, average and speed of a day in which a card is off by ``drift`` (of the time), a value a step."""
    follower = Follower(0.8)
    fill = 0.8 + BURST / 2 + offset
    sent = 0.0
    rows = np.empty((round(DAY / STEP), 3))
    for step in range(len(rows)):
        now = step * STEP
        if now - sent >= BURST:
            sent += BURST
            fill += BURST
        fill -= STEP * (1.0 + drift(now)) * follower.update(fill, STEP)
        rows[step] = fill, follower.average, follower.speed
    return rows[:, 0], rows[:, 1], rows[:, 2]


@pytest.mark.parametrize("ppm", [200.0, -200.0])
def test_a_card_that_is_off_is_followed_for_a_day(ppm: float) -> None:
    """Fast or slow by 200 ppm: the fill stays in its bounds, what it settles at is the target, and nothing wobbles."""
    fill, average, speed = simulate(lambda _: ppm * 1e-6)
    most = PlayBuffer(0.8).most / SAMPLE_RATE
    assert fill.min() > 0.3
    assert fill.max() < most
    assert np.abs(average - 0.8).max() < 0.05
    settled = round(3600 / STEP)
    assert np.abs(average[settled:] - 0.8).max() < 0.002
    assert np.abs((speed[settled:] - 1.0) * 1e6 + ppm).max() < 20
    assert np.abs(np.diff(speed)).max() < 30e-6  # a step of 0.05 cents


def test_a_card_that_warms_up_is_followed() -> None:
    """A drift that wanders by 50 ppm with the hours leaves the fill where it is."""
    _, average, _ = simulate(lambda now: 50e-6 * math.sin(now / 3600))
    assert np.abs(average[round(3600 / STEP) :] - 0.8).max() < 0.005


def test_a_bad_start_is_made_up_for_within_bounds() -> None:
    """A quarter of a second too much is used up at no more than 500 ppm, without overshooting into a gap."""
    fill, average, speed = simulate(lambda _: -200e-6, offset=0.25)
    assert fill.min() > 0.25
    assert np.abs(speed - 1.0).max() <= MOST + 1e-12
    assert np.abs(average[round(7200 / STEP) :] - 0.8).max() < 0.002


def test_the_buffer_knows_the_bursts_of_the_runway() -> None:
    """What is set aside for bursts is what the runway sends at once."""
    assert pytest.approx(TARGET - MINIMUM) == BURST
