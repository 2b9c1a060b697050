"""A spectral autoencoder, played by LiteRT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.models.playable import Steps
from latentfm.models.spectral.facts import SpectralFacts

Floats = NDArray[np.float32]


class SpectralCoder:
    """Frames to codes and back; every frame by itself."""

    def __init__(self, facts: SpectralFacts, steps: Steps) -> None:
        """Play ``steps`` of a network of such sizes."""
        self.facts = facts
        self._steps = steps

    def encode(self, seen: Floats, pitches: Floats) -> Floats:
        """Return the codes ``[n, code_size]`` of frames ``[n, features]`` at MIDI pitches ``[n]``."""
        codes: Floats = self._steps("encode", features=_rows(seen), pitch=_rows(pitches)[:, None])["codes"]
        return codes

    def decode(self, codes: Floats, pitches: Floats) -> Floats:
        """Return the frames ``[n, features]`` of codes ``[n, code_size]`` at MIDI pitches ``[n]``."""
        seen: Floats = self._steps("decode", codes=_rows(codes), pitch=_rows(pitches)[:, None])["features"]
        return seen


def _rows(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float32)
