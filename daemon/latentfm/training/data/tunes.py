"""ABC tunes as NoteSequences, on their bar lines.

Time flows as written, with two exceptions, so that a tune's bars lie on the grid that starts at its first note's bar:
a pick-up is moved to the end of a bar of its own, and a bar cut short with no pick-up after it is filled up by a rest.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from latentfm.errors import TrainingError
from latentfm.noteseq import NoteSequence, constants
from latentfm.training.corpora.abc import Bar, Tune

_SECONDS_PER_WHOLE = 2.0  # 120 quarter notes a minute, for all tunes: the reader knows no tempo
_VELOCITY = 90


def note_sequence(tune: Tune) -> NoteSequence:
    """Write a tune as a NoteSequence in its metres at 120 qpm.

    Raises:
        TrainingError: it holds no notes, or states no metre.
    """
    sequence = NoteSequence(ticks_per_quarter=constants.STANDARD_PPQ)
    sequence.tempos.add(qpm=120.0)
    sequence.sequence_metadata.title = tune.title
    sequence.source_info.source_type = NoteSequence.SourceInfo.SCORE_BASED
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.ABC
    metre, whole = "", Fraction(1)
    clock = line = Fraction(0)  # where the next bar is written, and where its metre began, in whole notes
    for index, bar in enumerate(tune.bars):
        numerator, denominator = _metre(bar.metre, tune.source)
        if bar.metre != metre:
            clock = line = line + whole * ceil((clock - line) / whole)
            metre, whole = bar.metre, Fraction(numerator, denominator)
            sequence.time_signatures.add(
                time=float(line) * _SECONDS_PER_WHOLE, numerator=numerator, denominator=denominator
            )
        inside = (clock - line) % whole
        if inside and inside + bar.length > whole:
            clock += whole - inside
            inside = Fraction(0)
        if not inside and bar.length < whole and (index == 0 or not bar.follows or tune.bars[index - 1].metre != metre):
            clock += whole - bar.length
        _write(sequence, bar, clock)
        clock += bar.length
    if not sequence.notes:
        raise TrainingError("no notes")
    sequence.total_time = max(note.end_time for note in sequence.notes)
    return sequence


def _metre(text: str, source: str) -> tuple[int, int]:
    numerator, slash, denominator = text.partition("/")
    if not slash or not numerator.isdigit() or not denominator.isdigit() or not int(numerator) * int(denominator):
        raise TrainingError(f"{source}: no metre such as 4/4 is stated, but {text or 'none'}")
    return int(numerator), int(denominator)


def _write(sequence: NoteSequence, bar: Bar, clock: Fraction) -> None:
    for note in bar.notes:
        sequence.notes.add(
            pitch=note.pitch,
            velocity=_VELOCITY,
            start_time=float(clock + note.onset) * _SECONDS_PER_WHOLE,
            end_time=float(clock + note.onset + note.length) * _SECONDS_PER_WHOLE,
            numerator=note.length.numerator,
            denominator=note.length.denominator,
        )
    for chord in bar.chords:
        sequence.text_annotations.add(
            time=float(clock + chord.onset) * _SECONDS_PER_WHOLE,
            text=chord.figure,
            annotation_type=NoteSequence.TextAnnotation.CHORD_SYMBOL,
        )
