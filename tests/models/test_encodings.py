"""The incremental encodings against note-seq's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from note_seq import drums_encoder_decoder, encoder_decoder, melody_encoder_decoder

from latentfm.models.event_rnn.encodings import DrumsOneHot, Encoding, KeyMelodyEncoding, LookbackEncoding, MelodyOneHot

PITCHES = [pitches[0] for pitches in drums_encoder_decoder.DEFAULT_DRUM_TYPE_PITCHES]
ONE_HOT = melody_encoder_decoder.MelodyOneHotEncoding(48, 84)


def melody(rng: np.random.Generator) -> list[int]:
    """Draw a melody with rests, holds and repeats at both lookback distances."""
    events = [int(rng.choice((-2, -2, -2, -2, -1, int(rng.integers(48, 84))))) for _ in range(120)]
    for distance in (16, 32):
        start = int(rng.integers(0, 60))
        events[start + distance : start + distance + 8] = events[start : start + 8]
    return events


def drums(rng: np.random.Generator) -> list[int]:
    """Draw drum events."""
    return [int(event) for event in rng.choice((0, 0, 0, 1, 5, 4, 2, 511, 300), 120)]


def as_pitches(events: Sequence[int]) -> list[frozenset[int]]:
    """Write drum events as note-seq does."""
    return [frozenset(PITCHES[bit] for bit in range(9) if event >> bit & 1) for event in events]


def as_bits(event: Any) -> int:
    """Write note-seq's event as ours."""
    return (
        sum(1 << bit for bit, pitch in enumerate(PITCHES) if pitch in event)
        if isinstance(event, frozenset)
        else int(event)
    )


CASES = {
    "key_melody": (KeyMelodyEncoding(48, 84), melody_encoder_decoder.KeyMelodyEncoderDecoder(48, 84), melody, list),
    "lookback": (
        LookbackEncoding(MelodyOneHot(48, 84)),
        encoder_decoder.LookbackEventSequenceEncoderDecoder(ONE_HOT),
        melody,
        list,
    ),
    "one_hot": (
        LookbackEncoding(MelodyOneHot(48, 84), (), 0),
        encoder_decoder.OneHotEventSequenceEncoderDecoder(ONE_HOT),
        melody,
        list,
    ),
    "drums": (
        LookbackEncoding(DrumsOneHot(), (), 6),
        encoder_decoder.LookbackEventSequenceEncoderDecoder(
            drums_encoder_decoder.MultiDrumOneHotEncoding(), lookback_distances=[], binary_counter_bits=6
        ),
        drums,
        as_pitches,
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_each_step_equals_note_seqs(name: str, seed: int) -> None:
    """Inputs, labels and what labels mean are note-seq's at every position."""
    ours, theirs, make, write = CASES[name]
    _compare(ours, theirs, make(np.random.default_rng(seed)), write)


def _compare(ours: Encoding, theirs: Any, events: list[int], write: Callable[[Sequence[int]], Any]) -> None:
    rng = np.random.default_rng(0)
    assert (ours.input_size, ours.num_classes) == (theirs.input_size, theirs.num_classes)
    written, cursor = write(events), ours.cursor()
    for position, event in enumerate(events):
        if position:
            assert cursor.label(event) == theirs.events_to_label(written, position)
            for label in map(int, rng.integers(0, ours.num_classes, 4)):
                assert cursor.event(label) == as_bits(theirs.class_index_to_event(label, written[:position]))
        np.testing.assert_array_equal(cursor.push(event), theirs.events_to_input(written, position))


def test_a_copied_cursor_goes_its_own_way() -> None:
    """What is pushed into a copy leaves the cursor it was made from where it was."""
    for ours, _, make, _ in CASES.values():
        events = make(np.random.default_rng(1))
        cursor = ours.cursor()
        for event in events[:40]:
            cursor.push(event)
        other = cursor.copy()
        other.push(events[0])
        other.push(events[1])
        straight = ours.cursor()
        for event in events[:40]:
            straight.push(event)
        np.testing.assert_array_equal(cursor.push(events[40]), straight.push(events[40]))
