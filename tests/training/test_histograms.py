"""Counting the tunes that were learnt from."""

from __future__ import annotations

import numpy as np

from latentfm.models.events import MelodyNote, notes_to_labels
from latentfm.training.corpora.melodies import Run
from latentfm.training.editions.histograms import counts, halves


def test_intervals_and_durations_are_counted() -> None:
    """A rising third after a quarter and a falling second after an eighth are counted as such."""
    labels = notes_to_labels([MelodyNote(0, 4, 60), MelodyNote(4, 2, 64), MelodyNote(6, 2, 62)], 32)
    found = counts([labels, labels])
    assert found["intervals"][24 + 4] == 2
    assert found["intervals"][24 - 2] == 2
    assert sum(found["intervals"]) == 4
    assert found["durations"][3] == 2
    assert found["durations"][1] == 2
    assert sum(found["durations"]) == 4


def test_halves_are_split_by_tune() -> None:
    """All runs of a tune are on one side, and nothing is lost."""
    runs = [Run(f"tune {index // 3}", np.zeros(32, dtype=np.int16)) for index in range(30)]
    one, other = halves(runs, np.random.default_rng(0))
    assert len(one) == len(other) == 15
    assert not {run.tune for run in one} & {run.tune for run in other}
