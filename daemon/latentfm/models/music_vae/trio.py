"""The parts of a trio: sixteen bars of melody, bass and drums at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfm.models.events import Labels


@dataclass(frozen=True)
class Trio:
    """Three parts of windows, labels int16 ``[n, steps]`` each.

    Melody and bass are melody labels (`events.labels_to_notes`), drums are drum labels
    (`events.drum_label_to_pitches`).
    """

    melody: Labels
    bass: Labels
    drums: Labels


def trio_of(labels: Labels) -> Trio:
    """Return the parts of a trio's labels ``[n, steps, 3]``."""
    melody, bass, drums = (np.ascontiguousarray(labels[..., part]) for part in range(3))
    return Trio(melody, bass, drums)
