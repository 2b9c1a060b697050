"""Bass lines: roots and fifths, the next root approached by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.music.chords import Chord
from latentfm.music.note import STEPS_PER_BAR, Note
from latentfm.music.scales import OCTAVE, harmonic_key, scale_step

LOWEST: Final = 28  # E1
HIGHEST: Final = 43  # G2
_FIFTH: Final = 7

# (onset, length, what) in sixteenths of a bar; what: R root, F fifth, A approach to the next bar's root
Pattern = tuple[tuple[int, int, str], ...]
_PATTERNS: Final[tuple[tuple[Pattern, ...], ...]] = (
    (((0, 16, "R"),),),
    (((0, 8, "R"), (8, 8, "F")), ((0, 12, "R"), (12, 4, "A"))),
    (
        ((0, 6, "R"), (8, 4, "F"), (12, 4, "A")),
        ((0, 6, "R"), (6, 6, "F"), (12, 4, "A")),
        ((0, 8, "R"), (8, 4, "R"), (12, 4, "A")),
    ),
    (
        ((0, 4, "R"), (4, 4, "F"), (8, 4, "R"), (12, 4, "A")),
        ((0, 4, "R"), (6, 2, "R"), (8, 4, "F"), (12, 2, "F"), (14, 2, "A")),
    ),
)
LIVELIEST: Final = len(_PATTERNS) - 1


@dataclass(frozen=True)
class BassBar:
    """A bar of bass to write: its chord, the chord after it, and how lively it is (0 a whole note, 3 walking)."""

    bar: int
    chord: Chord
    following: Chord | None
    liveliness: int


def root_pitch(pitch_class: int, previous: int | None, low: int = LOWEST, high: int = HIGHEST) -> int:
    """Return the pitch of a class in the range that is closest to the previous note, or to the range's lower half."""
    choices = [pitch for pitch in range(low, high + 1) if pitch % OCTAVE == pitch_class]
    if not choices:
        raise ValueError(f"a bass between {low} and {high} has no pitch class {pitch_class}")
    target = previous if previous is not None else low + OCTAVE // 2
    return min(choices, key=lambda pitch: (abs(pitch - target), pitch))


def _fifth_pitch(chord: Chord, root: int, low: int, high: int) -> int:
    if (chord.fifth - chord.root) % OCTAVE != _FIFTH:
        return root
    below, above = root + _FIFTH - OCTAVE, root + _FIFTH
    if above <= high:
        return above
    return below if below >= low else root


def _approach(current: int, target: int, key: Key, low: int, high: int) -> int:
    """Return the scale's neighbour of the next root, on the side that the line comes from."""
    side = -1 if current <= target else 1
    for direction in (side, -side):
        neighbour = scale_step(target, key, direction)
        if low <= neighbour <= high:
            return neighbour
    return target


def line(
    bars: Sequence[BassBar], key: Key, rng: np.random.Generator, *, low: int = LOWEST, high: int = HIGHEST
) -> tuple[Note, ...]:
    """Write a bass line, one pattern for each run of bars of one liveliness so that it grooves."""
    scale = harmonic_key(key)
    notes: list[Note] = []
    previous: int | None = None
    pattern: Pattern = _PATTERNS[0][0]
    liveliness = -1
    for place in bars:
        if place.liveliness != liveliness:
            liveliness = place.liveliness
            choices = _PATTERNS[min(liveliness, LIVELIEST)]
            pattern = choices[int(rng.integers(len(choices)))]
        root = root_pitch(place.chord.root, previous, low, high)
        fifth = _fifth_pitch(place.chord, root, low, high)
        target = None if place.following is None else root_pitch(place.following.root, root, low, high)
        for onset, length, what in pattern:
            pitch = {"R": root, "F": fifth}.get(what, root)
            if what == "A":
                leads_on = target is not None and target != root
                pitch = (
                    _approach(notes[-1].pitch if notes else root, target, scale, low, high)
                    if leads_on and target
                    else fifth
                )
            notes.append(Note(place.bar * STEPS_PER_BAR + onset, length, pitch))
        previous = root
    return tuple(notes)
