"""Chords as what a network sees of them.

Chords are figures such as "Am", "G7" or "C/E", and "N.C." where there is none. note-seq parses them.
Source: note_seq/chords_encoder_decoder.py.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import numpy as np

from latentfm.errors import ModelError
from latentfm.models.event_rnn.encodings.cursor import Vector

NO_CHORD = "N.C."  # note_seq.constants.NO_CHORD
_QUALITIES = ("major", "minor", "augmented", "diminished")


class ChordEncoding(Protocol):
    """How a chord becomes a part of a network's input."""

    @property
    def input_size(self) -> int:
        """Numbers that the network sees of a chord."""

    @property
    def most_active(self) -> int:
        """How many of them may differ from 0 at once."""

    def vector(self, figure: str) -> Vector:
        """Return what the network sees of a chord, float32 ``[input_size]``.

        Raises:
            ModelError: the figure is no chord, or one that this encoding has no place for.
        """


class _TriadsByQuality:
    """One-hot: no chord, then the twelve roots for each quality."""

    most_active = 1

    def __init__(self, qualities: int) -> None:
        self.input_size = 12 * qualities + 1
        self._qualities = _QUALITIES[:qualities]

    def vector(self, figure: str) -> Vector:
        """Return what the network sees of a chord, float32 ``[input_size]``.

        Raises:
            ModelError: the figure is no chord, or not of one of the qualities.
        """
        vector = np.zeros(self.input_size, dtype=np.float32)
        if figure == NO_CHORD:
            vector[0] = 1.0
            return vector
        root, _, _, quality = _parsed(figure)
        if quality not in self._qualities:
            raise ModelError(f"the chord {figure} is none of {', '.join(self._qualities)}, all that this model knows")
        vector[1 + 12 * self._qualities.index(quality) + root] = 1.0
        return vector


class MajorMinorChords(_TriadsByQuality):
    """Chords as one of 25: none, major and minor triads."""

    def __init__(self) -> None:
        super().__init__(2)


class TriadChords(_TriadsByQuality):
    """Chords as one of 49: none, major, minor, augmented and diminished triads."""

    def __init__(self) -> None:
        super().__init__(4)


class PitchChords:
    """Chords by root, pitch classes and bass; the first number says that there is none."""

    input_size = 37
    most_active = 14

    def vector(self, figure: str) -> Vector:
        """Return what the network sees of a chord, float32 ``[37]``.

        Raises:
            ModelError: the figure is no chord.
        """
        vector = np.zeros(self.input_size, dtype=np.float32)
        if figure == NO_CHORD:
            vector[0] = 1.0
            return vector
        root, pitches, bass, _ = _parsed(figure)
        vector[1 + root] = vector[25 + bass] = 1.0
        vector[[13 + pitch for pitch in pitches]] = 1.0
        return vector


def transpose_chord(figure: str, amount: int) -> str:
    """Transpose a chord by semitones.

    Raises:
        ModelError: the figure is no chord.
    """
    if figure == NO_CHORD or not amount % 12:
        return figure
    symbols = _symbols()
    try:
        transposed: str = symbols.transpose_chord_symbol(figure, amount)
    except symbols.ChordSymbolError as fault:
        raise ModelError(f"{figure!r} is not a chord: {fault}") from fault
    return transposed


def _symbols() -> Any:
    """Return note-seq's reader of chords: the streaming process, which looks at cards, must not load note-seq."""
    from latentfm.noteseq import part  # noqa: PLC0415

    return part("chord_symbols_lib")


@cache
def _parsed(figure: str) -> tuple[int, tuple[int, ...], int, str]:
    """Return a chord's root, pitch classes, bass and quality."""
    symbols = _symbols()
    qualities = {
        symbols.CHORD_QUALITY_MAJOR: "major",
        symbols.CHORD_QUALITY_MINOR: "minor",
        symbols.CHORD_QUALITY_AUGMENTED: "augmented",
        symbols.CHORD_QUALITY_DIMINISHED: "diminished",
    }
    try:
        root, bass = symbols.chord_symbol_root(figure), symbols.chord_symbol_bass(figure)
        pitches = tuple(symbols.chord_symbol_pitches(figure))
        quality = qualities.get(symbols.chord_symbol_quality(figure), "other")
    except symbols.ChordSymbolError as fault:
        raise ModelError(f"{figure!r} is not a chord: {fault}; write it like Am, G7, C/E or {NO_CHORD}") from fault
    return root, pitches, bass, quality
