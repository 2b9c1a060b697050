"""MusicVAE, flat, in TensorFlow 2.

Source: magenta/models/music_vae/lstm_models.py (BidirectionalLstmEncoder, CategoricalLstmDecoder) and base_model.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from latentfm.training.networks.cells import LstmState, Tensor, Weights, lstm_gates, lstm_layer, matmul, over_time


@dataclass(frozen=True)
class VaeShape:
    """Sizes of a flat MusicVAE (hyperparameters under Magenta's names)."""

    input_depth: int
    output_depth: int
    enc_rnn_size: int
    dec_rnn_size: tuple[int, ...]
    z_size: int
    max_seq_len: int = 32

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every variable, by Magenta's names."""
        enc, z = self.enc_rnn_size, self.z_size
        shapes: dict[str, tuple[int, ...]] = {}
        for way in ("fw", "bw"):
            cell = f"encoder/cell_0/bidirectional_rnn/{way}/multi_rnn_cell/cell_0/lstm_cell"
            shapes |= {f"{cell}/kernel": (self.input_depth + enc, 4 * enc), f"{cell}/bias": (4 * enc,)}
        for head in ("mu", "sigma"):
            shapes |= {f"encoder/{head}/kernel": (2 * enc, z), f"encoder/{head}/bias": (z,)}
        states = 2 * sum(self.dec_rnn_size)
        shapes |= {"decoder/z_to_initial_state/kernel": (z, states), "decoder/z_to_initial_state/bias": (states,)}
        below = self.output_depth + z
        for layer, units in enumerate(self.dec_rnn_size):
            cell = f"decoder/multi_rnn_cell/cell_{layer}/lstm_cell"
            shapes |= {f"{cell}/kernel": (below + units, 4 * units), f"{cell}/bias": (4 * units,)}
            below = units
        shapes |= {"decoder/output_projection/kernel": (below, self.output_depth)}
        return shapes | {"decoder/output_projection/bias": (self.output_depth,)}


class VaeNetwork:
    """A flat MusicVAE: bidirectional LSTM encoder, categorical LSTM decoder."""

    def __init__(self, shape: VaeShape, weights: Weights, dtype: Any = tf.float32) -> None:
        self.shape, self.weights, self.dtype = shape, weights, dtype

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Encode inputs ``[batch, steps, input_depth]`` as mu and sigma, each ``[batch, z]``."""
        depth, units, weights = self.shape.input_depth, self.shape.enc_rnn_size, self.weights
        sequence, zeros = tf.transpose(inputs, [1, 0, 2]), tf.zeros([tf.shape(inputs)[0], units])
        last = []
        for way in ("fw", "bw"):
            cell = f"encoder/cell_0/bidirectional_rnn/{way}/multi_rnn_cell/cell_0/lstm_cell"
            kernel, bias = weights[f"{cell}/kernel"], weights[f"{cell}/bias"]
            ordered = sequence if way == "fw" else sequence[::-1]
            gates = over_time(ordered, kernel[:depth], self.dtype) + bias
            last.append(lstm_layer(gates, kernel[depth:], zeros, zeros, self.dtype)[-1])
        return self.latent(tf.concat(last, axis=1))

    def encode_step(self, way: str, inputs: Tensor, state: LstmState) -> LstmState:
        """Take one step of the encoder in the direction ``fw`` or ``bw``: inputs ``[batch, input_depth]``."""
        cell = f"encoder/cell_0/bidirectional_rnn/{way}/multi_rnn_cell/cell_0/lstm_cell"
        joined = tf.concat([inputs, state[1]], axis=1)
        return lstm_gates(matmul(joined, self.weights[f"{cell}/kernel"]) + self.weights[f"{cell}/bias"], state[0])

    def latent(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Turn the encoder's last outputs, forward and backward, into mu and sigma."""
        weights = self.weights
        mu = matmul(code, weights["encoder/mu/kernel"]) + weights["encoder/mu/bias"]
        sigma = tf.nn.softplus(matmul(code, weights["encoder/sigma/kernel"]) + weights["encoder/sigma/bias"])
        return mu, sigma

    def initial_state(self, z: Tensor) -> list[LstmState]:
        """Turn latent points ``[batch, z]`` into the decoder's first state."""
        name = "decoder/z_to_initial_state"
        flat = tf.tanh(matmul(z, self.weights[f"{name}/kernel"]) + self.weights[f"{name}/bias"])
        parts = tf.split(flat, [units for units in self.shape.dec_rnn_size for _ in range(2)], axis=1)
        return list(zip(parts[::2], parts[1::2], strict=True))

    def condition(self, z: Tensor) -> Tensor:
        """Return the part of the first layer's gates that a latent point gives at every step."""
        cell, out = "decoder/multi_rnn_cell/cell_0/lstm_cell", self.shape.output_depth
        kernel = self.weights[f"{cell}/kernel"]
        return matmul(z, kernel[out : out + self.shape.z_size]) + self.weights[f"{cell}/bias"]

    def step(self, previous: Tensor, condition: Tensor, state: list[LstmState]) -> tuple[Tensor, list[LstmState]]:
        """Decode one step.

        Args:
            previous: the first layer's gates that the previous label gives, ``[batch, 4 * units]``.
            condition: what `condition` returned.
            state: the cells' states.

        Returns:
            The last layer's output ``[batch, units]``, and the new states.
        """
        weights = self.weights
        below = self.shape.output_depth + self.shape.z_size
        kernel = weights["decoder/multi_rnn_cell/cell_0/lstm_cell/kernel"]
        c, h = lstm_gates(previous + condition + matmul(state[0][1], kernel[below:], self.dtype), state[0][0])
        states = [(c, h)]
        for layer, (c_before, h_before) in enumerate(state[1:], start=1):
            cell = f"decoder/multi_rnn_cell/cell_{layer}/lstm_cell"
            gates = matmul(tf.concat([h, h_before], 1), weights[f"{cell}/kernel"], self.dtype) + weights[f"{cell}/bias"]
            c, h = lstm_gates(gates, c_before)
            states.append((c, h))
        return h, states

    def project(self, outputs: Tensor) -> Tensor:
        """Turn the last layer's outputs into logits."""
        name = "decoder/output_projection"
        return matmul(outputs, self.weights[f"{name}/kernel"], self.dtype) + self.weights[f"{name}/bias"]

    def embed(self, labels: Tensor) -> Tensor:
        """Return the first layer's gates that labels (int ``[...]``) give."""
        kernel = self.weights["decoder/multi_rnn_cell/cell_0/lstm_cell/kernel"]
        return tf.gather(kernel[: self.shape.output_depth], labels)

    def teacher_forced(self, z: Tensor, labels: Tensor, keep: Tensor) -> Tensor:
        """Return logits ``[batch, steps, classes]``; where ``keep`` (0 or 1) is 0 the previous label is hidden."""
        embedded = tf.transpose(self.embed(labels[:, :-1]) * keep[:, :-1, None], [1, 0, 2])
        condition, state = self.condition(z), self.initial_state(z)
        gates = tf.concat([tf.zeros_like(condition)[None], embedded], axis=0) + condition
        below = self.shape.output_depth + self.shape.z_size
        kernel = self.weights["decoder/multi_rnn_cell/cell_0/lstm_cell/kernel"]
        outputs = lstm_layer(gates, kernel[below:], *state[0], self.dtype)
        for layer, (c, h) in enumerate(state[1:], start=1):
            cell, width = f"decoder/multi_rnn_cell/cell_{layer}/lstm_cell", self.shape.dec_rnn_size[layer - 1]
            kernel = self.weights[f"{cell}/kernel"]
            gates = over_time(outputs, kernel[:width], self.dtype) + self.weights[f"{cell}/bias"]
            outputs = lstm_layer(gates, kernel[width:], c, h, self.dtype)
        name = "decoder/output_projection"
        logits = over_time(outputs, self.weights[f"{name}/kernel"], self.dtype) + self.weights[f"{name}/bias"]
        return tf.transpose(logits, [1, 0, 2])

    def likeliest(self, z: Tensor) -> Tensor:
        """Decode without teacher forcing, the likeliest label at each step: int ``[batch, steps]``."""
        condition, state = self.condition(z), self.initial_state(z)
        labels, previous = [], tf.zeros_like(condition)
        for _ in range(self.shape.max_seq_len):
            output, state = self.step(previous, condition, state)
            labels.append(tf.argmax(self.project(output), axis=1, output_type=tf.int32))
            previous = self.embed(labels[-1])
        return tf.stack(labels, axis=1)
