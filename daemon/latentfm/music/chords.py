"""Chords of a key: what they hold, and how they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Key
from latentfm.music.scales import OCTAVE, collection, harmonic_key, pitch_classes

Kind = Literal["", "m", "dim", "m7", "add9", "7", "sus"]
_INTERVALS: Final[dict[Kind, tuple[int, ...]]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "m7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10),
    "add9": (0, 4, 7, 2),
    "sus": (0, 5, 7),
}
_TRIADS: Final[dict[tuple[int, int], Kind]] = {(4, 7): "", (3, 7): "m", (3, 6): "dim"}
_ORNAMENTS: Final = (2,)  # an added ninth colours a chord; nobody hears it as a place to rest
_SHARP_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_COLLECTIONS: Final = (1, 3, 5, 8, 10)  # the major scales that are written with flats


def note_name(pitch_class: int, *, flats: bool) -> str:
    """Return the name of a pitch class."""
    return (_FLAT_NAMES if flats else _SHARP_NAMES)[pitch_class % OCTAVE]


def written_with_flats(key: Key) -> bool:
    """Say whether a key's signature has flats."""
    return collection(key) in _FLAT_COLLECTIONS


@dataclass(frozen=True)
class Chord:
    """A chord: its root as a pitch class, its kind as in its symbol, the degree it stands on (0 is the tonic)."""

    root: int
    kind: Kind
    degree: int
    flats: bool = False

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """All pitch classes, the root first."""
        return tuple((self.root + step) % OCTAVE for step in _INTERVALS[self.kind])

    @cached_property
    def tones(self) -> tuple[int, ...]:
        """The pitch classes that a melody may rest on: all but an added ninth."""
        return tuple((self.root + step) % OCTAVE for step in _INTERVALS[self.kind] if step not in _ORNAMENTS)

    @property
    def third(self) -> int:
        """Pitch class of the third (the fourth of a suspended chord)."""
        return self.classes[1]

    @property
    def fifth(self) -> int:
        """Pitch class of the fifth."""
        return self.classes[2]

    @property
    def symbol(self) -> str:
        """The chord symbol, as note-seq reads it."""
        return note_name(self.root, flats=self.flats) + self.kind

    def mask(self) -> NDArray[np.bool_]:
        """Return which of the 12 pitch classes are tones of the chord."""
        present = np.zeros(OCTAVE, dtype=np.bool_)
        present[list(self.tones)] = True
        return present


def triad(key: Key, degree: int) -> Chord:
    """Return the triad on a degree (0 to 6) of the key's seven-note mode."""
    scale = pitch_classes(harmonic_key(key))
    root, third, fifth = (scale[(degree + step) % len(scale)] for step in (0, 2, 4))
    kind = _TRIADS[((third - root) % OCTAVE, (fifth - root) % OCTAVE)]
    return Chord(root, kind, degree % len(scale), written_with_flats(key))


def triads(key: Key) -> tuple[Chord, ...]:
    """Return the key's major and minor triads, by degree."""
    return tuple(chord for chord in (triad(key, degree) for degree in range(7)) if chord.kind != "dim")


def coloured(chord: Chord, key: Key) -> Chord:
    """Return the chord with a seventh (minor triads) or a ninth (major ones) where the mode has that note."""
    scale = pitch_classes(harmonic_key(key))
    if chord.kind == "m" and (chord.root + 10) % OCTAVE in scale:
        return replace(chord, kind="m7")
    if chord.kind == "" and (chord.root + 2) % OCTAVE in scale:
        return replace(chord, kind="add9")
    return chord


def same_triad(one: Chord, other: Chord) -> bool:
    """Say whether two chords hold the same triad."""
    return one.root == other.root and one.classes[1:3] == other.classes[1:3]
