"""MIDI files of other people: what of them is a melody, quantised, and as what a MusicVAE takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import MidiError
from latentfm.midi_file import read
from latentfm.models.events import MAX_PITCH, MIN_PITCH, Labels, MelodyNote, notes_to_labels
from latentfm.music.metre import FOUR_FOUR, STEPS_PER_QUARTER, Metre
from latentfm.music.note import Note, one_voice
from latentfm.noteseq import NoteSequence

DEFAULT_QPM: Final = 120.0
_CUT: Final = (2, 2)  # is read as 4/4
_FEWEST_NOTES: Final = 2  # in a window that serves as an anchor


def _fits(signature: NoteSequence.TimeSignature, metre: Metre) -> bool:
    written = signature.numerator, signature.denominator
    return written == (metre.numerator, metre.denominator) or (written == _CUT and metre == FOUR_FOUR)


def _in_metre(sequence: NoteSequence, path: Path, metre: Metre) -> None:
    for found in sequence.time_signatures:
        if not _fits(found, metre):
            raise MidiError(f"{path}: is in {found.numerator}/{found.denominator}; here {metre.name} is needed")


def _beats(sequence: NoteSequence) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times in seconds and the quarter notes that have passed there, where the tempo changes."""
    tempos = sorted(sequence.tempos, key=lambda tempo: tempo.time)
    times, beats, qpm = [0.0], [0.0], tempos[0].qpm if tempos else DEFAULT_QPM
    for tempo in tempos:
        if tempo.time > times[-1]:
            beats.append(beats[-1] + (tempo.time - times[-1]) * qpm / 60)
            times.append(tempo.time)
        qpm = tempo.qpm
    end = max(sequence.total_time, times[-1]) + 1.0
    return np.array([*times, end]), np.array([*beats, beats[-1] + (end - times[-1]) * qpm / 60])


def _grid(sequence: NoteSequence) -> list[Note]:
    """Return all notes on the grid of sixteenths."""
    times, beats = _beats(sequence)
    placed: list[Note] = []
    for note in sequence.notes:
        start, end = np.interp([note.start_time, note.end_time], times, beats) * STEPS_PER_QUARTER
        onset = round(float(start))
        placed.append(Note(onset, max(round(float(end)) - onset, 1), note.pitch, max(note.velocity, 1)))
    return placed


def part_of(path: Path, *, drums: bool) -> NoteSequence:
    """Read what a MIDI file's drums play, or all that its other instruments do.

    Raises:
        MidiError: they play nothing; or the file can't be read.
    """
    sequence = read(path)
    if not sequence.notes:
        raise MidiError(f"{path}: holds no notes")
    wanted = _keeping(sequence, lambda note: note.is_drum == drums)
    if not wanted.notes:
        raise MidiError(
            f"{path}: holds no drums; they are looked for on MIDI channel 10"
            if drums
            else f"{path}: holds drums only; a melody is needed here"
        )
    return wanted


def _keeping(sequence: NoteSequence, wanted: Callable[[NoteSequence.Note], bool]) -> NoteSequence:
    """Return a sequence with some of its notes."""
    kept = NoteSequence()
    kept.CopyFrom(sequence)
    del kept.notes[:]
    kept.notes.extend(note for note in sequence.notes if wanted(note))
    return kept


def melody(path: Path, metre: Metre) -> tuple[Note, ...]:
    """Read the melody of a MIDI file in a metre: the highest note at each step, on the grid of sixteenths.

    Of several instruments the one with the highest middle pitch counts (the skyline of Uitdenbogerd and Zobel, 1998).

    Raises:
        MidiError: it holds no notes, drums only, or is in another metre; or it can't be read.
    """
    sequence = part_of(path, drums=False)
    _in_metre(sequence, path, metre)
    voices: dict[int, list[int]] = {}
    for note in sequence.notes:
        voices.setdefault(note.instrument, []).append(note.pitch)
    chosen = max(sorted(voices), key=lambda voice: float(np.median(voices[voice])))
    only = _keeping(sequence, lambda note: note.instrument == chosen)
    line = skyline([note for note in _grid(only) if MIN_PITCH <= note.pitch <= MAX_PITCH])
    if not line:
        raise MidiError(f"{path}: holds no note on a piano's keyboard, {MIN_PITCH} to {MAX_PITCH}")
    return line


def skyline(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the highest line: lower notes that begin while a higher one sounds are left out."""
    highest: list[Note] = []  # the notes so far that still sound, at most one for each pitch
    line: list[Note] = []
    for note in sorted(notes, key=lambda one: (one.onset, -one.pitch)):
        highest = [other for other in highest if other.end > note.onset]
        if not any(other.onset < note.onset and other.pitch > note.pitch for other in highest):
            line.append(note)
        highest.append(note)
    return one_voice(line)


def melody_windows(path: Path, steps: int, metre: Metre) -> Labels:
    """Read a melody's windows as a MusicVAE's labels, int16 ``[n, steps]``, one from each bar on.

    Raises:
        MidiError: the file has no melody in that metre, or none of its windows holds two notes.
    """
    return _windows(melody(path, metre), steps, 0, metre.steps_per_bar, path)


def phrases(path: Path, steps: int, metre: Metre) -> Labels:
    """Read a melody as a MusicVAE's labels, int16 ``[n, steps]``, one window after the other from its first bar on.

    Raises:
        MidiError: as for ``melody_windows``.
    """
    notes = melody(path, metre)
    return _windows(notes, steps, metre.bar(notes[0].onset) * metre.steps_per_bar, steps, path)


def _windows(notes: Sequence[Note], steps: int, first: int, hop: int, path: Path) -> Labels:
    windows = [
        notes_to_labels([MelodyNote(note.onset - start, note.length, note.pitch) for note in inside], steps)
        for start in range(first, notes[-1].onset + 1, hop)
        if len(inside := [note for note in notes if start <= note.onset < start + steps]) >= _FEWEST_NOTES
    ]
    if not windows:
        raise MidiError(f"{path}: no window of {steps} sixteenths in it holds two notes of a melody")
    return np.stack(windows)
