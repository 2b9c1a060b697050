"""Older motifs come back changed: in another register, another metre, or another mode than they were heard in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from latentfm.brief import Brief, Idea, Key
from latentfm.compose import candidates, motifs, walk
from latentfm.compose.motifs import Frame, Motif, Pool
from latentfm.models.events import MAX_PITCH, MIN_PITCH, Labels, MelodyNote, notes_to_labels
from latentfm.models.music_vae import MusicVAE
from latentfm.music import melody
from latentfm.music.note import STEPS_PER_BAR, Note
from latentfm.playlist import Playlist, Voice

READINGS: Final = (1, 2, 4)  # as they are written, in half time, in quarter time
_ANOTHER_METRE: Final = 0.5  # chance of a return in another time, where there is one
_SECTIONS_AGO: Final = 2  # a motif has to have been away before it can come back
_REGISTER: Final = 5.0  # semitones between the means of what a listener takes for two registers
_APART: Final = 8.0  # semitones that are aimed at
_EDGE: Final = 5  # semitones from the mean of a motif to the end of the voice's range
_ITSELF: Final = 20.0  # what it is worth that the motif comes back, and not one of its neighbours
_SAME_REGISTER: Final = 50.0  # what it costs to come back where it was
_START: Final = 60  # pitch that a remembered tune is written from; it is transposed anyway


@dataclass(frozen=True)
class Return:
    """What comes back, how slowly it is read now, and around which pitch; None leaves that to the section."""

    idea: Idea
    stretch: int
    centre: float | None


def tune(notes: Sequence[Note], stretch: int) -> str:
    """Write a motif from step 0 as it is remembered: its fingerprint in the model's own steps."""
    return melody.fingerprint([replace(note, onset=note.onset // stretch) for note in notes])


def labels(remembered: str, steps: int) -> Labels:
    """Read a remembered tune as a melody model's labels, int16 ``[steps]``; notes last until the next."""
    onsets: list[int] = []
    pitches: list[int] = []
    for token in remembered.split():
        sign = max(token.find("+"), token.find("-"))
        onsets.append(int(token if sign < 0 else token[:sign]))
        pitches.append(_START if sign < 0 else min(max(pitches[-1] + int(token[sign:]), MIN_PITCH), MAX_PITCH))
    ends = [*onsets[1:], steps]
    return notes_to_labels(
        [
            MelodyNote(onset, end - onset, pitch)
            for onset, end, pitch in zip(onsets, ends, pitches, strict=True)
            if onset < steps
        ],
        steps,
    )


def usable(brief: Brief, z_size: int) -> tuple[Idea, ...]:
    """Return what is remembered from a latent space of this size, without the last section if there are older ones."""
    carry = brief.carry
    if carry is None:
        return ()
    known = tuple(idea for idea in carry.motifs if len(idea.latent) == z_size)
    return tuple(idea for idea in known if carry.section - idea.section >= _SECTIONS_AGO) or known


def choose(brief: Brief, z_size: int, voice: Voice, unit_steps: int, rng: np.random.Generator) -> Return | None:
    """Choose what comes back in a section, and how it is changed; None when nothing is remembered that could.

    Args:
        brief: its carry remembers motifs.
        z_size: of the melody model; motifs from another latent space can't come back.
        voice: the lead.
        unit_steps: steps of the section that a motif lasts.
        rng: where chance comes from.
    """
    known = usable(brief, z_size)
    if not known:
        return None
    idea = known[int(rng.integers(len(known)))]
    own = brief.playlist.form.motif_stretch
    others = [
        reading
        for reading in READINGS
        if reading in (own // 2, own * 2) and reading != idea.stretch and unit_steps // reading >= STEPS_PER_BAR
    ]
    if others and rng.random() < _ANOTHER_METRE:
        return Return(idea, others[int(rng.integers(len(others)))], None)
    places = [min(max(idea.pitch + side * _APART, voice.low + _EDGE), voice.high - _EDGE) for side in (1, -1)]
    apart = [place for place in places if abs(place - idea.pitch) >= _REGISTER]
    apart = apart or [max(places, key=lambda place: abs(place - idea.pitch))]
    return Return(idea, own, apart[int(rng.integers(len(apart)))])


def pool(
    vae: MusicVAE,
    back: Return,
    playlist: Playlist,
    frame: Frame,
    unit_steps: int,
    rng: np.random.Generator,
) -> Pool:
    """Return the motif that comes back as the first of a point's drafts, with decodings around it to vary it by."""
    decoded, likelihood = walk.around(vae, np.array(back.idea.latent, dtype=np.float32), playlist, rng)
    own = labels(back.idea.tune, back.idea.steps)
    rows = np.concatenate([np.tile(own, -(-vae.steps // len(own)))[None, : vae.steps], decoded])
    steps = unit_steps // back.stretch
    rows = np.tile(rows, (1, -(-steps // vae.steps)))
    batch = candidates.read(
        rows, np.concatenate([likelihood[:1], likelihood]), stretch=back.stretch, steps=min(steps, rows.shape[1])
    )
    worth = walk.score(batch, playlist)
    worth[0] += _ITSELF
    drafts = motifs.pool(batch, worth, frame)
    if back.centre is not None:
        mean = (batch.pitch.sum(axis=1) / np.maximum(batch.counts, 1))[:, None] + drafts.semitones
        drafts.merit[:] -= _SAME_REGISTER * (np.abs(mean - back.idea.pitch) < _REGISTER)
    return drafts


def second_half(drafts: Pool, first: Motif) -> Motif | None:
    """Return what goes on from a motif of which only half fits a unit, because it is read more slowly now."""
    windows = len(drafts.batch) // 2
    other = motifs.Choice(first.choice.draft + windows, first.choice.up)
    if other.draft >= len(drafts.batch):
        return None
    notes = drafts.batch.notes(other.draft, first.semitones)
    return Motif(other, notes, first.semitones) if len(notes) > 1 else None


def report(back: Return, aired: Motif, key: Key) -> dict[str, Any]:
    """Say what came back and how it was changed, as JSON values that a visitor could be told."""
    pitch = mean_pitch(aired.notes)
    idea = back.idea
    changes = {
        "mode": key.mode != idea.mode,
        "metre": back.stretch != idea.stretch,
        "register": abs(pitch - idea.pitch) >= _REGISTER,
    }
    return {
        "section": idea.section,
        "title": idea.title,
        "tune": idea.tune,
        "changed": [name for name, changed in changes.items() if changed],
        "was": {"mode": idea.mode, "stretch": idea.stretch, "pitch": idea.pitch},
        "is": {"mode": key.mode, "stretch": back.stretch, "pitch": pitch},
    }


def mean_pitch(notes: Sequence[Note]) -> float:
    """Return the mean MIDI pitch of a motif, to a tenth."""
    return round(float(np.mean([note.pitch for note in notes])), 1)
