"""Leads are attempted until one needs no excuse: choosing beats mending, for whole leads as for motifs.

An attempt is the models' lead, the progression found for it, and the little that is mended. Its figures are measured
at once; the first that keeps every bound and leaves nearly all of the models' notes alone is taken, else the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from latentfm.brief import Brief
from latentfm.compose import continuity, lead, recall, repair, trio, walk
from latentfm.compose.engine import Players
from latentfm.compose.lead import Draft, Task
from latentfm.compose.outline import Outline
from latentfm.compose.recall import Return
from latentfm.compose.trio import Band
from latentfm.compose.walk import Walk
from latentfm.music import figures
from latentfm.music.chords import Chord, coloured
from latentfm.music.figures import Bounds, Material
from latentfm.music.form import FormPlan
from latentfm.music.note import Note
from latentfm.playlist import Playlist

ATTEMPTS: Final = 8
_ENOUGH: Final = 0.88  # share of the models' notes as they wrote them, from which on nothing better is looked for
_COLOURED: Final = 0.5  # chance of a degree to be coloured with a seventh or ninth, throughout a section
_PHRASE_BARS: Final = 4
_LONGEST_RING: Final = 3  # half bars: how long the lead's last note may ring, a bar into the outro at most
_STUCK_BARS: Final = 2.0
_OTHERS: Final = ("empty_bars", "bass_stuck", "longest_semitone")  # figures that hang on the other voices
Units = tuple[tuple[Note, ...], ...]


@dataclass(frozen=True)
class Attempt:
    """A lead: its walk, what comes back, what the models wrote, the chords of all bars, and its units as they air.

    ``number`` counts from 1. ``faults`` are the figures of the lead out of bounds; ``familiar`` counts the motifs
    heard within the hour, beyond the first and those that are meant to come back; ``share`` airs as it was written.
    ``band`` is what was written at once with the lead, in a mood of trios.
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
    band: Band | None = None

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
        metre=outline.metre,
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
    tried: list[Attempt] = []
    for one in (_trios if brief.playlist.models.trio else _attempts)(brief, outline, task, walking, writing):
        tried.append(one)
        if not tried[-1].faults and not tried[-1].familiar and tried[-1].share >= _ENOUGH:
            return tried[-1]
    return min(tried, key=lambda one: (len(one.faults), one.familiar, -one.share))


def _attempts(
    brief: Brief, outline: Outline, task: Task, walking: np.random.Generator, writing: np.random.Generator
) -> Iterator[Attempt]:
    vae = task.players.melody_vae
    walks = walk.plan(brief, vae, outline.form.points, outline.key, walking)
    for number, rng in enumerate(writing.spawn(ATTEMPTS)):
        places = walks[number % len(walks)]
        back = None
        if outline.recalls:
            unit_steps = outline.form.units[0].bars * outline.metre.steps_per_bar
            back = recall.choose(brief, vae, task.voice, unit_steps, rng)
        given = replace(task, back=back)
        yield _judged(number + 1, brief, outline, given, places, lead.write(given, places, rng), rng)


def _trios(
    brief: Brief, outline: Outline, task: Task, walking: np.random.Generator, writing: np.random.Generator
) -> Iterator[Attempt]:
    places = trio.plan(brief, task, walking)
    drawn = trio.draw(task, places, walking)
    for number, rng in enumerate(writing.spawn(trio.CANDIDATES)):
        draft, band = trio.write(task, drawn, number)
        yield replace(_judged(number + 1, brief, outline, task, places, draft, rng), band=band)


def _judged(
    number: int,
    brief: Brief,
    outline: Outline,
    task: Task,
    places: Walk,
    draft: Draft,
    rng: np.random.Generator,
) -> Attempt:
    """Mend a draft as little as it needs, and measure it."""
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
    ground = repair.Ground(task.key, outline.metre, chords)
    voice, form, spans = task.voice, task.form, outline.spans
    line = repair.into_range(repair.into_mode(draft.notes, task.key), voice.low, voice.high)
    line = repair.settle(line, ground)
    units = _cut(line, draft.units)
    units = [repair.new_ending(unit, ground) if index in draft.to_vary else unit for index, unit in enumerate(units)]
    phrase = phrase_units(form)
    aired = repair.breathe(units, spans, outline.metre, task.playlist.melody.rest_share, phrase)
    aired = [
        repair.rest_on_chord(unit, ground)
        if (index + 1) % phrase == 0 or form.units[index].source == "answer"
        else unit
        for index, unit in enumerate(aired)
    ]
    tamed = repair.into_range(repair.tame(_flat(aired), ground), voice.low, voice.high)
    aired = _cut(tamed, aired)
    if aired[-1]:
        last, bar = aired[-1][-1], outline.metre.steps_per_bar
        ring = _LONGEST_RING * outline.metre.half
        length = max(last.length, min(spans[-1][1] + bar - last.onset, ring, last.length + bar))
        aired[-1] = (*aired[-1][:-1], replace(last, length=length))
    return tuple(aired)


def phrase_units(form: FormPlan) -> int:
    """Return how many units a phrase lasts."""
    return max(_PHRASE_BARS // form.units[0].bars, 1)


def _cut(line: Sequence[Note], units: Sequence[Sequence[Note]]) -> list[tuple[Note, ...]]:
    """Cut a line into units as long as those given."""
    ends = np.cumsum([0, *(len(unit) for unit in units)])
    return [tuple(line[start:end]) for start, end in pairwise(ends.tolist())]
