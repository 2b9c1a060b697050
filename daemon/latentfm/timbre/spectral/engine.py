"""The spectral engine behind the interface of all engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from latentfm.errors import ModelError, TimbreError
from latentfm.models import catalogue
from latentfm.models.spectral import SpectralCoder
from latentfm.timbre.engine import Latent, Mono
from latentfm.timbre.spectral import attack
from latentfm.timbre.spectral.additive import synthesize
from latentfm.timbre.spectral.analysis import analyse
from latentfm.timbre.spectral.envelopes import FEATURES, RATE, SAMPLE_RATE, Envelopes, envelopes, features

NAME: Final = "spectral"

_LOWEST, _HIGHEST = 12.0, 120.0  # MIDI pitches: below there is no pitch to hear, above no harmonics


class SpectralEngine:
    """Encodes notes as harmonics and noise, and plays the codes at any pitch; in tune, whatever the sound was.

    A row of its latents has the numbers of the code, and after them the finer levels of ``attack``.
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
        return Latent(NAME, np.concatenate([codes, attack.levels(audio, pitch, len(seen))], axis=1), RATE, pitch)

    def envelopes(self, latent: Latent, pitch: float) -> Envelopes:
        """Return what a latent sounds like at a pitch: harmonics and noise, in tune on the whole."""
        if latent.engine != NAME:
            raise TimbreError(f"a latent of the engine {latent.engine} can't be played by {NAME}")
        _check(pitch)
        codes = latent.codes[:, : -attack.FINE]
        found = envelopes(self._coder.decode(codes, _all(pitch, len(codes))), pitch)
        level = found.level
        if not level.any():
            return found
        # The pitch may wander, as that of a voice does, but about the right one.
        return replace(found, cents=(found.cents - np.average(found.cents, weights=level)).astype(np.float32))

    def synthesize(self, latents: Sequence[Latent], pitches: Sequence[float], seed: int = 0) -> list[Mono]:
        """See `Engine.synthesize`."""
        return [self._note(latent, pitch, seed) for latent, pitch in zip(latents, pitches, strict=True)]

    def _note(self, latent: Latent, pitch: float, seed: int) -> Mono:
        sound = synthesize(self.envelopes(latent, pitch), pitch, seed)
        return attack.shaped(sound, latent.codes[:, -attack.FINE :], pitch)


def load(name: str = NAME) -> SpectralEngine:
    """Return the engine of a playable.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    coder = catalogue.load_spectral(name)
    if coder.facts.features != FEATURES:
        raise ModelError(f"{name!r} knows frames of {coder.facts.features} numbers, not {FEATURES}: train it again")
    return SpectralEngine(coder)


def _check(pitch: float) -> None:
    if not _LOWEST <= pitch <= _HIGHEST:
        raise TimbreError(f"the spectral engine plays MIDI pitches from {_LOWEST:g} to {_HIGHEST:g}, not {pitch:g}")


def _all(pitch: float, count: int) -> Mono:
    return np.full(count, pitch, np.float32)
