"""NSynth as an engine of timbres.

What it synthesizes has the pitch that its codes were made from: the network is told nothing else. It moves codes to no
other pitch, so each pitch of an instrument needs sources at that pitch, or sources that were moved there as sound
before they were encoded. Codes of one pitch can be mixed; those of several sound together, or like neither.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from latentfm.errors import TimbreError
from latentfm.models import catalogue
from latentfm.models.nsynth import Keep, NSynth
from latentfm.timbre.engine import Latent, Mono

NAME: Final = "nsynth"
MODEL: Final = "nsynth-wavenet"  # as Magenta's is called here once it was fetched
LONGEST: Final = 16.0  # seconds of a note: encoding takes some 40 MB for each
_BATCH: Final = 14  # notes: LiteRT's kernels multiply seven rows at a time
_NEAR: Final = 0.01  # semitones up to which pitches count as one
_LOUDEST: Final = 2.0  # a resampler goes somewhat beyond full scale; what goes farther is no float audio


class NSynthEngine:
    """An NSynth autoencoder that encodes notes and synthesizes blends of them."""

    def __init__(self, model: NSynth, temperature: float = 1.0, kept: Path | None = None) -> None:
        """Take a model.

        Args:
            model: that plays.
            temperature: of what is drawn, as Magenta does at 1; lower is less noisy.
            kept: the folder in which syntheses are kept, to be gone on with after a kill; without it they are not.
        """
        self._model, self._temperature = model, temperature
        self._keep = None if kept is None else Keep(kept)

    @property
    def name(self) -> str:
        """Return its name, as options and files say it."""
        return NAME

    @property
    def sample_rate(self) -> int:
        """Return the rate of the sounds that it takes and gives, in Hz."""
        return self._model.facts.sample_rate

    @property
    def transposes(self) -> bool:
        """Return that it moves codes to no other pitch."""
        return False

    def encode(self, audio: Mono, pitch: float) -> Latent:
        """Return the latent of a note; what is left behind its last whole hop (32 ms) is not looked at.

        Args:
            audio: the note from its very attack on, at `sample_rate`; silence is one too.
            pitch: of the note, a MIDI number with its fraction; what is synthesized of it will have it.

        Raises:
            TimbreError: the note is empty or too short, too long, no number somewhere, or far beyond full scale.
        """
        facts = self._model.facts
        if audio.ndim != 1:
            raise TimbreError(f"{NAME} encodes one channel, not an array of shape {audio.shape}: mix it down first")
        seconds, least = len(audio) / facts.sample_rate, facts.hop / facts.sample_rate
        if seconds < least:
            raise TimbreError(f"the note has {seconds:.3f} s, and {NAME} needs {least:.3f} s: give it a longer one")
        if seconds > LONGEST:
            raise TimbreError(f"the note has {seconds:.0f} s, and {NAME} takes {LONGEST:.0f} s at most: cut one out")
        if not np.isfinite(audio).all():
            raise TimbreError("the note is no number somewhere: its file is damaged, or was made of a division by zero")
        if (peak := float(np.abs(audio).max())) > _LOUDEST:
            raise TimbreError(f"the note goes up to {peak:.3g} where full scale is 1: scale it first")
        codes = self._model.encode(audio[None])[0]
        return Latent(NAME, codes, facts.code_rate, pitch)

    def synthesize(self, latents: Sequence[Latent], pitches: Sequence[float], seed: int = 0) -> list[Mono]:
        """Return a note for each latent, as long as its codes; a second of one takes minutes.

        Each is drawn from a generator made of the seed and its own codes, so that it does not matter what it is made
        with.

        Args:
            latents: of this engine.
            pitches: of each, its own: the network plays its codes at no other.
            seed: of what is drawn.

        Raises:
            TimbreError: a latent is another engine's or another model's, has no codes, or is asked for at another
                pitch.
            ModelError: what was kept of it can't be read.
        """
        if len(latents) != len(pitches):
            raise TimbreError(f"{len(latents)} latents and {len(pitches)} pitches: give one pitch for each latent")
        for latent, pitch in zip(latents, pitches, strict=True):
            self._check(latent, pitch)
        notes: list[Mono] = []
        order = sorted(range(len(latents)), key=lambda index: len(latents[index].codes))  # like lengths together
        for start in range(0, len(order), _BATCH):
            notes += self._batch([latents[index] for index in order[start : start + _BATCH]], seed)
        return [note for _, note in sorted(zip(order, notes, strict=True), key=lambda pair: pair[0])]

    def _batch(self, latents: Sequence[Latent], seed: int) -> list[Mono]:
        facts = self._model.facts
        longest = max(len(latent.codes) for latent in latents)
        codes = np.zeros((len(latents), longest, facts.bottleneck), np.float32)
        for row, latent in zip(codes, latents, strict=True):
            row[: len(latent.codes)] = latent.codes
        marks = [zlib.crc32(latent.codes.astype(np.float32).tobytes()) for latent in latents]
        rngs = [np.random.default_rng([seed, mark]) for mark in marks]
        made = self._model.synthesize(codes, rngs, self._temperature, self._keep)
        return [note[: len(latent.codes) * facts.hop] for note, latent in zip(made, latents, strict=True)]

    def _check(self, latent: Latent, pitch: float) -> None:
        facts = self._model.facts
        if latent.engine != NAME:
            raise TimbreError(
                f"a latent of the engine {latent.engine} can't be synthesized by {NAME}: encode its sound"
            )
        codes = latent.codes
        if codes.shape[1:] != (facts.bottleneck,) or not len(codes) or latent.rate != facts.code_rate:
            raise TimbreError(
                f"codes of shape {codes.shape} at {latent.rate:g} a second are not this model's, which are "
                f"[time, {facts.bottleneck}] at {facts.code_rate:g}: encode the sound with it"
            )
        if not np.isfinite(codes).all():
            raise TimbreError("the codes are no numbers somewhere: encode the sound again")
        if abs(latent.pitch - pitch) > _NEAR:
            raise TimbreError(
                f"{NAME} plays codes at the pitch that they were made from ({latent.pitch:.2f}), not at {pitch:.2f}: "
                "encode a note of that pitch"
            )


def load(model: str = MODEL, threads: int = 1, temperature: float = 1.0, kept: Path | None = None) -> NSynthEngine:
    """Return the engine with a model that is here.

    Args:
        model: its name, as ``latentfm models list`` prints it.
        threads: of its products.
        temperature: as for `NSynthEngine`.
        kept: as for `NSynthEngine`.

    Raises:
        ModelError: there is no such model, it is of another kind, or damaged; the message says what to do.
    """
    return NSynthEngine(catalogue.load_nsynth(model, threads), temperature, kept)
