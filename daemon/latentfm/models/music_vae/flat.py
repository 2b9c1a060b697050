"""MusicVAE, flat: two bars to a point in latent space and back.

Roberts et al., "A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music"
(arXiv:1803.05428). The network's steps are LiteRT signatures; sampling is here, so seeds reproduce.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import Labels
from latentfm.models.music_vae.facts import VaeFacts
from latentfm.models.playable import Array, Representation, Steps, draw

Points = NDArray[np.float32]


@dataclass(frozen=True)
class Decoded:
    """Windows that were drawn: labels int16 ``[n, steps]``, and their log-likelihood in nats ``[n]``."""

    labels: Labels
    log_likelihood: NDArray[np.float64]


class MusicVAE:
    """A flat MusicVAE that plays."""

    def __init__(self, facts: VaeFacts, steps: Steps) -> None:
        self._facts, self._steps = facts, steps

    @property
    def steps(self) -> int:
        """Sixteenths in a window."""
        return self._facts.steps

    @property
    def z_size(self) -> int:
        """Dimensions of the latent space."""
        return self._facts.z_size

    @property
    def representation(self) -> Representation:
        """What its labels mean."""
        return self._facts.representation

    def encode(self, labels: Labels) -> tuple[Points, Points]:
        """Encode windows, int ``[n, steps]``, as mean and deviation, each float32 ``[n, z]``.

        Interpolate between means, not between draws (magenta #1164).

        Raises:
            ValueError: the windows have another length.
        """
        if labels.ndim != 2 or labels.shape[1] != self.steps:  # noqa: PLR2004
            raise ValueError(f"windows of {self.steps} steps are needed, not an array of shape {labels.shape}")
        inputs = self._inputs(labels)
        nothing = np.zeros((len(labels), self._facts.encoder_size), np.float32)
        state: dict[str, Array] = dict.fromkeys(("c0", "h0", "c1", "h1"), nothing)  # 0 is forward, 1 backward
        for step in range(self.steps):
            state = self._steps("encode", forward=inputs[:, step], backward=inputs[:, -1 - step], **state)
        outputs = self._steps("latent", h0=state["h0"], h1=state["h1"])
        return outputs["mu"], outputs["sigma"]

    def decode(self, z: Points, rng: np.random.Generator, temperature: float = 0.5) -> Decoded:
        """Draw a window for each latent point, float32 ``[n, z]``."""
        points = np.ascontiguousarray(z, dtype=np.float32)
        uniforms = rng.random((self.steps, len(points)))
        state = self._steps("start", z=points)
        labels = np.zeros((len(points), self.steps), dtype=np.int16)
        likelihood = np.zeros(len(points))
        previous: Array = np.full(len(points), self._facts.output_depth, dtype=np.int32)  # before the first: nothing
        for step in range(self.steps):
            outputs = self._steps("step", previous=previous, **state)
            classes, likely = draw(outputs.pop("logits"), temperature, uniforms[step])
            previous = classes.astype(np.int32)
            labels[:, step] = previous
            likelihood += likely
            state |= outputs
        return Decoded(labels, likelihood)

    def sample(self, n: int, rng: np.random.Generator, temperature: float = 0.5) -> tuple[Points, Decoded]:
        """Draw ``n`` points from the prior, and a window for each."""
        z = rng.standard_normal((n, self.z_size), dtype=np.float32)
        return z, self.decode(z, rng, temperature)

    def _inputs(self, labels: Labels) -> NDArray[np.float32]:
        """Return the encoder's inputs: one-hot, or nine bits and one for silence (``roll_input``)."""
        if self._facts.input_depth == self._facts.output_depth:
            return np.eye(self._facts.input_depth, dtype=np.float32)[labels]
        bits = (labels[..., None] >> np.arange(self._facts.input_depth - 1)) & 1
        return np.concatenate([bits, labels[..., None] == 0], axis=-1).astype(np.float32)
