"""What a dilated layer remembers: its inputs of the last samples, in rings.

Magenta's queues (`causal_linear` in magenta/models/nsynth/utils.py) hand every vector through a graph for each sample;
a ring is written in one place and read in two. All rings lie in one array, so that a synthesis can be kept and gone on
with. Of the published network that is 12.6 MB a note.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


class Rings:
    """The last inputs of each layer: twice as many as it dilates, for a filter of three taps.

    Attributes:
        buffer: all of them, ``[sum of lengths, n, width]``.
    """

    def __init__(self, dilations: Sequence[int], n: int, width: int) -> None:
        """Begin with zeros, as if there had been nothing before.

        Args:
            dilations: of each layer.
            n: notes that are made at once.
            width: numbers in an input.
        """
        self.buffer = np.zeros((2 * sum(dilations), n, width), np.float32)
        ends = np.cumsum([2 * dilation for dilation in dilations])
        self._rings = [self.buffer[end - 2 * one : end] for one, end in zip(dilations, ends, strict=True)]
        self._dilations = tuple(dilations)
        self._width = width

    def far(self, layer: int, position: int) -> Rows:
        """Return a layer's input of twice its dilation before a sample, ``[n, width]``."""
        ring = self._rings[layer]
        row: Rows = ring[position % len(ring)]
        return row

    def near(self, layer: int, position: int) -> Rows:
        """Return a layer's input of its dilation before a sample, ``[n, width]``."""
        return self.far(layer, position + self._dilations[layer])

    def far_block(self, layer: int, position: int, count: int) -> Rows:
        """Return what `far` will for so many samples from one on, ``[count * n, width]``.

        Args:
            layer: one that dilates by ``count`` samples or more, or not all of it is known yet.
            position: a multiple of ``count``.
            count: a power of two.
        """
        ring = self._rings[layer]
        start = position % len(ring)
        return ring[start : start + count].reshape(-1, self._width)

    def near_block(self, layer: int, position: int, count: int) -> Rows:
        """Return what `near` will for so many samples from one on, ``[count * n, width]``; see `far_block`."""
        return self.far_block(layer, position + self._dilations[layer], count)

    def put(self, layer: int, position: int, row: Rows) -> None:
        """Remember a layer's input of a sample, in place of the one that nobody will read again."""
        ring = self._rings[layer]
        ring[position % len(ring)] = row
