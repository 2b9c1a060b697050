"""Notes of the General MIDI instruments, rendered from FluidR3_GM and taken apart into harmonics and noise."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray

from latentfm.audio.pcm import seconds_to_frames
from latentfm.errors import TimbreError
from latentfm.render import soundfonts
from latentfm.render.events import Note
from latentfm.render.synth import Synth
from latentfm.timbre.engine import Mono
from latentfm.timbre.spectral.analysis import analyse
from latentfm.timbre.spectral.envelopes import FEATURES, features

log = structlog.get_logger()

PROGRAMS: Final = 112
"""The pitched ones; percussion and effects come after them."""

VELOCITIES: Final = (50, 105)
PITCHES: Final = 20

_LOWEST, _APART = 24, 4
_HELD, _LENGTH, _REST = 2.0, 2.6, 1.5  # seconds: the key down, the note in all, silence before the next
_ATTACK, _FRAMES, _EVERY = 60, 520, 4  # every frame of the first 0.3 s, then every fourth
_AUDIBLE = 1e-3  # of the peak: where a note begins

KEPT: Final = (*range(_ATTACK), *range(_ATTACK, _FRAMES, _EVERY))
"""The frames of each note that are kept."""

Notes = NDArray[np.float16]


def pitch_of(program: int, place: int) -> int:
    """Return a pitch of a program; programs take turns, so that every pitch occurs."""
    return _LOWEST + _APART * place + program % _APART


def load_notes(file: Path) -> Notes:
    """Return the features of every note, ``[PROGRAMS, PITCHES, VELOCITIES, KEPT, FEATURES]``, from 0 to 1.

    They are rendered and taken apart once, a quarter of an hour, and kept in ``file``; what a program can't play is 0.

    Raises:
        SoundFontError: FluidR3_GM is not installed.
    """
    parts = file.with_suffix("")
    if not file.exists():
        parts.mkdir(parents=True, exist_ok=True)
        for program in range(PROGRAMS):
            part = parts / f"{program}.npy"
            if not part.exists():
                np.save(part.with_suffix(".part.npy"), _program(program))
                part.with_suffix(".part.npy").replace(part)
                log.info("notes_rendered", program=program, of=PROGRAMS)
        whole = file.with_suffix(".part.npy")
        np.save(whole, np.stack([np.load(parts / f"{program}.npy") for program in range(PROGRAMS)]))
        whole.replace(file)
    notes: Notes = np.load(file, mmap_mode="r")
    return notes


def _program(program: int) -> Notes:
    """Return the features of a program's notes, ``[PITCHES, VELOCITIES, KEPT, FEATURES]``."""
    notes = np.zeros((PITCHES, len(VELOCITIES), len(KEPT), FEATURES), np.float16)
    with Synth() as synth:
        channel = synth.add_channel(soundfonts.find(soundfonts.DEFAULT), 0, program)
        for place in range(PITCHES):
            for row, velocity in enumerate(VELOCITIES):
                pitch = pitch_of(program, place)
                key = Note(channel, pitch, velocity, 0, seconds_to_frames(_HELD))
                audio = synth.play([key], seconds_to_frames(_LENGTH)).mean(axis=1)
                synth.release_all()
                synth.play([], seconds_to_frames(_REST))
                try:
                    seen = features(analyse(_from_attack(audio), pitch))
                except TimbreError:
                    continue  # out of the program's reach
                kept = [frame for frame in KEPT if frame < len(seen)]
                notes[place, row, : len(kept)] = seen[kept]
    return notes


def _from_attack(audio: Mono) -> Mono:
    """Return a note without the silence before it."""
    loud = np.flatnonzero(np.abs(audio) > _AUDIBLE * np.abs(audio).max(initial=0.0))
    return audio[loud[0] :] if len(loud) else audio[:0]
