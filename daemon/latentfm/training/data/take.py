"""One piece becomes examples of one configuration; runs in a process of its own.

Magenta's pipelines, in its order: split where metre or tempo change, quantise, transpose, extract. Sources:
magenta/models/melody_rnn/melody_rnn_pipeline.py and its like, magenta/models/music_vae/data.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import ModelError
from latentfm.models.card import ANY_METRE
from latentfm.models.event_rnn import moved, squash
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.event_rnn.facts import EncodingFacts
from latentfm.models.event_rnn.polyphony import END, notes_to_events
from latentfm.models.events import MelodyNote, drum_pitches_to_label
from latentfm.models.extraction import Bounds, bar_steps, count_length, drum_tracks, melodies
from latentfm.models.music_vae.converters import Converter
from latentfm.noteseq import NoteSequence, part
from latentfm.training.data.lead_sheets import LeadSheet, add_chords, lead_sheets
from latentfm.training.data.split import keys_of

Source = Literal["melody", "drums", "lead_sheet", "polyphony", "trio"]


@dataclass(frozen=True)
class Wanted:
    """What is taken from a piece.

    Attributes:
        source: what is extracted.
        bounds: of what is extracted.
        steps_per_quarter: of the grid.
        metre: only this one, as ``3/4``; ``any`` for all.
        programs: MIDI programs that count, None for all; drums are no program.
        track: the one instrument (track) that counts, from 0; None for all.
        transpose: semitones; each makes an example more.
        encoding: of an event RNN, whose key and range melodies are moved into; None for a MusicVAE.
        converter: what cuts a MusicVAE's windows, without a limit of how many; None for an event RNN.
        infer_chords: guess chords where a lead sheet has none, from all instruments.
    """

    source: Source
    bounds: Bounds = field(default_factory=Bounds)
    steps_per_quarter: int = 4
    metre: str = "4/4"
    programs: frozenset[int] | None = None
    track: int | None = None
    transpose: tuple[int, ...] = (0,)
    encoding: EncodingFacts | None = None
    converter: Converter | None = None
    infer_chords: bool = False


@dataclass
class Taken:
    """What came of a piece: event sequences or windows, chords beside them, counts, and what it is known by."""

    keys: tuple[str, ...]
    events: list[NDArray[np.int32]] = field(default_factory=list)
    chords: list[list[str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def take(job: tuple[Wanted, bytes]) -> Taken:
    """Take the examples from a serialised NoteSequence."""
    wanted, content = job
    sequence = NoteSequence.FromString(content)
    taken = Taken(keys_of(sequence))
    split = part("sequences_lib").split_note_sequence_on_time_changes
    kept = [
        NoteSequence.Note.FromString(note.SerializeToString()) for note in sequence.notes if _is_wanted(note, wanted)
    ]
    if not kept:
        taken.counts["pieces_without_the_instrument"] += 1
        return taken
    if wanted.infer_chords:
        for stretch in split(sequence):
            if (heard := _quantised(stretch, wanted, Counter())) is not None:
                add_chords(sequence, heard, taken.counts)
    del sequence.notes[:]
    sequence.notes.extend(kept)
    for stretch in split(sequence):
        quantised = _quantised(stretch, wanted, taken.counts)
        if quantised is None:
            continue
        if wanted.converter is None:
            _extract(quantised, wanted, taken)
        else:
            taken.events += [window.astype(np.int32) for window in wanted.converter.windows(stretch)]
            taken.counts["windows"] = len(taken.events)
    return taken


def _is_wanted(note: Any, wanted: Wanted) -> bool:
    """Say whether a note is of the programs and the track that were asked for."""
    drums = wanted.source == "drums"
    if wanted.source == "trio":
        return True
    if note.is_drum != drums or (wanted.track is not None and note.instrument != wanted.track):
        return False
    return drums or wanted.programs is None or note.program in wanted.programs


def _quantised(stretch: NoteSequence, wanted: Wanted, counts: Counter[str]) -> NoteSequence | None:
    """Lay what has one metre and tempo on the grid; None where it can't be, or is in another metre or empty."""
    lib = part("sequences_lib")
    try:
        quantised: NoteSequence = lib.quantize_note_sequence(stretch, wanted.steps_per_quarter)
    except lib.MultipleTimeSignatureError:
        counts["sequences_discarded_because_multiple_time_signatures"] += 1
    except lib.MultipleTempoError:
        counts["sequences_discarded_because_multiple_tempos"] += 1
    except (lib.BadTimeSignatureError, lib.NegativeTimeError):
        counts["sequences_discarded_because_bad_time_signature"] += 1
    else:
        if not is_metre(quantised, wanted.metre):
            counts["sequences_in_another_metre"] += 1
        elif quantised.notes:
            counts["sequences"] += 1
            return quantised
    return None


def is_metre(quantised: NoteSequence, metre: str) -> bool:
    """Say whether a sequence is in a metre; 4/4 stands for every metre with such bars, 2/2 say, as in Magenta."""
    if metre == ANY_METRE:
        return True
    own = quantised.time_signatures[0]
    if metre == "4/4":
        return bool(own.numerator == own.denominator)
    return f"{own.numerator}/{own.denominator}" == metre


def _extract(quantised: NoteSequence, wanted: Wanted, taken: Taken) -> None:
    for amount in wanted.transpose:
        shifted = _transposed(quantised, amount, taken.counts)
        if shifted is None:
            continue
        match wanted.source:
            case "melody":
                for melody in melodies(shifted, wanted.bounds, taken.counts):
                    taken.events.append(np.array(_squashed(list(melody), wanted), dtype=np.int32))
            case "drums":
                one = wanted.encoding is not None and wanted.encoding.encoding == "one_drum"
                for track in drum_tracks(shifted, wanted.bounds, taken.counts):
                    labels = [int(bool(event)) if one else drum_pitches_to_label(event) for event in track]
                    taken.events.append(np.array(labels, dtype=np.int32))
            case "lead_sheet":
                for sheet in lead_sheets(shifted, wanted.bounds, taken.counts):
                    _add_sheet(taken, sheet, wanted)
            case "polyphony":
                _add_voices(taken, shifted, wanted.bounds)


def _squashed(melody: list[int], wanted: Wanted) -> list[int]:
    facts = wanted.encoding
    if facts is None:
        return melody
    if facts.transpose_to_key is None:
        return moved(melody, 0, facts.min_note, facts.max_note)
    return squash(melody, facts.min_note, facts.max_note, facts.transpose_to_key)


def _add_sheet(taken: Taken, sheet: LeadSheet, wanted: Wanted) -> None:
    if wanted.encoding is not None:
        try:
            encoding_of(wanted.encoding).cursor(sheet.chords)
        except ModelError:
            taken.counts["chord_encoding_exception"] += 1
            return
    taken.events.append(np.array(_squashed(sheet.melody, wanted), dtype=np.int32))
    taken.chords.append(sheet.chords)


def _add_voices(taken: Taken, quantised: NoteSequence, bounds: Bounds) -> None:
    """Add all voices of a sequence of one program, whose length lies within the bounds.

    Source: magenta/models/polyphony_rnn/polyphony_lib.py, extract_polyphonic_sequences.
    """
    steps, bar = quantised.total_quantized_steps, bar_steps(quantised)
    if len({note.program for note in quantised.notes}) > 1:
        taken.counts["polyphonic_tracks_discarded_more_than_1_program"] += 1
    elif steps < bounds.min_bars * bar:
        taken.counts["polyphonic_tracks_discarded_too_short"] += 1
    elif bounds.max_steps is not None and steps > bounds.max_steps:
        taken.counts["polyphonic_tracks_discarded_too_long"] += 1
    else:
        notes = (
            MelodyNote(note.quantized_start_step, note.quantized_end_step - note.quantized_start_step, note.pitch)
            for note in quantised.notes
        )
        taken.counts["polyphonic_tracks"] += 1
        count_length(taken.counts, "polyphonic_track_lengths_in_bars", steps // bar)
        taken.events.append(np.array([*notes_to_events(notes, steps), END], dtype=np.int32))


def _transposed(quantised: NoteSequence, amount: int, counts: Counter[str]) -> NoteSequence | None:
    """Return a copy moved by semitones, None where it leaves MIDI's range; drums stay."""
    if not amount:
        return quantised
    copy = NoteSequence()
    copy.CopyFrom(quantised)
    for note in copy.notes:
        if not note.is_drum:
            note.pitch += amount
            if not 0 <= note.pitch < 128:  # noqa: PLR2004 - MIDI
                counts["skipped_due_to_range_exceeded"] += 1
                return None
    counts["transpositions_generated"] += 1
    return copy
