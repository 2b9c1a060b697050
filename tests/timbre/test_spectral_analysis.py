"""Notes taken apart into harmonics and noise, and put together again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfm.errors import TimbreError
from latentfm.timbre.engine import Mono
from latentfm.timbre.pitch import hertz as note_hertz
from latentfm.timbre.spectral.additive import synthesize
from latentfm.timbre.spectral.analysis import analyse
from latentfm.timbre.spectral.envelopes import (
    FEATURES,
    HARMONICS,
    HOP,
    SAMPLE_RATE,
    Envelopes,
    bands,
    between,
    envelopes,
    features,
    harmonics_of,
)

Tone = Callable[..., Mono]


@pytest.fixture
def tone() -> Callable[..., Mono]:
    """Return a maker of harmonic tones that begin and end softly."""

    def make(
        pitch: float, seconds: float = 1.0, levels: tuple[float, ...] = (1.0, 0.5, 0.25), attack: float = 0.02
    ) -> Mono:
        at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
        sound = sum(level * np.sin(2 * np.pi * hertz * number * at) for number, level in enumerate(levels, 1))
        shape = np.minimum(1.0, at / attack) * np.minimum(1.0, (seconds - at) / 0.02)
        scaled: Mono = (0.3 * sound * shape).astype(np.float32)
        return scaled

    return make


def pitch_heard(audio: Mono, near: float) -> float:
    """Return the pitch of the strongest component within a semitone, by a parabola over a long window's peak."""
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), size))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    wide = 2 ** (1 / 12)
    inside = np.flatnonzero((hertz > note_hertz(near) / wide) & (hertz < note_hertz(near) * wide))
    peak = inside[spectrum[inside].argmax()]
    below, at, above = np.log(spectrum[peak - 1 : peak + 2])
    place = peak + 0.5 * (below - above) / (below - 2 * at + above)
    return float(69 + 12 * np.log2(place * SAMPLE_RATE / size / 440))


@pytest.mark.parametrize("pitch", [30, 45, 60, 76, 93])
def test_harmonics_of_a_tone_are_found(tone: Tone, pitch: int) -> None:
    """Their levels are those that were put in, nothing stands between them, and there is hardly any noise."""
    found = analyse(tone(pitch, 1.0, (1.0, 0.5, 0.0, 0.25)), pitch)
    middle = slice(len(found) // 3, 2 * len(found) // 3)
    steady = found.harmonics[middle].mean(axis=0)
    assert steady[1] / steady[0] == pytest.approx(0.5, abs=0.01)
    assert steady[3] / steady[0] == pytest.approx(0.25, abs=0.01)
    assert steady[2] / steady[0] < 0.005
    assert np.sqrt((found.noise[middle] ** 2).sum(axis=1)).max() < 0.02
    assert np.abs(found.cents[middle]).max() < 1.0
    assert found.level.max() == pytest.approx(1.0)


def test_a_pitch_that_is_off_or_wanders_is_followed(tone: Tone) -> None:
    """A tone that is 20 cents sharp says so in every frame; vibrato is read as what it is, and leaves no noise."""
    sharp = analyse(tone(60.2, 1.0), 60)
    assert sharp.cents[40:160].mean() == pytest.approx(20.0, abs=0.5)
    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    cents = 25.0 * np.sin(2 * np.pi * 5.0 * at)
    phase = np.cumsum(2 * np.pi * note_hertz(64) * 2 ** (cents / 1200) / SAMPLE_RATE)
    wavering = np.sum([np.sin(number * phase) / number for number in range(1, 13)], axis=0).astype(np.float32)
    found = analyse(wavering, 64)
    assert 18.0 < found.cents[40:360].max() < 27.0
    assert np.sqrt((found.noise[40:360] ** 2).sum(axis=1)).mean() < 0.05


def test_noise_is_found_in_its_bands_and_comes_back() -> None:
    """White noise through the analysis and back has its level in every band again."""
    noise = np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32) * 0.1
    first = analyse(noise, 96)
    again = analyse(synthesize(first, 96, seed=1), 96)
    levels = [np.sqrt((one.noise[20:-20] ** 2).mean(axis=0)) for one in (first, again)]
    off = 20 * np.log10(levels[1] / levels[0])
    assert np.abs(off - np.median(off)).max() < 1.5


@pytest.mark.parametrize("pitch", [36, 57, 72, 88])
def test_a_note_comes_back_in_tune_and_with_its_attack(tone: Tone, pitch: int) -> None:
    """The synthesis has the pitch within a cent, the harmonics' levels, and rises when the original did."""
    sound = tone(pitch, 1.5, (1.0, 0.6, 0.3, 0.2), attack=0.05)
    again = synthesize(analyse(sound, pitch), pitch)
    assert pitch_heard(again, pitch) == pytest.approx(pitch, abs=0.01)
    rises = []
    for one in (sound, again):
        level = np.sqrt(np.convolve(one**2, np.ones(SAMPLE_RATE // 40) / (SAMPLE_RATE // 40), "same"))
        rises.append(int(np.argmax(level > 0.7 * level[: SAMPLE_RATE // 2].max())) / SAMPLE_RATE)
    assert rises[1] == pytest.approx(rises[0], abs=0.02)


def test_nothing_clicks_at_the_beginning_or_at_a_frame() -> None:
    """The step from one sample to the next never exceeds what the sinusoids themselves make."""
    count = 200
    levels = np.zeros((count, HARMONICS), np.float32)
    levels[:, 0] = np.where(np.arange(count) % 20 < 10, 1.0, 0.1)
    note = Envelopes(levels, np.zeros((count, bands().shape[1]), np.float32), np.zeros(count, np.float32))
    sound = synthesize(note, 57)
    assert len(sound) == count * HOP
    assert sound[0] == 0.0
    steepest = np.sqrt(2) * 2 * np.pi * note_hertz(57) / SAMPLE_RATE + np.sqrt(2) / HOP
    assert np.abs(np.diff(sound)).max() <= 1.01 * steepest


def test_the_same_seed_gives_the_same_samples(tone: Tone) -> None:
    """And another one other phases of the same harmonics."""
    note = analyse(tone(60), 60)
    assert np.array_equal(synthesize(note, 60, seed=3), synthesize(note, 60, seed=3))
    assert not np.array_equal(synthesize(note, 60, seed=3), synthesize(note, 60, seed=4))


def test_features_and_back() -> None:
    """Levels come back within a thousandth of a dB; what is below the floor, or too high, is left out."""
    rng = np.random.default_rng(1)
    levels = (10.0 ** rng.uniform(-4.4, 0.0, (50, HARMONICS))).astype(np.float32)
    levels[:, 7] = 1e-6
    note = Envelopes(levels, levels[:, : bands().shape[1]].copy(), rng.uniform(-49, 49, 50).astype(np.float32))
    seen = features(note)
    assert seen.shape == (50, FEATURES)
    assert 0.0 <= seen.min() <= seen.max() <= 1.0
    again = envelopes(seen, 24)
    assert (again.harmonics[:, 7] == 0).all()
    kept = np.delete(np.arange(HARMONICS), 7)
    assert np.allclose(20 * np.log10(again.harmonics[:, kept] / levels[:, kept]), 0, atol=1e-3)
    assert np.allclose(again.cents, note.cents, atol=1e-3)
    high = envelopes(seen, 96)
    assert harmonics_of(96) == 10
    assert not high.harmonics[:, 10:].any()


def test_lines_run_from_frame_to_frame() -> None:
    """Values at frames are met, in between they lie on straight lines, and the last one stays."""
    line = between(np.array([0.0, 1.0, 0.5], np.float32))
    assert line.shape == (3 * HOP,)
    assert line[0] == 0.0
    assert line[HOP // 2] == pytest.approx(0.5)
    assert line[HOP] == pytest.approx(1.0)
    assert (line[2 * HOP :] == np.float32(0.5)).all()


def test_bins_are_shared_out_among_bands() -> None:
    """Nothing is counted twice or left out."""
    assert np.allclose(bands().sum(axis=1), 1.0)


@pytest.mark.parametrize("audio", [np.zeros(48_000, np.float32), np.ones(100, np.float32), np.zeros(0, np.float32)])
def test_what_is_silent_or_too_short_is_refused(audio: Mono) -> None:
    """The error says so."""
    with pytest.raises(TimbreError, match="silent or shorter"):
        analyse(audio, 60)
