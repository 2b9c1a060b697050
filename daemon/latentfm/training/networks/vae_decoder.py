"""MusicVAE's decoders: a categorical one, which may draw several labels a step, and a conductor of bars.

Source: CategoricalLstmDecoder, MultiOutCategoricalLstmDecoder and HierarchicalLstmDecoder in
magenta/models/music_vae/lstm_models.py.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import tensorflow as tf

from latentfm.training.networks.cells import LstmState, Tensor, Weights, lstm_gates, lstm_layer, matmul, over_time
from latentfm.training.networks.vae_variables import CONDUCTOR

States = list[LstmState]


def first_states(weights: Weights, name: str, z: Tensor, sizes: tuple[int, ...]) -> States:
    """Turn points ``[batch, z]`` into the first states of cells, through the dense layer of that name."""
    flat = tf.tanh(matmul(z, weights[f"{name}/kernel"]) + weights[f"{name}/bias"])
    parts = tf.split(flat, [units for units in sizes for _ in range(2)], axis=1)
    return list(zip(parts[::2], parts[1::2], strict=True))


class Decoder:
    """An LSTM in layers that draws labels; a point conditions each of its steps."""

    def __init__(
        self,
        scope: str,
        depths: tuple[int, ...],
        sizes: tuple[int, ...],
        weights: Weights,
        dtype: Any = tf.float32,
    ) -> None:
        self.scope, self.depths, self.sizes, self.weights, self.dtype = scope, depths, sizes, weights, dtype

    def initial_state(self, z: Tensor) -> States:
        """Turn points ``[batch, z]`` into the first state."""
        return first_states(self.weights, f"{self.scope}/z_to_initial_state", z, self.sizes)

    def condition(self, z: Tensor) -> Tensor:
        """Return the part of the first layer's gates that a point gives at every step, ``[batch, 4 * units]``."""
        _, for_point, _ = self._first()
        return matmul(z, for_point) + self.weights[f"{self._cell(0)}/bias"]

    def embed(self, labels: Tensor) -> Tensor:
        """Return the first layer's gates that labels give: int ``[..., parts]`` to ``[..., 4 * units]``."""
        for_labels, _, _ = self._first()
        starts = [0, *accumulate(self.depths)][:-1]
        rows = [tf.gather(for_labels, labels[..., part] + start) for part, start in enumerate(starts)]
        return tf.add_n(rows)

    def step(self, previous: Tensor, condition: Tensor, state: States) -> tuple[Tensor, States]:
        """Decode one step.

        Args:
            previous: what `embed` returned for the label before, ``[batch, 4 * units]``.
            condition: what `condition` returned.
            state: the cells' states.

        Returns:
            The last layer's output ``[batch, units]``, and the new states.
        """
        c, h = lstm_gates(previous + condition + self._product(0, state[0][1]), state[0][0])
        states = [(c, h)]
        for layer, (c_before, h_before) in enumerate(state[1:], start=1):
            bias = self.weights[f"{self._cell(layer)}/bias"]
            c, h = lstm_gates(self._product(layer, tf.concat([h, h_before], 1)) + bias, c_before)
            states.append((c, h))
        return h, states

    def _product(self, layer: int, inputs: Tensor) -> Tensor:
        """Multiply a step's inputs ``[batch, depth]`` of a layer by its kernel.

        The first layer's labels are gates already.
        """
        kernel = self._first()[2] if layer == 0 else self.weights[f"{self._cell(layer)}/kernel"]
        return matmul(inputs, kernel, self.dtype)

    def project(self, outputs: Tensor) -> Tensor:
        """Turn the last layer's outputs, of one step or ``[steps, batch, units]``, into logits."""
        name = f"{self.scope}/output_projection"
        multiply = over_time if outputs.shape.rank == 3 else matmul  # noqa: PLR2004 - a whole sequence
        return multiply(outputs, self.weights[f"{name}/kernel"], self.dtype) + self.weights[f"{name}/bias"]

    def teacher_forced(self, z: Tensor, previous: Tensor) -> Tensor:
        """Return logits of whole sequences.

        Args:
            z: points ``[batch, z]``.
            previous: what `embed` gives for the label before each step, ``[batch, steps, 4 * units]``.

        Returns:
            Logits ``[batch, steps, depth]``.
        """
        gates = tf.transpose(previous, [1, 0, 2]) + self.condition(z)
        state = self.initial_state(z)
        outputs = lstm_layer(gates, self._first()[2], *state[0], self.dtype)
        for layer, (c, h) in enumerate(state[1:], start=1):
            cell, width = self._cell(layer), self.sizes[layer - 1]
            kernel = self.weights[f"{cell}/kernel"]
            gates = over_time(outputs, kernel[:width], self.dtype) + self.weights[f"{cell}/bias"]
            outputs = lstm_layer(gates, kernel[width:], c, h, self.dtype)
        return tf.transpose(self.project(outputs), [1, 0, 2])

    def _cell(self, layer: int) -> str:
        return f"{self.scope}/multi_rnn_cell/cell_{layer}/lstm_cell"

    def _first(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first layer's kernel in parts: for labels, for the point, and for its own last output."""
        kernel, depth = self.weights[f"{self._cell(0)}/kernel"], sum(self.depths)
        below = kernel.shape[0] - self.sizes[0]
        return kernel[:depth], kernel[depth:below], kernel[below:]


class Conductor:
    """An LSTM in layers that turns a point into a code for each bar; what was drawn does not reach it."""

    def __init__(self, sizes: tuple[int, ...], weights: Weights, dtype: Any = tf.float32) -> None:
        self.sizes, self.weights, self.dtype = sizes, weights, dtype

    def initial_state(self, z: Tensor) -> States:
        """Turn latent points ``[batch, z]`` into the first state."""
        return first_states(self.weights, f"{CONDUCTOR}/initial_state", z, self.sizes)

    def step(self, state: States) -> States:
        """Go on by a bar, whose code is the last layer's output."""
        states: States = []
        for layer, (c, h) in enumerate(state):
            cell = f"{CONDUCTOR}/cell_{layer}/lstm_cell"
            kernel, bias = self.weights[f"{cell}/kernel"], self.weights[f"{cell}/bias"]
            if layer == 0:  # its input is one zero, so the kernel's first row has no part
                gates = matmul(h, kernel[1:], self.dtype) + bias
            else:
                gates = matmul(tf.concat([states[-1][1], h], axis=1), kernel, self.dtype) + bias
            states.append(lstm_gates(gates, c))
        return states

    def codes(self, z: Tensor, bars: int) -> Tensor:
        """Return the codes of all bars, ``[batch, bars, units]``."""
        state, codes = self.initial_state(z), []
        for _ in range(bars):
            state = self.step(state)
            codes.append(state[-1][1])
        return tf.stack(codes, axis=1)
