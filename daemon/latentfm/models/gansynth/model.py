"""GANSynth: notes of instruments that do not exist, from points of a latent space.

Engel et al., "GANSynth: Adversarial Neural Audio Synthesis" (arXiv:1902.08710). The generator is one LiteRT signature
of one note: a batch of eight took LiteRT a third longer a note than eight of one. What makes sound of its spectrograms
is NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentfm.models.gansynth.facts import GanSynthFacts, Normaliser
from latentfm.models.gansynth.spectral import InverseTransform
from latentfm.models.playable import Steps

Points = NDArray[np.float32]
Floats = NDArray[np.float32]


class GANSynth:
    """A GANSynth that plays."""

    def __init__(self, facts: GanSynthFacts, steps: Steps) -> None:
        self._facts, self._steps = facts, steps
        self._to_sound = InverseTransform(facts.frames, facts.bins, facts.samples, facts.sample_rate)

    @property
    def facts(self) -> GanSynthFacts:
        """What its card says of it."""
        return self._facts

    @property
    def z_size(self) -> int:
        """Dimensions of the latent space."""
        return self._facts.z_size

    @property
    def pitches(self) -> range:
        """The pitches that it knows, MIDI numbers."""
        return range(self._facts.lowest_pitch, self._facts.highest_pitch + 1)

    def draw(self, n: int, rng: np.random.Generator) -> Points:
        """Draw ``n`` points from the prior, float32 ``[n, z]``; between two go with `latent.slerp`."""
        return rng.standard_normal((n, self.z_size), dtype=np.float32)

    def spectrogram(self, z: Points, pitches: Sequence[int]) -> Floats:
        """Return the mel spectrogram of each note, float32 ``[n, frames, bins, 2]``.

        The first channel is the natural logarithm of the power, the second the change of the phase since the frame
        before, in half turns.

        Args:
            z: a point for each note, ``[n, z]``.
            pitches: of each note, a MIDI number.

        Raises:
            ValueError: there are not as many pitches as points, or it does not know one.
        """
        self._check(z, pitches)
        facts = self._facts
        found = np.empty((len(pitches), facts.frames, facts.bins, 2), np.float32)
        for note, pitch in enumerate(pitches):
            found[note] = self._generate(z[note], pitch)
        return found

    def sound(self, spectrogram: Floats) -> Floats:
        """Return the sound of mel spectrograms ``[n, frames, bins, 2]``, float32 ``[n, samples]``."""
        return np.stack([self._to_sound(one) for one in spectrogram])

    def synthesize(self, z: Points, pitches: Sequence[int]) -> Floats:
        """Return the sound of each note, float32 ``[n, samples]`` at the model's rate; no limit is kept to.

        Args:
            z: a point for each note, ``[n, z]``.
            pitches: of each note, a MIDI number.

        Raises:
            ValueError: there are not as many pitches as points, or it does not know one.
        """
        self._check(z, pitches)
        found = np.empty((len(pitches), self._facts.samples), np.float32)
        for note, pitch in enumerate(pitches):  # one by one: a spectrogram takes four times what its sound does
            found[note] = self._to_sound(self._generate(z[note], pitch))
        return found

    def _check(self, z: Points, pitches: Sequence[int]) -> None:
        if z.shape != (len(pitches), self.z_size):
            raise ValueError(f"{len(pitches)} pitches want points [{len(pitches)}, {self.z_size}], not {z.shape}")
        if unknown := [pitch for pitch in pitches if pitch not in self.pitches]:
            low, high = self._facts.lowest_pitch, self._facts.highest_pitch
            raise ValueError(f"this model knows the pitches {low} to {high}, not {unknown[0]}")

    def _generate(self, z: Points, pitch: int) -> Floats:
        """Return the mel spectrogram of one note."""
        label = np.array([pitch - self._facts.lowest_pitch], np.int32)
        point = np.ascontiguousarray(z[np.newaxis], dtype=np.float32)
        made: Floats = self._steps("generate", z=point, label=label)["spectrogram"][0]
        for channel, normaliser in enumerate((self._facts.magnitude, self._facts.frequency)):
            _denormalise(made[..., channel], normaliser)
        return made


def _denormalise(channel: Floats, normaliser: Normaliser) -> None:
    """Bring a channel ``[frames, bins]`` from the generator's range to that of spectrograms, in place."""
    channel -= np.array(normaliser.offset, np.float32)
    channel /= np.array(normaliser.scale, np.float32)
