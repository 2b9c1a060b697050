"""MIDI files of other people: read with care, quantised, and written as what the models take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import MidiError
from latentfm.midi_file import read
from latentfm.models.events import (
    MAX_PITCH,
    MIN_PITCH,
    Labels,
    MelodyNote,
    drum_label_to_pitches,
    drum_pitches_to_label,
    labels_to_events,
    notes_to_labels,
)
from latentfm.music.metre import FOUR_FOUR, METRES, STEPS_PER_QUARTER, Metre
from latentfm.music.note import Note, one_voice
from latentfm.noteseq import NoteSequence, constants, midi_io

DRUM_CHANNEL: Final = 9
DEFAULT_QPM: Final = 120.0
_CUT: Final = (2, 2)  # is read as 4/4
_FEWEST_NOTES: Final = 2  # in a window that serves as an anchor
_DRUM_VELOCITY: Final = 90
_MELODY_VELOCITY: Final = 84


def metre_of(path: Path) -> Metre:
    """Return the metre that a MIDI file is in, 4/4 where it doesn't say.

    Raises:
        MidiError: it changes, or is none that the models know; or the file can't be read.
    """
    sequence = read(path)
    first = next(iter(sequence.time_signatures), None)
    if first is None:
        return FOUR_FOUR
    for metre in METRES.values():
        if _fits(first, metre):
            _in_metre(sequence, path, metre)
            return metre
    raise MidiError(f"{path}: is in {first.numerator}/{first.denominator}; the models know {', '.join(METRES)} only")


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


def _grid(sequence: NoteSequence) -> list[tuple[Note, bool]]:
    """Return all notes on the grid of sixteenths, and whether each is a drum."""
    times, beats = _beats(sequence)
    placed: list[tuple[Note, bool]] = []
    for note in sequence.notes:
        start, end = np.interp([note.start_time, note.end_time], times, beats) * STEPS_PER_QUARTER
        onset = round(float(start))
        placed.append((Note(onset, max(round(float(end)) - onset, 1), note.pitch, max(note.velocity, 1)), note.is_drum))
    return placed


def qpm_of(sequence: NoteSequence) -> float:
    """Return the tempo that a sequence begins with, in quarter notes a minute."""
    return float(sequence.tempos[0].qpm) if sequence.tempos else DEFAULT_QPM


def melody(path: Path, metre: Metre) -> tuple[Note, ...]:
    """Read the melody of a MIDI file in a metre: the highest note at each step, on the grid of sixteenths.

    Of several instruments the one with the highest middle pitch counts (the skyline of Uitdenbogerd and Zobel, 1998).

    Raises:
        MidiError: it holds no notes, drums only, or is in another metre; or it can't be read.
    """
    sequence = read(path)
    _in_metre(sequence, path, metre)
    if not sequence.notes:
        raise MidiError(f"{path}: holds no notes")
    pitched = [note for note in sequence.notes if not note.is_drum]
    if not pitched:
        raise MidiError(f"{path}: holds drums only; a melody is needed here")
    voices: dict[int, list[int]] = {}
    for note in pitched:
        voices.setdefault(note.instrument, []).append(note.pitch)
    chosen = max(sorted(voices), key=lambda voice: float(np.median(voices[voice])))
    only = NoteSequence()
    only.CopyFrom(sequence)
    del only.notes[:]
    only.notes.extend(note for note in pitched if note.instrument == chosen)
    line = skyline([note for note, _ in _grid(only) if MIN_PITCH <= note.pitch <= MAX_PITCH])
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


def drums(path: Path, metre: Metre) -> list[int]:
    """Read the drums of a MIDI file in a metre as a label of nine bits for each sixteenth, whole bars.

    Raises:
        MidiError: it holds no drums, or is in another metre; or it can't be read.
    """
    sequence = read(path)
    _in_metre(sequence, path, metre)
    hits = [note for note, drum in _grid(sequence) if drum]
    if not hits:
        raise MidiError(f"{path}: holds no drums; they are looked for on MIDI channel {DRUM_CHANNEL + 1}")
    bar = metre.steps_per_bar
    steps = -(-(max(note.onset for note in hits) + 1) // bar) * bar
    pitches: list[list[int]] = [[] for _ in range(steps)]
    for note in hits:
        pitches[note.onset].append(note.pitch)
    return [drum_pitches_to_label(together) for together in pitches]


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


def drum_windows(path: Path, steps: int, metre: Metre) -> Labels:
    """Read drums' windows as a MusicVAE's labels, int16 ``[n, steps]``, one from each bar on.

    Raises:
        MidiError: the file has no drums in that metre.
    """
    labels = drums(path, metre)
    labels += [0] * max(steps - len(labels), 0)
    return np.array(
        [labels[at : at + steps] for at in range(0, len(labels) - steps + 1, metre.steps_per_bar)], dtype=np.int16
    )


def melody_events(path: Path, metre: Metre) -> list[int]:
    """Read a melody as a primer for a melody RNN, from its first bar with notes to the end of its last bar.

    Raises:
        MidiError: the file has no melody in that metre.
    """
    notes, bar = melody(path, metre), metre.steps_per_bar
    first = notes[0].onset // bar * bar
    steps = -(-(notes[-1].onset + 1 - first) // bar) * bar
    return labels_to_events(
        notes_to_labels([MelodyNote(note.onset - first, note.length, note.pitch) for note in notes], steps)
    )


def drum_events(path: Path, metre: Metre) -> list[frozenset[int]]:
    """Read drums as a primer for a drums RNN.

    Raises:
        MidiError: the file has no drums in that metre.
    """
    return [frozenset(drum_label_to_pitches(label)) for label in drums(path, metre)]


def _empty(qpm: float, metre: Metre) -> NoteSequence:
    sequence = NoteSequence(ticks_per_quarter=constants.STANDARD_PPQ)
    sequence.tempos.add(qpm=qpm)
    sequence.time_signatures.add(numerator=metre.numerator, denominator=metre.denominator)
    return sequence


def melody_sequence(events: Sequence[int], qpm: float = DEFAULT_QPM, metre: Metre = FOUR_FOUR) -> NoteSequence:
    """Write a melody RNN's events as a NoteSequence."""
    sequence, step_seconds, open_note = _empty(qpm, metre), 60.0 / qpm / STEPS_PER_QUARTER, None
    for step, event in enumerate([*events, constants.MELODY_NOTE_OFF]):
        if event == constants.MELODY_NO_EVENT:
            continue
        if open_note is not None:
            open_note.end_time = step * step_seconds
            open_note = None
        if event >= 0:
            open_note = sequence.notes.add(pitch=event, velocity=_MELODY_VELOCITY, start_time=step * step_seconds)
    sequence.total_time = len(events) * step_seconds
    return sequence


def drums_sequence(
    events: Sequence[frozenset[int]], qpm: float = DEFAULT_QPM, metre: Metre = FOUR_FOUR
) -> NoteSequence:
    """Write a drums RNN's events as a NoteSequence."""
    sequence, step_seconds = _empty(qpm, metre), 60.0 / qpm / STEPS_PER_QUARTER
    for step, together in enumerate(events):
        for pitch in sorted(together):
            sequence.notes.add(
                pitch=pitch,
                velocity=_DRUM_VELOCITY,
                is_drum=True,
                instrument=DRUM_CHANNEL,
                start_time=step * step_seconds,
                end_time=(step + 1) * step_seconds,
            )
    sequence.total_time = len(events) * step_seconds
    return sequence


def labels_sequence(
    windows: NDArray[Any], representation: str, qpm: float = DEFAULT_QPM, metre: Metre = FOUR_FOUR
) -> NoteSequence:
    """Write a MusicVAE's windows one after another; ``representation`` is "melody" or "drums"."""
    if representation == "drums":
        return drums_sequence(
            [frozenset(drum_label_to_pitches(int(label))) for row in windows for label in row], qpm, metre
        )
    events: list[int] = []
    for row in windows:
        events += labels_to_events(row)
    return melody_sequence(_separate(events, windows.shape[1]), qpm, metre)


def _separate(events: Sequence[int], steps: int) -> list[int]:
    """End the note that sounds at the end of each window, unless the next one begins with a note."""
    return [
        constants.MELODY_NOTE_OFF if at % steps == 0 and event == constants.MELODY_NO_EVENT else event
        for at, event in enumerate(events)
    ]


def write(sequence: NoteSequence, path: Path) -> None:
    """Write a NoteSequence as a MIDI file.

    Raises:
        MidiError: the file can't be written.
    """
    try:
        with path.open("wb") as file:
            midi_io.note_sequence_to_pretty_midi(sequence).write(file)
    except OSError as error:
        raise MidiError(f"{path}: can't be written: {error.strerror or error}") from error
