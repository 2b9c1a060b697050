"""Bach's chorales, in four voices on a grid of eighths, from music21's corpus.

Most of these encodings carry "© Margaret Greentree" and are in the corpus by her permission: a model that learnt
from them says so in its card. Sixteenths are passing notes here; a voice sings at each eighth what it holds there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TrainingError
from latentfm.models.event_rnn.polyphony import END, STEP_END, notes_to_events
from latentfm.models.events import MelodyNote
from latentfm.training.corpora.sources import corpus

STEPS_PER_QUARTER = 2
VOICES = 4
HELD_OUT_SHARE = 0.08
_SILENT = -1
_FEWEST_EVENTS = 40
_OPENING = 8  # intervals of the soprano that tell one tune from another


@dataclass(frozen=True)
class Chorale:
    """A chorale: its file's name, and the notes of soprano, alto, tenor and bass in eighths."""

    name: str
    voices: tuple[tuple[MelodyNote, ...], ...]

    @property
    def steps(self) -> int:
        """Eighths from the beginning to the end of the last note."""
        return max(note.onset + note.length for voice in self.voices for note in voice)

    @property
    def held_out(self) -> bool:
        """Say on which side of the split it lies: by the soprano's opening, as one tune was harmonised many times."""
        opening = np.diff([note.pitch for note in self.voices[0]])[:_OPENING]
        digest = hashlib.sha256(" ".join(map(str, opening)).encode()).digest()
        return digest[0] / 256 < HELD_OUT_SHARE


def chorales() -> list[Chorale]:
    """Read every chorale of the corpus that has four voices; it takes two minutes.

    Raises:
        TrainingError: music21 is not installed, or came without its corpus.
    """
    folder = corpus("the chorales") / "bach"
    files = sorted(folder.glob("bwv*.mxl"))
    if not files:
        raise TrainingError(f"music21 came without its Bach chorales in {folder}: reinstall it")
    return [chorale for file in files if (chorale := read_chorale(file)) is not None]


def read_chorale(file: Path) -> Chorale | None:
    """Read a score of four voices; None where it has another number of them, or one of them is silent."""
    from music21 import converter  # noqa: PLC0415 - takes seconds to import

    score: Any = converter.parse(file)
    parts = list(score.parts)
    if len(parts) != VOICES:
        return None
    voices = tuple(_voice(part.stripTies().flatten().notes) for part in parts)
    return Chorale(file.stem, voices) if all(voices) else None


def _voice(notes: Any) -> tuple[MelodyNote, ...]:
    """Lay a voice on the grid: at each eighth the note that sounds there, struck anew where another one began."""
    spans = [
        (float(note.offset), float(note.offset + note.quarterLength), max(pitch.midi for pitch in note.pitches))
        for note in notes
        if note.quarterLength > 0
    ]
    if not spans:
        return ()
    steps = round(max(end for _, end, _ in spans) * STEPS_PER_QUARTER)
    sounding: NDArray[np.int64] = np.full(steps, _SILENT)
    for index, (start, end, _) in enumerate(spans):
        first, last = (int(np.ceil(time * STEPS_PER_QUARTER - 1e-6)) for time in (start, end))
        sounding[first:last] = index
    edges = [0, *(np.flatnonzero(np.diff(sounding)) + 1), steps]
    return tuple(
        MelodyNote(int(start), int(end - start), spans[sounding[start]][2])
        for start, end in pairwise(edges)
        if sounding[start] != _SILENT
    )


def chorale_sequences(
    found: list[Chorale], events: int, transpositions: Iterable[int] = range(-4, 5)
) -> tuple[list[list[int]], list[list[int]]]:
    """Return chorales as polyphonic events, to learn from and held out.

    Args:
        found: the chorales.
        events: in a piece, and one more; a chorale gives several, each from the end of a step on.
        transpositions: in semitones, of what is learnt from; as Magenta's pipeline transposes chorales.

    Source of the transpositions: magenta/models/polyphony_rnn/polyphony_rnn_pipeline.py.
    """
    train: list[list[int]] = []
    held_out: list[list[int]] = []
    for chorale in found:
        for shift in (0,) if chorale.held_out else transpositions:
            notes = [replace(note, pitch=note.pitch + shift) for voice in chorale.voices for note in voice]
            whole = [*notes_to_events(notes, chorale.steps), END]
            (held_out if chorale.held_out else train).extend(_pieces(whole, events))
    return train, held_out


def _pieces(whole: list[int], events: int) -> list[list[int]]:
    """Cut events into pieces that begin with the start or behind the end of a step."""
    pieces, start = [], 0
    while start < len(whole) - _FEWEST_EVENTS:
        pieces.append(whole[start : start + events + 1])
        ends = [index for index in range(start + 1, min(start + events, len(whole))) if whole[index] == STEP_END]
        start = ends[-1] + 1 if ends else len(whole)
    return pieces
