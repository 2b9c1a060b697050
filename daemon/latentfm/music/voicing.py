"""Four-part voicings of pads: common tones stay, the rest moves by step.

Every possible voicing of each chord is scored as it stands, the best are kept, and the cheapest path through
them is found (Viterbi, 1967), so that no chord is led into a corner by the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.music.chords import Chord
from latentfm.music.scales import OCTAVE

VOICES: Final = 4
LOWEST: Final = 43  # G2
HIGHEST: Final = 72  # C5
NO_THIRD_BELOW: Final = 48  # C3: thirds below it are mud
_WIDEST_THIRD: Final = 4
_WIDEST_GAP: Final = 12
_KEPT: Final = 96  # voicings of each chord that the path may visit
_STEP: Final = 2  # semitones that count as a step
_CENTRE: Final = 57.0  # A3: where a pad's middle lies best

Voicing = tuple[int, ...]
Table = NDArray[np.int16]


@dataclass(frozen=True)
class Slot:
    """A chord and what the pad has to respect while it sounds.

    ``ceiling`` is the highest pitch allowed (the lead moves above it), ``avoid`` are pitches that would rub
    against a long note of another voice by a semitone.
    """

    chord: Chord
    ceiling: int = HIGHEST
    avoid: tuple[int, ...] = ()


@lru_cache(maxsize=512)
def _candidates(classes: tuple[int, ...], low: int, high: int) -> Table:
    """Return all voicings of the pitch classes in a range, ``[n, 4]``, rising and clear in the low register."""
    pitches = [pitch for pitch in range(low, high + 1) if pitch % OCTAVE in classes]
    rows = np.array(list(combinations(pitches, VOICES)), dtype=np.int16).reshape(-1, VOICES)
    gaps = np.diff(rows, axis=1)
    muddy = ((gaps <= _WIDEST_THIRD) & (rows[:, :-1] < NO_THIRD_BELOW)).any(axis=1)
    kept: Table = rows[((gaps > 1) & (gaps <= _WIDEST_GAP)).all(axis=1) & ~muddy]
    return kept


def _static_cost(rows: Table, slot: Slot) -> NDArray[np.float64]:
    """Score voicings by themselves: what is missing, doubled, too high or rubbing."""
    chord = slot.chord
    held = rows % OCTAVE
    cost = np.zeros(len(rows))
    avoided = np.array(slot.avoid or (-1,), dtype=np.int16)
    for pitch_class, price in zip(chord.classes, (9.0, 16.0, 1.5, 2.0), strict=False):
        rubbed = any(pitch % OCTAVE == pitch_class for pitch in slot.avoid)
        cost += (price / 8 if rubbed else price) * (held != pitch_class).all(axis=1)
    cost += 2.5 * np.maximum((held == chord.third).sum(axis=1) - 1, 0)
    cost += 0.8 * (held[:, 0] != chord.root)
    cost += 60.0 * (rows[:, -1] > slot.ceiling)
    cost += 12.0 * np.isin(rows, avoided).sum(axis=1)
    cost += 0.12 * np.abs(rows.mean(axis=1) - _CENTRE)
    cost += 0.25 * np.maximum(np.diff(rows, axis=1) - 8, 0).sum(axis=1)
    return cost


def _move_cost(before: Table, after: Table) -> NDArray[np.float64]:
    """Return the price of every move between two lists of voicings, ``[before, after]``."""
    steps = after[None, :, :] - before[:, None, :]
    size = np.abs(steps)
    cost = 0.5 * size.sum(axis=2) + 2.0 * np.maximum(size - _STEP, 0).sum(axis=2) + 0.4 * (size > 0).sum(axis=2)
    moving = size > 0
    for lower, upper in combinations(range(VOICES), 2):
        gap_before = (before[:, upper] - before[:, lower]) % OCTAVE
        gap_after = (after[:, upper] - after[:, lower]) % OCTAVE
        perfect = np.isin(gap_before, (0, 7))[:, None] & (gap_before[:, None] == gap_after[None, :])
        parallel = perfect & moving[:, :, lower] & (steps[:, :, lower] == steps[:, :, upper])
        cost += 1.5 * parallel
    return np.asarray(cost, dtype=np.float64)


def lead_voices(
    slots: Sequence[Slot], *, low: int = LOWEST, high: int = HIGHEST, before: Voicing | None = None
) -> tuple[Voicing, ...]:
    """Voice a row of chords in four parts.

    Args:
        slots: the chords, with what each has to respect.
        low: lowest pitch of the pad.
        high: its highest.
        before: the voicing that the first chord follows, if any.

    Returns:
        For each slot four rising pitches.

    Raises:
        ValueError: the range holds no voicing of one of the chords.
    """
    tables: list[Table] = []
    costs: list[NDArray[np.float64]] = []
    for slot in slots:
        rows = _candidates(slot.chord.classes, low, high)
        if not len(rows):
            raise ValueError(f"no voicing of {slot.chord.symbol} between {low} and {high}")
        cost = _static_cost(rows, slot)
        best = np.argsort(cost, kind="stable")[:_KEPT]
        tables.append(rows[best])
        costs.append(cost[best])
    if not tables:
        return ()
    total = costs[0]
    if before is not None and len(before) == VOICES:
        total = total + _move_cost(np.array([before], dtype=np.int16), tables[0])[0]
    came_from: list[NDArray[np.intp]] = []
    for index in range(1, len(tables)):
        reach = total[:, None] + _move_cost(tables[index - 1], tables[index])
        came_from.append(reach.argmin(axis=0))
        total = reach.min(axis=0) + costs[index]
    place = int(total.argmin())
    path = [place]
    for back in reversed(came_from):
        place = int(back[place])
        path.append(place)
    return tuple(
        tuple(int(pitch) for pitch in table[place]) for table, place in zip(tables, reversed(path), strict=True)
    )
