"""Loops that nobody hears: found in any held sound, led over without a click, and a meter that does hear clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.timbre import loops, pitch, played, sources
from latentfm.timbre.instrument import build
from latentfm.timbre.sampled import cut, hear
from latentfm.timbre.seam import INAUDIBLE, NOTHING, click, excess
from latentfm.timbre.sf2 import file
from latentfm.timbre.sf2.font import GUARD, Loop

Tone = Callable[..., NDArray[np.float32]]
RATE = 32_000
FLUTE, VIOLIN, CHOIR, ORGAN, PIANO, HARP, VIBRAPHONE = 73, 40, 52, 19, 0, 46, 11
PROGRAMS = (FLUTE, VIOLIN, CHOIR, ORGAN, PIANO, HARP, VIBRAPHONE, 6, 24, 48, 56, 61, 68, 71, 88, 104)
SEASHORE = 122


# The meter ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [-20.0, -40.0, -50.0, -60.0])
def test_a_step_is_measured_as_what_it_is(level: float, tone: Tone) -> None:
    """An impulse added to a tone is found at its level, to 2 dB; the same tone without it has nothing."""
    sound = tone(60.0, 0.2, RATE)
    assert excess(sound[:2048], 1024) == NOTHING
    sound[1024] += 10 ** (level / 20)
    assert excess(sound[:2048], 1024) == pytest.approx(level, abs=2.0)


def test_a_loop_cut_anywhere_clicks(tone: Tone) -> None:
    """Loops of a steady tone that fit no period are all found out, those of whole periods none."""
    rate = 44_100
    period = 100  # 441 Hz
    sound = tone(pitch.midi(rate / period), 1.0, rate)
    assert click(sound, Loop(5000, 5000 + 80 * period)) < -90
    off = [click(sound, Loop(5000, 5000 + 80 * period + shift)) for shift in (7, 25, 50, 77)]
    assert min(off) > -45


def test_noise_has_no_click_of_its_own(tone: Tone) -> None:
    """Whatever the loop, noise is as unexpected at its seam as anywhere."""
    noise = 0.1 * np.random.default_rng(3).standard_normal(40_000).astype(np.float32)
    found = [click(noise, Loop(start, 30_000 + start)) for start in range(1000, 9000, 500)]
    assert sum(level > -40 for level in found) <= 1


# Loops of tones ----------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.floats(30.0, 100.0), st.floats(-30.0, 30.0), st.floats(0.0, 0.03), st.integers(0, 9))
def test_any_tone_gets_a_loop_without_a_click(where: float, vibrato: float, noise: float, seed: int) -> None:
    """Any pitch, wandering and noisy as it may be: its loop's seam stays below -60 dBFS, and is as the format wants."""
    times = np.arange(RATE) / RATE
    hertz = pitch.hertz(where)
    turns = hertz * (times + (2.0 ** (vibrato / 1200.0) - 1.0) * np.sin(2 * np.pi * 5.0 * times) / (10.0 * np.pi))
    orders = np.arange(1, max(2, min(12, int(0.45 * RATE / hertz) + 1)))
    sound = 0.2 * np.sin(2 * np.pi * np.outer(orders, turns)).T @ (1.0 / orders)
    sound = (sound + noise * np.random.default_rng(seed).standard_normal(RATE)).astype(np.float32)
    found = loops.find(sound, RATE, 3200, 28_000, RATE / hertz)[0]
    start, stop = found.loop.start, found.loop.stop
    assert 3200 <= start < stop <= 28_000
    assert stop - start >= loops.shortest(RATE, RATE / hertz)
    made = loops.crossfaded(sound, RATE, 3200, found.loop)
    assert click(made, found.loop) < INAUDIBLE
    assert len(made) == stop + GUARD
    assert np.array_equal(
        made[stop - GUARD :], np.concatenate((made[start - GUARD : start], made[start : start + GUARD]))
    )
    assert np.array_equal(made[:start], sound[:start])


def test_a_loop_keeps_the_level(tone: Tone) -> None:
    """Going round, a loop is as loud as the note, in its crossfade too, alike or not: within half a decibel."""
    steady = tone(57.0, 1.0, RATE)
    noise = 0.1 * np.random.default_rng(5).standard_normal(RATE).astype(np.float32)
    for sound, period in ((steady, RATE / 220.0), (noise, 0.0)):
        found = loops.find(sound, RATE, 3200, 30_000, period)[0]
        made = loops.crossfaded(sound, RATE, 3200, found.loop)
        fade = made[found.loop.stop - 3000 : found.loop.stop]
        change = 20 * np.log10(np.std(fade) / np.std(sound))
        assert change == pytest.approx(0.0, abs=0.5)


def test_no_room_no_loop(tone: Tone) -> None:
    """A note of a few periods has no loop rather than a bad one."""
    assert loops.find(tone(33.0, 0.2, RATE), RATE, 3000, 6400, RATE / 55.0) == []


# Loops of instruments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", [*PROGRAMS, SEASHORE])
def test_no_loop_of_an_instrument_clicks(program: int, font: Path) -> None:
    """Notes of the default font, looped in as little as 0.4 s and in more: every seam stays below -60 dBFS."""
    for key in (41, 60, 79):
        heard = hear(sources.program_note(program, key, font=font), RATE)
        for seconds in (0.4, 1.2):
            sampled = cut(heard, seconds)
            assert sampled.loop is not None
            assert sampled.click < INAUDIBLE
        assert sampled.correlation > (0.5 if program != SEASHORE else 0.0)


@pytest.mark.parametrize("program", [FLUTE, VIOLIN, CHOIR, PIANO, VIBRAPHONE])
def test_nothing_clicks_once_fluidsynth_has_played_it(program: int, font: Path, tmp_path: Path) -> None:
    """Where a loop goes round in the finished sound, transposed and at our rate, nothing is unexpected either."""
    built = build([sources.program_note(program, 60, font=font)], "one", size=60_000)
    file.write(built.font, tmp_path / "one.sf2")
    sample = built.samples[0]
    assert sample.loop is not None
    for key in (60, 57, 64):
        sound = played.play(tmp_path / "one.sf2", 0, key, 127, held=3.0, seconds=3.0)
        speed = 2.0 ** ((key - sample.root_key + sample.cents / 100.0) / 12.0) * built.rate / SAMPLE_RATE
        rounds = [(sample.loop.stop + turn * len(sample.loop)) / speed for turn in range(4)]
        places = [round(place) + shift for place in rounds for shift in (-8, 0)]
        assert max(excess(sound[place - 1024 : place + 1024], 1024) for place in places) < INAUDIBLE
        worst = sound.copy()
        worst[round(rounds[0])] += 0.01
        assert excess(worst[round(rounds[0]) - 1024 :][:2048], 1024) > INAUDIBLE


def test_what_decays_goes_on_decaying(font: Path, tmp_path: Path) -> None:
    """A looped piano note falls as the font's own does, whose strings beat: within 3 dB on average, 6 at any time."""
    note = sources.program_note(PIANO, 60, font=font, held=4.0)
    built = build([note], "piano", size=60_000)
    assert built.samples[0].loop is not None
    file.write(built.font, tmp_path / "piano.sf2")
    ours = played.play(tmp_path / "piano.sf2", 0, 60, 100, held=4.0, seconds=4.0)
    theirs = note.audio
    fall = [
        20 * np.log10([np.std(sound[start : start + 9600]) for start in range(9600, 150_000, 24_000)])
        for sound in (ours, theirs)
    ]
    assert fall[1][0] - fall[1][-1] > 20
    difference = (fall[0] - fall[0][0]) - (fall[1] - fall[1][0])
    assert np.abs(difference).mean() < 3.0
    assert np.abs(difference).max() < 6.0


def test_what_has_died_away_needs_no_loop(font: Path) -> None:
    """A xylophone that fits is kept whole, to its last 60 dB."""
    sampled = cut(hear(sources.program_note(13, 72, font=font), RATE), 1.0)
    assert sampled.loop is None
    assert np.std(sampled.audio[-320:]) < 1e-3 * np.abs(sampled.audio).max()
