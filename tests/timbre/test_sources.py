"""Sounds of the artist's own, however they were recorded, and General MIDI's programs; what can't be used says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.timbre import sources

Tone = Callable[..., NDArray[np.float32]]


def shaped(sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return a tone with a soft start and end."""
    fade = rate // 50
    sound = sound.copy()
    sound[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return sound


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize(
    ("subtype", "channels"), [("PCM_U8", 1), ("PCM_16", 2), ("PCM_24", 6), ("PCM_32", 1), ("FLOAT", 2)]
)
def test_a_recording_of_any_kind(rate: int, subtype: str, channels: int, tmp_path: Path, tone: Tone) -> None:
    """Any rate, resolution and number of channels: mono at our rate, from the attack on, with its pitch."""
    path = tmp_path / "own.wav"
    sound = np.pad(shaped(tone(57.3, 1.0, rate), rate), (rate // 2, rate // 2))
    sf.write(path, np.repeat(sound[:, np.newaxis], channels, axis=1), rate, subtype=subtype)
    note = sources.note(str(path))
    assert note.pitch == pytest.approx(57.3, abs=0.02)
    assert len(note.audio) / SAMPLE_RATE == pytest.approx(1.0, abs=0.03)
    assert np.abs(note.audio).max() == pytest.approx(0.5, rel=0.05)
    assert np.abs(note.audio[:10]).max() < 1e-3


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff"])
def test_other_formats(suffix: str, tmp_path: Path, tone: Tone) -> None:
    """FLAC, Ogg and what else libsndfile reads."""
    path = tmp_path / f"own.{suffix}"
    sf.write(path, tone(64.0, 1.0, 44_100), 44_100)
    assert sources.note(str(path)).pitch == pytest.approx(64.0, abs=0.02)


def test_of_a_long_recording_the_first_note_counts(tmp_path: Path, tone: Tone) -> None:
    """Minutes of sound after half a minute of silence: the first note, up to its pause or to what was asked for."""
    path = tmp_path / "long.wav"
    rate = 44_100
    parts = [
        np.zeros(30 * rate),
        shaped(tone(50.0, 1.5, rate), rate),
        np.zeros(rate),
        shaped(tone(70.0, 120.0, rate), rate),
    ]
    sf.write(path, np.concatenate(parts), rate)
    note = sources.note(str(path))
    assert note.pitch == pytest.approx(50.0, abs=0.02)
    assert len(note.audio) / SAMPLE_RATE == pytest.approx(1.5, abs=0.05)
    sf.write(path, np.concatenate(parts[3:]), rate)
    assert len(sources.read(path)) == round(sources.SECONDS * SAMPLE_RATE)
    assert len(sources.read(path, 2.0)) == 2 * SAMPLE_RATE


def test_channels_that_cancel_each_other_do_not_vanish(tmp_path: Path, tone: Tone) -> None:
    """A stereo file whose right side is the left one upside down gives one of the two."""
    path = tmp_path / "upside.wav"
    left = tone(60.0)
    sf.write(path, np.stack([left, -0.9 * left], axis=1), SAMPLE_RATE)
    assert np.abs(sources.read(path)).max() == pytest.approx(0.5, rel=0.05)


def test_a_constant_is_taken_out(tmp_path: Path, tone: Tone) -> None:
    """A recording whose zero lies elsewhere is moved to where it should be."""
    path = tmp_path / "offset.wav"
    sf.write(path, 0.3 * tone(60.0) + 0.4, SAMPLE_RATE, subtype="FLOAT")
    assert abs(float(sources.read(path).mean())) < 1e-3


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("This is not a sound. " * 100)


def _header(path: Path) -> None:
    sf.write(path, np.zeros(0), 48_000)


def _silent(path: Path) -> None:
    sf.write(path, np.zeros(48_000), 48_000)


def _silent_8_bit(path: Path) -> None:
    sf.write(path, np.zeros(48_000), 48_000, subtype="PCM_U8")


def _constant(path: Path) -> None:
    sf.write(path, np.full(48_000, 0.5), 48_000)


def _not_a_number(path: Path) -> None:
    sf.write(path, np.full(48_000, np.nan, dtype=np.float32), 48_000, subtype="FLOAT")


def _click(path: Path) -> None:
    sound = np.zeros(48_000)
    sound[24_000:24_010] = 0.8
    sf.write(path, sound, 48_000)


def _noise(path: Path) -> None:
    sf.write(path, 0.1 * np.random.default_rng(0).standard_normal(96_000), 48_000)


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_nothing, "can't be read as audio"),
        (_text, "can't be read as audio"),
        (_header, "is empty"),
        (_silent, "is silent"),
        (_silent_8_bit, "is silent"),
        (_constant, "is silent"),
        (_not_a_number, "is damaged"),
        (_click, "its first note lasts"),
        (_noise, "give it one with --pitch"),
        (_missing, "is not there"),
        (_folder, "is a folder"),
    ],
)
def test_what_cannot_be_used_says_why(make: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    """Empty, silent, no audio, damaged, too short, without pitch: each has its own message, with what to do."""
    path = tmp_path / "bad.wav"
    make(path)
    with pytest.raises(TimbreError, match=message):
        sources.note(str(path))


def test_a_pitch_that_is_given_is_taken(tmp_path: Path) -> None:
    """Noise becomes a note once somebody says where it belongs."""
    path = tmp_path / "noise.wav"
    _noise(path)
    assert sources.note(str(path), pitch=62.5).pitch == 62.5


@pytest.mark.parametrize(("source", "pitch", "expected"), [("flute", None, 60), ("73", 71, 71), ("Choir Aahs", 48, 48)])
def test_a_program_is_played(source: str, pitch: float | None, expected: int) -> None:
    """By name or number, from its attack on, held for three seconds and let go."""
    note = sources.note(source, pitch)
    assert note.pitch == expected
    assert note.held == pytest.approx(sources.HELD, abs=0.2)
    assert len(note.audio) == pytest.approx((note.held + 1.0) * SAMPLE_RATE, abs=2)
    loud = np.flatnonzero(np.abs(note.audio) > 0.01 * np.abs(note.audio).max())
    assert loud[0] < 0.003 * SAMPLE_RATE


def test_a_program_out_of_its_range_is_silent() -> None:
    """The font's double bass ends at its top string."""
    with pytest.raises(TimbreError, match=r"43 \(contrabass\) is silent at pitch 84"):
        sources.program_note(43, 84)


@pytest.mark.parametrize(
    ("source", "message"), [("organ", "may be drawbar organ"), ("cat", "neither"), ("128", "neither")]
)
def test_a_name_that_means_nothing_or_too_much(source: str, message: str) -> None:
    """What it may mean is told."""
    with pytest.raises(TimbreError, match=message):
        sources.note(source)
