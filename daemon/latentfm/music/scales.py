"""Modes as pitch classes, and moves along a scale."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Key
from latentfm.playlist import Mode

OCTAVE: Final = 12

_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
# where each mode's scale begins in the major scale that holds the same notes
_ROTATION: Final[dict[Mode, int]] = {
    "major": 0,
    "dorian": 1,
    "lydian": 3,
    "mixolydian": 4,
    "aeolian": 5,
    "major_pentatonic": 0,
    "minor_pentatonic": 5,
}
_PENTATONIC: Final[dict[Mode, tuple[int, ...]]] = {
    "major_pentatonic": (0, 2, 4, 7, 9),
    "minor_pentatonic": (0, 3, 5, 7, 10),
}


def parent(mode: Mode) -> Mode:
    """Return the mode of seven notes that harmonises a mode: a pentatonic melody stands on diatonic chords."""
    if mode == "major_pentatonic":
        return "major"
    if mode == "minor_pentatonic":
        return "aeolian"
    return mode


def intervals(mode: Mode) -> tuple[int, ...]:
    """Return the mode's pitches in semitones above its tonic."""
    if mode in _PENTATONIC:
        return _PENTATONIC[mode]
    first = _ROTATION[mode]
    return tuple(sorted((_MAJOR[(first + step) % 7] - _MAJOR[first]) % OCTAVE for step in range(7)))


def collection(key: Key) -> int:
    """Return the tonic of the major scale that holds the key's notes (D dorian is C's)."""
    return (key.tonic - _MAJOR[_ROTATION[key.mode]]) % OCTAVE


def mask(key: Key) -> NDArray[np.bool_]:
    """Return which of the 12 pitch classes are in the key's mode."""
    present = np.zeros(OCTAVE, dtype=np.bool_)
    present[[(key.tonic + step) % OCTAVE for step in intervals(key.mode)]] = True
    return present


def pitch_classes(key: Key) -> tuple[int, ...]:
    """Return the mode's pitch classes, from the tonic up."""
    return tuple((key.tonic + step) % OCTAVE for step in intervals(key.mode))


def harmonic_key(key: Key) -> Key:
    """Return the key that gives the chords: the same tonic, in the mode of seven notes."""
    return Key(tonic=key.tonic, mode=parent(key.mode))


def contains(key: Key, pitch: int) -> bool:
    """Say whether a pitch is in the key's mode."""
    return (pitch - key.tonic) % OCTAVE in intervals(key.mode)


def nearest(pitch: int, wanted: tuple[int, ...]) -> int:
    """Return the pitch closest to ``pitch`` whose class is wanted; of two equally close the lower one."""
    for distance in range(OCTAVE):
        for candidate in (pitch - distance, pitch + distance):
            if candidate % OCTAVE in wanted:
                return candidate
    raise ValueError("no pitch class is wanted")


def scale_step(pitch: int, key: Key, steps: int) -> int:
    """Move a pitch along the key's scale by whole steps; a pitch outside is first put on the scale's nearest note."""
    classes = pitch_classes(key)
    pitch = nearest(pitch, classes)
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        pitch += direction
        while pitch % OCTAVE not in classes:
            pitch += direction
    return pitch
