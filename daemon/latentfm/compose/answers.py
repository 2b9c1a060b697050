"""Call and response: the VAE's motif calls, the RNN answers in its register and rhythm, and leads on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.compose import candidates, motifs
from latentfm.compose.candidates import Batch
from latentfm.compose.memory import Memory
from latentfm.compose.motifs import Frame, Joins, Motif
from latentfm.compose.walk import score
from latentfm.models.event_rnn import EventRNN
from latentfm.models.events import MelodyNote, events_to_labels, labels_to_events, notes_to_labels
from latentfm.music import metre
from latentfm.music.note import Note
from latentfm.playlist import Playlist

_RHYTHM_WEIGHT: Final = 2.0
_ENDING_WEIGHT: Final = 6.0
_RESTING_WEIGHT: Final = 1.5


def events_of(notes: Sequence[Note], start: int, steps: int, stretch: int) -> list[int]:
    """Return notes of the section's grid as a melody RNN's events, read ``stretch`` times faster.

    Args:
        notes: the lead so far.
        start: step of the section at which the events begin.
        steps: events wanted.
        stretch: steps of the section in one event.
    """
    played = [
        MelodyNote((note.onset - start) // stretch, max(note.length // stretch, 1), note.pitch)
        for note in notes
        if start <= note.onset < start + steps * stretch
    ]
    return labels_to_events(notes_to_labels(played, steps))


def _endings(batch: Batch) -> NDArray[np.float64]:
    """Return how much longer each draft's last note is than the one before it, as a share of the draft, ``[n]``."""
    last = batch.steps - 1 - np.argmax(batch.on[:, ::-1], axis=1)
    rows = np.arange(len(batch))
    without = batch.on.copy()
    without[rows, last] = False
    before = batch.steps - 1 - np.argmax(without[:, ::-1], axis=1)
    longer = batch.length[rows, last] - batch.length[rows, before]
    return np.asarray(np.clip(longer / batch.steps, -0.25, 0.25), dtype=np.float64)


def _resting(batch: Batch, tones: tuple[int, ...]) -> NDArray[np.float64]:
    """Say which drafts end on one of the pitch classes, 1.0 or 0.0 ``[n]``."""
    last = batch.steps - 1 - np.argmax(batch.on[:, ::-1], axis=1)
    ends = batch.pitch[np.arange(len(batch)), last] % 12
    return np.isin(ends, tones).astype(np.float64)


def answer(
    rnn: EventRNN,
    primer: Sequence[int],
    *,
    symbols: Sequence[str],
    frame: Frame,
    places: Sequence[int],
    steps: int,
    playlist: Playlist,
    rng: np.random.Generator,
    heard: Memory | None = None,
    joins: Joins | None = None,
) -> Motif:
    """Let the RNN go on from a primer, and choose the continuation that answers best.

    Args:
        rnn: the melody RNN.
        primer: what was played, from the start of a bar on, in the model's time.
        symbols: the chord of each of its steps and of those of the answer, for a model that follows chords.
        frame: key and register; its centre is the call's.
        places: the chords of the answer in the frame's vocabulary.
        steps: events wanted, as many as the call has.
        playlist: density, rests, temperature, and how many continuations to draw.
        rng: where chance comes from.
        heard: motifs that need no repeating.
        joins: what comes before and after it.

    Returns:
        The answer from step 0.
    """
    temperature, count = playlist.models.rnn_temperature, playlist.melody.candidates
    chords = symbols if rnn.follows_chords else ()
    drawn = rnn.continue_primer(list(primer), steps, rng, temperature, count, chords=chords)
    labels = np.stack([events_to_labels([e for e in one.events if isinstance(e, int)]) for one in drawn])
    likelihood = np.array([one.log_likelihood for one in drawn])
    batch = candidates.read(
        labels, likelihood, stretch=playlist.form.motif_stretch, steps=steps, metre=metre.of(playlist)
    )
    call = np.array([event >= 0 for event in primer[-steps:]])
    merit = score(batch, playlist)
    merit += _RHYTHM_WEIGHT * candidates.rhythm_likeness(batch, call)
    merit += _ENDING_WEIGHT * _endings(batch)
    merit += _RESTING_WEIGHT * _resting(batch, frame.vocabulary[places[-1]].tones)
    drafts = motifs.pool(batch, merit, frame, fixed=True, heard=heard)
    return motifs.refine(drafts, [places], joins or Joins())
