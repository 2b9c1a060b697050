"""Gaps and surpluses end in fades: what comes out of the buffer never jumps."""

from __future__ import annotations

import numpy as np

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.soundcard.buffer import BURST, PlayBuffer

CHUNK = SAMPLE_RATE // 50
STEEPEST = 0.5 * 2 * np.pi * 100 / SAMPLE_RATE + 0.01  # of the tone below, and of the fades


def tone(start: int, frames: int) -> Pcm:
    """Return a stretch of an endless tone of 100 Hz."""
    wave = 0.5 * np.sin(2 * np.pi * 100 * np.arange(start, start + frames) / SAMPLE_RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def drain(buffer: PlayBuffer, seconds: float) -> Pcm:
    """Take seconds of audio, as a card does."""
    return np.concatenate([buffer.take(CHUNK) for _ in range(round(seconds * SAMPLE_RATE / CHUNK))])


def filled(seconds: float, target: float = 0.5) -> PlayBuffer:
    """Return a buffer that is about to begin, with seconds of the tone."""
    buffer = PlayBuffer(target)
    buffer.put(tone(0, round(seconds * SAMPLE_RATE)))
    assert not buffer.take(CHUNK).any()  # a burst may still be arriving
    return buffer


def test_it_begins_once_it_is_full_enough() -> None:
    """Until then there is silence, and the oldest goes: latency does not start out too long."""
    buffer = PlayBuffer(0.5)
    buffer.put(tone(0, SAMPLE_RATE // 2))
    assert not drain(buffer, 0.1).any()
    buffer.put(tone(SAMPLE_RATE // 2, 5 * SAMPLE_RATE))
    assert buffer.fill == 0.5 + BURST / 2
    assert not buffer.take(CHUNK).any()
    got = drain(buffer, 0.5)
    first = 5.5 * SAMPLE_RATE - round((0.5 + BURST / 2) * SAMPLE_RATE)
    np.testing.assert_array_equal(got[CHUNK:], tone(int(first) + CHUNK, len(got) - CHUNK))
    assert np.abs(np.diff(got[:, 0])).max() < STEEPEST
    assert (buffer.gaps, buffer.skips) == (0, 0)


def test_it_begins_right_after_a_burst_and_after_its_lead_in() -> None:
    """Begun at another moment, its fill would be off by up to a burst."""
    buffer = PlayBuffer(0.5, lead_in=SAMPLE_RATE // 10)
    buffer.put(tone(0, SAMPLE_RATE))
    assert not drain(buffer, 0.4).any()
    buffer.put(tone(SAMPLE_RATE, SAMPLE_RATE // 2))
    assert not buffer.take(CHUNK).any()
    assert drain(buffer, 0.1).any()


def test_what_is_put_in_bursts_comes_out_without_a_seam() -> None:
    """Half a second at once, every half second, is played as it is."""
    buffer = filled(0.75)
    parts = []
    for burst in range(10):
        parts.append(drain(buffer, 0.5))
        buffer.put(tone(round((0.75 + burst * 0.5) * SAMPLE_RATE), SAMPLE_RATE // 2))
    got = np.concatenate(parts)
    np.testing.assert_array_equal(got[CHUNK:], tone(CHUNK, len(got) - CHUNK))
    assert (buffer.gaps, buffer.skips) == (0, 0)


def test_running_dry_ends_in_a_fade_and_is_counted_once() -> None:
    """A station that is held up makes a gap with soft edges; then the buffer fills up anew before it goes on."""
    buffer = filled(0.75)
    got = drain(buffer, 1.2)
    assert not got[round(0.75 * SAMPLE_RATE) :].any()
    buffer.put(tone(SAMPLE_RATE, SAMPLE_RATE // 2))
    assert not drain(buffer, 0.1).any()
    buffer.put(tone(2 * SAMPLE_RATE, SAMPLE_RATE // 2))
    got = np.concatenate((got, drain(buffer, 0.5)))
    assert np.abs(np.diff(got[:, 0])).max() < STEEPEST
    assert buffer.gaps == 1
    assert np.abs(got[-CHUNK:]).max() > 0.4


def test_too_much_is_left_out_under_a_crossfade() -> None:
    """A station that catches up does not leave the speakers behind for good."""
    buffer = filled(0.75)
    got = [drain(buffer, 0.25)]
    buffer.put(tone(round(0.75 * SAMPLE_RATE), 3 * SAMPLE_RATE))
    assert buffer.fill == 0.5 + BURST / 2
    got.append(drain(buffer, 0.5))
    assert buffer.skips == 1
    assert np.abs(np.diff(np.concatenate(got)[:, 0])).max() < STEEPEST


def test_closing_fades_out() -> None:
    """The last that is taken ends in silence, and after it there is no more."""
    buffer = filled(0.75)
    got = [drain(buffer, 0.1)]
    buffer.close()
    got += [drain(buffer, 0.1)]
    wave = np.concatenate(got)[:, 0]
    assert np.abs(np.diff(wave)).max() < STEEPEST
    assert not wave[-3 * CHUNK :].any()
    assert buffer.gaps == 0
