"""Melody examples: runs of whole bars on the sixteenth grid, and windows and phrases cut from them.

A grid says which tunes' bars make one bar of a metre: two of 2/4 make one of 4/4, as players count them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from latentfm.models.event_rnn import squash_shift
from latentfm.models.events import (
    HOLD,
    MAX_PITCH,
    MIN_PITCH,
    OFF,
    Labels,
    MelodyNote,
    labels_to_events,
    notes_to_labels,
)
from latentfm.training.corpora.abc import STEPS_PER_WHOLE, Bar, Tune


@dataclass(frozen=True)
class Grid:
    """A metre: sixteenths in its bar, and how many bars of each metre that tunes are written in make one."""

    metre: str
    bar: int
    together: Mapping[str, int]

    @property
    def window(self) -> int:
        """Sixteenths in two bars."""
        return 2 * self.bar


COMMON = Grid("4/4", 16, {"4/4": 1, "2/4": 2})
WALTZ = Grid("3/4", 12, {"3/4": 1})
JIG = Grid("6/8", 12, {"6/8": 1, "3/8": 2})
GRIDS = {grid.metre: grid for grid in (COMMON, WALTZ, JIG)}


@dataclass(frozen=True)
class Run:
    """Bars of one tune that follow on one another: labels at each sixteenth, whole bars of the grid."""

    tune: str
    labels: Labels


def runs(tune: Tune, grid: Grid = COMMON) -> list[Run]:
    """Cut a tune into its runs of whole bars; bars of another metre or length than the grid's break a run."""
    found: list[Run] = []
    together: list[Bar] = []
    for bar in tune.bars:
        whole = _is_whole(bar, grid)
        if together and (not whole or not bar.follows or bar.metre != together[0].metre):
            found += _run(tune, together, grid)
            together = []
        if whole:
            together.append(bar)
    return found + _run(tune, together, grid)


def windows(found: Iterable[Run], grid: Grid = COMMON) -> Labels:
    """Cut runs into distinct two-bar windows, one at each bar: int16 ``[n, grid.window]``, sorted."""
    size = grid.window
    cut = [
        run.labels[start : start + size] for run in found for start in range(0, len(run.labels) - size + 1, grid.bar)
    ]
    lively = [window for window in cut if (window > OFF).sum() >= 2 and window[0] != HOLD]  # noqa: PLR2004
    return np.unique(np.array(lively, dtype=np.int16), axis=0) if lively else np.zeros((0, size), dtype=np.int16)


def half_time(labels: Labels) -> Labels:
    """Read labels at half the speed: int16 ``[steps]`` become ``[2 * steps]``."""
    slow = np.zeros(2 * len(labels), dtype=np.int16)
    slow[::2] = labels
    return slow


def in_c(labels: Labels) -> Labels:
    """Move labels into C major or its relatives by the smallest step."""
    shift = squash_shift(labels_to_events(labels), 0, 128, 0) % 12
    return np.where(labels > OFF, labels + (shift - 12 if shift > 6 else shift), labels).astype(np.int16)  # noqa: PLR2004


def rest_at_end(labels: Labels, end: int, rng: np.random.Generator) -> Labels:
    """Let the phrase that ends before step ``end`` breathe: its last two to six sixteenths become a rest."""
    off = end - int(rng.integers(2, 7))
    breathing = labels.copy()
    breathing[off:end] = HOLD
    if (labels[:off] > OFF).any():
        breathing[off] = OFF
    return breathing


def _is_whole(bar: Bar, grid: Grid) -> bool:
    count = grid.together.get(bar.metre)
    return count is not None and bar.length * count == Fraction(grid.bar, STEPS_PER_WHOLE)


def _run(tune: Tune, bars: list[Bar], grid: Grid) -> list[Run]:
    if not bars:
        return []
    count = grid.together[bars[0].metre]
    steps_per_bar = grid.bar // count
    whole = len(bars) - len(bars) % count
    notes: list[MelodyNote] = []
    for index, bar in enumerate(bars[:whole]):
        taken: set[int] = set()
        for note in bar.notes:
            onset = round(note.onset * STEPS_PER_WHOLE)
            end = round((note.onset + note.length) * STEPS_PER_WHOLE)
            if onset in taken or onset >= steps_per_bar or not MIN_PITCH <= note.pitch <= MAX_PITCH:
                continue  # shorter than the grid can tell
            taken.add(onset)
            notes.append(MelodyNote(index * steps_per_bar + onset, max(1, end - onset), note.pitch))
    steps = whole * steps_per_bar
    return [Run(f"{tune.source} {tune.title}", notes_to_labels(notes, steps))] if steps >= grid.window else []
