"""Magenta's `.mag` bundles: a generator's name, a V1 checkpoint and the graph that generates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentfm.errors import ModelError


@dataclass(frozen=True)
class Bundle:
    """A bundle's parts; ``generator`` is Magenta's name of the configuration."""

    generator: str
    description: str
    checkpoint: bytes
    graph: bytes


def read_bundle(path: Path) -> Bundle:
    """Read a bundle.

    Raises:
        ModelError: it can't be read, is truncated, or is something else.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - note-seq's takes long to load
    from note_seq.protobuf import generator_pb2  # noqa: PLC0415

    bundle = generator_pb2.GeneratorBundle()
    try:
        bundle.ParseFromString(path.read_bytes())
    except OSError as fault:
        raise ModelError(f"{path} can't be read: {fault.strerror}") from fault
    except DecodeError as fault:
        raise ModelError(f"{path} is truncated, or no Magenta bundle at all: fetch it again") from fault
    if len(bundle.checkpoint_file) != 1:
        raise ModelError(f"{path} is no Magenta bundle: it holds no checkpoint")
    details = bundle.generator_details
    text = bundle.bundle_details.description or details.description
    return Bundle(details.id, text, bundle.checkpoint_file[0], bundle.metagraph_file)


def attention_length(graph: bytes, units: int) -> int | None:
    """Return over how many steps a bundle's graph attends, None where it does not say.

    Args:
        graph: the bundle's metagraph.
        units: size of the first layer; the attention's memory is a state of that many times its length.
    """
    import tensorflow as tf  # noqa: PLC0415

    meta: Any = tf.compat.v1.MetaGraphDef()
    try:
        meta.ParseFromString(graph)
        states = meta.collection_def["initial_state"].node_list.value
        with tf.Graph().as_default():
            found = tf.graph_util.import_graph_def(meta.graph_def, return_elements=list(states), name="")
        widths = [int(state.shape[-1]) for state in found if state.shape.rank and state.shape[-1]]
    except Exception:  # noqa: BLE001 - a graph of another TensorFlow; the configuration says it then
        return None
    longest = max(widths, default=0)
    return longest // units if longest % units == 0 and longest else None
