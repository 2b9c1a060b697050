"""Older motifs come back changed: in another register, another metre, or another mode than they were heard in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from latentfm.brief import Brief, Idea, Key, LatentPoint
from latentfm.compose import candidates, motifs, walk
from latentfm.compose.motifs import Frame, Motif, Pool
from latentfm.models.events import MAX_PITCH, MIN_PITCH, Labels, MelodyNote, notes_to_labels
from latentfm.models.music_vae import MusicVAE
from latentfm.music import melody, metre
from latentfm.music.metre import EIGHTH, Metre
from latentfm.music.note import Note
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
    """What comes back, how slowly it is read now, and around which pitch; None leaves that to the section.

    ``labels`` are the model's, int16 ``[steps]``, and ``point`` lies in its latent space.
    """

    idea: Idea
    stretch: int
    centre: float | None
    labels: Labels
    point: LatentPoint


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


def in_metre(remembered: str, steps: int, was: Metre, now: Metre) -> tuple[str, int]:
    """Return a remembered tune and its steps in another metre: bar by bar, on the eighth that is nearest to each note.

    Where two notes come to lie together the first stays, so the contour is kept.
    """
    if was == now:
        return remembered, steps
    share = now.steps_per_bar / was.steps_per_bar
    tokens: list[str] = []
    taken: set[int] = set()
    skipped = 0  # semitones of notes that were left out
    for token in remembered.split():
        sign = max(token.find("+"), token.find("-"))
        onset = EIGHTH * round(int(token if sign < 0 else token[:sign]) * share / EIGHTH)
        move = None if sign < 0 else int(token[sign:]) + skipped
        if onset in taken or onset >= steps * share:
            skipped = move or 0
            continue
        taken.add(onset)
        skipped = 0
        tokens.append(f"{onset}" if move is None else f"{onset}{move:+d}")
    return " ".join(tokens), round(steps * share)


def usable(brief: Brief) -> tuple[Idea, ...]:
    """Return what is remembered, without the last section if there are older ones."""
    carry = brief.carry
    if carry is None:
        return ()
    known = carry.motifs
    return tuple(idea for idea in known if carry.section - idea.section >= _SECTIONS_AGO) or known


def choose(brief: Brief, vae: MusicVAE, voice: Voice, unit_steps: int, rng: np.random.Generator) -> Return | None:
    """Choose what comes back in a section, and how it is changed; None when nothing is remembered that could.

    Args:
        brief: its carry remembers motifs.
        vae: the melody model; a motif from another one's latent space, or in another metre, is encoded anew.
        voice: the lead.
        unit_steps: steps of the section that a motif lasts.
        rng: where chance comes from.
    """
    known = usable(brief)
    if not known:
        return None
    idea = known[int(rng.integers(len(known)))]
    own, beats = brief.playlist.form.motif_stretch, metre.of(brief.playlist)
    tune_here, point = _here(idea, brief, vae, beats)
    others = [
        reading
        for reading in READINGS
        if reading in (own // 2, own * 2) and reading != idea.stretch and unit_steps // reading >= beats.steps_per_bar
    ]
    if others and rng.random() < _ANOTHER_METRE:
        return Return(idea, others[int(rng.integers(len(others)))], None, tune_here, point)
    places = [min(max(idea.pitch + side * _APART, voice.low + _EDGE), voice.high - _EDGE) for side in (1, -1)]
    apart = [place for place in places if abs(place - idea.pitch) >= _REGISTER]
    apart = apart or [max(places, key=lambda place: abs(place - idea.pitch))]
    return Return(idea, own, apart[int(rng.integers(len(apart)))], tune_here, point)


def _here(idea: Idea, brief: Brief, vae: MusicVAE, beats: Metre) -> tuple[Labels, LatentPoint]:
    """Return a motif as the model's labels in the mood's metre, and its point in the model's latent space."""
    written = labels(*in_metre(idea.tune, idea.steps, metre.METRES[idea.metre], beats))
    space = brief.models.get(brief.playlist.walks_in, "")
    native = len(idea.latent) == vae.z_size and idea.metre == beats.name
    if native and (not space or not idea.space or idea.space == space):
        return written, idea.latent
    means, _ = vae.encode(windows(written, vae.steps))
    return written, walk.plain(means[0])


def windows(written: Labels, steps: int) -> Labels:
    """Return a tune as one window of a model, int16 ``[1, steps]``, again and again if it is shorter."""
    return np.tile(written, -(-steps // len(written)))[None, :steps]


def pool(
    vae: MusicVAE,
    back: Return,
    playlist: Playlist,
    frame: Frame,
    unit_steps: int,
    rng: np.random.Generator,
) -> Pool:
    """Return the motif that comes back as the first of a point's drafts, with decodings around it to vary it by."""
    decoded, likelihood = walk.around(vae, np.array(back.point, dtype=np.float32), playlist, rng)
    rows = np.concatenate([windows(back.labels, vae.steps), decoded])
    steps = unit_steps // back.stretch
    rows = np.tile(rows, (1, -(-steps // vae.steps)))
    batch = candidates.read(
        rows,
        np.concatenate([likelihood[:1], likelihood]),
        stretch=back.stretch,
        steps=min(steps, rows.shape[1]),
        metre=metre.of(playlist),
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


def report(back: Return, aired: Motif, key: Key, beats: Metre) -> dict[str, Any]:
    """Say what came back and how it was changed, as JSON values that a visitor could be told."""
    pitch = mean_pitch(aired.notes)
    idea = back.idea
    changes = {
        "mode": key.mode != idea.mode,
        "metre": back.stretch != idea.stretch or beats.name != idea.metre,
        "register": abs(pitch - idea.pitch) >= _REGISTER,
    }
    return {
        "section": idea.section,
        "title": idea.title,
        "tune": idea.tune,
        "changed": [name for name, changed in changes.items() if changed],
        "was": {"mode": idea.mode, "metre": idea.metre, "stretch": idea.stretch, "pitch": idea.pitch},
        "is": {"mode": key.mode, "metre": beats.name, "stretch": back.stretch, "pitch": pitch},
    }


def mean_pitch(notes: Sequence[Note]) -> float:
    """Return the mean MIDI pitch of a motif, to a tenth."""
    return round(float(np.mean([note.pitch for note in notes])), 1)
