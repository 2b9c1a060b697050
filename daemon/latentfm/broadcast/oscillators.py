"""A bank of sine oscillators whose amplitudes move, and how loud a sine is heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE

_INNER = 64  # frames of a row; sines are only computed for rows and columns

# The two filters of ITU-R BS.1770-4 at 48 kHz, as its tables 1 and 2 print them: (b, a).
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))

Array = NDArray[np.float64]


def k_weight(hertz: Array) -> Array:
    """Return how much of a sine's power counts towards loudness at each frequency (BS.1770's K-weighting)."""
    z = np.exp(-2j * np.pi * hertz / SAMPLE_RATE)
    power = np.ones_like(hertz)
    for (b0, b1, b2), (a0, a1, a2) in (_SHELF, _HIGH_PASS):
        power = power * np.abs((b0 + b1 * z + b2 * z**2) / (a0 + a1 * z + a2 * z**2)) ** 2
    return power


class Oscillators:
    """Sines that keep their phases from one block to the next, added up in groups.

    ``hertz`` and what is made of it are arrays ``[oscillators]``; any of them may be retuned between blocks.
    """

    def __init__(self, hertz: Array, rng: np.random.Generator) -> None:
        self.hertz = hertz.copy()
        self._phase = rng.uniform(0.0, 2 * np.pi, hertz.shape)

    def block(self, frames: int, before: Array, after: Array) -> NDArray[np.float32]:
        """Return the sum of all sines, ``[frames]``, amplitudes moving in a line from ``before`` to ``after``.

        ``frames`` is a multiple of 64.
        """
        step = 2 * np.pi * self.hertz / SAMPLE_RATE
        columns = step[:, np.newaxis] * np.arange(_INNER)
        rows = self._phase[:, np.newaxis] + step[:, np.newaxis] * np.arange(0, frames, _INNER)
        self._phase = (self._phase + step * frames) % (2 * np.pi)
        # sin(row + column) for every pair, summed over the oscillators by one matrix product for each amplitude.
        left = np.concatenate((np.sin(rows), np.cos(rows)))
        right = np.concatenate((np.cos(columns), np.sin(columns)))
        first = (left * np.tile(before, 2)[:, np.newaxis]).T @ right
        second = (left * np.tile(after - before, 2)[:, np.newaxis]).T @ right
        ramp = np.arange(frames) / frames
        total: NDArray[np.float32] = (first.reshape(-1) + ramp * second.reshape(-1)).astype(np.float32)
        return total
