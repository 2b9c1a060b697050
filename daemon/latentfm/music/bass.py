"""Bass lines: roots and fifths, the next root approached by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.music import idioms
from latentfm.music.chords import Chord
from latentfm.music.metre import Metre
from latentfm.music.note import Note
from latentfm.music.scales import OCTAVE, harmonic_key, scale_step

LOWEST: Final = 28  # E1
HIGHEST: Final = 43  # G2
_FIFTH: Final = 7


@dataclass(frozen=True)
class BassBar:
    """A bar of bass to write: its chord, the chord after it, and how lively it is (0 one long note, 3 walking)."""

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
    bars: Sequence[BassBar],
    key: Key,
    metre: Metre,
    rng: np.random.Generator,
    *,
    low: int = LOWEST,
    high: int = HIGHEST,
) -> tuple[Note, ...]:
    """Write a bass line, one pattern for each run of bars of one liveliness so that it grooves."""
    scale, patterns = harmonic_key(key), idioms.of(metre).bass
    notes: list[Note] = []
    previous: int | None = None
    pattern = patterns[0][0]
    liveliness, since, before = -1, 0, -1
    for place in bars:
        since, before = (since + 1 if place.chord.root == before else 0), place.chord.root
        if place.liveliness != liveliness:
            liveliness = place.liveliness
            choices = patterns[min(liveliness, len(patterns) - 1)]
            pattern = choices[int(rng.integers(len(choices)))]
        root = root_pitch(place.chord.root, previous, low, high)
        fifth = _fifth_pitch(place.chord, root, low, high)
        target = None if place.following is None else root_pitch(place.following.root, root, low, high)
        for onset, length, what in pattern[since % len(pattern)]:
            pitch = {"R": root, "F": fifth}.get(what, root)
            if what == "A":
                leads_on = target is not None and target != root
                pitch = (
                    _approach(notes[-1].pitch if notes else root, target, scale, low, high)
                    if leads_on and target
                    else fifth
                )
            notes.append(Note(place.bar * metre.steps_per_bar + onset, length, pitch))
        previous = root
    return tuple(notes)
