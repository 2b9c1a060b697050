"""Statistics of samples."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.models.events import MelodyNote
from latentfm.training.measure.samples import drum_statistics, in_key, jensen_shannon, melody_statistics

SCALE = [MelodyNote(2 * at, 2, pitch) for at, pitch in enumerate((60, 62, 64, 65, 67, 69, 71, 72))]


def test_divergence_is_nothing_for_the_same_and_a_bit_for_the_disjoint() -> None:
    """Histograms of any sum are compared; an empty one is like nothing."""
    one, other = np.array([1.0, 3.0, 0.0]), np.array([0.0, 0.0, 5.0])
    assert jensen_shannon(one, 2 * one) == pytest.approx(0.0)
    assert jensen_shannon(one, other) == pytest.approx(1.0)
    assert jensen_shannon(one, np.zeros(3)) == 1.0


def test_samples_like_the_corpus_have_its_figures() -> None:
    """Density, keys and intervals of the same music agree; a chromatic line is less in key."""
    same = melody_statistics([SCALE] * 4, [SCALE] * 4, (4.0, 4.0))
    assert same["sample_notes_per_bar"] == same["corpus_notes_per_bar"] == 8.0
    assert same["sample_in_key"] == 1.0
    assert same["sample_interval_js"] == pytest.approx(0.0)
    assert in_key([[MelodyNote(at, 1, 60 + at) for at in range(12)]]) == pytest.approx(7 / 12)


def test_strokes_are_compared_by_their_place() -> None:
    """The same strokes at other places differ; two bars of any length are read."""
    bars = np.zeros((2, 24), np.int16)
    bars[:, ::6] = 1
    moved = np.roll(bars, 1, axis=1)
    assert drum_statistics(bars, bars, 12)["sample_stroke_js"] == pytest.approx(0.0)
    away = drum_statistics(moved, bars, 12)
    assert away["sample_stroke_js"] == pytest.approx(1.0)
    assert away["sample_hits_per_bar"] == away["corpus_hits_per_bar"] == 2.0
