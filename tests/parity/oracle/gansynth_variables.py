"""A GANSynth's variables at the scale of a trained one, each from its own name and a seed: NumPy alone.

Both sides draw with this, so that a fixture needs no weights. Magenta's kernels are scaled where they are used
(equalised learning rates), so those of a trained model stay near a deviation of 1.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

STEP, TIME = "global_step", "Variable"  # what is counted, and not drawn


def draw(name: str, shape: tuple[int, ...], seed: int) -> Any:
    """Return a variable, float32; a moving average differs from what it averages, or nobody could tell them apart."""
    rng = np.random.RandomState((zlib.crc32(name.encode()) + seed) % 2**32)  # its stream is promised to stay
    scale = 1.0
    if "/bias" in name:
        scale = 0.2
    elif "/to_rgb/" in name:
        scale = 0.7  # leaves most of the spectrogram short of where tanh is flat
    values = scale * rng.standard_normal(shape)
    if name.endswith(("Adam_1", "_power")):
        values = np.abs(values)  # squares have no sign
    return values.astype(np.float32)
