"""The pitch of a note, to a cent where it is steady; what has none is said to have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.timbre import pitch, played

Tone = Callable[..., NDArray[np.float32]]
PITCHES = (22.3, 28.0, 33.33, 45.1, 60.0, 72.27, 84.0, 96.4, 108.0)


def cents_off(sound: NDArray[np.float32], expected: float, rate: int = SAMPLE_RATE) -> float:
    """Return by how much a sound is found too high."""
    return 100.0 * (pitch.detect(sound, rate).pitch - expected)


@pytest.mark.parametrize("expected", PITCHES)
def test_a_steady_tone_to_a_tenth_of_a_cent(expected: float, tone: Tone) -> None:
    """Whatever the register, with noise 40 dB down too."""
    sound = tone(expected)
    noise = np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32)
    assert abs(cents_off(sound, expected)) < 0.1
    assert abs(cents_off(sound + 0.002 * noise, expected)) < 0.1


@pytest.mark.parametrize("rate", [16_000, 32_000, 44_100])
def test_at_any_rate(rate: int, tone: Tone) -> None:
    """Rates other than ours are no different."""
    assert abs(cents_off(tone(64.2, rate=rate), 64.2, rate)) < 0.1


@pytest.mark.parametrize("expected", [33.0, 48.0, 60.0, 72.0, 84.0])
def test_a_vibrato_has_the_pitch_of_its_middle(expected: float, tone: Tone) -> None:
    """A vibrato of 25 cents either way moves the pitch by less than a cent."""
    assert abs(cents_off(tone(expected, vibrato=25.0), expected)) < 1.0


def test_two_voices_that_beat_have_the_pitch_between_them(tone: Tone) -> None:
    """Two strings five cents apart are 2.5 cents above the lower one, to a cent."""
    assert cents_off(tone(60.0, 3.0, beating=2.0 ** (5 / 1200) - 1.0), 60.0) == pytest.approx(2.5, abs=1.0)


def test_a_missing_fundamental_is_heard() -> None:
    """Harmonics 3 to 8 alone have the pitch of their fundamental, as for an ear."""
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    sound = sum(np.sin(2 * np.pi * 220.0 * order * times) for order in range(3, 9)).astype(np.float32) / 8
    assert abs(cents_off(sound, 57.0)) < 0.1


@pytest.mark.parametrize("kind", ["white", "brown", "silence", "short"])
def test_what_has_no_pitch_is_said_to_have_none(kind: str, tone: Tone) -> None:
    """Noise, nothing and less than a frame: the message says what to do."""
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    sound = {
        "white": 0.1 * noise,
        "brown": np.cumsum(0.01 * noise),
        "silence": np.zeros(SAMPLE_RATE, dtype=np.float32),
        "short": tone(60.0, 0.05),
    }[kind]
    with pytest.raises(TimbreError, match="--pitch"):
        pitch.detect(sound.astype(np.float32), SAMPLE_RATE)


@pytest.mark.parametrize("program", [0, 6, 24, 40, 52, 56, 60, 68, 71, 73, 79])
def test_instruments_are_found_at_their_pitch(program: int, font: Path) -> None:
    """Piano, harpsichord, guitar, violin, choir, brass and reeds: the right octave, within a quarter of a semitone."""
    for key in (48, 60, 72):
        found = pitch.detect(played.play(font, program, key, 100, held=1.5, seconds=2.0), SAMPLE_RATE)
        assert found.pitch == pytest.approx(key, abs=0.25)


def test_a_pitch_that_is_known_settles_the_octave(font: Path) -> None:
    """A drawbar organ sounds an octave lower too; asked near its key it is found there."""
    sound = played.play(font, 18, 60, 100, held=1.5, seconds=2.0)
    free, near = pitch.measure(sound, SAMPLE_RATE), pitch.measure(sound, SAMPLE_RATE, near=60)
    assert free is not None
    assert near is not None
    assert free.pitch == pytest.approx(48, abs=0.1)
    assert near.pitch == pytest.approx(60, abs=0.1)
    assert near.confidence < free.confidence


def test_hertz_and_midi_are_inverse() -> None:
    """A4 is 440 Hz and number 69."""
    assert pitch.hertz(69) == pytest.approx(440.0)
    assert pitch.midi(pitch.hertz(61.37)) == pytest.approx(61.37)
