"""What a training computes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf


def strategy() -> Any:
    """Return how to use what computes here: several GPUs together (`MirroredStrategy`), else the one device."""
    gpus = tf.config.list_logical_devices("GPU")
    return tf.distribute.MirroredStrategy() if len(gpus) > 1 else tf.distribute.get_strategy()


def product_type() -> Any:
    """Return the type of matrix products: bfloat16 where the processor multiplies it natively."""
    cpu = Path("/proc/cpuinfo")
    native = cpu.is_file() and "amx_bf16" in cpu.read_text(encoding="ascii", errors="replace")
    return tf.bfloat16 if native else tf.float32
