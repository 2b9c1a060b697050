"""Swing, deviations and velocities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.music import humanise
from latentfm.music.metre import FOUR_FOUR
from latentfm.music.note import Note


@given(st.integers(0, 400), st.floats(0.5, 0.7))
def test_swing_keeps_beats_and_order(step: int, swing: float) -> None:
    """Beats stay where they are, the second eighth comes late by the swing, and no step overtakes the next."""
    assert humanise.swung(step * 4, swing) == pytest.approx(step * 4)
    assert humanise.swung(step * 4 + 2, swing) == pytest.approx(step * 4 + 4 * swing)
    assert humanise.swung(step, swing) < humanise.swung(step + 1, swing)


def test_deviations_are_small() -> None:
    """No note is off by more than 12 ms, however late the lead plays."""
    drawn = humanise.deviations(5000, 0.006, np.random.default_rng(0), late=0.006)
    assert np.abs(drawn).max() <= 0.012
    assert drawn.mean() > 0.003


def test_a_phrase_rises_to_its_top_note() -> None:
    """Velocities rise to the phrase's top note and fall to its end, and stay between 45 and 100."""
    notes = [Note(step * 2 + 1, 2, pitch) for step, pitch in enumerate([60, 62, 64, 67, 72, 69, 65, 62, 60])]
    loud = humanise.phrased(notes, 66, FOUR_FOUR, np.random.default_rng(0), depth=24)
    velocities = [note.velocity for note in loud]
    assert velocities[4] == max(velocities)
    assert velocities[0] < velocities[2] < velocities[4] > velocities[6] > velocities[8]
    assert all(45 <= velocity <= 100 for velocity in velocities)


def test_strong_beats_are_accented() -> None:
    """On a flat line the first beat is the loudest of its bar on average."""
    notes = [Note(step, 2, 60) for step in range(0, 640, 2)]
    loud = humanise.phrased(notes, 66, FOUR_FOUR, np.random.default_rng(0), depth=0)
    first = np.mean([note.velocity for note in loud if note.onset % 16 == 0])
    weak = np.mean([note.velocity for note in loud if note.onset % 4 == 2])
    assert first > weak + 5
