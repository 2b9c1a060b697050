"""Drums in nine classes.

Source: DrumsConverter in magenta/models/music_vae/data.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentfm.models.events import DRUM_CLASS, Labels, drum_label_to_pitches
from latentfm.models.extraction import drum_tracks
from latentfm.models.music_vae.converters import base
from latentfm.noteseq import NoteSequence, part


@dataclass(frozen=True, kw_only=True)
class DrumsConverter(base.EventConverter):
    """Drums to windows and back."""

    def sequence(self, labels: Labels) -> NoteSequence:
        """Return the NoteSequence of one window, at 120 quarters a minute; one pitch stands for each class."""
        track = part("drums_lib").DrumTrack(
            events=[frozenset(drum_label_to_pitches(int(label))) for label in labels],
            steps_per_bar=self.steps_per_bar,
            steps_per_quarter=base.STEPS_PER_QUARTER,
        )
        found: NoteSequence = track.to_sequence(velocity=base.VELOCITY)
        return found

    def pieces(self, sequence: NoteSequence) -> list[tuple[Any, ...]]:
        """Return the drum classes hit at each step of each window."""
        found = base.quantised(sequence, self.steps_per_bar)
        if found is None:
            return []
        notes = [note for note in found.notes if note.is_drum and note.pitch in DRUM_CLASS]
        for note in notes:
            note.pitch = DRUM_CLASS[note.pitch]
        kept = NoteSequence()
        kept.CopyFrom(found)
        del kept.notes[:]
        kept.notes.extend(notes)
        pieces: list[tuple[Any, ...]] = []
        for track in drum_tracks(kept, self.bounds(), Counter()):
            pieces += self.sliced(track, kept.total_quantized_steps)
        return pieces

    def labels(self, piece: tuple[Any, ...]) -> Labels:
        """Return a window as labels."""
        return np.array([sum(1 << drum for drum in event) for event in piece], np.int16)
