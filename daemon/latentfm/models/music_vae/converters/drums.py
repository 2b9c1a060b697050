"""Drums in nine classes.

Source: DrumsConverter in magenta/models/music_vae/data.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from latentfm.models.events import DRUM_CLASS, Labels, drum_label_to_pitches
from latentfm.models.extraction import Bounds, drum_tracks
from latentfm.models.music_vae.converters import base
from latentfm.noteseq import NoteSequence, part


@dataclass(frozen=True)
class DrumsConverter:
    """Drums to windows and back; the construction's names are those of `MelodyConverter`."""

    slice_bars: int | None = 2
    steps_per_bar: int = 16
    max_bars: int | None = 100
    gap_bars: float | None = 1.0
    pad_to_total_time: bool = False
    presplit: bool = True

    def windows(
        self, sequence: NoteSequence, limit: int | None = None, rng: np.random.Generator | None = None
    ) -> list[Labels]:
        """Return the distinct windows of a NoteSequence; see `base.Converter`."""
        if not self.presplit:
            return base.some(self._windows(sequence, limit, rng), limit, rng)
        return base.of_each_part(sequence, lambda piece: self._windows(piece, limit, rng), limit, rng)

    def sequence(self, labels: Labels) -> NoteSequence:
        """Return the NoteSequence of one window, at 120 quarters a minute; one pitch stands for each class."""
        track = part("drums_lib").DrumTrack(
            events=[frozenset(drum_label_to_pitches(int(label))) for label in labels],
            steps_per_bar=self.steps_per_bar,
            steps_per_quarter=base.STEPS_PER_QUARTER,
        )
        found: NoteSequence = track.to_sequence(velocity=base.VELOCITY)
        return found

    def _windows(self, sequence: NoteSequence, limit: int | None, rng: np.random.Generator | None) -> list[Labels]:
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
        bounds = Bounds(
            min_bars=1,
            max_steps=self.max_bars * self.steps_per_bar if self.max_bars else None,
            gap_bars=self.gap_bars or float("inf"),
            pad_end=True,
        )
        steps = self.slice_bars * self.steps_per_bar if self.slice_bars else None
        pieces: list[tuple[frozenset[int], ...]] = []
        for track in drum_tracks(kept, bounds, Counter()):
            if self.pad_to_total_time:
                base.padded(track, kept.total_quantized_steps)
            pieces += base.sliced(track, steps, self.steps_per_bar)
        chosen = base.some(base.distinct(pieces), limit, rng)
        return [np.array([sum(1 << drum for drum in event) for event in piece], np.int16) for piece in chosen]
