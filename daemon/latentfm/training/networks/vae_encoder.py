"""MusicVAE's encoders: bidirectional LSTMs in layers, over whole windows or bar by bar.

Source: BidirectionalLstmEncoder and HierarchicalLstmEncoder in magenta/models/music_vae/lstm_models.py.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from latentfm.models.music_vae import VaeFacts
from latentfm.training.networks.cells import LstmState, Tensor, Weights, lstm_gates, lstm_layer, matmul, over_time
from latentfm.training.networks.vae_variables import encoder_cell, encoder_scopes


class Encoder:
    """Inputs to the mean and the deviation of a latent point."""

    def __init__(self, facts: VaeFacts, weights: Weights, dtype: Any = tf.float32) -> None:
        self.facts, self.weights, self.dtype = facts, weights, dtype

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Encode inputs ``[batch, steps, input_depth]`` as mu and sigma, each ``[batch, z]``."""
        sequence, lengths = inputs, self.facts.encoder_levels or (self.facts.steps,)
        for scope, length in zip(encoder_scopes(self.facts), lengths, strict=True):
            groups = sequence.shape[1] // length
            code = self._code(scope, tf.reshape(sequence, [-1, length, sequence.shape[2]]))
            sequence = tf.reshape(code, [-1, groups, code.shape[1]])
        return self.latent(sequence[:, 0])

    def step(self, scope: str, layer: int, way: str, inputs: Tensor, state: LstmState) -> LstmState:
        """Take one step of a layer in the direction ``fw`` or ``bw``: inputs ``[batch, depth]``."""
        cell = encoder_cell(scope, layer, way)
        joined = tf.concat([inputs, state[1]], axis=1)
        return lstm_gates(matmul(joined, self.weights[f"{cell}/kernel"]) + self.weights[f"{cell}/bias"], state[0])

    def latent(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Turn the last outputs, forward and backward, into mu and sigma."""
        weights = self.weights
        mu = matmul(code, weights["encoder/mu/kernel"]) + weights["encoder/mu/bias"]
        sigma = tf.nn.softplus(matmul(code, weights["encoder/sigma/kernel"]) + weights["encoder/sigma/bias"])
        return mu, sigma

    def _code(self, scope: str, inputs: Tensor) -> Tensor:
        """Return the last outputs of the last layer, ``[batch, 2 * units]``."""
        sequence = tf.transpose(inputs, [1, 0, 2])
        for layer, units in enumerate(self.facts.encoder_sizes):
            zeros = tf.zeros([tf.shape(sequence)[1], units])
            ways = []
            for way in ("fw", "bw"):
                cell = encoder_cell(scope, layer, way)
                kernel, depth = self.weights[f"{cell}/kernel"], sequence.shape[2]
                ordered = sequence if way == "fw" else sequence[::-1]
                gates = over_time(ordered, kernel[:depth], self.dtype) + self.weights[f"{cell}/bias"]
                ways.append(lstm_layer(gates, kernel[depth:], zeros, zeros, self.dtype))
            last = tf.concat([outputs[-1] for outputs in ways], axis=1)
            sequence = tf.concat([ways[0], ways[1][::-1]], axis=2)
        return last
