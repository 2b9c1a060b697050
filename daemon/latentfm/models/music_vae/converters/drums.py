"""Drums in nine classes.

Source: DrumsConverter in magenta/models/music_vae/data.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

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

    def windows_of_part(
        self, sequence: NoteSequence, limit: int | None, rng: np.random.Generator | None
    ) -> list[Labels]:
        """Return the distinct windows of a stretch in one tempo and metre."""
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
        pieces: list[tuple[frozenset[int], ...]] = []
        for track in drum_tracks(kept, self.bounds(), Counter()):
            pieces += self.sliced(track, kept.total_quantized_steps)
        chosen = base.some(base.distinct(pieces), limit, rng)
        return [np.array([sum(1 << drum for drum in event) for event in piece], np.int16) for piece in chosen]
