"""How far leads are from the tunes that the models learnt from: Jensen-Shannon distances of histograms."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from latentfm.compose import Section
from latentfm.models.events import labels_to_notes
from latentfm.models.music_vae import MusicVAE
from latentfm.music import metre
from latentfm.music.figures import duration_histogram, interval_histogram, jensen_shannon
from latentfm.music.humanise import swung
from latentfm.music.metre import STEPS_PER_QUARTER
from latentfm.music.note import Note
from latentfm.playlist import MetreName, Playlist

Histogram = NDArray[np.float64]
_FILE = Path(__file__).with_name("corpus.json")  # see its note, and training/editions/histograms.py
_SAMPLES = 1000  # windows of the prior


class Counts(BaseModel):
    """Intervals ``[49]`` and durations ``[16]`` as ``music.figures`` counts them, in the motif's own time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intervals: tuple[int, ...]
    durations: tuple[int, ...]

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both."""
        return Counts(
            intervals=tuple(a + b for a, b in zip(self.intervals, other.intervals, strict=True)),
            durations=tuple(a + b for a, b in zip(self.durations, other.durations, strict=True)),
        )

    def distance(self, other: Counts) -> tuple[float, float]:
        """Return the Jensen-Shannon distances of intervals and of durations, 0 to 1."""
        return (
            jensen_shannon(np.array(self.intervals, float), np.array(other.intervals, float)),
            jensen_shannon(np.array(self.durations, float), np.array(other.durations, float)),
        )


class Corpus(BaseModel):
    """The tunes of a metre as written, in two halves by tune, and windows as they were drawn in training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tunes: int
    corpus: Counts
    halves: tuple[Counts, Counts]
    learnt: Counts


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    note: str
    metres: dict[MetreName, Corpus]


@cache
def load(name: MetreName = "4/4") -> Corpus:
    """Return the histograms that ship of the tunes in a metre."""
    return _Document.model_validate_json(_FILE.read_bytes()).metres[name]


def counts(notes: list[Note]) -> Counts:
    """Count the intervals and durations of a melody."""
    return Counts(
        intervals=tuple(interval_histogram(notes).astype(int).tolist()),
        durations=tuple(duration_histogram(notes).astype(int).tolist()),
    )


def lead_of(section: Section, playlist: Playlist) -> list[Note]:
    """Return a section's lead on the grid, as it was before swing and the hands' deviations."""
    instrument = next(index for index, voice in enumerate(playlist.voices) if voice.role == "lead")
    step_seconds = 60.0 / section.qpm / STEPS_PER_QUARTER
    steps = section.form.bars * metre.of(playlist).steps_per_bar
    grid = np.array([swung(step, playlist.tempo.swing) for step in range(steps + 1)])

    def step(seconds: float) -> int:
        return int(np.abs(grid - seconds / step_seconds).argmin())

    notes = [note for note in section.sequence.notes if note.instrument == instrument]
    lead = [(step(note.start_time), step(note.end_time), note.pitch) for note in notes]
    return sorted(Note(start, max(end - start, 1), pitch) for start, end, pitch in lead)


def of_section(section: Section, playlist: Playlist) -> Counts:
    """Count a section's lead, durations in the motif's own time: a mood in half time has its steps halved."""
    slow = playlist.form.motif_stretch
    return counts([Note(note.onset // slow, note.length, note.pitch) for note in lead_of(section, playlist)])


def of_prior(vae: MusicVAE, temperature: float, seed: int = 1) -> Counts:
    """Count windows drawn from a model's prior, as it writes them."""
    _, drawn = vae.sample(_SAMPLES, np.random.default_rng(seed), temperature)
    total = counts([])
    for labels in drawn.labels:
        total += counts([Note(note.onset, note.length, note.pitch) for note in labels_to_notes(labels)])
    return total
