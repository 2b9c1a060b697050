"""From the grid to hands: swing, small deviations in time, velocities that make phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.music.metre import STEPS_PER_QUARTER, Metre
from latentfm.music.note import Note

LARGEST_SPREAD: Final = 0.012  # seconds
SOFTEST: Final = 45
LOUDEST: Final = 100
_STRAIGHT: Final = 0.5


def swung(step: float, swing: float) -> float:
    """Return where a step of the grid falls, in steps, when a quarter's first half takes a share ``swing`` of it."""
    beat, within = divmod(step / STEPS_PER_QUARTER, 1.0)
    first = within < _STRAIGHT
    bent = within / _STRAIGHT * swing if first else swing + (within - _STRAIGHT) / _STRAIGHT * (1.0 - swing)
    return (beat + bent) * STEPS_PER_QUARTER


def deviations(count: int, spread: float, rng: np.random.Generator, late: float = 0.0) -> NDArray[np.float64]:
    """Draw how far notes are off, in seconds: normal around ``late``, never more than 12 ms either way."""
    drawn: NDArray[np.float64] = np.clip(rng.normal(late, spread, count), -LARGEST_SPREAD, LARGEST_SPREAD)
    return drawn


def _arc(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Return for each note how far the phrase has risen there: 0 at its ends, 1 on its top note."""
    top = max(range(len(notes)), key=lambda index: (notes[index].pitch, index))
    first, peak, last = notes[0].onset, notes[top].onset, notes[-1].onset
    onsets = np.array([note.onset for note in notes], dtype=float)
    arc: NDArray[np.float64] = np.interp(onsets, [first, peak, max(last, peak + 1e-9)], [0.0 if top else 1.0, 1.0, 0.0])
    return arc


def phrased(
    notes: Sequence[Note], base: int, metre: Metre, rng: np.random.Generator, *, depth: int = 16
) -> tuple[Note, ...]:
    """Give a phrase its velocities: a rise to its top note, a fall to its end, accents on strong beats.

    Args:
        notes: one phrase of one voice, in time order.
        base: velocity at the phrase's ends.
        metre: which says where the accents are.
        rng: where the small unevenness comes from.
        depth: how much louder the top note is.

    Returns:
        The notes with velocities between 45 and 100.
    """
    if not notes:
        return ()
    arc = _arc(notes)
    accents = np.array([_accent(note.onset, metre) for note in notes])
    velocities = base + depth * arc + accents + rng.normal(0.0, 2.0, len(notes))
    clipped = np.clip(np.rint(velocities), SOFTEST, LOUDEST)
    return tuple(replace(note, velocity=int(velocity)) for note, velocity in zip(notes, clipped, strict=True))


def _accent(onset: int, metre: Metre) -> float:
    if onset % metre.steps_per_bar == 0:
        return 6.0
    if metre.is_strong(onset):
        return 4.0
    return 1.0 if metre.is_beat(onset) else -2.0
