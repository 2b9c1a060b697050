"""The spectral engine behind the interface of all engines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from latentfm.errors import ModelError, TimbreError
from latentfm.models import catalogue
from latentfm.models.spectral import SpectralCoder
from latentfm.timbre.engine import Latent, Mono
from latentfm.timbre.spectral import attack, balance
from latentfm.timbre.spectral.additive import synthesize
from latentfm.timbre.spectral.analysis import analyse
from latentfm.timbre.spectral.envelopes import FEATURES, RATE, SAMPLE_RATE, Envelopes, Floats, envelopes, features

NAME: Final = "spectral"

_NEAR = 1.0  # semitones
_LOWEST, _HIGHEST = 12.0, 120.0  # MIDI pitches: below there is no pitch to hear, above no harmonics


class SpectralEngine:
    """Encodes notes as harmonics and noise, and plays the codes at any pitch; in tune, whatever the sound was.

    A row of its latents has the numbers of the code, the finer levels and the rise of ``attack``, the ``balance`` of
    the harmonics, and what the code misses of the frame. The code is what can be played at any pitch; what it misses is
    added at pitches near the sound's own, so that a sound that is not moved stays what it was. All are mixed alike.
    """

    name = NAME
    sample_rate = SAMPLE_RATE
    transposes = True

    def __init__(self, coder: SpectralCoder) -> None:
        """Code frames with ``coder``."""
        self._coder = coder

    def encode(self, audio: Mono, pitch: float) -> Latent:
        """See `Engine.encode`."""
        _check(pitch)
        seen = features(analyse(audio, pitch))
        codes = self._coder.encode(seen, _all(pitch, len(seen)))
        missed = seen - self._coder.decode(codes, _all(pitch, len(seen)))
        fine, rise = attack.levels(audio, pitch, len(seen)), attack.risen(audio, len(seen))
        rows = np.concatenate([codes, fine, rise, balance.harmonics(audio, pitch, len(seen)), missed], axis=1)
        return Latent(NAME, rows, RATE, pitch)

    def envelopes(self, latent: Latent, pitch: float) -> Envelopes:
        """Return what a latent sounds like at a pitch: harmonics and noise, in tune on the whole."""
        if latent.engine != NAME:
            raise TimbreError(f"a latent of the engine {latent.engine} can't be played by {NAME}")
        _check(pitch)
        codes, *_, missed = self._parts(latent)
        found = envelopes(self._coder.decode(codes, _all(pitch, len(codes))) + _near(latent, pitch) * missed, pitch)
        level = found.level
        if not level.any():
            return found
        # The pitch may wander, as that of a voice does, but about the right one.
        return replace(found, cents=(found.cents - np.average(found.cents, weights=level)).astype(np.float32))

    def synthesize(self, latents: Sequence[Latent], pitches: Sequence[float], seed: int = 0) -> list[Mono]:
        """See `Engine.synthesize`."""
        return [self._note(latent, pitch, seed) for latent, pitch in zip(latents, pitches, strict=True)]

    def _note(self, latent: Latent, pitch: float, seed: int) -> Mono:
        _, fine, rise, steady, _ = self._parts(latent)
        sound = synthesize(self.envelopes(latent, pitch), pitch, seed)
        sound = balance.balanced(sound, steady[0], pitch, _near(latent, pitch))
        return attack.rising(attack.shaped(sound, fine, pitch), rise)

    def _parts(self, latent: Latent) -> list[Floats]:
        """Return the codes, the finer levels, the rise, the steady harmonics, and what the codes miss."""
        sizes = self._coder.facts.code_size, attack.FINE, attack.RISE, balance.HARMONICS
        return np.split(latent.codes, np.cumsum(sizes), axis=1)


def load(name: str = NAME) -> SpectralEngine:
    """Return the engine of a playable.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    coder = catalogue.load_spectral(name)
    if coder.facts.features != FEATURES:
        raise ModelError(f"{name!r} knows frames of {coder.facts.features} numbers, not {FEATURES}: train it again")
    return SpectralEngine(coder)


def _near(latent: Latent, pitch: float) -> float:
    """Return how much of what was measured at a sound's own pitch holds at another, from 1 down to 0."""
    return math.exp(-0.5 * ((pitch - latent.pitch) / _NEAR) ** 2)


def _check(pitch: float) -> None:
    if not _LOWEST <= pitch <= _HIGHEST:
        raise TimbreError(f"the spectral engine plays MIDI pitches from {_LOWEST:g} to {_HIGHEST:g}, not {pitch:g}")


def _all(pitch: float, count: int) -> Mono:
    return np.full(count, pitch, np.float32)
