"""MIDI files: those of other people read with care, their bytes looked at before a library opens them; and written."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

from latentfm import midi_check
from latentfm.errors import MidiError
from latentfm.noteseq import NoteSequence, midi_io

_MAX_SECONDS: Final = 3600.0


def read(path: Path) -> NoteSequence:
    """Read a MIDI file of any sane size.

    Raises:
        MidiError: it can't be read, is not MIDI, is damaged, or has a time base no music has.
    """
    midi_check.look(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # on tempo changes outside the first track: they are read
            sequence = midi_io.midi_file_to_note_sequence(str(path))
    except (midi_io.MIDIConversionError, ValueError, EOFError, KeyError, IndexError) as error:
        raise MidiError(f"{path}: the MIDI file is damaged: {error}") from error
    if sequence.total_time > _MAX_SECONDS:
        raise MidiError(f"{path}: lasts {sequence.total_time:.0f} s; at most {_MAX_SECONDS:.0f} s are read")
    return sequence


def write(sequence: NoteSequence, path: Path) -> None:
    """Write a NoteSequence as a MIDI file, into a folder that is made where it is missing.

    Raises:
        MidiError: the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            midi_io.note_sequence_to_pretty_midi(sequence).write(file)
    except OSError as error:
        raise MidiError(f"{path}: can't be written: {error.strerror or error}") from error
