"""The spectral autoencoder as a playable."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from latentfm.training.networks.cells import Tensor
from latentfm.training.networks.spectral_network import SpectralNetwork
from latentfm.training.playables.tracing import traced


def spectral_signatures(network: SpectralNetwork) -> dict[str, Any]:
    """Return its two steps, ``encode`` and ``decode``."""
    facts = network.facts

    def encode(features: Tensor, pitch: Tensor) -> dict[str, Tensor]:
        return {"codes": network.encode(features, pitch)}

    def decode(codes: Tensor, pitch: Tensor) -> dict[str, Tensor]:
        return {"features": network.decode(codes, pitch)}

    pitch = tf.TensorSpec([None, 1], tf.float32, "pitch")
    seen = tf.TensorSpec([None, facts.features], tf.float32, "features")
    codes = tf.TensorSpec([None, facts.code_size], tf.float32, "codes")
    return {"encode": traced(encode, [seen, pitch]), "decode": traced(decode, [codes, pitch])}
