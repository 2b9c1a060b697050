"""Modes, chords and the relations of keys."""

from __future__ import annotations

from typing import get_args

import note_seq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.brief import Key
from latentfm.music import chords, keys, scales
from latentfm.playlist import Mode

MODES: tuple[Mode, ...] = get_args(Mode)
all_keys = st.builds(Key, tonic=st.integers(0, 11), mode=st.sampled_from(MODES))


@pytest.mark.parametrize(
    ("tonic", "mode", "notes"),
    [
        (0, "major", (0, 2, 4, 5, 7, 9, 11)),
        (7, "mixolydian", (7, 9, 11, 0, 2, 4, 5)),
        (5, "lydian", (5, 7, 9, 11, 0, 2, 4)),
        (2, "dorian", (2, 4, 5, 7, 9, 11, 0)),
        (9, "aeolian", (9, 11, 0, 2, 4, 5, 7)),
        (0, "major_pentatonic", (0, 2, 4, 7, 9)),
        (9, "minor_pentatonic", (9, 0, 2, 4, 7)),
    ],
)
def test_white_keys(tonic: int, mode: Mode, notes: tuple[int, ...]) -> None:
    """Each mode on its white-key tonic holds the white keys, and its signature is C major's."""
    key = Key(tonic=tonic, mode=mode)
    assert scales.pitch_classes(key) == notes
    assert scales.collection(key) == 0


@given(all_keys, st.integers(30, 90), st.integers(-9, 9))
def test_scale_steps_stay_in_the_scale(key: Key, pitch: int, steps: int) -> None:
    """A move along a scale lands on the scale, and the way back returns to where it began."""
    start = scales.nearest(pitch, scales.pitch_classes(key))
    moved = scales.scale_step(start, key, steps)
    assert scales.contains(key, moved)
    assert scales.scale_step(moved, key, -steps) == start


@given(all_keys)
def test_symbols_say_what_the_chords_hold(key: Key) -> None:
    """Every chord's symbol, plain or coloured, is read by note-seq as the pitch classes that the chord holds."""
    for plain in chords.triads(key):
        for chord in (plain, chords.coloured(plain, key)):
            assert set(note_seq.chord_symbols_lib.chord_symbol_pitches(chord.symbol)) == set(chord.classes)
            assert set(chord.classes) <= set(scales.pitch_classes(scales.harmonic_key(key)))


def test_a_ninth_is_no_place_to_rest() -> None:
    """The tones of a chord with an added ninth are its triad's."""
    key = Key(tonic=0, mode="major")
    ninth = chords.coloured(chords.triad(key, 0), key)
    assert ninth.symbol == "Cadd9"
    assert ninth.tones == (0, 4, 7)


@given(all_keys, st.lists(st.sampled_from(MODES), min_size=1, max_size=3, unique=True))
def test_next_keys_are_near_and_share_a_pivot(key: Key, modes: list[Mode]) -> None:
    """Keys that may follow share a triad, and differ by one accidental at most where these modes allow that."""
    moves = keys.moves(key, tuple(modes))
    assert moves
    for move in moves:
        assert move.key.mode in modes
        assert keys.pivots(key, move.key)
        assert move.relation == "far" or keys.fifths_apart(key, move.key) <= 1


@given(st.integers(0, 11))
def test_the_last_tonic_is_the_pivot_of_related_keys(tonic: int) -> None:
    """From a major key to itself, its fifths and its relative, the pivot is the tonic that was last heard."""
    key = Key(tonic=tonic, mode="major")
    home = chords.triad(key, 0)
    for move in keys.moves(key, ("major", "aeolian")):
        if move.key.mode == "major" or move.relation == "relative":
            assert chords.same_triad(keys.pivots(key, move.key)[0], home)


def test_relations_have_their_names() -> None:
    """C major's fifths, its relative and a far key are called so."""
    c = Key(tonic=0, mode="major")
    assert keys.relation(c, Key(tonic=7, mode="major")) == "fifth"
    assert keys.relation(c, Key(tonic=9, mode="aeolian")) == "relative"
    assert keys.relation(c, Key(tonic=0, mode="mixolydian")) == "same"
    assert keys.relation(c, Key(tonic=6, mode="major")) == "far"
    assert keys.key_name(Key(tonic=3, mode="major_pentatonic")) == "Eb major pentatonic"
