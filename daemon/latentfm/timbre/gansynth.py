"""GANSynth as an engine of timbres: its sounds are drawn or mixed, and none is made of a sound that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from latentfm.errors import TimbreError
from latentfm.models import catalogue
from latentfm.models.gansynth import GANSynth
from latentfm.timbre.engine import Latent, Mono
from latentfm.timbre.rates import convert

NAME: Final = "gansynth"
MODEL: Final = "gansynth-acoustic_only"  # as Magenta's is called here once it was fetched
_MIDDLE: Final = 60.0


class GanSynthEngine:
    """A GANSynth that synthesizes points of its latent space at any pitch of its range."""

    def __init__(self, model: GANSynth) -> None:
        """Take a model that plays."""
        self._model = model

    @property
    def name(self) -> str:
        """Return its name, as options and files say it."""
        return NAME

    @property
    def sample_rate(self) -> int:
        """Return the rate of the sounds that it gives, in Hz."""
        return self._model.facts.sample_rate

    @property
    def transposes(self) -> bool:
        """Return that it plays an instrument at any pitch."""
        return True

    def draw(self, seed: int | Sequence[int], pitch: float = _MIDDLE) -> Latent:
        """Return an instrument that does not exist: a point drawn from the prior, one row without a time of its own.

        Args:
            seed: the same gives the same instrument, of any model with as large a latent space.
            pitch: that the latent names; it can be played at any other.
        """
        return Latent(NAME, self._model.draw(1, np.random.default_rng(seed)), 0.0, pitch)

    def encode(self, audio: Mono, pitch: float) -> Latent:
        """Raise an error, as there is no encoder.

        Raises:
            TimbreError: always; it says what to do instead.
        """
        del audio, pitch
        raise TimbreError(
            f"{NAME} makes sounds and can't take any in: draw instruments by their seeds and mix those, or blend "
            "sounds with another engine"
        )

    def synthesize(self, latents: Sequence[Latent], pitches: Sequence[float], seed: int = 0) -> list[Mono]:
        """Return a note of some 4 s for each latent.

        A pitch between two semitones is that of the nearest one, played a little faster or slower; the note is as
        much shorter or longer.

        Args:
            latents: of this engine, of one row each.
            pitches: MIDI numbers with their fractions.
            seed: of nothing: a point has one sound.

        Raises:
            TimbreError: a latent is another engine's or another model's, or a pitch is out of the model's range.
        """
        del seed
        if len(latents) != len(pitches):
            raise TimbreError(f"{len(latents)} latents and {len(pitches)} pitches: give one pitch for each latent")
        for latent, pitch in zip(latents, pitches, strict=True):
            self._check(latent, pitch)
        if not latents:
            return []
        semitones = [round(pitch) for pitch in pitches]
        z = np.concatenate([latent.codes for latent in latents])
        made = self._model.synthesize(z, semitones)
        wrong = zip(made, pitches, semitones, strict=True)
        return [self._tuned(note, pitch - semitone) for note, pitch, semitone in wrong]

    def _tuned(self, note: Mono, semitones: float) -> Mono:
        """Return a note higher by a part of a semitone."""
        return convert(note, round(self.sample_rate * 2.0 ** (semitones / 12)), self.sample_rate)

    def _check(self, latent: Latent, pitch: float) -> None:
        if latent.engine != NAME:
            raise TimbreError(f"a latent of the engine {latent.engine} can't be synthesized by {NAME}: draw one of its")
        if latent.codes.shape != (1, self._model.z_size):
            raise TimbreError(
                f"codes of shape {latent.codes.shape} are no point of this model, which is [1, {self._model.z_size}]: "
                "draw one with it"
            )
        if not np.isfinite(latent.codes).all():
            raise TimbreError("the codes are no numbers somewhere: draw the latent again")
        low, high = self._model.pitches[0], self._model.pitches[-1]
        if not low <= pitch <= high:
            raise TimbreError(f"{NAME} plays MIDI pitches from {low} to {high}, not {pitch:g}")


def load(model: str = MODEL, threads: int = 1) -> GanSynthEngine:
    """Return the engine with a model that is here.

    Args:
        model: its name, as ``latentfm models list`` prints it.
        threads: of its products.

    Raises:
        ModelError: there is no such model, it is of another kind, or damaged; the message says what to do.
    """
    return GanSynthEngine(catalogue.load_gansynth(model, threads))
