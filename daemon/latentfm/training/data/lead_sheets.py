"""Lead sheets: melodies with the chords under them.

Source: magenta/pipelines, lead_sheet_pipelines.py and chord_pipelines.py.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass

from latentfm.models.extraction import Bounds, melodies
from latentfm.noteseq import NoteSequence, part

ALL_KEYS = range(-6, 6)  # semitones; Magenta's lead sheets in all twelve


@dataclass
class LeadSheet:
    """A melody's events, and a chord symbol for each of its steps."""

    melody: list[int]
    chords: list[str]


def add_chords(sequence: NoteSequence, quantised: NoteSequence, counts: Counter[str]) -> None:
    """Guess the chords of a stretch from all of its notes (note-seq's chord inference), and write them down.

    Args:
        sequence: that the stretch was taken from; the chords are added to it.
        quantised: the stretch; one that has chords already is left alone.
        counts: added to.
    """
    chord = NoteSequence.TextAnnotation.CHORD_SYMBOL
    if any(text.annotation_type == chord for text in quantised.text_annotations):
        return
    inference, start = part("chord_inference"), quantised.subsequence_info.start_time_offset
    try:
        inference.infer_chords_for_sequence(quantised)
    except inference.ChordInferenceError:
        counts["chord_inference_failed"] += 1
        none = part("chords_lib").NO_CHORD  # or the last chord of the stretch before would go on
        sequence.text_annotations.add(time=start, text=none, annotation_type=chord)
        return
    for text in quantised.text_annotations:
        if text.annotation_type == chord:
            sequence.text_annotations.add(time=start + text.time, text=text.text, annotation_type=chord)


def lead_sheets(quantised: NoteSequence, bounds: Bounds, counts: Counter[str]) -> list[LeadSheet]:
    """Return melodies with the chords under them, each in all twelve keys.

    Args:
        quantised: with chord symbols as text annotations; without any, nothing is returned.
        bounds: of the melodies.
        counts: added to.
    """
    chords_lib, symbols = part("chords_lib"), part("chord_symbols_lib")
    found: list[LeadSheet] = []
    for melody in melodies(quantised, bounds, counts):
        progression = chords_lib.ChordProgression()
        try:
            progression.from_quantized_sequence(quantised, melody.start_step, melody.end_step)
            if all(chord == chords_lib.NO_CHORD for chord in progression):
                counts["empty_chord_progressions"] += 1
                continue
            for amount in ALL_KEYS:
                sheet = copy.deepcopy(melody), copy.deepcopy(progression)
                sheet[0].transpose(amount)
                sheet[1].transpose(amount)
                found.append(LeadSheet(list(sheet[0]), list(sheet[1])))
        except chords_lib.CoincidentChordsError:
            counts["coincident_chords"] += 1
        except symbols.ChordSymbolError:
            counts["chord_symbol_exception"] += 1
    return found
