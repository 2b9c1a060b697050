"""``compose(brief)``: a brief in, a section out, and nothing else goes in or out.

The order is that of music.md: the models bring the motifs, the frame is fitted to them, single notes are
moved last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentfm.brief import Brief
from latentfm.compose import (
    accompany,
    arrange,
    attempts,
    continuity,
    dynamics,
    engine,
    handing,
    outline,
    percussion,
    polyphony,
    record,
    sequence,
    titles,
)
from latentfm.compose.accompany import Ground
from latentfm.compose.arrange import Layers
from latentfm.compose.attempts import Attempt
from latentfm.compose.engine import Players
from latentfm.compose.outline import Outline
from latentfm.compose.percussion import Drums
from latentfm.compose.section import Section
from latentfm.music.note import Note
from latentfm.playlist import Role


@dataclass(frozen=True)
class _Chance:
    """A generator for each of the things that are left to chance, so that one thing's draws never move another's."""

    frame: np.random.Generator
    walk: np.random.Generator
    lead: np.random.Generator
    bass: np.random.Generator
    colour: np.random.Generator
    drums: np.random.Generator
    hands: np.random.Generator
    title: np.random.Generator
    voices: np.random.Generator

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
    frame = outline.draw_up(brief, players, chance.frame)
    attempt = attempts.best(brief, players, frame, chance.walk, chance.lead)
    layers = arrange.layers(frame.form, brief.playlist)
    drums = _drums(brief, players, frame, attempt, layers, chance.drums)
    under = _under(brief, players, frame, attempt, layers, chance.voices)
    if under is not None:
        attempt = replace(attempt, chords=under.chords)
    chords, each = attempt.chords, brief.playlist.harmony.bars_per_chord
    ground = Ground(frame.key, frame.metre, chords, each, layers, attempt.lead)
    voices = _voices(brief, ground, drums, under, chance)
    title = titles.title(chance.title, brief.playlist, brief.carry.titles if brief.carry else ())
    loud = dynamics.voiced(voices, attempt.aired, layers, frame.metre, chance.hands)
    carry = handing.hand_on(brief, outline=frame, attempt=attempt, drums=drums.latent, voices=loud, title=title)
    notes = sequence.build(
        loud,
        brief.playlist,
        key=frame.key,
        qpm=frame.qpm,
        chords=chords,
        title=title,
        swells=dynamics.swells(brief.playlist, layers),
        rng=chance.hands,
    )
    provenance = record.provenance(brief, players, frame, attempt, loud, drums, under)
    return Section(notes, title, frame.key, frame.qpm, frame.form, carry, provenance)


def _drums(
    brief: Brief, players: Players, frame: Outline, attempt: Attempt, layers: Layers, rng: np.random.Generator
) -> Drums:
    if attempt.band is not None:
        return percussion.of_body(attempt.band.drums, brief.playlist, frame.form, layers)
    carried = brief.carry.drums_latent if brief.carry else None
    return percussion.play(players, brief.playlist, frame.form, layers, carried, rng)


def _under(
    brief: Brief, players: Players, frame: Outline, attempt: Attempt, layers: Layers, rng: np.random.Generator
) -> polyphony.Voices | None:
    """Return what a model writes under the lead: the bass of a trio, or all voices if the mood has a model for it."""
    voice, enters = brief.playlist.voice("bass"), layers.active["bass"][0] * frame.metre.steps_per_bar
    if attempt.band is not None:
        bass, written = (
            tuple(note for note in line if note.onset >= enters) for line in (attempt.band.bass, attempt.band.written)
        )
        return polyphony.Voices(None, bass, written, attempt.chords)
    if players.polyphony is None or voice is None:
        return None
    song = polyphony.Song(
        attempt.aired,
        frame.spans,
        frame.key,
        frame.metre,
        attempt.chords,
        attempts.phrase_units(frame.form),
        (voice.low, voice.high),
        enters,
    )
    return polyphony.harmonise(players.polyphony, song, brief.playlist, rng)


def _voices(
    brief: Brief, ground: Ground, drums: Drums, under: polyphony.Voices | None, chance: _Chance
) -> dict[Role, tuple[Note, ...]]:
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
                line = under.bass if under else accompany.bass(ground, voice, lively, chance.bass)
            case "pad":
                line, _ = accompany.pad(ground, voice, continuity.last_voicing(playlist, brief.carry))
                line = (*ground.alone(line), *under.inner) if under and under.inner is not None else line
            case "counter":
                line = accompany.counter(ground, voice, voices.get("pad", ()))
            case _:
                line = accompany.colour(ground, voice, lively, chance.colour)
        voices[role] = accompany.without_rubs(line, firm)
        firm += voices[role]
    if playlist.voice("drums") is not None:
        voices["drums"] = drums.notes
    return voices
