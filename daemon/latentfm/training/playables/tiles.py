"""Large products in tiles.

XNNPACK multiplies seven rows at once by a whole matrix, and for the eighth it reads all of the matrix again. In tiles
that a core's cache keeps, the matrix comes from memory once: eight windows of `cat-mel_2bar_big` took 8 percent less
time on one core and 7 on two. Tiles half as wide saved as much on one, and cost two threads more in waiting for one
another. (Products of int8 weights would round their inputs anew for each tile.)
"""

from __future__ import annotations

from typing import Any, Final

import tensorflow as tf

from latentfm.training.networks.cells import Tensor, matmul
from latentfm.training.networks.vae_decoder import Decoder

ROWS: Final = 512
COLUMNS: Final = 256
_SMALLEST: Final = 2_000_000  # numbers in a kernel that is worth it: less stays in a cache as it is


class Tiled(Decoder):
    """A decoder that plays: it multiplies by its large kernels in tiles."""

    def __init__(self, core: Decoder) -> None:
        super().__init__(core.scope, core.depths, core.sizes, core.weights, core.dtype)
        self._tiles = [_tiles(core.kernel(layer)) for layer in range(len(core.sizes))]

    def product(self, layer: int, inputs: Tensor) -> Tensor:
        """Multiply a step's inputs ``[batch, depth]`` of a layer by its kernel."""
        tiles = self._tiles[layer]
        if not tiles:
            return super().product(layer, inputs)
        parts = tf.split(inputs, [band[0].shape[0] for band in tiles], axis=1)
        bands = zip(parts, tiles, strict=True)
        first, *others = (tf.concat([matmul(part, tile) for tile in band], axis=1) for part, band in bands)
        for other in others:  # one by one: XNNPACK knows no sum of many
            first += other
        return first


def _tiles(kernel: Tensor) -> list[list[Any]]:
    """Return a kernel's tiles as variables, band below band; none where it is small."""
    height, width = kernel.shape
    if height * width < _SMALLEST:
        return []
    return [
        [
            tf.Variable(kernel[top : top + ROWS, left : left + COLUMNS], trainable=False)
            for left in range(0, width, COLUMNS)
        ]
        for top in range(0, height, ROWS)
    ]
