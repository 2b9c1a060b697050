"""The graph that a Magenta bundle carries: an event RNN's step over a sequence, under Magenta's names.

Magenta builds no network for a bundle. It takes the bundle's metagraph, and from it the collections ``inputs``,
``initial_state``, ``final_state``, ``softmax`` and ``temperature``; so a bundle has whatever sizes its metagraph has.
Loops are written in the old way and attributes that have their default are left out: TensorFlow 1 and 2.9 read it.
Sources: magenta/models/shared/events_rnn_graph.py, events_rnn_model.py and model.py.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.rnn_network import RnnNetwork, RnnShape, RnnState

v1 = tf.compat.v1
_BATCH = 1  # Magenta splits what it generates into such batches, and a larger one costs it as much for each sequence


def checkpoint_and_graph(shape: RnnShape, variables: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    """Return a V1 checkpoint and its metagraph.

    Args:
        shape: of the network.
        variables: by the network's names.
    """
    with _old_loops(), tf.Graph().as_default(), tempfile.TemporaryDirectory() as folder:
        weights = {
            name: v1.get_variable(name, value.shape, tf.float32, use_resource=False)
            for name, value in variables.items()
        }
        _build(RnnNetwork(shape, cast("Weights", weights)))  # a graph's variables do what a network's do
        file = Path(folder) / "model.ckpt"
        with v1.Session() as session:
            for name, value in variables.items():
                weights[name].load(value, session)
            saver = v1.train.Saver(weights, write_version=v1.train.SaverDef.V1)
            saver.save(session, str(file), write_meta_graph=False, write_state=False)
        meta = v1.train.export_meta_graph(saver_def=saver.as_saver_def(), strip_default_attrs=True)
        return file.read_bytes(), meta.SerializeToString()


def _build(network: RnnNetwork) -> None:
    """Build the graph, and put what Magenta looks for into its collections."""
    shape = network.shape
    inputs = v1.placeholder(tf.float32, [_BATCH, None, shape.input_size], name="inputs")
    temperature = v1.placeholder(tf.float32, [], name="temperature")
    initial = [tf.zeros([_BATCH, width]) for width in _widths(shape)]
    steps = tf.shape(inputs)[1]
    outputs = v1.TensorArray(tf.float32, size=steps, element_shape=[_BATCH, shape.rnn_layer_sizes[-1]])

    def body(step: Tensor, outputs: Any, *state: Tensor) -> Any:
        output, after = network.step(inputs[:, step], _unpacked(network, state))
        return (step + 1, outputs.write(step, output), *_packed(shape, after))

    _, outputs, *final = v1.while_loop(
        lambda step, *_: step < steps, body, [tf.constant(0), outputs, *initial], parallel_iterations=1
    )
    logits = network.project(tf.reshape(tf.transpose(outputs.stack(), [1, 0, 2]), [-1, shape.rnn_layer_sizes[-1]]))
    softmax = tf.reshape(tf.nn.softmax(logits / temperature), [_BATCH, -1, shape.num_classes], name="softmax")
    for name, tensors in (
        ("inputs", [inputs]),
        ("temperature", [temperature]),
        ("softmax", [softmax]),
        ("initial_state", initial),
        ("final_state", final),
    ):
        for tensor in tensors:
            v1.add_to_collection(name, tensor)


def _widths(shape: RnnShape) -> list[int]:
    """Return the widths of the states, in Magenta's order: c and h of each layer, the attention's after the first."""
    widths: list[int] = []
    for layer, units in enumerate(shape.rnn_layer_sizes):
        widths += [units, units]
        if shape.attn_length and layer == 0:
            widths += [units, units * shape.attn_length]
    return widths


def _unpacked(network: RnnNetwork, flat: tuple[Tensor, ...]) -> RnnState:
    shape = network.shape
    if not shape.attn_length:
        return RnnState(tuple(zip(flat[::2], flat[1::2], strict=True)))
    units = shape.rnn_layer_sizes[0]
    memory = tf.reshape(flat[3], [_BATCH, shape.attn_length, units])
    compared = network.weights["rnn/multi_rnn_cell/cell_0/attention_cell_wrapper/attention/attn_w"][0, 0]
    features = tf.reshape(tf.matmul(memory[0], compared), [_BATCH, shape.attn_length, units])
    cells = (flat[0:2], *zip(flat[4::2], flat[5::2], strict=True))
    return RnnState(tuple((c, h) for c, h in cells), flat[2], memory, features)


def _packed(shape: RnnShape, state: RnnState) -> list[Tensor]:
    flat = [part for cell in state.cells for part in cell]
    if not shape.attn_length:
        return flat
    memory = tf.reshape(state.memory, [_BATCH, shape.attn_length * shape.rnn_layer_sizes[0]])
    return [*flat[:2], state.attention, memory, *flat[2:]]


@contextmanager
def _old_loops() -> Iterator[None]:
    """Write loops as TensorFlow 1 did, which every later one reads."""
    new = v1.control_flow_v2_enabled()
    v1.disable_control_flow_v2()
    try:
        yield
    finally:
        if new:
            v1.enable_control_flow_v2()
