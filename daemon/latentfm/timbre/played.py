"""One note of a SoundFont, played dry by FluidSynth and heard in mono: to take it as a source, and to measure fonts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from latentfm.audio.pcm import Pcm, seconds_to_frames
from latentfm.render.events import Note
from latentfm.render.synth import Synth
from latentfm.timbre.engine import Mono

_CANCELLED = 0.25  # of the stronger channel's power: less in the middle, and the channels work against each other


def play(font: Path, program: int, pitch: int, velocity: int, *, held: float, seconds: float, bank: int = 0) -> Mono:
    """Return a note of ``seconds`` at ``SAMPLE_RATE``, whose key is held for ``held`` of them.

    Raises:
        SoundFontError: the font is none, or has no such program.
        RenderError: FluidSynth is missing or fails.
    """
    with Synth() as synth:
        channel = synth.add_channel(font, bank, program)
        note = Note(channel, pitch, velocity, 0, seconds_to_frames(held))
        return in_mono(synth.play([note], seconds_to_frames(seconds)))


def in_mono(pcm: Pcm) -> Mono:
    """Return one channel of ``[frames, channels]``: their mean, or the strongest one where they cancel each other."""
    mean = pcm.mean(axis=1, dtype=np.float32)
    powers = np.square(pcm, dtype=np.float64).sum(axis=0)
    if float(np.square(mean, dtype=np.float64).sum()) < _CANCELLED * float(powers.max()):
        return np.ascontiguousarray(pcm[:, int(powers.argmax())])
    return np.ascontiguousarray(mean)
