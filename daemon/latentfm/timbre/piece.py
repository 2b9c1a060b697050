"""A piece, note by note, on an instrument that changes while it plays.

Magenta plays MIDI files so with GANSynth, on the way from instrument to instrument (magenta/models/gansynth/
gansynth_generate.py, and ``get_z_notes`` in lib/generate_util.py); here any engine does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, Protocol

import numpy as np

from latentfm.errors import TimbreError
from latentfm.timbre import making
from latentfm.timbre.engine import Engine, Latent, Mono

PEAK: Final = 0.5
"""Full scale at 1.0: of the whole piece."""

_AT_ONCE = 8  # notes that are synthesized as one batch
_RELEASE = 0.15  # seconds in which a note fades once it is let go


class NoteLike(Protocol):
    """What is played: a note of a NoteSequence is one."""

    pitch: int
    velocity: int
    start_time: float
    end_time: float


def play(
    notes: Sequence[NoteLike], sounds: Sequence[str], engine: Engine, tell: Callable[[int, int], object] | None = None
) -> Mono:
    """Return the sound of a piece, at the engine's rate.

    Args:
        notes: of the piece.
        sounds: as `making.latent_of` takes them. The first one plays the first note, the last one the last note, and
            the others are reached in even steps between.
        engine: what makes the notes.
        tell: called with how many notes are made, and of how many.

    Raises:
        TimbreError: there are no notes or no sounds, or the engine can make nothing of one of them.
    """
    if not notes or not sounds:
        raise TimbreError("a piece needs notes and something to play them on")
    rate = engine.sample_rate
    latent = cache(lambda sound, pitch: making.latent_of(sound, engine, pitch))
    ordered = sorted(notes, key=lambda note: note.start_time)
    ways = places([note.start_time for note in ordered], len(sounds))
    whole = np.zeros(round((max(note.end_time for note in ordered) + _RELEASE) * rate) + 1, np.float32)
    for start in range(0, len(ordered), _AT_ONCE):
        part = ordered[start : start + _AT_ONCE]
        latents = [
            _between(latent, sounds, way, note.pitch, engine)
            for note, way in zip(part, ways[start : start + _AT_ONCE], strict=True)
        ]
        for note, sound in zip(part, engine.synthesize(latents, [note.pitch for note in part]), strict=True):
            at, kept = round(note.start_time * rate), _held(sound, note, rate)
            whole[at : at + len(kept)] += kept[: len(whole) - at]
        if tell is not None:
            tell(start + len(part), len(ordered))
    loudest = float(np.abs(whole).max())
    return whole * np.float32(PEAK / loudest) if loudest > 0 else whole


def places(times: Sequence[float], sounds: int) -> list[tuple[int, float]]:
    """Return which sound each time of a walk lies behind, and how far on the way to the next, from 0 to 1.

    Args:
        times: seconds, of which the least is at the first sound and the greatest at the last.
        sounds: how many there are.
    """
    first, last = min(times), max(times)
    if sounds == 1 or last <= first:
        return [(0, 0.0)] * len(times)
    found = []
    for time in times:
        place = (time - first) / (last - first) * (sounds - 1)
        behind = min(int(place), sounds - 2)
        found.append((behind, place - behind))
    return found


def _between(
    latent: Callable[[str, int], Latent], sounds: Sequence[str], way: tuple[int, float], pitch: int, engine: Engine
) -> Latent:
    """Return the latent of a place on the walk, at a pitch."""
    behind, share = way
    here = latent(sounds[behind], pitch)
    if share <= 0.0:
        return here
    return making.mixture([here, latent(sounds[behind + 1], pitch)], [1.0 - share, share], engine)


def _held(sound: Mono, note: NoteLike, rate: int) -> Mono:
    """Return a note as loud as its velocity says, that fades once it is let go."""
    held, release = round((note.end_time - note.start_time) * rate), round(_RELEASE * rate)
    kept = making.as_loud_as(sound, note.velocity)[: held + release]
    fade = np.cos(np.linspace(0.0, np.pi / 2, release, dtype=np.float32)) ** 2
    after = kept[held:]
    after *= fade[: len(after)]
    return kept
