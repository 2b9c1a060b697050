"""Sixteen bars at once: melody, bass and drums by a MusicVAE of trios, and the chords that they imply.

The frame is fitted to what was drawn: of several trios of each point of the walk, and of all transpositions, the one is
taken that lies best in the section's key; the chords are those of the key that its melody and bass agree with. Only the
pad is written to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Brief
from latentfm.compose import candidates, repair
from latentfm.compose.candidates import Batch, Floats
from latentfm.compose.lead import Draft, Task
from latentfm.compose.motifs import Choice, Frame, Motif
from latentfm.compose.walk import End, Walk, arc, from_carry, score
from latentfm.models.music_vae import Decoded, trio_of
from latentfm.music import melody, metre
from latentfm.music.chords import Chord
from latentfm.music.note import Note, between, shift
from latentfm.playlist import Playlist, Voice

CANDIDATES: Final = 8  # trios drawn for each point: they are large
_NEARBY: Final = 0.25
_MODE_WEIGHT: Final = 18.0  # for the melody; the bass counts half
_BASS_WEIGHT: Final = 1.5  # of the bass's notes beside the melody's, where chords are looked for
_ROOT: Final = 0.6  # what it is worth that the bass stands on a chord's root
_STAYS: Final = 0.1  # what it is worth that a chord goes on


@dataclass(frozen=True)
class Band:
    """What a trio plays beside the lead: its bass in the key and as drawn, and a drum label for each step."""

    bass: tuple[Note, ...]
    written: tuple[Note, ...]
    drums: NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Trios of one point, the best first: melodies, basses and drums, and how well each lies in a transposition."""

    lead: Batch
    bass: Batch
    drums: NDArray[np.int64]
    worth: Floats  # ``[n, 12]``


def plan(brief: Brief, task: Task, rng: np.random.Generator) -> Walk:
    """Choose the two ends of the section's walk: where the last one ended, and a new point.

    Raises:
        ComposeError: the carry comes from a model with another latent space.
    """
    vae = task.players.melody_vae
    start = from_carry(brief, vae.z_size)
    points = rng.standard_normal((2, vae.z_size), dtype=np.float32)
    return Walk(arc(points[0] if start is None else start, points[1], 2), End(points[1]), 0.0)


def draw(task: Task, places: Walk, rng: np.random.Generator) -> dict[int, Drawn]:
    """Decode each point that the form uses, and its near surroundings."""
    vae, playlist = task.players.melody_vae, task.playlist
    drawn: dict[int, Drawn] = {}
    for point in sorted({unit.point for unit in task.form.units}):
        near = places.points[point][None] + _NEARBY * rng.standard_normal((CANDIDATES, vae.z_size), dtype=np.float32)
        near[0] = places.points[point]
        drawn[point] = _judged(vae.decode(near, rng, playlist.models.vae_temperature), task)
    return drawn


def _judged(decoded: Decoded, task: Task) -> Drawn:
    parts, beats = trio_of(decoded.labels), metre.of(task.playlist)
    steps = parts.melody.shape[1]
    lead, bass = (
        candidates.read(labels, decoded.log_likelihood, stretch=1, steps=steps, metre=beats)
        for labels in (parts.melody, parts.bass)
    )
    strange = (1.0 - candidates.mode_share(lead, task.key)) + 0.5 * (1.0 - candidates.mode_share(bass, task.key))
    worth = score(lead, task.playlist)[:, None] - _MODE_WEIGHT * strange
    return Drawn(lead, bass, parts.drums.astype(np.int64), worth)


def write(task: Task, drawn: dict[int, Drawn], rank: int) -> tuple[Draft, Band]:
    """Put the ``rank``-th best trio of each point where the form has it, and find the chords."""
    form, beats = task.form, metre.of(task.playlist)
    frame = Frame.of(task.key, task.playlist.harmony.bars_per_chord * beats.steps_per_bar, 0, 127, 0.0)
    units: list[tuple[Note, ...]] = []
    chords: list[Chord] = []
    bass: list[Note] = []
    drums: list[NDArray[np.int64]] = []
    motifs: dict[int, Motif] = {}
    chosen = {point: _choice(one, rank) for point, one in drawn.items()}
    implied = {point: _chords(drawn[point], choice, frame) for point, choice in chosen.items()}
    size = next(iter(drawn.values())).lead.steps
    block = size // (form.units[0].bars * beats.steps_per_bar)  # units that a trio lasts
    for index in range(0, len(form.units), block):
        first = form.units[index]
        one, choice, start = drawn[first.point], chosen[first.point], first.bar * beats.steps_per_bar
        line = _placed(one.lead, choice, task.voice)
        motifs.setdefault(first.point, Motif(choice, line, 0))
        for number in range(block):
            begin = number * size // block
            units.append(shift(between(line, begin, begin + size // block), start))
        bass += shift(_placed(one.bass, choice, _bass_voice(task.playlist)), start)
        drums.append(one.drums[choice.draft])
        chords += implied[first.point]
    fingerprints = dict.fromkeys(
        melody.fingerprint(shift(unit, -start)) for unit, (start, _) in zip(units, _starts(task), strict=True)
    )
    letters = tuple("ABCD"[unit.point] for unit in form.units)
    draft = Draft(tuple(units), tuple(chords), tuple(fingerprints), letters, (), motifs, None)
    return draft, Band(repair.into_mode(bass, task.key), tuple(bass), np.concatenate(drums))


def _starts(task: Task) -> list[tuple[int, int]]:
    bar = metre.of(task.playlist).steps_per_bar
    return [(unit.bar * bar, (unit.bar + unit.bars) * bar) for unit in task.form.units]


def _choice(one: Drawn, rank: int) -> Choice:
    order = np.argsort(-one.worth.max(axis=1), kind="stable")
    draft = int(order[rank % len(order)])
    return Choice(draft, int(one.worth[draft].argmax()))


def _placed(batch: Batch, choice: Choice, voice: Voice) -> tuple[Note, ...]:
    """Return a part in its transposition, in the octave that suits its voice, and within the voice's range."""
    semitones, _ = candidates.placements(batch, voice.low, voice.high, (voice.low + voice.high) / 2)
    notes = batch.notes(choice.draft, int(semitones[choice.draft, choice.up]))
    return repair.into_range(notes, voice.low, voice.high)


def _bass_voice(playlist: Playlist) -> Voice:
    voice = playlist.voice("bass")
    if voice is None:
        raise ValueError(f"playlist {playlist.name} has no bass")
    return voice


def _chords(one: Drawn, choice: Choice, frame: Frame) -> list[Chord]:
    """Return the chord of each slot that melody and bass agree with most; one that goes on is preferred a little."""
    row = np.array([choice.draft])
    fit = np.zeros((1, len(frame.vocabulary)))
    for batch, weight in ((one.lead, 1.0), (one.bass, _BASS_WEIGHT)):
        table = candidates.weights(_only(batch, row), frame.slot_steps)
        agreed = candidates.chord_fit(table, frame.vocabulary)[0, :, choice.up]
        fit = fit + weight * agreed * table.shape[1]
    stands = candidates.weights(_only(one.bass, row), frame.slot_steps)[0]
    roots = [(chord.root - choice.up) % 12 for chord in frame.vocabulary]
    share = stands / np.maximum(stands.sum(axis=1, keepdims=True), 1e-9)
    fit = fit + _ROOT * share[:, roots]
    chosen: list[int] = []
    for slot in fit:
        worth = slot.copy()
        if chosen:
            worth[chosen[-1]] += _STAYS
        chosen.append(int(worth.argmax()))
    return [frame.vocabulary[place] for place in chosen]


def _only(batch: Batch, rows: NDArray[np.int64]) -> Batch:
    return replace(
        batch,
        on=batch.on[rows],
        pitch=batch.pitch[rows],
        length=batch.length[rows],
        likelihood=batch.likelihood[rows],
    )
