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


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", MODES)
def test_every_mode_is_reached_from_every_other(before: Mode, after: Mode) -> None:
    """Whatever two modes a change of mood joins, there is a near key, and the tonic last heard is a chord of it."""
    for tonic in range(12):
        key = Key(tonic=tonic, mode=before)
        moves = keys.moves(key, (after,))
        assert moves
        for move in moves:
            assert move.key.mode == after
            assert move.relation == keys.relation(key, move.key)
            assert move.relation in ("same", "fifth", "relative")
            assert keys.fifths_apart(key, move.key) <= 1
            assert chords.same_triad(keys.pivots(key, move.key)[0], chords.triad(key, 0))


def test_several_modes_give_more_to_choose_from() -> None:
    """The keys that may follow in two modes are those that may follow in either."""
    key = Key(tonic=2, mode="dorian")
    both = keys.moves(key, ("aeolian", "minor_pentatonic"))
    assert set(both) == {*keys.moves(key, ("aeolian",)), *keys.moves(key, ("minor_pentatonic",))}


def test_relations_have_their_names() -> None:
    """C major's fifths, its relative and a far key are called so."""
    c = Key(tonic=0, mode="major")
    assert keys.relation(c, Key(tonic=7, mode="major")) == "fifth"
    assert keys.relation(c, Key(tonic=9, mode="aeolian")) == "relative"
    assert keys.relation(c, Key(tonic=0, mode="mixolydian")) == "same"
    assert keys.relation(c, Key(tonic=6, mode="major")) == "far"
    assert keys.key_name(Key(tonic=3, mode="major_pentatonic")) == "Eb major pentatonic"
