"""Melody examples: runs of whole bars on the sixteenth grid, and windows and phrases cut from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from latentfm.models.events import HOLD, MAX_PITCH, MIN_PITCH, OFF, Labels, MelodyNote, notes_to_labels
from latentfm.training.corpora.abc import STEPS_PER_WHOLE, Bar, Tune

WINDOW = 32  # two bars of 4/4, or four of 2/4
BAR = 16
# bars of a metre that make one bar of sixteen sixteenths
_BARS_TOGETHER = {"4/4": 1, "2/4": 2}


@dataclass(frozen=True)
class Run:
    """Bars of one tune that follow on one another: labels at each sixteenth, a multiple of 16 of them."""

    tune: str
    labels: Labels


def runs(tune: Tune) -> list[Run]:
    """Cut a tune into its runs of whole bars; bars of another length than their metre's break a run."""
    found: list[Run] = []
    together: list[Bar] = []
    for bar in tune.bars:
        whole = _is_whole(bar)
        if together and (not whole or not bar.follows or bar.metre != together[0].metre):
            found += _run(tune, together)
            together = []
        if whole:
            together.append(bar)
    return found + _run(tune, together)


def windows(found: Iterable[Run]) -> Labels:
    """Cut runs into distinct two-bar windows, one at each bar: int16 ``[n, 32]``, sorted."""
    cut = [run.labels[start : start + WINDOW] for run in found for start in range(0, len(run.labels) - WINDOW + 1, BAR)]
    lively = [window for window in cut if (window > OFF).sum() >= 2 and window[0] != HOLD]  # noqa: PLR2004
    return np.unique(np.array(lively, dtype=np.int16), axis=0) if lively else np.zeros((0, WINDOW), dtype=np.int16)


def half_time(labels: Labels) -> Labels:
    """Read labels at half the speed: int16 ``[steps]`` become ``[2 * steps]``."""
    slow = np.zeros(2 * len(labels), dtype=np.int16)
    slow[::2] = labels
    return slow


def rest_at_end(labels: Labels, end: int, rng: np.random.Generator) -> Labels:
    """Let the phrase that ends before step ``end`` breathe: its last two to six sixteenths become a rest."""
    off = end - int(rng.integers(2, 7))
    breathing = labels.copy()
    breathing[off:end] = HOLD
    if (labels[:off] > OFF).any():
        breathing[off] = OFF
    return breathing


def _is_whole(bar: Bar) -> bool:
    if bar.metre not in _BARS_TOGETHER:
        return False
    return bar.length * _BARS_TOGETHER[bar.metre] == 1


def _run(tune: Tune, bars: list[Bar]) -> list[Run]:
    if not bars:
        return []
    steps_per_bar = STEPS_PER_WHOLE // _BARS_TOGETHER[bars[0].metre]
    whole = len(bars) - len(bars) % _BARS_TOGETHER[bars[0].metre]
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
    return [Run(f"{tune.source} {tune.title}", notes_to_labels(notes, steps))] if steps >= WINDOW else []
