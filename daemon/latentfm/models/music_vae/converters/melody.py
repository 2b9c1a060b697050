"""Melodies: the highest note of each step, from any instrument.

Source: OneHotMelodyConverter in magenta/models/music_vae/data.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from latentfm.models.events import MAX_PITCH, MIN_PITCH, Labels, events_to_labels, labels_to_events
from latentfm.models.extraction import Bounds, melodies
from latentfm.models.music_vae.converters import base
from latentfm.noteseq import NoteSequence, part


@dataclass(frozen=True)
class MelodyConverter:
    """Melodies to windows and back.

    Args of its construction, under Magenta's names: ``slice_bars`` is the length of a window (whole melodies
    without), ``gap_bars`` of silence end a melody, ``max_bars`` cut it; ``pad_to_total_time`` makes a melody as long as
    its NoteSequence.
    """

    slice_bars: int | None = 2
    steps_per_bar: int = 16
    valid_programs: range | None = None
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
        """Return the NoteSequence of one window, at 120 quarters a minute."""
        melody = part("melodies_lib").Melody(steps_per_bar=self.steps_per_bar, steps_per_quarter=base.STEPS_PER_QUARTER)
        for event in labels_to_events(labels):
            melody.append(event)
        found: NoteSequence = melody.to_sequence(velocity=base.VELOCITY, qpm=base.QPM)
        return found

    def _windows(self, sequence: NoteSequence, limit: int | None, rng: np.random.Generator | None) -> list[Labels]:
        kept = NoteSequence()
        kept.CopyFrom(sequence)
        del kept.notes[:]
        kept.notes.extend(note for note in sequence.notes if self._is_valid(note))
        found = base.quantised(kept, self.steps_per_bar)
        if found is None:
            return []
        bounds = Bounds(
            min_bars=1,
            max_steps=self.max_bars * self.steps_per_bar if self.max_bars else None,
            gap_bars=self.gap_bars or float("inf"),
            min_unique_pitches=1,
            ignore_polyphonic_notes=True,
            pad_end=True,
        )
        steps = self.slice_bars * self.steps_per_bar if self.slice_bars else None
        # events in tuples of one, as Magenta puts chords beside them: it is by those that its sets are ordered
        pieces: list[tuple[tuple[int, ...], ...]] = []
        for melody in melodies(found, bounds, Counter()):
            if self.pad_to_total_time:
                base.padded(melody, found.total_quantized_steps)
            cut = base.sliced(melody, steps, self.steps_per_bar)
            pieces += [tuple((event,) for event in piece) for piece in cut]
        chosen = base.some(base.distinct(pieces), limit, rng)
        return [events_to_labels([event for (event,) in piece]) for piece in chosen]

    def _is_valid(self, note: NoteSequence.Note) -> bool:
        if self.valid_programs is not None and note.program not in self.valid_programs:
            return False
        return bool(MIN_PITCH <= note.pitch <= MAX_PITCH)
