"""The tone bed: music made in code."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from latentfm.audio.loudness import integrated, true_peak
from latentfm.audio.pcm import Pcm
from latentfm.brief import Key
from latentfm.broadcast.block import Playing
from latentfm.broadcast.tone_bed import Beds, ToneBed
from latentfm.music.scales import pitch_classes

PLAYING = Playing("Interlude", "bed", "day", "bed")
SECOND = 48_000


def play(bed: ToneBed, seconds: float) -> Pcm:
    """Return the next seconds of a bed, pulled in uneven pieces."""
    return np.concatenate([bed.pull(frames) for frames in [1000, 4800, 9000] * round(seconds * SECOND / 14_800)])


@pytest.mark.parametrize("key", [Key(tonic=0, mode="major"), Key(tonic=9, mode="aeolian"), Key(tonic=7, mode="lydian")])
def test_its_loudness_is_right_by_construction(key: Key) -> None:
    """A minute of it is within 0.7 LU of the loudness asked for, and each quarter of it within 1.5 LU."""
    pcm = play(ToneBed(PLAYING, key=key, seed=3, lufs=-17.0), 60)
    assert integrated(pcm) == pytest.approx(-17.0, abs=0.7)
    for quarter in np.array_split(pcm, 4):
        assert integrated(quarter) == pytest.approx(-17.0, abs=1.5)
    assert true_peak(pcm) < -3.0


def test_only_the_keys_notes_sound() -> None:
    """Nearly all of its power lies within a fifth of a semitone of the key's notes and their lower partials."""
    key = Key(tonic=4, mode="dorian")
    pcm = play(ToneBed(PLAYING, key=key, seed=5), 40)[:, 0]
    power = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)))) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / SECOND)
    notes = [pitch for pitch in range(28, 80) if pitch % 12 in pitch_classes(key)]
    wanted = np.zeros(len(hertz), dtype=bool)
    for partial in range(1, 7):
        for pitch in notes:
            centre = partial * 440 * 2 ** ((pitch - 69) / 12)
            wanted |= np.abs(hertz - centre) < centre * 0.012
    assert power[wanted].sum() / power.sum() > 0.99
    assert power[hertz > 6000].sum() / power.sum() < 1e-6


def test_it_does_not_repeat() -> None:
    """No half-minute of it resembles the one before: their envelopes and chords are others."""
    pcm = play(ToneBed(PLAYING, seed=8), 120)
    spectra = [np.abs(np.fft.rfft(part[:, 0] * np.hanning(len(part))))[: 30 * 1000] for part in np.array_split(pcm, 4)]
    for one, two in itertools.pairwise(spectra):
        shortest = min(len(one), len(two))
        assert np.corrcoef(one[:shortest], two[:shortest])[0, 1] < 0.9


def test_it_has_no_clicks_and_no_holes() -> None:
    """Blocks join without a step, and at no time does it fall silent."""
    pcm = play(ToneBed(PLAYING, seed=2), 40)
    assert np.abs(np.diff(pcm, axis=0)).max() < 0.08
    blocks = pcm[: len(pcm) // 4800 * 4800].reshape(-1, 4800, 2)
    assert np.sqrt(np.square(blocks).mean(axis=(1, 2))).min() > 0.03


def test_one_seed_gives_one_bed() -> None:
    """The same seed gives the same samples, however they are pulled."""
    one, two = ToneBed(PLAYING, seed=1), ToneBed(PLAYING, seed=1)
    assert np.array_equal(one.pull(30_000), np.concatenate([two.pull(7_000), two.pull(23_000)]))


def test_no_two_beds_are_alike() -> None:
    """Each bed that a station makes is another one, on the playlist that is on."""
    mood = "dawn"
    beds: Any = Beds("Interlude", lambda: mood)
    one = beds()
    mood = "night"
    two = beds()
    assert [one.playing.playlist, two.playing.playlist] == ["dawn", "night"]
    assert not np.array_equal(one.pull(48_000), two.pull(48_000))
