"""ABC tunes as NoteSequences."""

from __future__ import annotations

import pytest

from latentfm.errors import TrainingError
from latentfm.noteseq import NoteSequence
from latentfm.training.corpora.abc import read_tunes
from latentfm.training.data.tunes import note_sequence

WALTZ = "X:1\nT:Waltz\nM:3/4\nL:1/8\nK:G\nD2|G2 A2 B2|g4:|d2|e2 d2 c2|B4|A6|\n"


def test_a_pick_up_stands_before_the_bar_line() -> None:
    """Whole bars begin on the grid, whatever goes before them and wherever one is cut short."""
    sequence = note_sequence(read_tunes(WALTZ, "waltz.abc")[0][0])
    starts = {note.pitch: note.start_time for note in reversed(sequence.notes)}  # of the first of each pitch
    assert sequence.time_signatures[0].numerator == 3
    assert starts[62] == 1.0  # the third quarter of the first bar
    assert starts[67] == 1.5  # G, on the second bar line
    assert starts[79] == 3.0
    assert starts[74] == 4.0  # the second pick-up fills the bar that was cut short
    assert starts[76] == 4.5
    assert sequence.notes[-1].start_time % 1.5 == 0  # after a bar cut short without a pick-up


def test_chord_symbols_come_with_their_places() -> None:
    """Symbols over notes and rests, with a bass, before a bar's first note; words in quotes are none."""
    text = 'X:1\nM:4/4\nL:1/4\nK:C\n"Am"A2 "^slowly""D7/F#"d "4"f|"Fine""N.C."z2"G""C"B2|[M:3/4]"Bbmaj7"B3|]\n'
    sequence = note_sequence(read_tunes(text, "sheet.abc")[0][0])
    chord = NoteSequence.TextAnnotation.CHORD_SYMBOL
    assert all(one.annotation_type == chord for one in sequence.text_annotations)
    found = [(one.time, one.text) for one in sequence.text_annotations]
    assert found == [(0.0, "Am"), (1.0, "D7/F#"), (2.0, "N.C."), (3.0, "G"), (4.0, "Bbmaj7")]


def test_a_tune_without_a_metre_is_refused() -> None:
    """The error names the tune."""
    tune = read_tunes("X:7\nT:Free\nL:1/8\nK:C\nCDEF|\n", "free.abc")[0][0]
    with pytest.raises(TrainingError, match=r"free\.abc#7"):
        note_sequence(tune)
