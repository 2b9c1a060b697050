"""Functions become signatures: what the networks' steps share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

from latentfm.training.networks.cells import LstmState, Tensor


def traced(function: Callable[..., dict[str, Tensor]], specs: list[Any]) -> Any:
    """Return a function of named tensors as a signature."""
    return tf.function(function, autograph=False, input_signature=specs)


def named(states: Iterable[LstmState]) -> dict[str, Tensor]:
    """Name the states of layers: c0, h0, c1, h1 and so on."""
    by_name: dict[str, Tensor] = {}
    for layer, (c, h) in enumerate(states):
        by_name |= {f"c{layer}": c, f"h{layer}": h}
    return by_name
