"""From a recipe to a SoundFont: each pitch of each sound is encoded, the codes are mixed, and notes are synthesized."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.music import programs
from latentfm.timbre import sources
from latentfm.timbre.engine import Engine, Latent
from latentfm.timbre.instrument import Built, build
from latentfm.timbre.mixing import weighted
from latentfm.timbre.note import Note
from latentfm.timbre.rates import convert
from latentfm.timbre.recipe import Recipe
from latentfm.timbre.sf2.file import write
from latentfm.timbre.spectral import engine as spectral

PITCHES: Final = tuple(range(31, 104, 6))
"""G1 to C#7 in steps of half an octave: an instrument for any voice."""

VELOCITIES: Final = (50, 105)

Tell = Callable[[int, int], object]
"""Called with how many notes are made, and of how many."""


def notes_of(recipe: Recipe, engine: Engine, pitches: Sequence[int] = PITCHES, tell: Tell | None = None) -> list[Note]:
    """Return the notes of an instrument, at each pitch with each velocity at which one of its programs sounds.

    A program plays each pitch itself. A recording has one pitch: it is encoded once, and played at all of them.

    Raises:
        TimbreError: a sound of the recipe is none, or nothing sounds at any pitch.
    """
    once = {sound: encoded(sources.note(sound), engine) for sound, _ in recipe.parts if programs.number(sound) is None}
    grid = [(pitch, velocity) for velocity in VELOCITIES for pitch in pitches]
    notes = []
    for done, (pitch, velocity) in enumerate(grid, 1):
        latents = [
            (once[sound] if sound in once else _of_program(sound, pitch, velocity, engine), share)
            for sound, share in recipe.parts
        ]
        there = [(latent, share) for latent, share in latents if latent is not None]
        if len(there) == len(latents):
            mixture = weighted([latent for latent, _ in there], [share for _, share in there])
            audio = convert(engine.synthesize([mixture], [pitch])[0], engine.sample_rate, SAMPLE_RATE)
            notes.append(Note(pitch, velocity, audio, min(sources.HELD, len(audio) / SAMPLE_RATE)))
        if tell is not None:
            tell(done, len(grid))
    if not notes:
        raise TimbreError(f"{recipe}: there is no pitch at which all of its sounds sound")
    return notes


def instrument(recipe: Recipe, engine: Engine, size: int, tell: Tell | None = None) -> Built:
    """Return the instrument of a recipe, of ``size`` bytes at most.

    Raises:
        TimbreError: a sound of the recipe is none, nothing sounds, or the size is too small.
    """
    return build(notes_of(recipe, engine, tell=tell), recipe.name, size=size)


def make(recipe: Recipe, out: Path, size: int) -> None:
    """Write the SoundFont of a recipe, whole or not at all.

    Raises:
        TimbreError: as `instrument` does.
        ModelError: the engine's model is not here.
        OSError: the file can't be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    write(instrument(recipe, engine_of(recipe.engine), size).font, out)


def engine_of(name: str) -> Engine:
    """Return an engine by its name.

    Raises:
        TimbreError: no engine is called so.
        ModelError: its model is not here.
    """
    if name != spectral.NAME:
        raise TimbreError(f"no engine is called {name!r}; there is {spectral.NAME}")
    return spectral.load()


def encoded(note: Note, engine: Engine) -> Latent:
    """Return the latent of a note at `SAMPLE_RATE`, brought to the engine's rate."""
    return engine.encode(convert(note.audio, SAMPLE_RATE, engine.sample_rate), note.pitch)


def _of_program(sound: str, pitch: int, velocity: int, engine: Engine) -> Latent | None:
    """Return a program's note as a latent; None where the program plays nothing at this pitch."""
    number = programs.number(sound)
    assert number is not None  # noqa: S101 - or it would be a recording
    try:
        note = sources.program_note(number, pitch, velocity)
    except TimbreError:
        return None
    return encoded(note, engine)
