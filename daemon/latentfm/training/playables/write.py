"""Signatures become playables: one LiteRT file with a signature for each step, and its JSON.

Builtin operations only. Several signatures of one SavedModel share their weights. float32 are the checkpoint's own
numbers. float16 is half the size, for what ships, and computed with as float32. int8 is a quarter: each column of a
weight is rounded to 255 levels, inputs are rounded as they come (TensorFlow Lite's dynamic range quantisation),
products are of int8; biases, states and everything else stay float32.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf

from latentfm.models.card import Card
from latentfm.models.playable import file_sha256
from latentfm.training.networks.cells import Weights
from latentfm.training.playables.precision import Precision


def write_playable(
    signatures: dict[str, Any], weights: Weights, card: Card, folder: Path, *, precision: Precision = "float32"
) -> Card:
    """Write ``<name>.tflite`` and ``<name>.json``, each under a temporary name first.

    Args:
        signatures: the network's steps.
        weights: the network's.
        card: what is known of the model; parameters and checksum are filled in.
        folder: where the files go, and what they are made of for the moment: the system's folder for that may be small.
        precision: of the weights in the file.

    Returns:
        The card with the file's checksum.
    """
    folder.mkdir(parents=True, exist_ok=True)
    module = tf.Module()
    used = [variable for one in signatures.values() for variable in one.get_concrete_function().variables]
    module.kept = used  # or they would be gone before the conversion
    with tempfile.TemporaryDirectory(prefix=".converting-", dir=folder) as saved:
        tf.saved_model.save(module, saved, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=list(signatures))
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
    path = folder / f"{card.name}.tflite"
    temporary = path.with_suffix(".tflite.part")
    temporary.write_bytes(content)
    card = card.model_copy(update={"sha256": file_sha256(temporary), "parameters": weights.parameters()})
    temporary.replace(path)
    described = path.with_suffix(".json.part")
    described.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    described.replace(path.with_suffix(".json"))
    return card
