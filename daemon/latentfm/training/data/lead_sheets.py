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


def lead_sheets(
    quantised: NoteSequence, bounds: Bounds, counts: Counter[str], *, infer_chords: bool = False
) -> list[LeadSheet]:
    """Return melodies with the chords under them, each in all twelve keys.

    Args:
        quantised: with chord symbols as text annotations; without any, nothing is returned.
        bounds: of the melodies.
        counts: added to.
        infer_chords: guess the chords of a sequence that has none from its notes (note-seq's chord inference).
    """
    chords_lib, symbols = part("chords_lib"), part("chord_symbols_lib")
    if infer_chords and not any(
        text.annotation_type == NoteSequence.TextAnnotation.CHORD_SYMBOL for text in quantised.text_annotations
    ):
        inference = part("chord_inference")
        try:
            inference.infer_chords_for_sequence(quantised)
        except inference.ChordInferenceError:
            counts["chord_inference_failed"] += 1
            return []
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
