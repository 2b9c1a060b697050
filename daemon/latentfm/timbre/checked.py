"""How an instrument came out: its keys played by FluidSynth, and their tuning and loudness measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from latentfm.audio import loudness
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
from latentfm.timbre import pitch, played

_HELD, _SECONDS = 1.6, 1.8


class Key(NamedTuple):
    """A key as it sounds.

    Attributes:
        key: MIDI pitch.
        cents: that it is too high.
        confidence: of its pitch, 1 for a steady one.
        lufs: of its loudest 0.4 s within its first second.
    """

    key: int
    cents: float
    confidence: float
    lufs: float


def keys(font: Path, wanted: Iterable[int], velocity: int = 100, *, program: int = 0, bank: int = 0) -> list[Key]:
    """Play keys of a program one by one and measure them.

    Raises:
        SoundFontError: the font is none, or has no such program.
        RenderError: FluidSynth is missing or fails.
    """
    measured = []
    for key in wanted:
        audio = played.play(font, program, key, velocity, held=_HELD, seconds=_SECONDS, bank=bank)
        found = pitch.measure(audio, SAMPLE_RATE, near=key)
        cents, confidence = (0.0, 0.0) if found is None else (100.0 * (found.pitch - key), found.confidence)
        stereo = np.repeat(audio[:SAMPLE_RATE, np.newaxis], CHANNELS, axis=1)
        measured.append(Key(key, cents, confidence, float(loudness.momentary(stereo).max())))
    return measured
