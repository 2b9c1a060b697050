"""Event RNNs as playables: their one step.

A step alone reads every weight once, so its time is that of its bytes. Two things leave fewer of them, and the
numbers as they are: what is multiplied by one constant after another is multiplied by their product, and of the
first layer's weights only the rows are read whose input is not zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from latentfm.training.networks.cells import Tensor, lstm_gates
from latentfm.training.networks.rnn_network import RnnNetwork
from latentfm.training.playables.tracing import named, traced

_FLOAT = tf.float32
_WORTH_GATHERING = 4  # times as many rows as are read


def rnn_signatures(network: RnnNetwork, most_active: int | None = None) -> dict[str, Any]:
    """Return an event RNN's one step; with attention it gives out the new row of the memory and of its features.

    Args:
        network: the network.
        most_active: how many of the numbers that it sees may differ from 0 at once (`Encoding.most_active`); without
            it all of them may.
    """
    shape = network.shape
    units, length, layers = shape.rnn_layer_sizes[0], shape.attn_length, len(shape.rnn_layer_sizes)
    specs = [tf.TensorSpec([None, shape.input_size], _FLOAT, "inputs")]
    for layer, size in enumerate(shape.rnn_layer_sizes):
        specs += [tf.TensorSpec([None, size], _FLOAT, f"{part}{layer}") for part in "ch"]
    if length:
        specs += [tf.TensorSpec([None, units], _FLOAT, "attention")]
        specs += [tf.TensorSpec([None, length, units], _FLOAT, name) for name in ("memory", "features")]
    seen, recurrent, bias = (tf.constant(part.astype(np.float32)) for part in _first_gates(network))

    def step(inputs: Tensor, *states: Tensor) -> dict[str, Tensor]:
        c, h = states[:2]
        before = tf.concat([states[2 * layers], h], axis=1) if length else h
        gates = _rows(inputs, seen, most_active) + tf.matmul(before, recurrent) + bias
        cells, attended = [lstm_gates(gates, c)], {}
        output = cells[0][1]
        if length:
            memory, features = states[2 * layers + 1 :]
            attention, output, feature = network.attend(cells[0], memory, features)
            attended = {"attention": attention, "output": output, "feature": feature}
        for layer in range(1, layers):
            cells.append(network.layer(layer, output, (states[2 * layer], states[2 * layer + 1])))
            output = cells[-1][1]
        return {"logits": network.project(output), **named(cells), **attended}

    return {"step": traced(step, specs)}


def _first_gates(network: RnnNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what the first layer's gates are made of: weights of the inputs and of the state, and the bias.

    With attention the inputs and what was attended to pass a projection first, which is multiplied in here.
    """
    seen = network.shape.input_size
    weights = {name: variable.numpy().astype(np.float64) for name, variable in network.weights.items()}
    cell = network.cell_name(0)
    kernel, bias = weights[f"{cell}/kernel"], weights[f"{cell}/bias"]
    if not network.shape.attn_length:
        return kernel[:seen], kernel[seen:], bias
    wrapper = network.attention_name
    projection = weights[f"{wrapper}/kernel"] @ kernel[:seen]
    bias = bias + weights[f"{wrapper}/bias"] @ kernel[:seen]
    return projection[:seen], np.concatenate([projection[seen:], kernel[seen:]]), bias


def _rows(inputs: Tensor, weights: Tensor, most_active: int | None) -> Tensor:
    """Multiply inputs ``[batch, input_size]`` of which most are 0 by weights, reading only the rows that count."""
    if most_active is None or inputs.shape[1] < _WORTH_GATHERING * most_active:
        return tf.matmul(inputs, weights)
    _, places = tf.math.top_k(tf.abs(inputs), most_active)
    values = tf.gather(inputs, places, batch_dims=1)
    return tf.reduce_sum(values[:, :, None] * tf.gather(weights, places), axis=1)
