"""Samples in 8 bits of mu-law, as NSynth's network draws them.

Source: `mu_law` and `inv_mu_law_numpy` in magenta/models/nsynth/utils.py. A label is a whole number of 0 to 255; 128
stands for what is exactly 0, and for the smallest positive samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
SILENCE = 128  # the label of 0, and what was "heard" before the first sample
_MU = 255.0
_HALF = 128  # labels on either side of 0


def compress(audio: Audio) -> Audio:
    """Return samples as the network sees them: steps of 1/128, finer around 0.

    Args:
        audio: any shape, full scale at 1.0. Only there, and beyond, are there more steps than labels: 1.0 gives 1.0.
    """
    audio = audio.astype(np.float32, copy=False)
    bent = np.sign(audio) * np.log(1 + _MU * np.abs(audio)) / np.float32(np.log(1 + _MU))
    return (np.floor(bent * _HALF) / _HALF).astype(np.float32)


def labels_of(audio: Audio) -> NDArray[np.uint8]:
    """Return the labels of samples; what is full scale or louder has the last one."""
    return np.clip(compress(audio) * _HALF + SILENCE, 0, 2 * _HALF - 1).astype(np.uint8)


def seen(labels: NDArray[Any]) -> Audio:
    """Return the samples of labels as the network sees them: what `compress` makes of what `expand` returns."""
    signed = labels.astype(np.float32) - SILENCE
    return (signed / _HALF).astype(np.float32)


def expand(labels: NDArray[Any]) -> Audio:
    """Return the sound of labels: each is the middle of what has that label, and 128 is silence."""
    signed = labels.astype(np.float32) - SILENCE
    middle = (signed + np.float32(0.5)) / _HALF
    loud = np.sign(middle) / np.float32(_MU) * (np.float32(1 + _MU) ** np.abs(middle) - 1)
    return np.where(signed == 0, 0, loud).astype(np.float32)
