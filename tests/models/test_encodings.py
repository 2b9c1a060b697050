"""The incremental encodings against note-seq's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from note_seq import (
    Melody,
    chord_symbols_lib,
    chords_encoder_decoder,
    drums_encoder_decoder,
    encoder_decoder,
    melody_encoder_decoder,
)

from latentfm.errors import ModelError
from latentfm.models.event_rnn import CONFIGURATIONS, moved, squash_shift
from latentfm.models.event_rnn.encodings import (
    ChordEncoding,
    ConditionalEncoding,
    Encoding,
    KeyMelodyEncoding,
    MajorMinorChords,
    PitchChords,
    TriadChords,
    encoding_of,
    transpose_chord,
)

PITCHES = [pitches[0] for pitches in drums_encoder_decoder.DEFAULT_DRUM_TYPE_PITCHES]
ONE_HOT = encoder_decoder.OneHotEventSequenceEncoderDecoder
MELODY = melody_encoder_decoder.MelodyOneHotEncoding(48, 84)
FIGURES = ("C", "Am", "Dm7", "G7", "N.C.", "F/A", "Bdim", "Caug", "Ebmaj7", "F#m", "Bb6", "E9")
CHORDS = [FIGURES[step // 8 % len(FIGURES)] for step in range(130)]


def melody(rng: np.random.Generator, low: int = 48, high: int = 84) -> list[int]:
    """Draw a melody with rests, holds and repeats at both lookback distances."""
    events = [int(rng.choice((-2, -2, -2, -2, -1, int(rng.integers(low, high))))) for _ in range(120)]
    for distance in (16, 32):
        start = int(rng.integers(0, 60))
        events[start + distance : start + distance + 8] = events[start : start + 8]
    return events


def wide(rng: np.random.Generator) -> list[int]:
    """Draw a melody over all of MIDI's pitches."""
    return melody(rng, 0, 128)


def drums(rng: np.random.Generator) -> list[int]:
    """Draw drum events."""
    return [int(event) for event in rng.choice((0, 0, 0, 1, 5, 4, 2, 511, 300), 120)]


def hits(rng: np.random.Generator) -> list[int]:
    """Draw a rhythm."""
    return [int(event) for event in rng.integers(0, 2, 120)]


def as_pitches(events: Sequence[int]) -> list[frozenset[int]]:
    """Write drum events as note-seq does."""
    return [frozenset(PITCHES[bit] for bit in range(9) if event >> bit & 1) for event in events]


def as_claps(events: Sequence[int]) -> list[frozenset[int]]:
    """Write a rhythm as note-seq does."""
    return [frozenset({39} if event else ()) for event in events]


def as_bits(event: Any) -> int:
    """Write note-seq's event as ours."""
    if not isinstance(event, frozenset):
        return int(event)
    if event == {39}:
        return 1
    return sum(1 << bit for bit, pitch in enumerate(PITCHES) if pitch in event)


CASES: dict[str, tuple[Any, Callable[[np.random.Generator], list[int]], Callable[..., Any]]] = {
    "basic_rnn": (ONE_HOT(MELODY), melody, list),
    "mono_rnn": (ONE_HOT(melody_encoder_decoder.MelodyOneHotEncoding(0, 128)), wide, list),
    "lookback_rnn": (encoder_decoder.LookbackEventSequenceEncoderDecoder(MELODY), melody, list),
    "attention_rnn": (melody_encoder_decoder.KeyMelodyEncoderDecoder(48, 84), melody, list),
    "one_drum": (
        ONE_HOT(drums_encoder_decoder.MultiDrumOneHotEncoding([[39, *range(39), *range(40, 128)]])),
        hits,
        as_claps,
    ),
    "drum_kit": (
        encoder_decoder.LookbackEventSequenceEncoderDecoder(
            drums_encoder_decoder.MultiDrumOneHotEncoding(), lookback_distances=[], binary_counter_bits=6
        ),
        drums,
        as_pitches,
    ),
}
TRIADS = ONE_HOT(chords_encoder_decoder.TriadChordOneHotEncoding())
IMPROV: dict[str, Any] = {
    "basic_improv": (TRIADS, ONE_HOT(MELODY)),
    "attention_improv": (TRIADS, melody_encoder_decoder.KeyMelodyEncoderDecoder(48, 84)),
    "chord_pitches_improv": (chords_encoder_decoder.PitchChordsEncoderDecoder(), ONE_HOT(MELODY)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_each_step_equals_note_seqs(name: str, seed: int) -> None:
    """Inputs, labels and what labels mean are note-seq's at every position."""
    theirs, make, write = CASES[name]
    _compare(encoding_of(CONFIGURATIONS[name].encoding), theirs, make(np.random.default_rng(seed)), write)


def _compare(ours: Encoding, theirs: Any, events: list[int], write: Callable[[Sequence[int]], Any]) -> None:
    rng = np.random.default_rng(0)
    assert (ours.input_size, ours.num_classes) == (theirs.input_size, theirs.num_classes)
    written, cursor = write(events), ours.cursor()
    for position, event in enumerate(events):
        if position:
            assert cursor.label(event) == theirs.events_to_label(written, position)
            for label in map(int, rng.integers(0, ours.num_classes, 4)):
                assert cursor.event(label) == as_bits(theirs.class_index_to_event(label, written[:position]))
        vector = cursor.push(event)
        np.testing.assert_array_equal(vector, theirs.events_to_input(written, position))
        assert np.count_nonzero(vector) <= ours.most_active


@pytest.mark.parametrize("name", IMPROV)
def test_a_step_is_seen_with_the_chord_that_comes_next(name: str) -> None:
    """Melody and chords together are note-seq's at every position; labels are the melody's."""
    ours = encoding_of(CONFIGURATIONS[name].encoding)
    theirs = encoder_decoder.ConditionalEventSequenceEncoderDecoder(*IMPROV[name])
    events = melody(np.random.default_rng(4))
    assert (ours.input_size, ours.num_classes) == (theirs.input_size, theirs.num_classes)
    chords = [figure if name == "chord_pitches_improv" or figure != "E9" else "E" for figure in CHORDS]
    cursor = ours.cursor(chords)
    for position, event in enumerate(events):
        if position:
            assert cursor.label(event) == theirs.events_to_label(events, position)
        vector = cursor.push(event)
        np.testing.assert_array_equal(vector, theirs.events_to_input(chords, events, position))
        assert np.count_nonzero(vector) <= ours.most_active


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (MajorMinorChords(), ONE_HOT(chords_encoder_decoder.MajorMinorChordOneHotEncoding())),
        (TriadChords(), TRIADS),
        (PitchChords(), chords_encoder_decoder.PitchChordsEncoderDecoder()),
    ],
    ids=["major_minor", "triad", "pitches"],
)
def test_chords_are_seen_as_note_seq_sees_them(ours: ChordEncoding, theirs: Any) -> None:
    """Every root and every kind of chord: the same vector, or an error on both sides."""
    kinds = ("", "m", "7", "maj7", "m7", "dim", "aug", "sus4", "m7b5", "6", "add9", "/E", "13")
    known = 0
    for figure in ["N.C.", *(root + kind for root in ("C", "F#", "Bb", "Ab", "D") for kind in kinds)]:
        try:
            want = theirs.events_to_input([figure], 0)
        except (chords_encoder_decoder.ChordEncodingError, chord_symbols_lib.ChordSymbolError):
            with pytest.raises(ModelError, match="chord"):
                ours.vector(figure)
            continue
        known += 1
        np.testing.assert_array_equal(ours.vector(figure), want)
    assert known > 20


def test_what_is_no_chord_is_refused() -> None:
    """The error names the figure; a model that follows chords has to be given some."""
    with pytest.raises(ModelError, match="'quux' is not a chord"):
        PitchChords().vector("quux")
    with pytest.raises(ModelError, match="'quux' is not a chord"):
        transpose_chord("quux", 1)
    with pytest.raises(ModelError, match="follows chords"):
        ConditionalEncoding(PitchChords(), KeyMelodyEncoding(48, 84)).cursor()


def test_a_copied_cursor_goes_its_own_way() -> None:
    """What is pushed into a copy leaves the cursor it was made from where it was."""
    makers: dict[str, Callable[[np.random.Generator], list[int]]] = {name: case[1] for name, case in CASES.items()}
    for name, make in (makers | dict.fromkeys(IMPROV, melody)).items():
        ours = encoding_of(CONFIGURATIONS[name].encoding)
        events = make(np.random.default_rng(1))
        cursor = ours.cursor(CHORDS)
        for event in events[:40]:
            cursor.push(event)
        other = cursor.copy()
        other.push(events[0])
        other.push(events[1])
        straight = ours.cursor(CHORDS)
        for event in events[:40]:
            straight.push(event)
        np.testing.assert_array_equal(cursor.push(events[40]), straight.push(events[40]))


@pytest.mark.parametrize("key", [0, 7, None])
def test_melodies_are_squashed_as_note_seq_does(key: int | None) -> None:
    """The transposition and the notes brought back by octaves are note-seq's."""
    rng = np.random.default_rng(2)
    for _ in range(60):
        low = int(rng.integers(10, 90))
        events = [low, *melody(rng, low, low + int(rng.integers(3, 36)))]
        theirs = Melody(events)
        shift = squash_shift(events, 48, 84, key)
        assert shift == theirs.squash(48, 84, key)
        assert moved(events, shift, 48, 84) == list(theirs)
