"""``compose(brief)``: a brief in, a section out, and nothing else goes in or out.

The order is that of music.md: the models bring the motifs, the frame is fitted to them, single notes are
moved last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from latentfm.brief import Brief
from latentfm.compose import (
    accompany,
    arrange,
    continuity,
    dynamics,
    engine,
    lead,
    outline,
    percussion,
    record,
    repair,
    sequence,
    titles,
)
from latentfm.compose.accompany import Ground
from latentfm.compose.engine import Players
from latentfm.compose.lead import Draft
from latentfm.compose.outline import Outline
from latentfm.compose.percussion import Drums
from latentfm.compose.section import Section
from latentfm.music.chords import Chord, coloured
from latentfm.music.note import STEPS_PER_BAR, Note
from latentfm.playlist import Playlist, Role

_COLOURED: Final = 0.5  # chance of a degree to be coloured with a seventh or ninth, throughout a section
_PHRASE_BARS: Final = 4
_LONGEST_RING: Final = 24  # steps: how long the lead's last note may ring, a bar into the outro at most


@dataclass(frozen=True)
class _Chance:
    """A generator for each of the things that are left to chance, so that one thing's draws never move another's."""

    frame: np.random.Generator
    walk: np.random.Generator
    lead: np.random.Generator
    harmony: np.random.Generator
    bass: np.random.Generator
    colour: np.random.Generator
    drums: np.random.Generator
    hands: np.random.Generator
    title: np.random.Generator

    @classmethod
    def of(cls, brief: Brief) -> _Chance:
        return cls(*np.random.default_rng([brief.seed, brief.attempt]).spawn(9))


def compose(brief: Brief) -> Section:
    """Compose a section.

    Args:
        brief: playlist, seed and the carry of the section before; the section depends on nothing else.

    Returns:
        The section. The same brief gives the same section, to the bit on the same type of machine.

    Raises:
        ComposeError: the brief doesn't fit the models that are here.
        MidiError: an anchor that the playlist names can't be used.
        ModelError: a model is unknown or damaged.
    """
    return compose_with(brief, engine.load(brief.playlist))


def compose_with(brief: Brief, players: Players) -> Section:
    """Compose a section with models that are loaded."""
    engine.check(brief, players)
    chance = _Chance.of(brief)
    frame = outline.draw_up(brief, players, chance.frame, chance.walk)
    heard = brief.carry.fingerprints if brief.carry else ()
    draft = lead.write(players, brief.playlist, frame.form, frame.walk, frame.key, heard, chance.lead)
    chords = _chords(brief, frame, draft, chance.harmony)
    aired = _repaired(brief.playlist, frame, draft, chords)
    layers = arrange.layers(frame.form, brief.playlist)
    ground = Ground(frame.key, chords, brief.playlist.harmony.bars_per_chord, layers, _flat(aired))
    drums = percussion.play(
        players, brief.playlist, frame.form, layers, brief.carry.drums_latent if brief.carry else None, chance.drums
    )
    voices = _voices(brief, ground, drums, chance)
    title = titles.title(chance.title)
    loud = dynamics.voiced(voices, aired, layers, chance.hands)
    carry = continuity.hand_on(
        brief,
        key=frame.key,
        qpm=frame.qpm,
        form=frame.form,
        places=frame.walk,
        drums=drums.latent,
        voices=loud,
        fingerprints=draft.fingerprints,
    )
    notes = sequence.build(
        loud, brief.playlist, key=frame.key, qpm=frame.qpm, chords=chords, title=title, rng=chance.hands
    )
    provenance = record.provenance(brief, players, frame, draft, chords, loud, drums)
    return Section(notes, title, frame.key, frame.qpm, frame.form, carry, provenance)


def _chords(brief: Brief, frame: Outline, draft: Draft, rng: np.random.Generator) -> tuple[Chord, ...]:
    """Return a chord for each bar of the section, some degrees coloured throughout."""
    each = brief.playlist.harmony.bars_per_chord
    body = tuple(chord for chord in draft.chords for _ in range(each))
    colours = rng.random(7) < _COLOURED
    body = tuple(coloured(chord, frame.key) if colours[chord.degree] else chord for chord in body)
    intro = continuity.intro_chords(brief, frame.key, frame.form, rng)
    return (*intro, *body, *continuity.outro_chords(frame.key, frame.form))


def _flat(units: Sequence[Sequence[Note]]) -> tuple[Note, ...]:
    return tuple(note for unit in units for note in unit)


def _repaired(
    playlist: Playlist, frame: Outline, draft: Draft, chords: Sequence[Chord]
) -> tuple[tuple[Note, ...], ...]:
    """Return the lead's units as they air."""
    ground = repair.Ground(frame.key, chords)
    voice = lead.voice_of(playlist)
    line = repair.into_range(repair.into_mode(draft.notes, frame.key), voice.low, voice.high)
    line = repair.settle(line, ground)
    units = _cut(line, draft.units)
    units = [repair.new_ending(unit, ground) if index in draft.to_vary else unit for index, unit in enumerate(units)]
    phrase = max(_PHRASE_BARS // frame.form.units[0].bars, 1)
    spans = frame.spans
    aired = repair.breathe(units, spans, playlist.melody.rest_share, phrase)
    aired = [
        repair.rest_on_chord(unit, ground)
        if (index + 1) % phrase == 0 or frame.form.units[index].source == "answer"
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


def _voices(brief: Brief, ground: Ground, drums: Drums, chance: _Chance) -> dict[Role, tuple[Note, ...]]:
    """Write the voices around the lead; of two that rub the less important one gives way."""
    playlist = brief.playlist
    lively = arrange.liveliness(playlist)
    voices: dict[Role, tuple[Note, ...]] = {"lead": ground.lead}
    firm = list(ground.lead)
    for role in ("bass", "pad", "counter", "colour"):
        voice = playlist.voice(role)
        if voice is None:
            continue
        match role:
            case "bass":
                line = accompany.bass(ground, voice, lively, chance.bass)
            case "pad":
                line, _ = accompany.pad(ground, voice, continuity.last_voicing(playlist, brief.carry))
            case "counter":
                line = accompany.counter(ground, voice, voices.get("pad", ()))
            case _:
                line = accompany.colour(ground, voice, lively, chance.colour)
        voices[role] = accompany.without_rubs(line, firm)
        firm += voices[role]
    if playlist.voice("drums") is not None:
        voices["drums"] = drums.notes
    return voices
