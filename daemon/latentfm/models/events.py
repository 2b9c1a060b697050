"""Notes, labels and events: the three ways in which the models write two bars down.

A *label* is what a MusicVAE draws at each sixteenth (melodies: 0 hold, 1 note off, then the pitches from 21
on; drums: a bit for each of the nine drum classes). An *event* is note-seq's (see ``encodings``). Sources:
magenta/models/music_vae/data.py (OneHotMelodyConverter, DrumsConverter), note_seq/melodies_lib.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_PITCH = 21
MAX_PITCH = 108
HOLD = 0
OFF = 1
FIRST_PITCH_LABEL = 2
MELODY_CLASSES = MAX_PITCH - MIN_PITCH + 1 + FIRST_PITCH_LABEL
DRUM_CLASSES = 512
Labels = NDArray[np.int16]

# the General MIDI pitch that stands for each drum class, and the others that count as it (note-seq's order)
DRUM_PITCHES: tuple[tuple[int, ...], ...] = (
    (36, 35),
    (38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85),
    (42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22),
    (46, 67, 72, 74, 79, 81, 26),
    (45, 29, 41, 43, 61, 64, 84),
    (48, 47, 60, 63, 77, 86, 87),
    (50, 30, 62, 76, 83),
    (49, 52, 55, 57, 58),
    (51, 53, 59, 82),
)
DRUM_CLASS: Final = {pitch: index for index, pitches in enumerate(DRUM_PITCHES) for pitch in pitches}


@dataclass(frozen=True)
class MelodyNote:
    """A note on the sixteenth grid: onset and length in steps, and its MIDI pitch."""

    onset: int
    length: int
    pitch: int


def labels_to_notes(labels: Sequence[int] | Labels) -> list[MelodyNote]:
    """Read labels as notes; a note lasts until the next one, a note off or the end."""
    notes: list[MelodyNote] = []
    start, pitch = 0, -1
    for step, label in enumerate([*map(int, labels), OFF]):
        if label == HOLD:
            continue
        if pitch >= 0:
            notes.append(MelodyNote(start, step - start, pitch))
        start, pitch = step, label - FIRST_PITCH_LABEL + MIN_PITCH if label != OFF else -1
    return notes


def notes_to_labels(notes: Iterable[MelodyNote], steps: int) -> Labels:
    """Write notes as ``steps`` labels; of notes that begin together the last one named counts.

    Raises:
        ValueError: a pitch is outside 21 to 108.
    """
    labels = np.zeros(steps, dtype=np.int16)
    ordered = sorted((note for note in notes if note.onset < steps), key=lambda note: note.onset)
    for note in ordered:
        if not MIN_PITCH <= note.pitch <= MAX_PITCH:
            raise ValueError(f"pitch {note.pitch} is outside {MIN_PITCH} to {MAX_PITCH}")
        end = note.onset + note.length
        labels[note.onset + 1 : end] = HOLD
        labels[note.onset] = note.pitch - MIN_PITCH + FIRST_PITCH_LABEL
        if end < steps and labels[end] == HOLD:
            labels[end] = OFF
    return labels


def labels_to_events(labels: Sequence[int] | Labels) -> list[int]:
    """Turn melody labels into note-seq's melody events."""
    return [
        label - 2 if label < FIRST_PITCH_LABEL else label - FIRST_PITCH_LABEL + MIN_PITCH for label in map(int, labels)
    ]


def events_to_labels(events: Sequence[int]) -> Labels:
    """Turn note-seq's melody events into melody labels."""
    return np.array(
        [event + 2 if event < 0 else event - MIN_PITCH + FIRST_PITCH_LABEL for event in events], dtype=np.int16
    )


def drum_label_to_pitches(label: int) -> tuple[int, ...]:
    """Return the General MIDI pitches, one for each drum class of a label."""
    return tuple(pitches[0] for index, pitches in enumerate(DRUM_PITCHES) if label >> index & 1)


def drum_pitches_to_label(pitches: Iterable[int]) -> int:
    """Return the label of drums hit together; pitches of no drum class are left out."""
    label = 0
    for pitch in pitches:
        if pitch in DRUM_CLASS:
            label |= 1 << DRUM_CLASS[pitch]
    return label
