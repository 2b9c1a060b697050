"""MusicVAE in TensorFlow 2, in each of Magenta's shapes.

Encoders are flat or hierarchical, decoders flat or conducted, with one label a step or three (a trio's, by one
decoder or by one each). Labels are int ``[batch, steps]``, those of a trio ``[batch, steps, 3]``.

Source: magenta/models/music_vae/base_model.py, and those named in `vae_encoder` and `vae_decoder`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from latentfm.models.music_vae import VaeFacts
from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.vae_decoder import Conductor, Decoder
from latentfm.training.networks.vae_encoder import Encoder
from latentfm.training.networks.vae_variables import core_depths, core_scopes


class VaeNetwork:
    """A MusicVAE of the shape that its facts say."""

    def __init__(self, facts: VaeFacts, weights: Weights, dtype: Any = tf.float32) -> None:
        self.facts, self.weights, self.dtype = facts, weights, dtype
        self.encoder = Encoder(facts, weights, dtype)
        self.conductor = Conductor(facts.state_sizes, weights, dtype) if facts.decoder_levels else None
        self.cores = tuple(
            Decoder(scope, depths, facts.state_sizes, weights, dtype)
            for scope, depths in zip(core_scopes(facts), core_depths(facts), strict=True)
        )

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Encode inputs ``[batch, steps, input_depth]`` as mu and sigma, each ``[batch, z]``."""
        return self.encoder.encode(inputs)

    def teacher_forced(self, z: Tensor, labels: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return the logits of each step, given the true labels before it.

        Args:
            z: latent points ``[batch, z]``.
            labels: ``[batch, steps]``, or ``[batch, steps, 3]`` of a trio.
            keep: ``[batch, steps]``; where it is 0 a label is hidden from the step after it. All are seen without.

        Returns:
            Logits ``[batch, steps, depth]``; a trio's side by side.
        """
        bars = self.facts.decoder_levels[0] if self.conductor else 1
        codes = self.conductor.codes(z, bars) if self.conductor else z[:, None]
        codes = tf.reshape(codes, [-1, codes.shape[2]])
        logits = []
        for core, part in zip(self.cores, self._parts(labels), strict=True):
            before = core.embed(part[:, :-1])
            if keep is not None:
                before *= keep[:, :-1, None]
            before = tf.pad(before, [[0, 0], [1, 0], [0, 0]])
            rows = tf.reshape(before, [-1, self.facts.steps // bars, before.shape[2]])
            drawn = core.teacher_forced(codes, rows)
            logits.append(tf.reshape(drawn, [-1, self.facts.steps, drawn.shape[2]]))
        return tf.concat(logits, axis=2)

    def likeliest(self, z: Tensor) -> Tensor:
        """Decode without teacher forcing, the likeliest label at each step: int as in `teacher_forced`."""
        bars = self.facts.decoder_levels[0] if self.conductor else 1
        codes = self.conductor.codes(z, bars) if self.conductor else z[:, None]
        drawn = [self._likeliest(core, codes) for core in self.cores]
        labels = tf.concat(drawn, axis=2)
        return labels if labels.shape[2] > 1 else labels[:, :, 0]

    def _likeliest(self, core: Decoder, codes: Tensor) -> Tensor:
        labels = []
        previous = tf.zeros_like(core.condition(codes[:, 0]))
        for code in tf.unstack(codes, axis=1):
            condition, state = core.condition(code), core.initial_state(code)
            for _ in range(self.facts.steps // codes.shape[1]):
                output, state = core.step(previous, condition, state)
                parts = tf.split(core.project(output), core.depths, axis=1)
                labels.append(tf.stack([tf.argmax(part, axis=1, output_type=tf.int32) for part in parts], axis=1))
                previous = core.embed(labels[-1])
        return tf.stack(labels, axis=1)

    def _parts(self, labels: Tensor) -> list[Tensor]:
        """Return the labels of each decoder, ``[batch, steps, parts]``."""
        if labels.shape.rank == 2:  # noqa: PLR2004
            labels = labels[..., None]
        parts: list[Tensor] = tf.split(labels, len(self.cores), axis=2)
        return parts
