"""Weights for NSynth networks, drawn from a seed: by Magenta's Python 3.8 and by ours the same, so none are stored."""

from __future__ import annotations

import re
import zlib
from typing import Any, Mapping, Tuple  # noqa: UP035 - Python 3.8 reads this too

import numpy as np

_BIAS = 0.1
_NUMBER = re.compile(r"(_\d+)?/W$")
# Others 1. So codes are about 1, and the likeliest sample is another one after every second.
_GAINS = {"startconv": 6.0, "logits": 3.0, "res": 0.5, "skip": 0.5, "cond_map": 0.5, "ae_res": 0.4}


def draw(shapes: Mapping[str, Tuple[int, ...]], seed: int) -> dict[str, Any]:  # noqa: UP006 - for the same reason
    """Draw every variable, biases too, at the scale of a trained one.

    Args:
        shapes: of each variable by its name; kernels are ``[1, taps, below, above]``.
        seed: that they are drawn from, in the order of their names.
    """
    rng, drawn = np.random.default_rng(seed), {}
    for name, shape in sorted(shapes.items()):
        scale = _BIAS
        if len(shape) > 1:
            scale = _GAINS.get(_NUMBER.sub("", name), 1.0) / np.sqrt(np.prod(shape[:-1]))
        drawn[name] = (scale * rng.standard_normal(shape)).astype(np.float32)
    return drawn


def checksum(weights: Mapping[str, Any]) -> int:
    """Return a number that tells whether two sides drew the same."""
    total = 0
    for _, value in sorted(weights.items()):
        total = zlib.crc32(np.ascontiguousarray(value).tobytes(), total)
    return total
