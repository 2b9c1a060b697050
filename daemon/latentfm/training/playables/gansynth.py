"""GANSynth's generator as a playable: one note, from its latent point and the label of its pitch.

The numbers are Magenta's, with less work. The first layer convolves a spectrogram that is empty but for one place:
that is one product. A block's first layer convolves a spectrogram that repeats each place twice both ways: the nine
weights fall on four places, so four kernels of 2 x 2, one for each place of the finer spectrogram, do the same with
4/9 of the products (a note took 0.21 s instead of 0.30; as a transposed convolution 0.27). What scales kernels as they
are used is multiplied in.

Sources: ``generator`` in magenta/models/gansynth/lib/networks.py; layers.py; Karras et al., "Progressive Growing of
GANs" (arXiv:1710.10196).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from latentfm.models.gansynth import GanSynthFacts
from latentfm.training.networks.cells import Tensor
from latentfm.training.networks.gan_variables import CHANNELS, bias, kernel
from latentfm.training.playables.tracing import traced

Floats = NDArray[np.float64]
_LEAK = 0.2
_EPSILON = 1e-8
# Which of two places side by side each of three weights falls on, for the finer spectrogram's even places and odd ones.
_FOLDED = ((0, 1, 1), (0, 0, 1))


def gansynth_signatures(facts: GanSynthFacts, weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return the generator's one step: ``z [1, z]`` and ``label [1]`` to ``spectrogram [1, frames, bins, 2]``."""
    blocks = [_Block(facts, weights, number) for number in range(1, facts.blocks + 1)]

    def generate(z: Tensor, label: Tensor) -> dict[str, Tensor]:
        hidden = tf.concat([z, tf.one_hot(label, facts.pitches)], axis=1)
        seen = []
        for block in blocks:
            hidden = block(hidden)
            if block.share:
                made = _enlarged(block.spectrogram(hidden), facts)
                seen.append(made if block.share == 1 else block.share * made)
        return {"spectrogram": sum(seen[1:], seen[0])}

    specs = [tf.TensorSpec([1, facts.z_size], tf.float32, "z"), tf.TensorSpec([1], tf.int32, "label")]
    return {"generate": traced(generate, specs)}


class _Block:
    """A block of the generator: two layers, and what makes a spectrogram of them."""

    def __init__(self, facts: GanSynthFacts, weights: Mapping[str, Any], number: int) -> None:
        self.share = facts.share(number)
        scale = 1 << (number - 1)
        self._size = facts.start[0] * scale, facts.start[1] * scale
        self._filters = facts.filters[number - 1]
        self._first = number == 1
        opening, self._between, self._closing = (
            _scaled(weights[kernel(number, name)].numpy(), gain)
            for name, gain in (("conv0", 2.0), ("conv1", 2.0), ("to_rgb", 1.0))
        )
        self._opening = _as_product(opening) if self._first else _folded(opening)
        self._biases = [weights[bias(number, name)].numpy() for name in ("conv0", "conv1", "to_rgb")]

    def __call__(self, hidden: Tensor) -> Tensor:
        """Return what the block makes of the one below, or of the latent point: ``[1, frames, bins, filters]``."""
        if self._first:
            product = tf.matmul(_normalised(hidden), _constant(self._opening))
            opened = tf.reshape(product, [1, *self._size, self._filters]) + self._biases[0]
        else:
            opened = self._opened(hidden)
        active = _activated(opened)
        return _activated(tf.nn.conv2d(active, _constant(self._between), 1, "SAME") + self._biases[1])

    def spectrogram(self, hidden: Tensor) -> Tensor:
        """Return the block's spectrogram, between -1 and 1, in its own resolution."""
        return tf.tanh(tf.nn.conv2d(hidden, _constant(self._closing), 1, "SAME") + self._biases[2])

    def _opened(self, hidden: Tensor) -> Tensor:
        """Convolve what is twice as fine as ``hidden``."""
        frames, bins, filters = self._size[0] // 2, self._size[1] // 2, self._filters
        padded = tf.pad(hidden, [[0, 0], [1, 1], [1, 1], [0, 0]])
        four = tf.nn.conv2d(padded, _constant(self._opening), 1, "VALID") + np.tile(self._biases[0], 4)
        rows = []
        for row in (0, 1):
            places = []
            for column in (0, 1):
                at = filters * (2 * row + column)
                places.append(four[:, row : row + frames, column : column + bins, at : at + filters])
            rows.append(tf.reshape(tf.concat(places, axis=3), [1, frames, 1, 2 * bins * filters]))
        return tf.reshape(tf.concat(rows, axis=2), [1, 2 * frames, 2 * bins, filters])


def _scaled(values: NDArray[np.float32], gain: float) -> Floats:
    """Scale a kernel by what Magenta multiplies with as it is used, so that all learn alike."""
    fan_in = np.prod(values.shape[:-1])
    scaled: Floats = values.astype(np.float64) * np.sqrt(gain / fan_in)
    return scaled


def _as_product(values: Floats) -> Floats:
    """Return the first kernel ``[frames, bins, depth, filters]`` as ``[depth, frames * bins * filters]``."""
    turned = values[::-1, ::-1].transpose(2, 0, 1, 3)
    return turned.reshape(len(turned), -1)


def _folded(values: Floats) -> Floats:
    """Return four kernels of 2 x 2 side by side for one of 3 x 3 that convolves what repeats each place twice."""
    depth, filters = values.shape[2:]
    folded = np.zeros((2, 2, depth, 2, 2, filters))
    for row, down in enumerate(_FOLDED):
        for column, across in enumerate(_FOLDED):
            for above, y in enumerate(down):
                for left, x in enumerate(across):
                    folded[y, x, :, row, column] += values[above, left]
    return folded.reshape(2, 2, depth, 4 * filters)


def _constant(values: Floats) -> Tensor:
    return tf.constant(values.astype(np.float32))


def _activated(values: Tensor) -> Tensor:
    return _normalised(tf.nn.leaky_relu(values, _LEAK))


def _normalised(values: Tensor) -> Tensor:
    """Bring the vector at each place to a mean square of 1."""
    return values * tf.math.rsqrt(tf.reduce_mean(tf.square(values), axis=-1, keepdims=True) + _EPSILON)


def _enlarged(spectrogram: Tensor, facts: GanSynthFacts) -> Tensor:
    """Repeat what an earlier block made until it is as large as the last one's."""
    if spectrogram.shape[1] == facts.frames:
        return spectrogram
    enlarged = tf.image.resize(spectrogram, [facts.frames, facts.bins], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    return tf.ensure_shape(enlarged, [1, facts.frames, facts.bins, CHANNELS])
