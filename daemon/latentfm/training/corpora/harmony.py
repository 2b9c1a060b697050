"""Chords for tunes that were handed down without any: one diatonic triad or seventh a bar.

A Viterbi search over the bars of a run weighs how long, and how strongly placed, the notes are that a chord holds
against what roots like to do (fifths down, home at the end). It stands where Magenta's pipelines infer chords
(note_seq/chord_inference.py, 0.8 s a tune); that search names sevenths for nearly every bar of a single line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import Labels, MelodyNote, labels_to_notes
from latentfm.training.corpora.melodies import Grid

_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_OUTSIDE = -0.8  # what a note outside a chord counts, of its weight
_HOME = 1.5  # what a chord on the last note of a run counts, in notes of a quarter


@dataclass(frozen=True)
class _Chord:
    """A chord of C major: pitch class of its root, its kind, its pitch classes, and how readily it is taken."""

    root: int
    kind: str
    pitches: tuple[int, ...]
    taste: float = 0.0


_CHORDS = (
    _Chord(0, "", (0, 4, 7), 0.2),
    _Chord(2, "m", (2, 5, 9)),
    _Chord(4, "m", (4, 7, 11), -0.5),
    _Chord(5, "", (5, 9, 0)),
    _Chord(7, "", (7, 11, 2), 0.1),
    _Chord(7, "7", (7, 11, 2, 5), -0.4),
    _Chord(9, "m", (9, 0, 4)),
)
_HOLDS = np.array([[1.0 if pitch in chord.pitches else _OUTSIDE for pitch in range(12)] for chord in _CHORDS])


def _going(before: _Chord, after: _Chord) -> float:
    """Return how readily one chord follows another, in notes of a quarter."""
    if before.root == after.root:
        return -0.6 if (before.kind, after.kind) == ("7", "") else -0.1
    if before.kind == "7":
        return 0.6 if after.root == 0 else -0.8
    return {5: 0.4, 7: 0.2, 2: 0.1}.get((after.root - before.root) % 12, -0.1)


_GOING = np.array([[_going(before, after) for after in _CHORDS] for before in _CHORDS])


def harmonise(labels: Labels, grid: Grid) -> list[str]:
    """Return a chord symbol for each bar of a melody in C major or one of its relatives.

    Args:
        labels: melody labels at each sixteenth, whole bars.
        grid: of the bars.
    """
    notes = labels_to_notes(labels)
    scores = _scores(notes, len(labels) // grid.bar, grid)
    if notes:
        last = notes[-1].pitch % 12
        scores[-1] += np.array([_HOME if chord.root == last and chord.kind != "7" else 0.0 for chord in _CHORDS])
    best, came_from = scores[0], []
    for score in scores[1:]:
        ways = best[:, None] + _GOING
        came_from.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + score
    path = [int(best.argmax())]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    return [symbol(index, 0) for index in reversed(path)]


def symbol(chord: int, shift: int) -> str:
    """Return the figure of a chord of the table, transposed by ``shift`` semitones."""
    return _NAMES[(_CHORDS[chord].root + shift) % 12] + _CHORDS[chord].kind


def transposed(figure: str, shift: int) -> str:
    """Transpose a chord symbol of this module by semitones."""
    root = figure[:2] if figure[1:2] in ("#", "b") else figure[:1]
    return _NAMES[(_NAMES.index(root) + shift) % 12] + figure[len(root) :]


def _scores(notes: list[MelodyNote], bars: int, grid: Grid) -> NDArray[np.float64]:
    """Return what each chord gains from the notes of each bar, in notes of a quarter: ``[bars, chords]``."""
    weights = np.zeros((bars, 12))
    beat = 6 if grid.metre == "6/8" else 4
    for note in notes:
        strength = 1.5 if note.onset % grid.bar == 0 else 1.2 if note.onset % beat == 0 else 1.0
        start, end = note.onset, note.onset + note.length
        for bar in range(start // grid.bar, min(bars, -(-end // grid.bar))):
            inside = min(end, (bar + 1) * grid.bar) - max(start, bar * grid.bar)
            weights[bar, note.pitch % 12] += strength * inside / 4
    scores: NDArray[np.float64] = weights @ _HOLDS.T + np.array([chord.taste for chord in _CHORDS])
    return scores
