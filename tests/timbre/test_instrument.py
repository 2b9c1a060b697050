"""Instruments from notes: in tune, even, within their size, with their attacks, and the same each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.render import soundfonts
from latentfm.timbre import checked, pitch, played, sources
from latentfm.timbre.instrument import PEAK, build
from latentfm.timbre.note import Note
from latentfm.timbre.seam import INAUDIBLE
from latentfm.timbre.sf2 import file

Tone = Callable[..., NDArray[np.float32]]
FLUTE, VIOLIN, CHOIR, ORGAN, PIANO, HARP, VIBRAPHONE = 73, 40, 52, 19, 0, 46, 11
EVEN = 1.5  # LU from the middle of the keyboard's loudness, and
IN_TUNE = 5.0  # cents, for every key from 40 to 88


def grid(program: int, font: Path, keys: Iterable[int], velocities: Iterable[int] = (60, 110)) -> list[Note]:
    """Return a program's notes."""
    return [sources.program_note(program, key, velocity, font=font) for key in keys for velocity in velocities]


@pytest.mark.slow
@pytest.mark.parametrize("program", [FLUTE, VIOLIN, CHOIR, ORGAN, PIANO, HARP, VIBRAPHONE])
def test_an_instrument_is_in_tune_and_even(program: int, font: Path, tmp_path: Path) -> None:
    """Seven pitches, two velocities: every key within 5 cents and 1.5 LU, no clicks, well below its size."""
    built = build(grid(program, font, range(42, 91, 8)), "an instrument", size=700_000)
    path = tmp_path / "font.sf2"
    file.write(built.font, path)
    soundfonts.verify(path)
    assert path.stat().st_size <= 700_000
    assert all(sample.click < INAUDIBLE for sample in built.samples)
    keys = checked.keys(path, range(40, 89, 3))
    assert min(key.confidence for key in keys) > 0.5
    assert max(abs(key.cents) for key in keys) < IN_TUNE
    loud = np.array([key.lufs for key in keys])
    assert np.abs(loud - np.median(loud)).max() < EVEN


def test_an_instrument_is_the_same_elsewhere(
    font: Path, tmp_path: Path, elsewhere: Callable[..., NDArray[np.float32]]
) -> None:
    """RustySynth plays a looped, decaying instrument as FluidSynth does: pitch to 2 cents, levels over time to 4 dB.

    What the format calls a fall by 100 dB is one by 96 to FluidSynth and by 80 to RustySynth.
    """
    built = build(grid(VIBRAPHONE, font, (48, 60, 72)), "vibraphone", size=300_000)
    path = tmp_path / "font.sf2"
    file.write(built.font, path)
    for key in (50, 60, 75):
        ours = played.play(path, 0, key, 100, held=1.8, seconds=1.8)
        theirs = elsewhere(path.read_bytes(), key, 100, 1.8)
        found = pitch.measure(theirs, SAMPLE_RATE, near=key)
        assert found is not None
        assert 100 * (found.pitch - key) == pytest.approx(0.0, abs=2.0)
        levels = [
            20 * np.log10([np.std(sound[start : start + 4800]) for start in range(4800, 76_800, 9600)])
            for sound in (ours, theirs)
        ]
        assert np.ptp(levels[0] - levels[1]) < 4.0


def test_the_difference_between_velocities_stays(font: Path, tmp_path: Path) -> None:
    """The piano's soft and hard notes are as far apart in the instrument as in what it was made from: within 1 LU."""
    notes = grid(PIANO, font, (48, 60, 72), (50, 110))
    built = build(notes, "piano", size=400_000)
    file.write(built.font, tmp_path / "font.sf2")
    soft, hard = (checked.keys(tmp_path / "font.sf2", [60], velocity)[0].lufs for velocity in (50, 110))
    theirs = [next(s.heard.loudness for s in built.samples if s.heard.note is note) for note in notes[2:4]]
    assert hard - soft == pytest.approx(theirs[1] - theirs[0], abs=1.0)
    assert {zone.velocities for zone in built.font.instruments[0].zones} == {(0, 80), (81, 127)}


def test_keys_are_shared_out_between_pitches(tone: Tone) -> None:
    """Each key plays the nearest pitch, the ends reach to the ends, and nothing is played twice or not at all."""
    notes = [Note(key, 100, tone(key)) for key in (50, 57, 61)]
    zones = build(notes, "tones").font.instruments[0].zones
    assert [zone.keys for zone in zones] == [(0, 53), (54, 59), (60, 127)]
    assert [zone.root_key for zone in zones] == [50, 57, 61]


@pytest.mark.parametrize(("sounding", "root", "cents"), [(60.37, 60, -37), (59.8, 60, 20), (60.0, 60, 0)])
def test_a_note_between_keys_is_tuned(sounding: float, root: int, cents: int, tone: Tone) -> None:
    """What sounds between two keys belongs to the nearer one and is tuned to it."""
    zone = build([Note(sounding, 100, tone(sounding))], "tones").font.instruments[0].zones[0]
    assert (zone.root_key, zone.cents) == (root, cents)


def test_a_pitch_that_was_played_out_of_tune_is_corrected(tone: Tone, tmp_path: Path) -> None:
    """A note that should be a C and is 23 cents too high comes out as a C."""
    file.write(build([Note(60, 100, tone(60.23))], "tones").font, tmp_path / "font.sf2")
    assert checked.keys(tmp_path / "font.sf2", [60, 62])[1].cents == pytest.approx(0.0, abs=1.0)


def test_what_has_no_pitch_is_left_as_it_is(tmp_path: Path) -> None:
    """Noise is looped too, evened, and keeps the key it was given."""
    noise = (0.1 * np.random.default_rng(2).standard_normal(3 * SAMPLE_RATE)).astype(np.float32)
    built = build([Note(60, 100, noise)], "noise", size=100_000)
    assert (built.samples[0].root_key, built.samples[0].cents) == (60, 0)
    assert built.samples[0].loop is not None
    assert built.samples[0].click < -40
    file.write(built.font, tmp_path / "font.sf2")
    sound = played.play(tmp_path / "font.sf2", 0, 60, 100, held=4.0, seconds=4.0)
    levels = [np.std(sound[start : start + 24_000]) for start in range(0, 168_000, 24_000)]
    assert max(levels) / min(levels) < 1.1


def test_attacks_are_left_alone(font: Path, tmp_path: Path) -> None:
    """The first 50 ms of a harp come out as they went in, 12 kHz and below, to -30 dB."""
    note = sources.program_note(HARP, 64, font=font)
    file.write(build([note], "harp", size=120_000).font, tmp_path / "font.sf2")
    back = played.play(tmp_path / "font.sf2", 0, 64, 100, held=1.0, seconds=1.0)[:4096]
    size = 2400
    lags = range(-64, 96)
    rows = np.stack([back[100 + lag : 100 + lag + size] for lag in lags])
    wanted = note.audio[100 : 100 + size]
    alike = (rows @ wanted) / np.sqrt((rows**2).sum(axis=1) * (wanted @ wanted))
    assert alike.max() > 1.0 - 0.5 * 10 ** (-30 / 10) - 0.004


def test_a_release_lasts_as_the_notes_own(font: Path, tmp_path: Path) -> None:
    """The choir lets go slowly, the flute soon, as they do in the font they are from: 20 dB within a third."""
    for program in (CHOIR, FLUTE):
        note = sources.program_note(program, 60, font=font)
        file.write(build([note], "one", size=100_000).font, tmp_path / "font.sf2")
        back = played.play(tmp_path / "font.sf2", 0, 60, 100, held=2.0, seconds=3.0)
        assert note.held is not None
        ours, theirs = fall(back, 2.0), fall(note.audio, note.held)
        assert ours == pytest.approx(theirs, rel=0.34, abs=0.02)


def fall(sound: NDArray[np.float32], since: float) -> float:
    """Return the seconds from a time on until a sound is 20 dB weaker."""
    first = round(since * SAMPLE_RATE)
    levels = [np.std(sound[start : start + 960]) for start in range(first, len(sound) - 960, 240)]
    return float(np.argmax(np.array(levels) < 0.1 * levels[0])) * 240 / SAMPLE_RATE


def test_the_loudest_sample_is_just_below_full_scale(tone: Tone) -> None:
    """No sample clips, and no bits are given away."""
    built = build([Note(key, 100, 0.01 * tone(key)) for key in (48, 60, 72)], "quiet")
    peak = max(np.abs(sample.frames.astype(int)).max() for sample in built.font.samples)
    assert 20 * np.log10(peak / 32768) == pytest.approx(PEAK, abs=0.05)


def test_the_same_notes_give_the_same_bytes(tone: Tone) -> None:
    """In whatever order they come."""
    notes = [Note(key, velocity, tone(key)) for key in (48, 60) for velocity in (60, 110)]
    first, second = (file.encode(build(order, "same", size=200_000).font) for order in (notes, notes[::-1]))
    assert first == second


@pytest.mark.parametrize("size", [90_000, 300_000, 2_000_000])
def test_the_size_is_kept(size: int, tone: Tone) -> None:
    """More room is used for longer samples, then for a higher rate, and never overdrawn."""
    notes = [Note(key, 100, tone(key, 4.0, vibrato=20.0), 3.5) for key in (48, 60, 72, 84)]
    built = build(notes, "sized", size=size)
    assert size / 3 < len(file.encode(built.font)) <= size
    assert built.rate == (48_000 if size == 2_000_000 else 32_000)


def test_bad_notes_say_why(tone: Tone) -> None:
    """None, two of one key, no room, silence, noughts, what is no number: each says what is wrong and where."""
    good = tone(60.0)
    for notes, message in (
        ([], "has no notes"),
        ([Note(60, 100, good), Note(60.2, 100, good)], "two notes for key 60"),
        ([Note(key, 100, good) for key in range(30, 90, 2)], "do not fit into"),
    ):
        with pytest.raises(TimbreError, match=message):
            build(notes, "bad", size=50_000)
    for pitch_, velocity, audio, message in (
        (60, 0, good, "velocities 1 to 127"),
        (128, 100, good, "pitches 0 to 127"),
        (60, 100, good[:1000], "lasts 0.021 s"),
        (60, 100, 0 * good, "is silent"),
        (60, 100, good * np.float32("nan"), "holds what is no number"),
        (60, 100, good.astype(np.float64), "expected float32"),
    ):
        with pytest.raises(TimbreError, match=message):
            Note(pitch_, velocity, audio)
    with pytest.raises(TimbreError, match="needs a name"):
        build([Note(60, 100, good)], "  ")


def test_a_cat_will_do(tmp_path: Path, tone: Tone) -> None:
    """One recording of a voice that glides becomes an instrument that is in tune in the middle of its glide."""
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hertz = pitch.hertz(67.4) * (1.0 + 0.02 * np.sin(np.pi * times))
    turns = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    sound = sum(np.sin(order * turns) / order for order in range(1, 9)) * np.sin(np.pi * times) ** 0.3
    cat = (0.3 * sound).astype(np.float32)
    found = pitch.detect(cat, SAMPLE_RATE)
    file.write(build([Note(found.pitch, 100, cat)], "a cat", size=100_000).font, tmp_path / "font.sf2")
    keys = checked.keys(tmp_path / "font.sf2", [60, 67, 74])
    assert all(abs(key.cents) < IN_TUNE for key in keys)
