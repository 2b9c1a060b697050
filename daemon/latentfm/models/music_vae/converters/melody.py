"""Melodies: the highest note of each step, from any instrument.

Source: OneHotMelodyConverter in magenta/models/music_vae/data.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from latentfm.models.events import MAX_PITCH, MIN_PITCH, Labels, events_to_labels, labels_to_events
from latentfm.models.extraction import melodies
from latentfm.models.music_vae.converters import base
from latentfm.noteseq import NoteSequence, part


@dataclass(frozen=True, kw_only=True)
class MelodyConverter(base.EventConverter):
    """Melodies to windows and back; of certain programs only, where these are named."""

    valid_programs: range | None = None

    def sequence(self, labels: Labels) -> NoteSequence:
        """Return the NoteSequence of one window, at 120 quarters a minute."""
        melody = part("melodies_lib").Melody(steps_per_bar=self.steps_per_bar, steps_per_quarter=base.STEPS_PER_QUARTER)
        for event in labels_to_events(labels):
            melody.append(event)
        found: NoteSequence = melody.to_sequence(velocity=base.VELOCITY, qpm=base.QPM)
        return found

    def pieces(self, sequence: NoteSequence) -> list[tuple[Any, ...]]:
        """Return the events of each window, in tuples of one.

        Magenta puts chords beside them: it is by such tuples that its sets are ordered.
        """
        kept = NoteSequence()
        kept.CopyFrom(sequence)
        del kept.notes[:]
        kept.notes.extend(note for note in sequence.notes if self._is_valid(note))
        found = base.quantised(kept, self.steps_per_bar)
        if found is None:
            return []
        pieces: list[tuple[Any, ...]] = []
        bounds = self.bounds(min_unique_pitches=1, ignore_polyphonic_notes=True)
        for melody in melodies(found, bounds, Counter()):
            cut = self.sliced(melody, found.total_quantized_steps)
            pieces += [tuple((event,) for event in piece) for piece in cut]
        return pieces

    def labels(self, piece: tuple[Any, ...]) -> Labels:
        """Return a window as labels."""
        return events_to_labels([event for (event,) in piece])

    def _is_valid(self, note: NoteSequence.Note) -> bool:
        if self.valid_programs is not None and note.program not in self.valid_programs:
            return False
        return bool(MIN_PITCH <= note.pitch <= MAX_PITCH)
