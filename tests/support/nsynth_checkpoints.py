"""NSynth checkpoints as the published one is kept: beside the variables, what its training left (needs TensorFlow)."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PREFIX = "model.ckpt-200000"


def saved(values: Mapping[str, Any], prefix: Path) -> Path:
    """Write a checkpoint whose Adam's moments and moving averages are of other numbers; return its prefix."""
    import tensorflow as tf  # noqa: PLC0415 - needs the extra

    v1 = tf.compat.v1
    slots = ("Adam", "Adam_1", "ExponentialMovingAverage")
    others = {f"{name}/{slot}": 0.9 * value for name, value in values.items() for slot in slots}
    counters = {"beta1_power": np.float32(0), "beta2_power": np.float32(0), "global_step": np.int32(200_000)}
    with tf.Graph().as_default(), v1.Session() as session:
        held = {**values, **others, **counters}
        kept = {name: v1.Variable(value, use_resource=False) for name, value in held.items()}
        session.run(v1.global_variables_initializer())
        v1.train.Saver(kept).save(session, str(prefix), write_state=False)
    return prefix


def packed(values: Mapping[str, Any], folder: Path) -> Path:
    """Write such a checkpoint, with its graph, into ``wavenet-ckpt.tar`` in a folder."""
    saved(values, folder / PREFIX)
    target = folder / "wavenet-ckpt.tar"
    with tarfile.open(target, "w") as archive:
        for part in sorted(folder.glob(f"{PREFIX}.*")):
            archive.add(part, f"wavenet-ckpt/{part.name}")
            part.unlink()
    return target
