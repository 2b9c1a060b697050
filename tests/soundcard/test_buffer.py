"""Gaps and surpluses end in fades: what comes out of the buffer never jumps."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.ops.clock import HandClock
from latentfm.soundcard.buffer import BURST, PlayBuffer

CHUNK = SAMPLE_RATE // 50
STEEPEST = 0.5 * 2 * np.pi * 100 / SAMPLE_RATE + 0.01  # of the tone below, and of the fades


def tone(start: int, frames: int) -> Pcm:
    """Return a stretch of an endless tone of 100 Hz."""
    wave = 0.5 * np.sin(2 * np.pi * 100 * np.arange(start, start + frames) / SAMPLE_RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


class Desk:
    """A buffer, and a clock that goes on as audio is taken."""

    def __init__(self, target: float = 0.5, **settings: int) -> None:
        self.clock = HandClock()
        self.buffer = PlayBuffer(target, now=self.clock.monotonic, **settings)
        self._sent = 0

    def put(self, seconds: float) -> None:
        """Put the next seconds of the tone."""
        frames = round(seconds * SAMPLE_RATE)
        self.buffer.put(tone(self._sent, frames))
        self._sent += frames

    def take(self, seconds: float) -> Pcm:
        """Take seconds of audio, as a card does."""
        parts = []
        for _ in range(round(seconds * SAMPLE_RATE / CHUNK)):
            self.clock.sleep(CHUNK / SAMPLE_RATE)
            parts.append(self.buffer.take(CHUNK))
        return np.concatenate(parts)


def steepest(audio: Pcm) -> float:
    """Return the largest step from one frame to the next."""
    return float(np.abs(np.diff(audio[:, 0])).max())


def begun() -> Desk:
    """Return a desk whose buffer has just begun to play."""
    desk = Desk()
    desk.put(0.75)
    assert not desk.take(0.5).any()  # what had piled up
    desk.put(BURST)
    assert not desk.take(0.04).any()
    assert desk.take(0.02).any()
    return desk


def test_it_begins_once_it_is_full_enough() -> None:
    """Until then there is silence, and the oldest goes: latency does not start out too long."""
    desk = Desk()
    desk.put(0.5)
    assert not desk.take(0.1).any()
    desk.put(5.0)
    assert desk.buffer.fill == 0.5 + BURST / 2
    assert not desk.take(0.04).any()
    got = desk.take(0.5)
    began = round((5.5 - 0.5 - BURST / 2 + 0.06) * SAMPLE_RATE)
    np.testing.assert_array_equal(got[CHUNK:], tone(began + CHUNK, len(got) - CHUNK))
    assert steepest(got) < STEEPEST
    assert (desk.buffer.gaps, desk.buffer.skips) == (0, 0)


@pytest.mark.parametrize("pause", [0.06, 0.2, 0.4])
def test_it_begins_with_what_the_time_since_a_burst_leaves(pause: float) -> None:
    """Whenever in the round of bursts it begins, the fill is the target on average; a burst is not cut in two."""
    desk = Desk(lead_in=round((pause + 0.3) * SAMPLE_RATE))
    desk.put(2.0)
    assert not desk.take(0.3).any()  # what had piled up says nothing of when bursts come
    for _ in range(5):
        desk.put(0.2)
        assert not desk.take(0.02).any()
    desk.take(0.5 - 0.02)
    fills = []
    for _ in range(4):
        desk.put(BURST)
        for _ in range(25):
            desk.take(0.02)
            fills.append(desk.buffer.fill)
    assert abs(np.mean(fills) - 0.5) < 0.04
    assert (desk.buffer.gaps, desk.buffer.skips) == (0, 0)


def test_what_is_put_in_bursts_comes_out_without_a_seam() -> None:
    """Half a second at once, every half second, is played as it is."""
    desk = begun()
    got = []
    for _ in range(10):
        got.append(desk.take(0.5))
        desk.put(BURST)
    audio = np.concatenate(got)
    began = round((BURST + 0.06) * SAMPLE_RATE)
    np.testing.assert_allclose(audio, tone(began, len(audio)), atol=1e-6)
    assert (desk.buffer.gaps, desk.buffer.skips) == (0, 0)


def test_running_dry_ends_in_a_fade_and_is_counted_once() -> None:
    """A station that is held up makes a gap with soft edges; then the buffer fills up anew before it goes on."""
    desk = begun()
    got = [desk.take(1.2)]
    assert not got[0][round(0.75 * SAMPLE_RATE) :].any()
    desk.put(0.5)
    assert not desk.take(0.1).any()
    desk.put(0.5)
    got.append(desk.take(0.5))
    assert steepest(np.concatenate(got)) < STEEPEST
    assert np.abs(got[1][-CHUNK:]).max() > 0.4
    assert desk.buffer.gaps == 1


def test_too_much_is_left_out_under_a_crossfade() -> None:
    """A station that catches up does not leave the speakers behind for good."""
    desk = begun()
    got = [desk.take(0.24)]
    desk.put(3.0)
    assert desk.buffer.fill == 0.5 + BURST / 2
    got.append(desk.take(0.5))
    assert desk.buffer.skips == 1
    assert steepest(np.concatenate(got)) < STEEPEST


def test_closing_fades_out() -> None:
    """The last that is taken ends in silence, and after it there is no more."""
    desk = begun()
    got = [desk.take(0.1)]
    desk.buffer.close()
    got.append(desk.take(0.1))
    audio = np.concatenate(got)
    assert steepest(audio) < STEEPEST
    assert not audio[-3 * CHUNK :].any()
    assert desk.buffer.gaps == 0
