"""Melodies with a chord for each step: what ImprovRNN learns from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from latentfm.models.event_rnn import moved
from latentfm.models.events import OFF, Labels, labels_to_events
from latentfm.training.corpora import harmony
from latentfm.training.corpora.melodies import GRIDS, Grid, Run, half_time, in_c
from latentfm.training.corpora.shipped import melody_runs

KEYS_EACH = 3  # of the twelve keys, so many for each piece that is learnt from
SEVENTHS_SHARE = 0.25
RANGE = (48, 84)
_SEVENTHS = {"C": "Cmaj7", "Dm": "Dm7", "F": "Fmaj7", "Am": "Am7", "G": "G7"}
_FEWEST_NOTES = 6


@dataclass(frozen=True)
class LeadSheet:
    """Melody events, and the figure of the chord that sounds at each."""

    events: list[int]
    chords: list[str]


def lead_sheets(steps: int, seed: int = 1) -> tuple[list[LeadSheet], list[LeadSheet]]:
    """Return pieces of tunes in 4/4, 3/4 and 6/8 with chords, to learn from and held out.

    What is learnt from comes in some keys of the twelve each, what is held out in one; some pieces in half time.
    """
    rng = np.random.default_rng(seed)
    train: list[LeadSheet] = []
    held_out: list[LeadSheet] = []
    for grid in GRIDS.values():
        for runs, side, keys in zip(melody_runs(grid), (train, held_out), (KEYS_EACH, 1), strict=True):
            for piece, chords in _pieces(runs, grid, steps):
                side += [_sheet(piece, chords, int(shift), rng) for shift in rng.permutation(12)[:keys]]
    return train, held_out


def _pieces(runs: Iterable[Run], grid: Grid, steps: int) -> Iterable[tuple[Labels, list[str]]]:
    """Yield pieces of ``steps`` sixteenths and one in C, with the chord of each step; half as many in half time."""
    for run in runs:
        labels = in_c(run.labels)
        chords = [figure for figure in harmony.harmonise(labels, grid) for _ in range(grid.bar)]
        readings = [(labels, chords, steps)]
        if grid.metre != "3/4":  # two bars of a waltz in half time are no waltz
            readings.append((half_time(labels), [figure for figure in chords for _ in range(2)], 2 * steps))
        for read, figures, hop in readings:
            for start in range(0, len(read) - grid.window + 1, hop):
                piece = read[start : start + steps + 1]
                if len(piece) > grid.window and (piece > OFF).sum() >= _FEWEST_NOTES:
                    yield piece, figures[start : start + steps + 1]


def _sheet(piece: Labels, chords: list[str], shift: int, rng: np.random.Generator) -> LeadSheet:
    richer = rng.random() < SEVENTHS_SHARE
    figures = [harmony.transposed(_SEVENTHS.get(figure, figure) if richer else figure, shift) for figure in chords]
    events = labels_to_events(piece)
    pitches = [event for event in events if event >= 0]
    low, high = RANGE
    centre = (low + high - 1) / 2 - ((min(pitches) + max(pitches)) / 2 + shift)
    return LeadSheet(moved(events, shift + 12 * round(centre / 12), low, high), figures)
