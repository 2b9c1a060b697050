"""Progressions, voicings and bass lines keep the rules of their craft for any seed."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfm.brief import Key
from latentfm.music import bass, progressions, voicing
from latentfm.music.bass import BassBar
from latentfm.music.chords import Chord, coloured, triad
from latentfm.music.metre import METRES, Metre
from latentfm.music.voicing import Slot
from latentfm.playlist import Mode

MODES: tuple[Mode, ...] = get_args(Mode)
all_keys = st.builds(Key, tonic=st.integers(0, 11), mode=st.sampled_from(MODES))
seeds = st.integers(0, 2**32)


def progression(key: Key, seed: int, count: int = 2) -> list[Chord]:
    """Return ``count`` periods of one chord a bar, every other chord coloured."""
    rng = np.random.default_rng(seed)
    drawn = [chord for _ in range(count) for chord in progressions.period(key, 8, rng)]
    return [coloured(chord, key) if index % 2 else chord for index, chord in enumerate(drawn)]


@given(all_keys, seeds, st.sampled_from([4, 8]), st.booleans())
def test_periods_end_with_a_cadence(key: Key, seed: int, slots: int, away: bool) -> None:
    """Eight bars end with one of the mode's cadences on the tonic, and open on the tonic unless they open away."""
    chords = progressions.period(key, slots, np.random.default_rng(seed), away=away)
    assert len(chords) == slots
    assert (chords[-2].degree, chords[-1].degree) in progressions.cadences(key)
    assert chords[-1].degree == 0
    assert away or chords[0].degree == 0
    assert all(chord.kind != "dim" for chord in chords)


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_has_many_progressions(mode: Mode) -> None:
    """The grammar of each mode gives enough different progressions to choose among, and every degree has a function."""
    key = Key(tonic=2, mode=mode)
    drawn = progressions.periods(key, 8, 64, np.random.default_rng(1))
    assert len(drawn) > 30
    assert all(progressions.functions_of(key, chord.degree) for option in drawn for chord in option)


@settings(max_examples=15)
@given(all_keys, seeds, st.integers(64, 72))
def test_voicings_keep_the_rules(key: Key, seed: int, ceiling: int) -> None:
    """Pads have four rising voices between G2 and C5 under their ceiling, no semitone, no third below C3."""
    chords = progression(key, seed)
    path = voicing.lead_voices([Slot(chord, ceiling) for chord in chords])
    for chord, voices in zip(chords, path, strict=True):
        gaps = [upper - lower for lower, upper in pairwise(voices)]
        assert len(voices) == 4
        assert voices[0] >= 43
        assert voices[-1] <= ceiling
        assert min(gaps) > 1
        assert all(gap > 4 for lower, gap in zip(voices, gaps, strict=False) if lower < 48)
        assert {voice % 12 for voice in voices} <= set(chord.classes)
        assert {chord.root, chord.third} <= {voice % 12 for voice in voices}


@settings(max_examples=15)
@given(all_keys, seeds)
def test_voices_move_little(key: Key, seed: int) -> None:
    """Voices keep common tones or step: two semitones each on average at most, and none moves a sixth."""
    path = voicing.lead_voices([Slot(chord) for chord in progression(key, seed)])
    moves = [abs(after - before) for one, other in pairwise(path) for before, after in zip(one, other, strict=True)]
    assert sum(moves) / len(moves) <= 2.0
    assert max(moves) < 9


def test_a_pad_gives_way_to_a_long_note() -> None:
    """Where the lead holds a fourth over the chord, the pad leaves out the third that would rub."""
    c = triad(Key(tonic=0, mode="major"), 0)
    (voices,) = voicing.lead_voices([Slot(c, avoid=(52, 64, 66))])
    assert not {52, 64} & set(voices)


@pytest.mark.parametrize("low", range(43, 64))
def test_any_range_of_some_room_has_voicings(low: int) -> None:
    """Twenty-one semitones are enough for every chord of every key, plain or coloured."""
    for tonic in range(12):
        key = Key(tonic=tonic, mode="dorian")
        chords = [triad(key, degree) for degree in (0, 1, 2, 3, 4, 6)]
        for chord in (*chords, *(coloured(chord, key) for chord in chords)):
            (voices,) = voicing.lead_voices([Slot(chord)], low=low, high=low + 21)
            assert len(voices) == 4


def test_a_range_without_voicings_is_refused() -> None:
    """A range too small for four voices is an error that names the chord."""
    with pytest.raises(ValueError, match="no voicing of C "):
        voicing.lead_voices([Slot(triad(Key(tonic=0, mode="major"), 0))], low=60, high=65)


@settings(max_examples=60)
@given(all_keys, seeds, st.integers(0, 3), st.sampled_from(list(METRES.values())))
def test_bass_lines_keep_the_rules(key: Key, seed: int, liveliness: int, metre: Metre) -> None:
    """The bass stays between E1 and G2, has each new chord's root on one, and walks to a new root by step."""
    bar_steps = metre.steps_per_bar
    chords = progression(key, seed, 1)
    bars = [
        BassBar(bar, chord, chords[bar + 1] if bar + 1 < len(chords) else None, liveliness)
        for bar, chord in enumerate(chords)
    ]
    line = bass.line(bars, key, metre, np.random.default_rng(seed))
    by_onset = {note.onset: note for note in line}
    assert all(28 <= note.pitch <= 43 for note in line)
    assert all(after.onset >= before.end for before, after in pairwise(line))
    for bar, chord in enumerate(chords):
        if not bar or chord.root != chords[bar - 1].root:
            assert by_onset[bar * bar_steps].pitch % 12 == chord.root
    approached = [
        abs(after.pitch - before.pitch)
        for before, after in pairwise(line)
        if after.onset % bar_steps == 0
        and before.onset % bar_steps >= bar_steps - 4
        and chords[metre.bar(after.onset)].root != chords[metre.bar(before.onset)].root
    ]
    assert all(1 <= step <= 3 for step in approached)
