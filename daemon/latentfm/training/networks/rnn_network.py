"""Event RNNs with and without attention, in TensorFlow 2.

Sources: magenta/models/shared/events_rnn_graph.py, magenta/contrib/rnn.py (AttentionCellWrapper).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from latentfm.training.networks.cells import LstmState, Tensor, Weights, lstm_gates, lstm_layer, matmul, over_time


@dataclass(frozen=True)
class RnnShape:
    """Sizes of an event RNN (hyperparameters under Magenta's names); ``attn_length`` 0 is without attention."""

    input_size: int
    num_classes: int
    rnn_layer_sizes: tuple[int, ...]
    attn_length: int = 0

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every variable, by Magenta's names."""
        shapes: dict[str, tuple[int, ...]] = {}
        below = self.input_size
        for layer, units in enumerate(self.rnn_layer_sizes):
            cell = f"rnn/multi_rnn_cell/cell_{layer}"
            if self.attn_length and layer == 0:
                cell += "/attention_cell_wrapper"
                shapes |= {
                    f"{cell}/kernel": (below + units, below),
                    f"{cell}/bias": (below,),
                    f"{cell}/attention/attn_w": (1, 1, units, units),
                    f"{cell}/attention/attn_v": (units,),
                    f"{cell}/attention/kernel": (2 * units, units),
                    f"{cell}/attention/bias": (units,),
                    f"{cell}/attn_output_projection/kernel": (2 * units, units),
                    f"{cell}/attn_output_projection/bias": (units,),
                }
            cell += "/basic_lstm_cell"
            shapes |= {f"{cell}/kernel": (below + units, 4 * units), f"{cell}/bias": (4 * units,)}
            below = units
        return shapes | {
            "fully_connected/weights": (below, self.num_classes),
            "fully_connected/biases": (self.num_classes,),
        }


@dataclass(frozen=True)
class RnnState:
    """State of an event RNN: the cells', and of the attention its last sum, outputs and their features.

    ``memory`` and ``features`` are ``[batch, attn_length, units]``; features are the outputs times ``attn_w``,
    kept so that each is computed once and not at each step anew.
    """

    cells: tuple[LstmState, ...]
    attention: Tensor = None
    memory: Tensor = None
    features: Tensor = None


class RnnNetwork:
    """A stack of LSTMs with attention in the first layer where ``attn_length`` is not 0."""

    def __init__(self, shape: RnnShape, weights: Weights, dtype: Any = tf.float32) -> None:
        self.shape, self.weights, self.dtype = shape, weights, dtype

    @property
    def attention_name(self) -> str:
        """What the names of the attention's variables begin with."""
        return "rnn/multi_rnn_cell/cell_0/attention_cell_wrapper"

    def cell_name(self, layer: int) -> str:
        """Return what the names of an LSTM's variables begin with."""
        if self.shape.attn_length and layer == 0:
            return f"{self.attention_name}/basic_lstm_cell"
        return f"rnn/multi_rnn_cell/cell_{layer}/basic_lstm_cell"

    def zero_state(self, batch: Tensor | int) -> RnnState:
        """Return the state before the first step."""
        cells = tuple((tf.zeros([batch, units]), tf.zeros([batch, units])) for units in self.shape.rnn_layer_sizes)
        if not self.shape.attn_length:
            return RnnState(cells)
        units = self.shape.rnn_layer_sizes[0]
        ring = tf.zeros([batch, self.shape.attn_length, units])
        return RnnState(cells, tf.zeros([batch, units]), ring, ring)

    def step(self, inputs: Tensor, state: RnnState) -> tuple[Tensor, RnnState]:
        """Take one step: inputs ``[batch, input_size]`` to the last layer's output ``[batch, units]``."""
        output, cells, attended = inputs, [], state
        for layer in range(len(self.shape.rnn_layer_sizes)):
            if self.shape.attn_length and layer == 0:
                output, attended = self._attend(self._project_inputs(inputs), state)
                cells.append(attended.cells[0])
            else:
                cells.append(self.layer(layer, output, state.cells[layer]))
                output = cells[-1][1]
        return output, RnnState(tuple(cells), attended.attention, attended.memory, attended.features)

    def layer(self, layer: int, inputs: Tensor, state: LstmState) -> LstmState:
        """Take one step of a layer's LSTM."""
        return self._cell(self.cell_name(layer), inputs, state)

    def project(self, outputs: Tensor) -> Tensor:
        """Turn outputs, of one step or ``[steps, batch, units]``, into logits."""
        weights, biases = self.weights["fully_connected/weights"], self.weights["fully_connected/biases"]
        if outputs.shape.rank == 3:  # noqa: PLR2004 - whole sequences, in one product
            return over_time(outputs, weights, self.dtype) + biases
        return matmul(outputs, weights, self.dtype) + biases

    def logits(self, inputs: Tensor, drop: Callable[[Tensor], Tensor] = lambda x: x) -> Tensor:
        """Return logits ``[batch, steps, classes]`` of whole sequences ``[batch, steps, input_size]``.

        Args:
            inputs: with a static number of steps.
            drop: dropout, applied to each layer's outputs ``[steps, batch, units]``.
        """
        outputs, attends = tf.transpose(inputs, [1, 0, 2]), bool(self.shape.attn_length)
        zeros = self.zero_state(tf.shape(inputs)[0])
        if attends:
            outputs = drop(self._attend_over(outputs, zeros))
        for layer in range(int(attends), len(self.shape.rnn_layer_sizes)):
            cell = self.cell_name(layer)
            kernel, width = self.weights[f"{cell}/kernel"], outputs.shape[-1]
            gates = over_time(outputs, kernel[:width], self.dtype) + self.weights[f"{cell}/bias"]
            outputs = drop(lstm_layer(gates, kernel[width:], *zeros.cells[layer], self.dtype))
        return tf.transpose(self.project(outputs), [1, 0, 2])

    def _attend_over(self, inputs: Tensor, state: RnnState) -> Tensor:
        """Run the first layer, whose inputs depend on its last outputs, step by step."""
        outputs = []
        for projected in tf.unstack(self._project_inputs(inputs), num=inputs.shape[0]):
            output, state = self._attend(projected, state)
            outputs.append(output)
        return tf.stack(outputs)

    def _project_inputs(self, inputs: Tensor) -> Tensor:
        """Return what inputs ``[..., input_size]`` give to the attention's input projection."""
        name = self.attention_name
        kernel = self.weights[f"{name}/kernel"][: self.shape.input_size]
        flat = matmul(tf.reshape(inputs, [-1, self.shape.input_size]), kernel, self.dtype)
        return tf.reshape(flat + self.weights[f"{name}/bias"], tf.shape(inputs))

    def _linear(self, name: str, *parts: Tensor) -> Tensor:
        return (
            matmul(tf.concat(parts, axis=1), self.weights[f"{name}/kernel"], self.dtype) + self.weights[f"{name}/bias"]
        )

    def _cell(self, name: str, inputs: Tensor, state: LstmState) -> LstmState:
        c, h = state
        return lstm_gates(self._linear(name, inputs, h), c)

    def _attend(self, projected: Tensor, state: RnnState) -> tuple[Tensor, RnnState]:
        name = self.attention_name
        kernel = self.weights[f"{name}/kernel"][self.shape.input_size :]
        inputs = projected + matmul(state.attention, kernel, self.dtype)
        cell = self.layer(0, inputs, state.cells[0])
        attention, output, feature = self.attend(cell, state.memory, state.features)
        memory = tf.concat([state.memory[:, 1:], output[:, None]], axis=1)
        features = tf.concat([state.features[:, 1:], feature[:, None]], axis=1)
        return output, RnnState((cell,), attention, memory, features)

    def attend(self, cell: LstmState, memory: Tensor, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look back from the first layer's new state.

        Args:
            cell: the first layer's new c and h.
            memory: outputs of the last steps, ``[batch, attn_length, units]``.
            features: what attention compares them by, of the same shape.

        Returns:
            What was attended to, the layer's output and the output's features, each ``[batch, units]``.
        """
        name = self.attention_name
        query = self._linear(f"{name}/attention", *cell)
        heights = tf.tanh(features + query[:, None])
        share = tf.nn.softmax(tf.linalg.matvec(heights, self.weights[f"{name}/attention/attn_v"]))
        attention = tf.linalg.matvec(memory, share, transpose_a=True)
        output = self._linear(f"{name}/attn_output_projection", cell[1], attention)
        feature = matmul(output, self.weights[f"{name}/attention/attn_w"][0, 0], self.dtype)
        return attention, output, feature
