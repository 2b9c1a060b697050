"""NSynth's WaveNet autoencoder in TensorFlow 2: over whole signals, as Magenta trains it.

Source: `Config` in magenta/models/nsynth/wavenet/h512_bo16.py, and masked.py beside it. What is there moved into the
batch and back, so that a plain convolution dilates, is a dilated convolution here.
"""

from __future__ import annotations

import tensorflow as tf

from latentfm.models.nsynth import NSynthFacts
from latentfm.models.nsynth.facts import TAPS
from latentfm.training.networks.cells import Tensor, Weights


class NSynthNetwork:
    """An NSynth autoencoder of the shape that its facts say."""

    def __init__(self, facts: NSynthFacts, weights: Weights) -> None:
        self.facts, self.weights = facts, weights

    def encode(self, samples: Tensor) -> Tensor:
        """Encode signals ``[batch, time]``, as `mu_law.compress` gives them, as codes ``[batch, time / hop, z]``."""
        facts = self.facts
        hidden = self._convolve(_in_channels(samples), "ae_startconv")
        for layer, dilation in enumerate(facts.encoder_dilations, 1):
            new = self._convolve(tf.nn.relu(hidden), f"ae_dilatedconv_{layer}", dilation)
            hidden += self._convolve(tf.nn.relu(new), f"ae_res_{layer}")
        codes = self._convolve(hidden, "ae_bottleneck")
        return tf.nn.avg_pool2d(codes, [1, facts.hop], [1, facts.hop], "VALID")[:, 0]

    def logits(self, samples: Tensor, codes: Tensor) -> Tensor:
        """Return the logits of each sample of signals ``[batch, time]`` given those before it, ``[batch, time, 256]``.

        Args:
            samples: as `mu_law.compress` gives them; their number is static.
            codes: ``[batch, time / hop, z]``.
        """
        facts = self.facts
        before = tf.pad(samples, [[0, 0], [1, 0]])[:, :-1]
        hidden = self._causal(_in_channels(before), "startconv")
        skipped = self._convolve(hidden, "skip_start")
        for layer, dilation in enumerate(facts.dilations, 1):
            gates = self._causal(hidden, f"dilatedconv_{layer}", dilation) + self._condition(codes, f"cond_map_{layer}")
            new = gated(gates)
            hidden += self._convolve(new, f"res_{layer}")
            skipped += self._convolve(new, f"skip_{layer}")
        out = self._convolve(tf.nn.relu(skipped), "out1") + self._condition(codes, "cond_map_out1")
        return self._convolve(tf.nn.relu(out), "logits")[:, 0]

    def _condition(self, codes: Tensor, name: str) -> Tensor:
        return tf.repeat(self._convolve(codes[:, None], name), self.facts.hop, axis=2)

    def _causal(self, inputs: Tensor, name: str, dilation: int = 1) -> Tensor:
        """Convolve over the past and the present alone."""
        return self._convolve(
            tf.pad(inputs, [[0, 0], [0, 0], [(TAPS - 1) * dilation, 0], [0, 0]]), name, dilation, "VALID"
        )

    def _convolve(self, inputs: Tensor, name: str, dilation: int = 1, padding: str = "SAME") -> Tensor:
        kernel, bias = self.weights[f"{name}/W"], self.weights[f"{name}/biases"]
        return tf.nn.conv2d(inputs, kernel, 1, padding, dilations=[1, dilation]) + bias


def _in_channels(samples: Tensor) -> Tensor:
    """Return signals ``[batch, time]`` as a convolution takes them, ``[batch, 1, time, 1]``."""
    return tf.expand_dims(tf.expand_dims(samples, 1), -1)


def gated(gates: Tensor) -> Tensor:
    """Apply the gates of a layer: the first half lets through what the second half says."""
    open_, said = tf.split(gates, 2, axis=-1)
    return tf.sigmoid(open_) * tf.tanh(said)
