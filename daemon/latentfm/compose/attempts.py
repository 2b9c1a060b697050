"""Leads are attempted until one needs no excuse: choosing beats mending, for whole leads as for motifs.

An attempt is the models' lead, the progression found for it, and the little that is mended. Its figures are measured
at once; the first that keeps every bound and leaves nearly all of the models' notes alone is taken, else the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from latentfm.brief import Brief
from latentfm.compose import continuity, lead, recall, repair, walk
from latentfm.compose.engine import Players
from latentfm.compose.lead import Draft, Task
from latentfm.compose.outline import Outline
from latentfm.compose.recall import Return
from latentfm.compose.walk import Walk
from latentfm.music import figures
from latentfm.music.chords import Chord, coloured
from latentfm.music.figures import Bounds, Material
from latentfm.music.note import STEPS_PER_BAR, Note
from latentfm.playlist import Playlist

ATTEMPTS: Final = 8
_ENOUGH: Final = 0.88  # share of the models' notes as they wrote them, from which on nothing better is looked for
_COLOURED: Final = 0.5  # chance of a degree to be coloured with a seventh or ninth, throughout a section
_PHRASE_BARS: Final = 4
_LONGEST_RING: Final = 24  # steps: how long the lead's last note may ring, a bar into the outro at most
_STUCK_BARS: Final = 2.0
_OTHERS: Final = ("empty_bars", "bass_stuck", "longest_semitone")  # figures that hang on the other voices
Units = tuple[tuple[Note, ...], ...]


@dataclass(frozen=True)
class Attempt:
    """A lead: its walk, what comes back, what the models wrote, the chords of all bars, and its units as they air.

    ``number`` counts from 1. ``faults`` are the figures of the lead out of bounds; ``familiar`` counts the motifs
    heard within the hour, beyond the first and those that are meant to come back; ``share`` airs as it was written.
    """

    number: int
    walk: Walk
    back: Return | None
    draft: Draft
    chords: tuple[Chord, ...]
    aired: Units
    faults: tuple[str, ...]
    familiar: int
    share: float

    @property
    def lead(self) -> tuple[Note, ...]:
        """The lead as it airs."""
        return _flat(self.aired)


def bounds(playlist: Playlist) -> Bounds:
    """Return what a playlist asks of the figures."""
    calm = playlist.form.motif_stretch > 1
    return Bounds(playlist.melody.notes_per_bar, playlist.melody.rest_share, _STUCK_BARS * (2 if calm else 1))


def material(brief: Brief, outline: Outline, draft: Draft, chords: Sequence[Chord], notes: Sequence[Note]) -> Material:
    """Return what the figures of a lead are computed from."""
    return Material(
        key=outline.key,
        bars=outline.form.bars,
        voices={"lead": notes},
        chords=chords,
        model=draft.notes,
        spans=outline.spans,
        idea_bars=brief.playlist.form.motif_stretch,
        motifs=draft.fingerprints,
        heard=brief.carry.fingerprints if brief.carry else (),
    )


def best(
    brief: Brief, players: Players, outline: Outline, walking: np.random.Generator, writing: np.random.Generator
) -> Attempt:
    """Attempt a section's lead until one is good enough, or return the best of all.

    Args:
        brief: what is asked for.
        players: the models.
        outline: key, tempo and form.
        walking: where the walks come from.
        writing: where the leads come from; each attempt has a generator of its own.

    Raises:
        ComposeError: the carry comes from another latent space.
        MidiError: an anchor can't be used.
    """
    task = Task(
        players=players,
        playlist=brief.playlist,
        form=outline.form,
        key=outline.key,
        back=None,
        heard=brief.carry.fingerprints if brief.carry else (),
    )
    walks = walk.plan(brief, players.melody_vae, outline.form.points, outline.key, walking)
    tried: list[Attempt] = []
    for number, rng in enumerate(writing.spawn(ATTEMPTS)):
        tried.append(_attempt(number + 1, brief, outline, task, walks[number % len(walks)], rng))
        if not tried[-1].faults and not tried[-1].familiar and tried[-1].share >= _ENOUGH:
            return tried[-1]
    return min(tried, key=lambda one: (len(one.faults), one.familiar, -one.share))


def _attempt(
    number: int, brief: Brief, outline: Outline, task: Task, places: Walk, rng: np.random.Generator
) -> Attempt:
    if outline.recalls:
        unit_steps = outline.form.units[0].bars * STEPS_PER_BAR
        task = replace(task, back=recall.choose(brief, task.players.melody_vae.z_size, task.voice, unit_steps, rng))
    draft = lead.write(task, places, rng)
    chords = _chords(brief, outline, draft, rng)
    aired = _repaired(task, outline, draft, chords)
    found = figures.measure(material(brief, outline, draft, chords, _flat(aired)))
    missed = figures.missed(found, bounds(brief.playlist))
    faults = tuple(name for name in missed if name not in _OTHERS)
    meant = 1 + outline.recalls + (places.end.theme is not None)
    familiar = max(round(found.motifs_alike * len(draft.fingerprints)) - meant, 0)
    return Attempt(number, places, task.back, draft, chords, aired, faults, familiar, found.model_share)


def _chords(brief: Brief, outline: Outline, draft: Draft, rng: np.random.Generator) -> tuple[Chord, ...]:
    """Return a chord for each bar of the section, some degrees coloured throughout."""
    each = brief.playlist.harmony.bars_per_chord
    body = tuple(chord for chord in draft.chords for _ in range(each))
    colours = rng.random(7) < _COLOURED
    body = tuple(coloured(chord, outline.key) if colours[chord.degree] else chord for chord in body)
    intro = continuity.intro_chords(brief, outline.key, outline.form, rng)
    return (*intro, *body, *continuity.outro_chords(outline.key, outline.form))


def _flat(units: Sequence[Sequence[Note]]) -> tuple[Note, ...]:
    return tuple(note for unit in units for note in unit)


def _repaired(task: Task, outline: Outline, draft: Draft, chords: Sequence[Chord]) -> Units:
    """Return the lead's units as they air."""
    ground = repair.Ground(task.key, chords)
    voice, form, spans = task.voice, task.form, outline.spans
    line = repair.into_range(repair.into_mode(draft.notes, task.key), voice.low, voice.high)
    line = repair.settle(line, ground)
    units = _cut(line, draft.units)
    units = [repair.new_ending(unit, ground) if index in draft.to_vary else unit for index, unit in enumerate(units)]
    phrase = max(_PHRASE_BARS // form.units[0].bars, 1)
    aired = repair.breathe(units, spans, task.playlist.melody.rest_share, phrase)
    aired = [
        repair.rest_on_chord(unit, ground)
        if (index + 1) % phrase == 0 or form.units[index].source == "answer"
        else unit
        for index, unit in enumerate(aired)
    ]
    tamed = repair.into_range(repair.tame(_flat(aired), ground), voice.low, voice.high)
    aired = _cut(tamed, aired)
    if aired[-1]:
        last = aired[-1][-1]
        length = max(
            last.length, min(spans[-1][1] + STEPS_PER_BAR - last.onset, _LONGEST_RING, last.length + STEPS_PER_BAR)
        )
        aired[-1] = (*aired[-1][:-1], replace(last, length=length))
    return tuple(aired)


def _cut(line: Sequence[Note], units: Sequence[Sequence[Note]]) -> list[tuple[Note, ...]]:
    """Cut a line into units as long as those given."""
    ends = np.cumsum([0, *(len(unit) for unit in units)])
    return [tuple(line[start:end]) for start, end in pairwise(ends.tolist())]
