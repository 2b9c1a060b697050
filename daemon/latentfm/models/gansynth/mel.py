"""GANSynth's mel scale: how linear bins are gathered into mel bins, and how they are spread out again.

Sources: ``linear_to_mel_weight_matrix`` in magenta/models/gansynth/lib/spectral_ops.py, ``_mel_to_linear_matrix`` in
specgrams_helper.py.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BREAK_HERTZ = 700.0
_Q = 1127.0
_NARROWEST = 1.5  # linear bins that a mel bin spans at least
_NOTHING = 1e-8


@cache
def linear_to_mel(bins: int, sample_rate: int) -> Floats:
    """Return the weights of linear bins in as many mel bins, ``[linear, mel]``: triangles on the mel scale.

    Bin 0 has no weight, and its frequency is taken for 0 Hz, although what GANSynth puts there is the first bin above
    it: a model has learnt that.
    """
    nyquist = sample_rate / 2
    edges = np.linspace(0.0, _mel(nyquist), bins + 2)
    least = _NARROWEST * nyquist / bins
    for band in range(bins):  # in turn: Magenta's edges are shared, so that one that is moved moves its neighbours' too
        if _hertz(edges[band + 2]) - _hertz(edges[band]) < least:
            half = _Q * np.arcsinh(0.5 * least / (_hertz(edges[band + 1]) + _BREAK_HERTZ))
            edges[band], edges[band + 2] = edges[band + 1] - half, edges[band + 1] + half
    low, centre, high = _hertz(edges[:-2]), _hertz(edges[1:-1]), _hertz(edges[2:])
    linear = np.linspace(0.0, nyquist, bins)[:, np.newaxis]
    weights = np.maximum(0.0, np.minimum((linear - low) / (centre - low), (high - linear) / (high - centre)))
    weights[0] = 0.0
    return weights


@cache
def mel_to_linear(bins: int, sample_rate: int) -> NDArray[np.float32]:
    """Return the weights of mel bins in linear ones, ``[mel, linear]``: the transpose, scaled to keep a level level."""
    weights = linear_to_mel(bins, sample_rate)
    sums = (weights @ weights.T).sum(axis=0)
    scale = np.where(np.abs(sums) > _NOTHING, 1.0 / np.maximum(np.abs(sums), _NOTHING), sums)
    spread: NDArray[np.float32] = (weights.T * scale).astype(np.float32)
    return spread


def _hertz(mel: Floats) -> Floats:
    hertz: Floats = _BREAK_HERTZ * np.expm1(mel / _Q)
    return hertz


def _mel(hertz: float) -> float:
    return float(_Q * np.log1p(hertz / _BREAK_HERTZ))
