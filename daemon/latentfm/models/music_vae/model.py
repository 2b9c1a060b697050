"""MusicVAE: a stretch of music to a point in latent space and back.

Roberts et al., "A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music"
(arXiv:1803.05428). The network's steps are LiteRT signatures; sampling is here, so seeds reproduce.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from latentfm.models import latent
from latentfm.models.events import Labels
from latentfm.models.music_vae.facts import VaeFacts, VaeRepresentation
from latentfm.models.music_vae.inputs import encoder_inputs
from latentfm.models.playable import Array, Steps, draw

Points = NDArray[np.float32]
_FINE = 4  # points that are listened to for each that is asked for
_Choice = Callable[[int, NDArray[np.float32]], Array]  # step and logits to labels ``[n, parts]``


@dataclass(frozen=True)
class Decoded:
    """Windows that were drawn, and their log-likelihood in nats ``[n]``.

    Labels are int16 ``[n, steps]``, those of a trio ``[n, steps, 3]``: melody, bass, drums.
    """

    labels: Labels
    log_likelihood: NDArray[np.float64]


class MusicVAE:
    """A MusicVAE that plays, flat or hierarchical, of one part or three."""

    def __init__(self, facts: VaeFacts, steps: Steps) -> None:
        self._facts, self._steps = facts, steps

    @property
    def facts(self) -> VaeFacts:
        """What its card says of it."""
        return self._facts

    @property
    def steps(self) -> int:
        """Sixteenths in a window."""
        return self._facts.steps

    @property
    def z_size(self) -> int:
        """Dimensions of the latent space."""
        return self._facts.z_size

    @property
    def representation(self) -> VaeRepresentation:
        """What its labels mean."""
        return self._facts.representation

    def encode(self, labels: Labels) -> tuple[Points, Points]:
        """Encode windows as mean and deviation, each float32 ``[n, z]``.

        Interpolate between means, not between draws (magenta #1164).

        Args:
            labels: int ``[n, steps]``, of a trio ``[n, steps, 3]``.

        Raises:
            ValueError: the windows have another shape.
        """
        facts, parts = self._facts, len(self._facts.output_depths)
        wanted = (facts.steps,) if parts == 1 else (facts.steps, parts)
        if labels.shape[1:] != wanted:
            raise ValueError(f"windows of {facts.steps} steps are needed, not an array of shape {labels.shape}")
        sequence = encoder_inputs(labels, facts).astype(np.float32)
        stage = 0
        for length in facts.encoder_levels or (facts.steps,):
            rows = sequence.reshape(-1, length, sequence.shape[2])
            for units in facts.encoder_sizes:
                rows = self._encode_layer(f"encode{stage or ''}", rows, units)
                stage += 1
            # each way's last output: forward that of the last step, backward that of the first
            code = np.concatenate([rows[:, -1, :units], rows[:, 0, units:]], axis=1)
            sequence = code.reshape(len(labels), -1, code.shape[1])
        forward, backward = np.split(sequence[:, 0], 2, axis=1)
        outputs = self._steps("latent", h0=np.ascontiguousarray(forward), h1=np.ascontiguousarray(backward))
        return outputs["mu"], outputs["sigma"]

    def decode(self, z: Points, rng: np.random.Generator, temperature: float = 0.5) -> Decoded:
        """Draw a window for each latent point, float32 ``[n, z]``."""
        return self.decode_by(z, rng.random(self.uniforms_shape(len(z))), temperature)

    def uniforms_shape(self, n: int) -> tuple[int, ...]:
        """Return the shape of what ``n`` windows are drawn from: ``[steps, n]``, of trios ``[steps, n, 3]``."""
        parts = len(self._facts.output_depths)
        return (self.steps, n) if parts == 1 else (self.steps, n, parts)

    def decode_by(self, z: Points, uniforms: NDArray[np.float64], temperature: float = 0.5) -> Decoded:
        """Draw a window for each latent point by inverse CDF from numbers of [0, 1), shaped as `uniforms_shape` says.

        At temperature 0 the likeliest labels are taken.
        """
        depths = self._facts.output_depths
        columns = [slice(end - depth, end) for depth, end in zip(depths, accumulate(depths), strict=True)]
        numbers = uniforms.reshape(self.steps, len(z), len(depths))
        likelihood = np.zeros(len(z))

        def choose(step: int, logits: NDArray[np.float32]) -> Array:
            labels = np.empty((len(z), len(depths)), np.int32)
            for part, column in enumerate(columns):
                labels[:, part], likely = draw(logits[:, column], temperature, numbers[step, :, part])
                likelihood[:] += likely
            return labels

        labels = self._decode(z, choose).astype(np.int16)
        return Decoded(labels if len(depths) > 1 else labels[..., 0], likelihood)

    def logits(self, z: Points, labels: Labels) -> NDArray[np.float32]:
        """Return each step's logits given the true labels before it, ``[n, steps, depth]``; a trio's side by side."""
        parts = labels.reshape(len(z), self.steps, -1)
        collected = np.empty((len(z), self.steps, self._facts.output_depth), np.float32)

        def follow(step: int, logits: NDArray[np.float32]) -> Array:
            collected[:, step] = logits
            return parts[:, step].astype(np.int32)

        self._decode(z, follow)
        return collected

    def sample(self, n: int, rng: np.random.Generator, temperature: float = 0.5) -> tuple[Points, Decoded]:
        """Draw ``n`` points from the prior, and a window for each."""
        z = rng.standard_normal((n, self.z_size), dtype=np.float32)
        return z, self.decode(z, rng, temperature)

    def reconstruct(self, labels: Labels, rng: np.random.Generator, temperature: float = 0.0) -> Decoded:
        """Decode windows again from the means of their codes; at temperature 0 nothing is drawn."""
        return self.decode(self.encode(labels)[0], rng, temperature)

    def interpolate(
        self, a: Labels, b: Labels, count: int, rng: np.random.Generator, temperature: float = 0.5
    ) -> tuple[Points, Decoded]:
        """Go from one window to another: points between their means, as `walk` lays them, and a window of each.

        Args:
            a: the first window, ``[steps]``, of a trio ``[steps, 3]``.
            b: the last.
            count: how many windows, the two ends' own reconstructions among them.
            rng: what is drawn from.
            temperature: as in `decode`.

        Raises:
            ValueError: ``count`` is below 2, or a window has another shape.
        """
        ends = self.encode(np.stack([a, b]))[0]
        path = self.walk(ends[0], ends[1], count)
        return path, self.decode(path, rng, temperature)

    def walk(self, a: Points, b: Points, count: int) -> Points:
        """Return points on the spherical path between two codes, float32 ``[count, z]``, both ends included.

        Where Magenta's interpolation takes equal steps of the code, here what is heard goes evenly: the likeliest
        windows of the points differ from the first one's in shares of steps that grow as evenly as the path allows.
        Equal steps of the code make a third of the way at once.

        Raises:
            ValueError: ``count`` is below 2.
        """
        path = latent.interpolate(a, b, _FINE * (count - 1) + 1)
        heard = self.decode(path, np.random.default_rng(0), 0.0).labels  # the likeliest: nothing is drawn
        distance = (heard != heard[:1]).reshape(len(heard), -1).mean(axis=1)
        return path[latent.evenly(distance, count)]

    def _encode_layer(self, name: str, rows: NDArray[np.float32], units: int) -> NDArray[np.float32]:
        """Run one layer both ways over ``[n, length, depth]``; outputs side by side ``[n, length, 2 * units]``."""
        length = rows.shape[1]
        outputs = np.empty((len(rows), length, 2 * units), np.float32)
        nothing = np.zeros((len(rows), units), np.float32)
        state: dict[str, Array] = dict.fromkeys(("c0", "h0", "c1", "h1"), nothing)  # 0 is forward, 1 backward
        for step in range(length):
            state = self._steps(name, forward=rows[:, step], backward=rows[:, -1 - step], **state)
            outputs[:, step, :units], outputs[:, -1 - step, units:] = state["h0"], state["h1"]
        return outputs

    def _decode(self, z: Points, choose: _Choice) -> NDArray[np.int32]:
        """Decode each step in turn, going on from the labels that ``choose`` returns; ``[n, steps, parts]``."""
        facts = self._facts
        codes = self._codes(np.ascontiguousarray(z, dtype=np.float32))
        labels = np.empty((len(z), facts.steps, len(facts.output_depths)), np.int32)
        previous = np.tile(np.array(facts.output_depths, np.int32), (len(z), 1))  # before the first: nothing
        length = facts.steps // len(codes)
        for step in range(facts.steps):
            if step % length == 0:
                state = self._steps("start", z=codes[step // length])
            before = previous if previous.shape[1] > 1 else previous[:, 0]
            outputs = self._steps("step", previous=before, **state)
            previous = labels[:, step] = choose(step, outputs.pop("logits"))
            state |= outputs
        return labels

    def _codes(self, z: Points) -> list[Points]:
        """Return the points that the decoder starts from: one, or the conductor's code of each bar."""
        if not self._facts.decoder_levels:
            return [z]
        last = f"h{len(self._facts.state_sizes) - 1}"
        state, codes = self._steps("plan", z=z), []
        for _ in range(self._facts.decoder_levels[0]):
            state = self._steps("conduct", **state)
            codes.append(state[last])
        return codes
