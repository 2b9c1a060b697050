"""Examples as the networks take them: cut to a length, encoded, transposed."""

from __future__ import annotations

import numpy as np

from latentfm.models.event_rnn.encodings import Encoding
from latentfm.models.events import OFF, Labels
from latentfm.training.data.examples import Examples as Raw
from latentfm.training.fit.rnn import Examples, encode

_PIANO = 88  # keys


def cut(raw: Raw, length: int) -> tuple[list[list[int]], list[list[str]]]:
    """Cut sequences into stretches of ``length`` events and the one after them, and the chords beside them."""
    events: list[list[int]] = []
    chords: list[list[str]] = []
    for index, sequence in enumerate(raw.sequences):
        for start in range(0, max(1, len(sequence) - 1), length):
            events.append([int(event) for event in sequence[start : start + length + 1]])
            if raw.chords:
                chords.append(raw.chords[index][start : start + length + 1])
    return events, chords


def encoded(raw: Raw, encoding: Encoding, length: int, most: int | None = None) -> Examples:
    """Cut and encode sequences; of more than ``most`` stretches some, the same ones each time."""
    events, chords = cut(raw, length)
    chosen = some(len(events), most)
    return encode([events[i] for i in chosen], encoding, length, [chords[i] for i in chosen] if chords else [])


def some(count: int, most: int | None) -> list[int]:
    """Return which of so many are looked at where at most ``most`` are, the same ones each time."""
    if most is None or count <= most:
        return list(range(count))
    chosen: list[int] = sorted(np.random.default_rng(0).permutation(count)[:most].tolist())
    return chosen


def transposed(windows: Labels, reach: tuple[int, int], rng: np.random.Generator) -> Labels:
    """Transpose each window of melody labels at random, as far as it stays on the piano: Magenta's augmentation."""
    sounding = windows > OFF
    lowest = np.where(sounding, windows, np.iinfo(np.int16).max).min(axis=1).astype(int)
    highest = np.where(sounding, windows, 0).max(axis=1).astype(int)
    shifts = rng.integers(reach[0], reach[1] + 1, len(windows))
    shifts = np.clip(shifts, np.minimum(0, OFF + 1 - lowest), np.maximum(0, OFF + _PIANO - highest))
    return np.where(sounding, windows + shifts[:, None], windows).astype(np.int16)
