"""What the card of a spectral autoencoder says to the engine."""

from __future__ import annotations

from typing import Literal

from latentfm.models.playable import Facts


class SpectralFacts(Facts):
    """Sizes of a spectral autoencoder, and the pitches that it has learnt.

    Attributes:
        features: of a frame.
        code_size: numbers of a code.
        hidden: units of the layers between.
        lowest: MIDI pitch of the lowest note that it was shown.
        highest: of the highest.
    """

    kind: Literal["spectral"] = "spectral"
    representation: Literal["timbre"] = "timbre"
    features: int
    code_size: int = 16
    hidden: tuple[int, ...] = (512, 512)
    lowest: int
    highest: int
