"""Pieces to learn from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from latentfm.noteseq import NoteSequence, constants

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@pytest.fixture
def piece() -> Callable[..., NoteSequence]:
    """Return a function that writes a melody in quarters at 120 qpm, with what else is asked for."""

    def write(
        title: str, bars: int = 8, metre: tuple[int, int] = (4, 4), shift: int = 0, **instrument: Any
    ) -> NoteSequence:
        sequence = NoteSequence(ticks_per_quarter=constants.STANDARD_PPQ, filename=f"{title}.mid")
        sequence.sequence_metadata.title = title
        sequence.tempos.add(qpm=120)
        sequence.time_signatures.add(numerator=metre[0], denominator=metre[1])
        quarters = bars * 4 * metre[0] // metre[1]
        rng = np.random.default_rng(list(title.lower().encode()))
        for beat in range(quarters):
            pitch = int(rng.choice(SCALE)) + shift
            times = {"start_time": beat / 2, "end_time": (beat + 1) / 2}
            sequence.notes.add(pitch=pitch, velocity=80, **times, **instrument)
        sequence.total_time = quarters / 2
        return sequence

    return write
