"""From a recipe to a SoundFont: each pitch of each sound is encoded, the codes are mixed, and notes are synthesized."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.music import programs
from latentfm.timbre import gansynth, nsynth, sources
from latentfm.timbre.engine import Engine, Latent, Mono
from latentfm.timbre.instrument import Built, build
from latentfm.timbre.mixing import spherical, weighted
from latentfm.timbre.note import Note
from latentfm.timbre.rates import convert
from latentfm.timbre.recipe import Recipe
from latentfm.timbre.sf2.file import write
from latentfm.timbre.spectral import engine as spectral

PITCHES: Final = tuple(range(31, 104, 6))
"""G1 to G7 in steps of half an octave: an instrument for any voice."""

VELOCITIES: Final = (50, 105)
_LOUDEST = 127  # velocity; the level goes with its square: SoundFont specification 8.4.1
_SILENT = 1e-6
ENGINES: Final = (spectral.NAME, nsynth.NAME, gansynth.NAME)

Tell = Callable[[int, int], object]
"""Called with how many notes are encoded, and of how many."""


def engine_of(name: str, kept: Path | None = None) -> Engine:
    """Return an engine by its name; ``kept`` is where one that takes hours keeps what it has so far.

    Raises:
        TimbreError: no engine is called so.
        ModelError: its model is not here; the message says how to fetch it.
    """
    match name:
        case spectral.NAME:
            return spectral.load()
        case nsynth.NAME:
            return nsynth.load(kept=kept)
        case gansynth.NAME:
            return gansynth.load()
        case _:
            raise TimbreError(f"no engine is called {name!r}; there are {', '.join(ENGINES)}")


def takes_sounds(engine: Engine) -> bool:
    """Say whether an engine makes latents of sounds, or draws them from numbers."""
    return not isinstance(engine, gansynth.GanSynthEngine)


def latent_of(sound: str, engine: Engine, pitch: float, velocity: int = sources.VELOCITY) -> Latent:
    """Return a sound as a latent that the engine can play at a pitch.

    A program plays the pitch itself. A recording is encoded as it is; for an engine that moves nothing to another pitch
    it is played faster or slower first. GANSynth takes in no sounds: there a sound is a number, from which an
    instrument is drawn.

    Args:
        sound: a program's name or number, a file, or for GANSynth a number.
        engine: that is to play it.
        pitch: MIDI number.
        velocity: with which a program is played.

    Raises:
        TimbreError: it is none of these, or the engine can make nothing of it.
    """
    if isinstance(engine, gansynth.GanSynthEngine):
        if not sound.isdecimal():
            raise TimbreError(f"{sound!r}: {gansynth.NAME} takes no sounds in; give it numbers, each is an instrument")
        return engine.draw(int(sound), pitch)
    number = None if Path(sound).is_file() else programs.number(sound)
    note = _recording(sound) if number is None else sources.program_note(number, round(pitch), velocity)
    if engine.transposes or number is not None:
        return engine.encode(convert(note.audio, SAMPLE_RATE, engine.sample_rate), note.pitch)
    moved = round(SAMPLE_RATE * 2.0 ** ((pitch - note.pitch) / 12.0))
    return engine.encode(convert(note.audio, moved, engine.sample_rate), pitch)


def notes_of(recipe: Recipe, engine: Engine, pitches: Sequence[int] = PITCHES, tell: Tell | None = None) -> list[Note]:
    """Return the notes of an instrument, at each pitch and velocity at which all of its sounds sound.

    Raises:
        TimbreError: a sound of the recipe is none, or there is no such pitch.
    """
    grid = [(pitch, velocity) for velocity in VELOCITIES for pitch in pitches]
    there: list[tuple[int, int, Latent]] = []
    for done, (pitch, velocity) in enumerate(grid, 1):
        mixture = _mixture(recipe, engine, pitch, velocity)
        if mixture is not None:
            there.append((pitch, velocity, mixture))
        if tell is not None:
            tell(done, len(grid))
    if not there:
        raise TimbreError(f"{recipe}: there is no pitch at which all of its sounds sound")
    sounds = engine.synthesize([mixture for *_, mixture in there], [pitch for pitch, *_ in there])
    return [
        _note(convert(sound, engine.sample_rate, SAMPLE_RATE), pitch, velocity)
        for (pitch, velocity, _), sound in zip(there, sounds, strict=True)
    ]


def instrument(recipe: Recipe, engine: Engine, size: int, tell: Tell | None = None) -> Built:
    """Return the instrument of a recipe, of ``size`` bytes at most.

    Raises:
        TimbreError: a sound of the recipe is none, nothing sounds, or the size is too small.
    """
    return build(notes_of(recipe, engine, tell=tell), recipe.name, size=size, program=recipe.program)


def make(recipe: Recipe, out: Path, size: int) -> None:
    """Write the SoundFont of a recipe, whole or not at all; what takes hours is kept beside it and gone on with.

    Raises:
        TimbreError: as `instrument` does, or the file can't be written.
        ModelError: the engine's model is not here.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    write(instrument(recipe, engine_of(recipe.engine, out.parent / ".kept"), size).font, out)


def _mixture(recipe: Recipe, engine: Engine, pitch: int, velocity: int) -> Latent | None:
    """Return the mixture of a recipe at a pitch; None where one of its programs plays nothing."""
    try:
        latents = [latent_of(sound, engine, pitch, velocity) for sound, _ in recipe.parts]
    except sources.SilentError:
        return None
    return mixture(latents, [share for _, share in recipe.parts], engine)


def mixture(latents: Sequence[Latent], shares: Sequence[float], engine: Engine) -> Latent:
    """Mix latents: two that were drawn from numbers on the arc between them, all others on straight lines."""
    if not takes_sounds(engine) and len(latents) == 2:  # noqa: PLR2004 - an arc has two ends
        return spherical(latents[0], latents[1], shares[1] / sum(shares))
    return weighted(latents, shares)


def as_loud_as(audio: Mono, velocity: int) -> Mono:
    """Return a note as loud as its velocity says: engines say what a sound is like, not how loud it was."""
    return audio * np.float32((velocity / _LOUDEST) ** 2 / max(float(np.abs(audio).max()), _SILENT))


def _note(audio: Mono, pitch: int, velocity: int) -> Note:
    return Note(pitch, velocity, as_loud_as(audio, velocity), min(sources.HELD, len(audio) / SAMPLE_RATE))


@cache
def _recording(path: str) -> Note:
    return sources.note(path)
