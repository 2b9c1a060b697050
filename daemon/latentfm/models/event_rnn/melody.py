"""Melodies into a model's key and range and back.

Source: note_seq/melodies_lib.py (Melody.squash, Melody.transpose).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])


def squash_shift(melody: Sequence[int], min_note: int, max_note: int, key: int | None) -> int:
    """Return the transposition of a melody into a major key and the middle of a range; 0 where ``key`` is None."""
    pitches = [event for event in melody if event >= 0]
    if not pitches or key is None:
        return 0
    histogram = np.bincount(np.array(pitches) % 12, minlength=12)
    own_key = int(np.argmax([(histogram * np.roll(_MAJOR, tonic)).sum() for tonic in range(12)]))
    to_key = key - own_key
    centre = (min_note + max_note - 1) / 2 - ((min(pitches) + max(pitches)) / 2 + to_key)
    return to_key + 12 * round(centre / 12)


def moved(melody: Sequence[int], shift: int, min_note: int = 0, max_note: int = 128) -> list[int]:
    """Transpose a melody and bring what leaves ``[min_note, max_note)`` back by octaves."""
    return [_fold(event + shift, min_note, max_note) if event >= 0 else event for event in melody]


def squash(melody: Sequence[int], min_note: int = 48, max_note: int = 84, key: int = 0) -> list[int]:
    """Move a melody into a major key and a range."""
    return moved(melody, squash_shift(melody, min_note, max_note, key), min_note, max_note)


def _fold(pitch: int, low: int, high: int) -> int:
    """Bring a pitch into ``[low, high)`` by octaves."""
    if pitch < low:
        return low + (pitch - low) % 12
    return high - 12 + (pitch - high) % 12 if pitch >= high else pitch
