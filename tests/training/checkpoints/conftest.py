"""Checkpoints as each TensorFlow wrote them, made with the one that is here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from note_seq.protobuf import generator_pb2

from full_disk import full_disk

Renamed = tuple[tuple[str, str], ...]

# From today's names to those of other TensorFlows.
MIDDLE = ((r"/kernel$", "/weights"), (r"/bias$", "/biases"))
OLDEST = (
    (r"^rnn/", "RNN/"),
    (r"multi_rnn_cell/cell_", "MultiRNNCell/Cell"),
    (r"attention_cell_wrapper", "AttentionCellWrapper"),
    (r"attn_output_projection", "AttnOutputProjection"),
    (r"/attention/", "/Attention/"),
    (r"attn_w$", "AttnW"),
    (r"attn_v$", "AttnV"),
    (r"basic_lstm_cell", "BasicLSTMCell"),
    (r"/kernel$", "/Linear/Matrix"),
    (r"/bias$", "/Linear/Bias"),
)
OTHER_CELL = (*OLDEST, (r"BasicLSTMCell/Linear/Matrix", "LSTMCell/W_0"), (r"BasicLSTMCell/Linear/Bias", "LSTMCell/B"))
RENAMED: dict[str, Renamed] = {"today": (), "1.0": MIDDLE, "0.11": OLDEST, "LSTMCell": OTHER_CELL}


def drawn(facts: Any, seed: int = 0) -> Any:
    """Draw every variable of a network, biases too, at the scale of a trained one."""
    from latentfm.training.checkpoints.recognise import network_shapes  # noqa: PLC0415 - TensorFlow is there by then
    from latentfm.training.networks.cells import Weights  # noqa: PLC0415

    weights = Weights(network_shapes(facts))
    rng = np.random.default_rng(seed)
    for variable in weights.values():
        variable.assign(rng.normal(0, 0.4, variable.shape).astype(np.float32))
    return weights


def save(variables: Mapping[str, Any], prefix: Path, *, old: bool = False) -> Path:
    """Write a checkpoint of step 7 with a slot, as trainings do; ``old`` ones are V1, in one file."""
    import tensorflow as tf  # noqa: PLC0415

    v1 = tf.compat.v1
    prefix.parent.mkdir(exist_ok=True, parents=True)
    with tf.Graph().as_default(), v1.Session() as session:
        held = {name: v1.Variable(value, use_resource=False) for name, value in variables.items()}
        first = next(iter(held))
        held[f"{first}/Adam"] = v1.Variable(variables[first], use_resource=False)
        held["global_step"] = v1.Variable(np.int64(7), use_resource=False)
        session.run(v1.global_variables_initializer())
        version = v1.train.SaverDef.V1 if old else v1.train.SaverDef.V2
        v1.train.Saver(held, write_version=version).save(session, str(prefix), write_meta_graph=False)
    return prefix


def arrays(weights: Mapping[str, Any], renamed: Renamed = ()) -> dict[str, Any]:
    """Return weights as arrays, under the names of another TensorFlow."""
    named = {}
    for name, variable in weights.items():
        own = name
        for new, old in renamed:
            own = re.sub(new, old, own)
        named[own] = variable.numpy()
    return named


def bundle(path: Path, checkpoint: Path, generator: str = "attention_rnn", graph: bytes = b"") -> Path:
    """Write a bundle around a V1 checkpoint."""
    message = generator_pb2.GeneratorBundle()
    message.generator_details.id = generator
    message.checkpoint_file.append(checkpoint.read_bytes())
    message.metagraph_file = graph
    path.write_bytes(message.SerializeToString())
    return path


@pytest.fixture
def make() -> SimpleNamespace:
    """Return what makes checkpoints: `drawn`, `arrays`, `save`, `bundle`, and names `renamed`."""
    return SimpleNamespace(renamed=RENAMED, drawn=drawn, arrays=arrays, save=save, bundle=bundle)


@pytest.fixture(name="full_disk")
def full_disk_fixture() -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which no file may grow beyond 8 kB."""
    return full_disk
