"""What a spectral autoencoder makes of notes that it did not learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfm.models.playable import Steps
from latentfm.models.spectral import SpectralCoder, SpectralFacts
from latentfm.timbre.pitch import hertz
from latentfm.timbre.spectral.envelopes import FLOOR_DB, HARMONICS, NYQUIST
from latentfm.training.corpora.gm_frames import GmFrames

_FRAMES = 8_192
_HEARD = 40.0  # dB below a frame's loudest part


def spectral_figures(facts: SpectralFacts, steps: Steps, notes: GmFrames) -> dict[str, float]:
    """Measure a playable: root mean square errors in dB of what is within 40 dB of a frame's loudest part.

    Beside them stands what sixteen principal components of the frames that are learnt from do: the best that a code of
    that size can do without bending.
    """
    coder = SpectralCoder(facts, steps)
    learnt = notes.draw(np.random.default_rng(2), 4 * _FRAMES)[0][:, :-1]
    middle = learnt.mean(axis=0)
    axes = np.linalg.svd(learnt - middle, full_matrices=False)[2][: facts.code_size]
    figures: dict[str, float] = {}
    for where, rows in (
        ("pitches", notes.of_unseen_pitches(_FRAMES)),
        ("programs", notes.of_unseen_programs(_FRAMES)),
    ):
        seen, pitch, other, other_pitch = rows
        codes = coder.encode(seen, pitch[:, 0])
        half = np.float32(0.5) * (codes[0::2] + codes[1::2])
        middles = np.float32(0.5) * (pitch[0::2] + pitch[1::2])
        straight = (seen[:, :-1] - middle) @ axes.T @ axes + middle
        figures |= {
            f"unseen_{where}_db": _error(coder.decode(codes, pitch[:, 0])[:, :-1], seen, pitch),
            f"unseen_{where}_principal_db": _error(straight, seen, pitch),
            f"unseen_{where}_across_db": _error(coder.decode(codes, other_pitch[:, 0])[:, :-1], other, other_pitch),
            f"unseen_{where}_mixed_db": _error(
                coder.decode(half, middles[:, 0])[:, :-1], 0.5 * (seen[0::2] + seen[1::2]), middles
            ),
        }
    return figures


def _error(found: NDArray[Any], wanted: NDArray[Any], pitch: NDArray[Any]) -> float:
    """Return the root mean square error in dB of the levels that are heard."""
    levels = wanted[:, :-1]
    frequencies = np.array([hertz(float(one)) for one in pitch[:, 0]])
    room = np.ones(levels.shape, bool)
    room[:, :HARMONICS] = np.arange(1, HARMONICS + 1) * frequencies[:, None] <= NYQUIST
    heard = room & (levels > levels.max(axis=1, keepdims=True) + _HEARD / FLOOR_DB) & (levels > 0)
    return float(-FLOOR_DB * np.sqrt(np.mean((found - levels)[heard] ** 2)))
