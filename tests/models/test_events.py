"""Notes, labels and events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.models.events import (
    DRUM_PITCHES,
    MelodyNote,
    drum_label_to_pitches,
    drum_pitches_to_label,
    events_to_labels,
    labels_to_events,
    labels_to_notes,
    notes_to_labels,
)


@st.composite
def melodies(draw: st.DrawFn) -> list[MelodyNote]:
    """Draw notes that do not overlap, within 32 steps."""
    notes, step = [], 0
    while step < 31:
        step += draw(st.integers(0, 6))
        length = draw(st.integers(1, 8))
        if step + length > 32:
            break
        notes.append(MelodyNote(step, length, draw(st.integers(21, 108))))
        step += length
    return notes


@given(melodies())
def test_notes_survive_being_written_as_labels(notes: list[MelodyNote]) -> None:
    """Onsets, lengths and pitches come back as they were."""
    assert labels_to_notes(notes_to_labels(notes, 32)) == notes


@given(st.lists(st.integers(0, 89), min_size=1, max_size=64))
def test_labels_survive_being_written_as_events(labels: list[int]) -> None:
    """Labels and note-seq's events say the same."""
    assert list(events_to_labels(labels_to_events(labels))) == labels


@given(st.integers(0, 511))
def test_drum_labels_survive_being_written_as_pitches(label: int) -> None:
    """Each drum class has a pitch that stands for it."""
    assert drum_pitches_to_label(drum_label_to_pitches(label)) == label


def test_the_drum_classes_are_note_seqs() -> None:
    """The nine classes and their order are those of note-seq."""
    from note_seq.drums_encoder_decoder import DEFAULT_DRUM_TYPE_PITCHES  # noqa: PLC0415

    assert [list(pitches) for pitches in DRUM_PITCHES] == DEFAULT_DRUM_TYPE_PITCHES


def test_a_pitch_that_the_models_do_not_know_is_refused() -> None:
    """A note below A0 is named in the error."""
    with pytest.raises(ValueError, match="pitch 20"):
        notes_to_labels([MelodyNote(0, 1, 20)], 32)


def test_unknown_drums_are_left_out() -> None:
    """A pitch of no drum class adds nothing."""
    assert drum_pitches_to_label([36, 0]) == drum_pitches_to_label([36]) == 1
    assert np.array_equal(drum_label_to_pitches(0), ())
