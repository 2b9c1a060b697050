"""The spectral autoencoder: two layers in, a code of 16 numbers, two layers out, each told the pitch."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import tensorflow as tf

from latentfm.models.spectral import SpectralFacts
from latentfm.training.networks.cells import Tensor, Weights

_PLACES = 16  # of the pitch's basis
_RANGE = 18.0, 110.0  # MIDI pitches that it spans


def spectral_shapes(facts: SpectralFacts) -> dict[str, tuple[int, ...]]:
    """Return the shape of each variable, by its name."""
    sizes = {
        "encoder": (facts.features + _PLACES, *facts.hidden, facts.code_size),
        "decoder": (facts.code_size + _PLACES, *facts.hidden, facts.features),
    }
    shapes: dict[str, tuple[int, ...]] = {}
    for side, layers in sizes.items():
        for number, (before, after) in enumerate(pairwise(layers)):
            shapes[f"{side}/layer{number}/kernel"] = (before, after)
            shapes[f"{side}/layer{number}/bias"] = (after,)
    return shapes


class SpectralNetwork:
    """Frames to codes and back."""

    def __init__(self, facts: SpectralFacts, weights: Mapping[str, Tensor]) -> None:
        self.facts, self.weights = facts, weights

    def encode(self, seen: Tensor, pitch: Tensor) -> Tensor:
        """Return codes ``[n, code_size]`` of frames ``[n, features]`` at pitches ``[n, 1]``."""
        return self._layers("encoder", tf.concat([seen, _basis(pitch)], axis=-1))

    def decode(self, codes: Tensor, pitch: Tensor) -> Tensor:
        """Return frames ``[n, features]`` of codes ``[n, code_size]`` at pitches ``[n, 1]``."""
        return self._layers("decoder", tf.concat([codes, _basis(pitch)], axis=-1))

    def _layers(self, side: str, x: Tensor) -> Tensor:
        last = len(self.facts.hidden)
        for number in range(last + 1):
            x = tf.matmul(x, self.weights[f"{side}/layer{number}/kernel"]) + self.weights[f"{side}/layer{number}/bias"]
            if number < last:
                x = x * tf.sigmoid(x)
        return x


def _basis(pitch: Tensor) -> Tensor:
    """Return how near a pitch is to each of sixteen places, ``[n, 16]``."""
    low, high = _RANGE
    apart = (high - low) / (_PLACES - 1)
    places = tf.constant([[low + apart * place for place in range(_PLACES)]], tf.float32)
    return tf.exp(-0.5 * ((pitch - places) / apart) ** 2)


def untrained(facts: SpectralFacts, seed: int) -> Weights:
    """Return weights as a training begins with them."""
    return Weights(spectral_shapes(facts), seed)
