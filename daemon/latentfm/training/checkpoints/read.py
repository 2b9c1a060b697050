"""Read checkpoints as Magenta publishes them: `.mag` bundles, tars, and TensorFlow's own files.

Nothing is unpacked that was not asked for: of a tar only the checkpoint's own members are read, by their last
name. Sizes follow from the shapes of the variables.
"""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import ModelError
from latentfm.training.networks.cells import Weights
from latentfm.training.networks.rnn_network import RnnShape
from latentfm.training.networks.vae_network import VaeShape

Variables = Mapping[str, NDArray[np.float32]]
_PART = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")
_MAX_MEMBER = 2 << 30
# Older generations of TensorFlow called the same variables by these names.
_OLD_NAMES = (("/weights", "/kernel"), ("/biases", "/bias"))


def read_variables(path: Path) -> Variables:
    """Read every variable of a checkpoint.

    Args:
        path: a ``.mag`` bundle, a ``.tar`` or ``.tar.gz`` of a checkpoint, a folder with one, or its prefix.

    Raises:
        ModelError: there is no checkpoint, or it is damaged.
    """
    try:
        if path.suffix == ".mag":
            return _read_bundle(path)
        if path.is_file() and tarfile.is_tarfile(path):
            return _read_tar(path)
        return _read_files(_prefix(path))
    except ModelError:
        raise
    except Exception as fault:  # TensorFlow and protobuf raise what they like
        raise ModelError(f"{path} can't be read as a checkpoint: {type(fault).__name__}: {fault}") from fault


def load_into(weights: Weights, variables: Variables, source: str) -> None:
    """Set a network's weights from a checkpoint's variables.

    Raises:
        ModelError: a variable is missing or of another shape; the message names every one with both shapes.
    """
    faults = []
    found: dict[str, NDArray[np.float32]] = {}
    for name, variable in weights.items():
        stored = _find(variables, name)
        if stored is None:
            faults.append(f"{name}: not in the checkpoint")
        elif stored.shape != tuple(variable.shape):
            faults.append(f"{name}: {stored.shape} in the checkpoint, {tuple(variable.shape)} in the network")
        else:
            found[name] = stored
    if faults:
        raise ModelError(f"{source} does not fit this model:\n  " + "\n  ".join(faults))
    for name, value in found.items():
        weights[name].assign(value)


def vae_shape(variables: Variables, max_seq_len: int = 32) -> VaeShape:
    """Return the sizes of a flat MusicVAE from its variables.

    Raises:
        ModelError: these are not the variables of a flat MusicVAE.
    """
    encoder = "encoder/cell_0/bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/kernel"
    depth, gates = _shape(variables, encoder)
    z_size = _shape(variables, "encoder/mu/kernel")[1]
    output_depth = _shape(variables, "decoder/output_projection/kernel")[1]
    layers: list[int] = []
    while (kernel := _find(variables, f"decoder/multi_rnn_cell/cell_{len(layers)}/lstm_cell/kernel")) is not None:
        layers.append(kernel.shape[1] // 4)
    return VaeShape(depth - gates // 4, output_depth, gates // 4, tuple(layers), z_size, max_seq_len)


def rnn_shape(variables: Variables) -> RnnShape:
    """Return the sizes of an event RNN from its variables; the attention's length is not among them.

    Raises:
        ModelError: these are not the variables of an event RNN.
    """
    attention = "rnn/multi_rnn_cell/cell_0/attention_cell_wrapper"
    attends = _find(variables, f"{attention}/attention/attn_v") is not None
    layers: list[int] = []
    while True:
        cell = attention if attends and not layers else f"rnn/multi_rnn_cell/cell_{len(layers)}"
        kernel = _find(variables, f"{cell}/basic_lstm_cell/kernel")
        if kernel is None:
            break
        layers.append(kernel.shape[1] // 4)
    if not layers:
        raise ModelError("these are not the variables of an event RNN: no rnn/multi_rnn_cell/cell_0 among them")
    first = f"{attention}/kernel" if attends else "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel"
    classes = _shape(variables, "fully_connected/weights")[1]
    return RnnShape(_shape(variables, first)[0] - layers[0], classes, tuple(layers), 1 if attends else 0)


def _shape(variables: Variables, name: str) -> tuple[int, ...]:
    found = _find(variables, name)
    if found is None:
        raise ModelError(f"the checkpoint has no variable {name}")
    return found.shape


def _find(variables: Variables, name: str) -> NDArray[np.float32] | None:
    if name in variables:
        return variables[name]
    for old, new in _OLD_NAMES:
        if name.endswith(new) and name.removesuffix(new) + old in variables:
            return variables[name.removesuffix(new) + old]
    return None


def _prefix(path: Path) -> Path:
    """Return the prefix of the newest checkpoint in a folder, or of the file that was named."""
    import tensorflow as tf  # noqa: PLC0415

    if path.is_dir():
        newest = tf.train.latest_checkpoint(str(path))
        indexes = sorted(path.glob("*.index"))
        if newest is None and not indexes:
            raise ModelError(f"no checkpoint lies in {path}: one has files that end in .index and .data-…")
        return Path(newest) if newest else indexes[-1].with_suffix("")
    prefix = path.with_name(_PART.sub("", path.name))
    if not prefix.exists() and not prefix.with_name(prefix.name + ".index").exists():
        raise ModelError(f"there is no checkpoint at {path}")
    return prefix


def _read_files(prefix: Path) -> Variables:
    import tensorflow as tf  # noqa: PLC0415

    reader: Any = tf.train.load_checkpoint(str(prefix))
    kinds = reader.get_variable_to_dtype_map()
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map() if kinds[name] == tf.float32}


def _read_bundle(path: Path) -> Variables:
    from note_seq.protobuf import generator_pb2  # noqa: PLC0415

    bundle = generator_pb2.GeneratorBundle()
    bundle.ParseFromString(path.read_bytes())
    if not bundle.checkpoint_file:
        raise ModelError(f"{path} is not a Magenta bundle, or holds no checkpoint")
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "model.ckpt"
        checkpoint.write_bytes(bundle.checkpoint_file[0])
        return _read_files(checkpoint)


def _read_tar(path: Path) -> Variables:
    with tarfile.open(path) as archive, tempfile.TemporaryDirectory() as folder:
        prefixes = set()
        for member in archive:
            name = Path(member.name).name
            if not member.isfile() or not _PART.search(name):
                continue
            if member.size > _MAX_MEMBER:
                raise ModelError(f"{member.name} in {path} is {member.size >> 20} MiB, more than a checkpoint may be")
            source = archive.extractfile(member)
            if source is not None:
                (Path(folder) / name).write_bytes(source.read())
                prefixes.add(_PART.sub("", name))
        if not prefixes:
            raise ModelError(f"no checkpoint is in {path}: one has files that end in .index and .data-…")
        return _read_files(Path(folder) / max(prefixes))
